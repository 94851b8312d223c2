//! Reads a store that is not in use, from end to end, and counts what can be read and what cannot.
//!
//! Promise: nothing is changed, and every byte that a reader could ever be given has passed its checksum.
//! Damage hides the keys between it and the next file of the engine, where the reading resumes; how many
//! those were cannot be known.

use std::path::Path;

use crate::StoreError;
use crate::rocks::ReadOnly;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// One report for each family of the engine.
    pub families: Vec<FamilyReport>,
}

/// What a check found in one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyReport {
    /// The engine's name for it.
    pub name: &'static str,
    /// Keys that could be read.
    pub keys: u64,
    /// Bytes of those keys and their values.
    pub bytes: u64,
    /// Where reading failed, in the order of the keys.
    pub damage: Vec<Damage>,
}

/// One place where reading failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The last key that could be read before it, if any could.
    pub after_key: Option<Vec<u8>>,
    /// What the engine said; it names the file.
    pub why: String,
}

impl CheckReport {
    /// Whether everything could be read.
    pub fn is_sound(&self) -> bool {
        self.families.iter().all(|family| family.damage.is_empty())
    }
}

/// Reads the whole store in `path`. Takes the time that reading all of its files takes.
///
/// # Errors
/// [`StoreError::Foreign`] if there is no store, [`StoreError::InUse`], [`StoreError::NewerFormat`], or
/// [`StoreError::Open`] if the damage is such that nothing can be read.
pub fn check(path: &Path) -> Result<CheckReport, StoreError> {
    let store = ReadOnly::open(path)?;
    let families = store
        .families()
        .map(|name| check_family(&store, name))
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(CheckReport { families })
}

fn check_family(store: &ReadOnly, name: &'static str) -> Result<FamilyReport, StoreError> {
    let mut report = FamilyReport {
        name,
        keys: 0,
        bytes: 0,
        damage: Vec::new(),
    };
    let points = store
        .resume_points(name)
        .map_err(|fault| StoreError::Read { why: fault.why })?;
    let mut from = Vec::new();
    loop {
        let mut last: Option<Vec<u8>> = None;
        let walked = store.walk(name, &from, |key, value| {
            report.keys += 1;
            report.bytes += (key.len() + value.len()) as u64;
            last = Some(key.to_vec());
        });
        let Err(fault) = walked else { return Ok(report) };
        let reached = last.clone().unwrap_or(from);
        report.damage.push(Damage {
            after_key: last,
            why: fault.why.to_string(),
        });
        match points.iter().find(|point| **point > reached) {
            Some(next) => from = next.clone(),
            None => return Ok(report),
        }
    }
}
