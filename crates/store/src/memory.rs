//! The engine without a disk: a sorted map, for tests and for simulation.
//!
//! [`open_memory`] has no thread and reads no clock: a commit takes effect inside the call, so that a
//! simulation whose every step is scheduled stays deterministic. What durability costs and how it fails is
//! for the simulation to model.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;

use crate::batch::{Batch, Operation};
use crate::commit::unmet;
use crate::contract::Store;
use crate::engine::{Engine, Fault, FreeSpace, Usage};
use crate::error::StoreError;
use crate::future::CommitFuture;
use crate::health::{Health, Stats};

/// An empty store in memory. Its futures are ready when they are returned.
pub fn open_memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::default())
}

/// The map alone; also what tests of the committer run on.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    map: RwLock<BTreeMap<Vec<u8>, Bytes>>,
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        Ok(self
            .map
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, Fault> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let rows = map.range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)));
        Ok(rows
            .take(limit)
            .map(|(key, value)| (Bytes::copy_from_slice(key), value.clone()))
            .collect())
    }

    fn write(&self, batches: &[Batch]) -> Result<(), Fault> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        for operation in batches.iter().flat_map(|batch| &batch.operations) {
            match operation {
                Operation::Put { key, value } => {
                    map.insert(key.clone(), value.clone());
                }
                Operation::Delete { key } => {
                    map.remove(key);
                }
                Operation::Add { key, delta } => {
                    let value = counter(map.get(key).map(Bytes::as_ref)).wrapping_add(*delta);
                    map.insert(key.clone(), Bytes::copy_from_slice(&value.to_le_bytes()));
                }
            }
        }
        Ok(())
    }

    fn settle(&self) {}

    fn free_space(&self) -> Result<FreeSpace, Fault> {
        Ok(FreeSpace {
            bytes: u64::MAX,
            inodes: u64::MAX,
        })
    }

    fn usage(&self) -> Usage {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = map
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum::<usize>();
        Usage {
            write_buffer_bytes: bytes as u64,
            ..Usage::default()
        }
    }
}

/// The number a stored value stands for, as [`Batch::add`] defines it.
pub(crate) fn counter(value: Option<&[u8]>) -> i64 {
    value
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, i64::from_le_bytes)
}

#[derive(Debug, Default)]
struct MemoryStore {
    memory: Memory,
    progress: Mutex<Progress>,
}

/// Held while a batch is checked and applied, which makes the two one step.
#[derive(Debug, Default)]
struct Progress {
    closed: bool,
    stats: Stats,
}

impl MemoryStore {
    fn open(&self) -> Result<&Memory, StoreError> {
        let closed = self
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed;
        if closed {
            Err(StoreError::Closed)
        } else {
            Ok(&self.memory)
        }
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.verify()?;
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.closed {
            return Err(StoreError::Closed);
        }
        if batch.is_empty() {
            return Ok(());
        }
        if let Some(refusal) = unmet(&self.memory, &batch) {
            progress.stats.expectations_failed += 1;
            return Err(refusal);
        }
        progress.stats.groups += 1;
        progress.stats.batches += 1;
        progress.stats.bytes += batch.bytes as u64;
        self.memory
            .write(&[batch])
            .map_err(|fault| StoreError::Poisoned { why: fault.why })
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.open()?
            .get(key)
            .map_err(|fault| StoreError::Read { why: fault.why })
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let memory = self.open()?;
        if from >= to {
            return Ok(Vec::new());
        }
        memory
            .scan(from, to, limit)
            .map_err(|fault| StoreError::Read { why: fault.why })
    }

    fn commit(&self, batch: Batch) -> CommitFuture {
        CommitFuture::ready(self.apply(batch))
    }

    fn health(&self) -> Health {
        if self.open().is_ok() {
            Health::Serving
        } else {
            Health::Closed
        }
    }

    fn stats(&self) -> Stats {
        let stats = self.progress.lock().unwrap_or_else(PoisonError::into_inner).stats;
        Stats {
            engine_write_buffer_bytes: self.memory.usage().write_buffer_bytes,
            ..stats
        }
    }

    fn close(&self) -> Result<(), StoreError> {
        self.progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        Ok(())
    }
}
