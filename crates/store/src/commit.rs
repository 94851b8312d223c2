//! The group committer: a [`Store`] made of an engine, a line of batches and one thread that writes them in
//! groups.
//!
//! Promise: a batch is completed with success after the engine's synced write returned, never before; after
//! the first failed write no engine method that writes is called again. The thread reads the clock to bound
//! delays and to measure; in that it is a part of the shell that happens to live here. What it decides by the
//! clock is in `gather.rs`, pure.
//!
//! Failures: a failed write (or a bug that ends the thread) poisons the line, see [`Line::poison`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use bytes::Bytes;

use crate::batch::Batch;
use crate::contract::{CommitObserver, GroupReport, Store};
use crate::engine::{Engine, Fault};
use crate::error::StoreError;
use crate::floor::Floor;
use crate::future::{CommitFuture, Completion};
use crate::gather::Gather;
use crate::health::{Health, Stats};
use crate::line::{Line, Pending};

/// A store over `E` with a committer thread.
pub(crate) struct GroupStore<E: Engine> {
    /// `None` once closed.
    engine: RwLock<Option<Arc<E>>>,
    shared: Arc<Shared>,
    floor: Floor,
    committer: Mutex<Option<JoinHandle<()>>>,
}

/// What the committer thread and the callers both touch, the engine apart.
struct Shared {
    line: Line,
    counters: Counters,
    observer: Option<Arc<dyn CommitObserver>>,
}

#[derive(Debug, Default)]
struct Counters {
    groups: AtomicU64,
    batches: AtomicU64,
    bytes: AtomicU64,
    expectations_failed: AtomicU64,
}

impl<E: Engine> GroupStore<E> {
    /// Starts the committer.
    pub(crate) fn start(
        engine: E,
        floor: Floor,
        observer: Option<Arc<dyn CommitObserver>>,
    ) -> std::io::Result<Self> {
        let engine = Arc::new(engine);
        let shared = Arc::new(Shared {
            line: Line::new(),
            counters: Counters::default(),
            observer,
        });
        let committer = Committer {
            engine: Arc::clone(&engine),
            shared: Arc::clone(&shared),
        };
        let thread = thread::Builder::new()
            .name("store-commit".into())
            .spawn(move || committer.run())?;
        Ok(Self {
            engine: RwLock::new(Some(engine)),
            shared,
            floor,
            committer: Mutex::new(Some(thread)),
        })
    }

    fn with_engine<T>(&self, f: impl FnOnce(&E) -> T) -> Option<T> {
        self.engine
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_deref()
            .map(f)
    }

    fn read<T>(&self, f: impl FnOnce(&E) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.with_engine(f)
            .ok_or(StoreError::Closed)?
            .map_err(|fault| StoreError::Read { why: fault.why })
    }

    fn admit(&self, batch: &Batch, now: Instant) -> Result<(), StoreError> {
        batch.verify()?;
        if !batch.admitting {
            return Ok(());
        }
        match self
            .with_engine(|engine| self.floor.shortage(engine, now))
            .flatten()
        {
            Some(shortage) => Err(StoreError::Full(shortage)),
            None => Ok(()),
        }
    }
}

impl<E: Engine> Store for GroupStore<E> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.read(|engine| engine.get(key))
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        if from >= to || limit == 0 {
            return Ok(Vec::new());
        }
        self.read(|engine| engine.scan(from, to, limit))
    }

    fn commit(&self, batch: Batch) -> CommitFuture {
        let now = Instant::now();
        match self.admit(&batch, now) {
            Ok(()) => self.shared.line.enqueue(batch, now),
            Err(refusal) => CommitFuture::ready(Err(refusal)),
        }
    }

    fn health(&self) -> Health {
        if let Some(why) = self.shared.line.poisoned() {
            return Health::Poisoned { why };
        }
        match self.with_engine(|engine| self.floor.shortage(engine, Instant::now())) {
            None => Health::Closed,
            Some(None) => Health::Serving,
            Some(Some(shortage)) => Health::Full(shortage),
        }
    }

    fn stats(&self) -> Stats {
        let usage = self.with_engine(Engine::usage).unwrap_or_default();
        let counters = &self.shared.counters;
        let (waiting_batches, waiting_bytes) = self.shared.line.depth();
        Stats {
            groups: counters.groups.load(Ordering::Relaxed),
            batches: counters.batches.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            expectations_failed: counters.expectations_failed.load(Ordering::Relaxed),
            waiting_batches: waiting_batches as u64,
            waiting_bytes: waiting_bytes as u64,
            engine_write_buffer_bytes: usage.write_buffer_bytes,
            engine_read_memory_bytes: usage.read_memory_bytes,
            engine_file_bytes: usage.file_bytes,
        }
    }

    fn close(&self) -> Result<(), StoreError> {
        self.shared.line.close();
        // Held to the end, so that a second caller returns only when the first one has finished.
        let mut committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = committer.take() {
            // A committer that panicked has poisoned the line, which is reported below.
            let _ = thread.join();
        }
        let engine = self.engine.write().unwrap_or_else(PoisonError::into_inner).take();
        match self.shared.line.poisoned() {
            Some(why) => Err(StoreError::Poisoned { why }),
            None => {
                if let Some(engine) = engine {
                    engine.settle();
                }
                Ok(())
            }
        }
    }
}

impl<E: Engine> Drop for GroupStore<E> {
    fn drop(&mut self) {
        // Nobody is left to be told; the failure, if any, was reported to those whose batches it cost.
        let _ = self.close();
    }
}

/// The thread that writes.
struct Committer<E: Engine> {
    engine: Arc<E>,
    shared: Arc<Shared>,
}

impl<E: Engine> Committer<E> {
    fn run(self) {
        let _guard = PoisonOnPanic(Arc::clone(&self.shared));
        let mut gather = Gather::new();
        while let Some(group) = self.shared.line.next_group(&mut gather) {
            let urgent = group.iter().filter(|pending| !pending.batch.patient).count();
            self.commit(group);
            gather.wrote(urgent, self.shared.line.urgent());
        }
    }

    fn commit(&self, group: Vec<Pending>) {
        let began = Instant::now();
        let (batches, completions) = self.decide(group);
        if batches.is_empty() {
            return;
        }
        let decided = Instant::now();
        match self.engine.write(&batches) {
            Ok(()) => {
                self.report(GroupReport {
                    batches: batches.len(),
                    bytes: batches.iter().map(|batch| batch.bytes).sum(),
                    write: decided.duration_since(began),
                    sync: decided.elapsed(),
                });
                for completion in completions {
                    completion.complete(Ok(()));
                }
            }
            Err(fault) => {
                // Poisoned first: whoever learns of the failure must find the store already refusing.
                self.shared.line.poison(&fault.why);
                for completion in completions {
                    completion.complete(Err(StoreError::Poisoned {
                        why: Arc::clone(&fault.why),
                    }));
                }
            }
        }
    }

    /// Fails the batches whose expectations are not met, and parts the others from their completions.
    fn decide(&self, group: Vec<Pending>) -> (Vec<Batch>, Vec<Completion>) {
        let mut batches = Vec::with_capacity(group.len());
        let mut completions = Vec::with_capacity(group.len());
        for Pending {
            batch, completion, ..
        } in group
        {
            match unmet(self.engine.as_ref(), &batch) {
                None => {
                    batches.push(batch);
                    completions.push(completion);
                }
                Some(refusal) => {
                    if matches!(refusal, StoreError::Expectation { .. }) {
                        self.shared
                            .counters
                            .expectations_failed
                            .fetch_add(1, Ordering::Relaxed);
                    }
                    completion.complete(Err(refusal));
                }
            }
        }
        (batches, completions)
    }

    fn report(&self, report: GroupReport) {
        let counters = &self.shared.counters;
        counters.groups.fetch_add(1, Ordering::Relaxed);
        counters
            .batches
            .fetch_add(report.batches as u64, Ordering::Relaxed);
        counters.bytes.fetch_add(report.bytes as u64, Ordering::Relaxed);
        if let Some(observer) = &self.shared.observer {
            observer.group(report);
        }
    }
}

/// Why `batch` must not be written now, if so.
pub(crate) fn unmet(engine: &impl Engine, batch: &Batch) -> Option<StoreError> {
    batch
        .expectations
        .iter()
        .find_map(|expectation| match engine.get(&expectation.key) {
            Ok(found) if found == expectation.value => None,
            Ok(_) => Some(StoreError::Expectation {
                key: expectation.key.clone(),
            }),
            Err(fault) => Some(StoreError::Read { why: fault.why }),
        })
}

/// Without its thread a line would fill and its batches wait for ever.
struct PoisonOnPanic(Arc<Shared>);

impl Drop for PoisonOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.line.poison(&"the committer panicked".into());
        }
    }
}

#[cfg(test)]
mod tests;
