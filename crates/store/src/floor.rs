//! The floor: how much space must be left for the store to admit more.
//!
//! Promise: settling and deleting go on below the floor, so that a full store can empty itself. The
//! measurement is cached for [`FRESH`]; what can be written in that time is bounded by the disk's speed and
//! far below any sane floor.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::{Engine, FreeSpace};
use crate::health::Shortage;

/// How long one measurement counts. At a gigabyte a second, 100 MB may be written unseen.
const FRESH: Duration = Duration::from_millis(100);

/// The two floors and the latest measurement.
#[derive(Debug)]
pub(crate) struct Floor {
    bytes: u64,
    inodes: u64,
    measured: Mutex<Option<(Instant, FreeSpace)>>,
}

impl Floor {
    pub(crate) fn new(bytes: u64, inodes: u64) -> Self {
        Self {
            bytes,
            inodes,
            measured: Mutex::new(None),
        }
    }

    /// What is short at `now`, if anything is.
    pub(crate) fn shortage(&self, engine: &impl Engine, now: Instant) -> Option<Shortage> {
        let free = self.free(engine, now);
        (free.bytes < self.bytes || free.inodes < self.inodes).then_some(Shortage {
            free_bytes: free.bytes,
            floor_bytes: self.bytes,
            free_inodes: free.inodes,
            floor_inodes: self.inodes,
        })
    }

    fn free(&self, engine: &impl Engine, now: Instant) -> FreeSpace {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        match *measured {
            Some((at, free)) if now.saturating_duration_since(at) < FRESH => free,
            _ => {
                // A file system that cannot be asked cannot be trusted to have room.
                let free = engine.free_space().unwrap_or(FreeSpace { bytes: 0, inodes: 0 });
                *measured = Some((now, free));
                free
            }
        }
    }
}
