//! An offline look at every record of a queue: what is there, and what does not fit together.

use std::collections::HashSet;

use store::{Store, StoreError};

use crate::id::QueueId;
use crate::keys::{self, DueKey, Span};
use crate::record;

/// What a check of the queue found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueReport {
    /// Message records.
    pub messages: u64,
    /// Delivery records.
    pub deliveries: u64,
    /// Entries of the due index.
    pub due_entries: u64,
    /// Each thing that is wrong, in words, bounded.
    pub damage: Vec<String>,
    /// How much is wrong, unbounded.
    pub damaged: u64,
}

const ROWS: usize = 1_000;
const DAMAGE_LISTED_MAX: usize = 100;

/// Reads every record and every index entry of a store that nobody else uses.
///
/// # Errors
/// The store's, when it cannot be read at all.
pub fn check(store: &dyn Store) -> Result<QueueReport, StoreError> {
    let mut check = Check {
        store,
        report: QueueReport::default(),
        messages: HashSet::new(),
    };
    check.messages()?;
    check.deliveries()?;
    check.due_entries()?;
    Ok(check.report)
}

struct Check<'a> {
    store: &'a dyn Store,
    report: QueueReport,
    /// Messages of which no delivery was seen yet.
    messages: HashSet<QueueId>,
}

impl Check<'_> {
    fn messages(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        rows(store, keys::messages(), |key, value| {
            self.report.messages += 1;
            let Some(id) = keys::decode_message(key) else {
                self.damage(format!("a message key of {} octets", key.len()));
                return Ok(());
            };
            match record::decode_message(value) {
                Err(error) => self.damage(format!("message {id}: {error}")),
                Ok(facts) => {
                    for piece in 0..facts.pieces {
                        if store.get(&keys::piece(id, piece))?.is_none() {
                            self.damage(format!("message {id}: body piece {piece} is missing"));
                        }
                    }
                }
            }
            self.messages.insert(id);
            Ok(())
        })
    }

    fn deliveries(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        let mut met = HashSet::new();
        rows(store, keys::deliveries(), |key, value| {
            self.report.deliveries += 1;
            let Some(id) = keys::decode_delivery(key) else {
                self.damage(format!("a delivery key of {} octets", key.len()));
                return Ok(());
            };
            met.insert(id.message);
            if !self.messages.contains(&id.message) {
                self.damage(format!("delivery {id}: its message is missing"));
            }
            match record::decode_delivery(value) {
                Err(error) => self.damage(format!("delivery {id}: {error}")),
                Ok(state) => {
                    let due = DueKey { due: state.due, id };
                    if store.get(&due.encode())?.is_none() {
                        self.damage(format!(
                            "delivery {id}: not in the due index, would never be sent"
                        ));
                    }
                }
            }
            Ok(())
        })?;
        let orphans: Vec<QueueId> = self.messages.difference(&met).copied().collect();
        for id in orphans {
            self.damage(format!("message {id}: has no delivery"));
        }
        Ok(())
    }

    fn due_entries(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        rows(store, keys::dues(), |key, _| {
            self.report.due_entries += 1;
            match DueKey::decode(key) {
                None => self.damage(format!("a due entry of {} octets", key.len())),
                Some(due) if store.get(&keys::delivery(due.id))?.is_none() => {
                    self.damage(format!("due entry of {}: no such delivery", due.id));
                }
                Some(_) => {}
            }
            Ok(())
        })
    }

    fn damage(&mut self, what: String) {
        self.report.damaged += 1;
        if self.report.damage.len() < DAMAGE_LISTED_MAX {
            self.report.damage.push(what);
        }
    }
}

fn rows(
    store: &dyn Store,
    mut span: Span,
    mut visit: impl FnMut(&[u8], &bytes::Bytes) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    loop {
        let rows = store.scan(&span.from, &span.to, ROWS)?;
        for (key, value) in &rows {
            visit(key, value)?;
        }
        match rows.last() {
            Some((key, _)) if rows.len() == ROWS => span.from = keys::behind(key),
            _ => return Ok(()),
        }
    }
}
