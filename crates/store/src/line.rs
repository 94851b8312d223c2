//! The line of batches before the committer.
//!
//! Promise: batches leave in the order they came, each in exactly one group, and every completion is
//! completed. Once the line is closed or poisoned nothing enters it. The committer is woken only when there
//! is something to decide.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::StoreError;
use crate::batch::Batch;
use crate::contract::QUEUE_BYTES_MAX;
use crate::future::{CommitFuture, Completion};
use crate::gather::{GROUP_BYTES, Gather, Step, Waiting};

/// Most batches in one group, so that one group is never a long story; settlements are some 100 bytes each.
const GROUP_BATCHES_MAX: usize = 4096;

/// The line, shared by everyone who commits and the one committer.
#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<State>,
    /// Signalled when the committer, if it waits, has something to decide.
    decide: Condvar,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    pending: VecDeque<Pending>,
    urgent: usize,
    bytes: usize,
    /// The committer waits for this many urgent batches; `None` while it does not wait.
    wake_at: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Open,
    Closing,
    Poisoned(Arc<str>),
}

/// A batch in the line.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) batch: Batch,
    pub(crate) completion: Completion,
    enqueued: Instant,
}

impl Line {
    pub(crate) fn new() -> Self {
        let state = State {
            phase: Phase::Open,
            pending: VecDeque::new(),
            urgent: 0,
            bytes: 0,
            wake_at: None,
        };
        Self {
            state: Mutex::new(state),
            decide: Condvar::new(),
        }
    }

    /// Puts `batch` at the end of the line, or says why not.
    pub(crate) fn enqueue(&self, batch: Batch, now: Instant) -> CommitFuture {
        let mut state = self.lock();
        if let Err(refusal) = state.admit(&batch) {
            return CommitFuture::ready(Err(refusal));
        }
        if batch.is_empty() {
            return CommitFuture::ready(Ok(()));
        }
        let (completion, future) = CommitFuture::pending();
        let wake = state.push(Pending {
            batch,
            completion,
            enqueued: now,
        });
        drop(state);
        if wake {
            self.decide.notify_one();
        }
        future
    }

    /// Blocks until there is a group to write; `None` once the line is closed and empty, or poisoned.
    pub(crate) fn next_group(&self, gather: &mut Gather) -> Option<Vec<Pending>> {
        let mut state = self.lock();
        loop {
            let step = match state.phase {
                Phase::Poisoned(_) => return None,
                Phase::Closing if state.pending.is_empty() => return None,
                Phase::Closing => Step::Write,
                Phase::Open => gather.step(state.waiting(), Instant::now()),
            };
            state = match step {
                Step::Write => return Some(state.take_group()),
                Step::Sleep => self.sleep(state),
                Step::Wait { delay, urgent } => {
                    state.wake_at = Some(urgent);
                    let (state, _) = self
                        .decide
                        .wait_timeout(state, delay)
                        .unwrap_or_else(PoisonError::into_inner);
                    state
                }
            };
            state.wake_at = None;
        }
    }

    /// Urgent batches waiting now.
    pub(crate) fn urgent(&self) -> usize {
        self.lock().urgent
    }

    /// Batches waiting now, and their bytes.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let state = self.lock();
        (state.pending.len(), state.bytes)
    }

    /// Lets nothing more in; what waits will still be written.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
        }
        drop(state);
        self.decide.notify_one();
    }

    /// Fails what waits and whatever comes. The first reason stays.
    pub(crate) fn poison(&self, why: &Arc<str>) {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Poisoned(_)) {
            state.phase = Phase::Poisoned(Arc::clone(why));
        }
        let orphans = std::mem::take(&mut state.pending);
        (state.urgent, state.bytes) = (0, 0);
        drop(state);
        for orphan in orphans {
            orphan
                .completion
                .complete(Err(StoreError::Poisoned { why: Arc::clone(why) }));
        }
    }

    /// Why the store is poisoned, if it is.
    pub(crate) fn poisoned(&self) -> Option<Arc<str>> {
        match &self.lock().phase {
            Phase::Poisoned(why) => Some(Arc::clone(why)),
            Phase::Open | Phase::Closing => None,
        }
    }

    fn sleep<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        // Any batch, patient ones too, ends the sleep: it starts the clock.
        state.wake_at = Some(0);
        self.decide.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock and each change is complete before anything in it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn admit(&self, batch: &Batch) -> Result<(), StoreError> {
        match &self.phase {
            Phase::Poisoned(why) => Err(StoreError::Poisoned { why: Arc::clone(why) }),
            Phase::Closing => Err(StoreError::Closed),
            Phase::Open if batch.admitting && self.bytes + batch.bytes > QUEUE_BYTES_MAX => {
                Err(StoreError::Busy)
            }
            Phase::Open => Ok(()),
        }
    }

    /// Returns whether the committer must be woken. At most one of those who push is told so per wait.
    fn push(&mut self, pending: Pending) -> bool {
        self.urgent += usize::from(!pending.batch.patient);
        self.bytes += pending.batch.bytes;
        self.pending.push_back(pending);
        self.wake_at
            .take_if(|wake_at| self.urgent >= *wake_at || self.bytes >= GROUP_BYTES)
            .is_some()
    }

    fn waiting(&self) -> Waiting {
        Waiting {
            urgent: self.urgent,
            bytes: self.bytes,
            oldest: self.pending.front().map(|oldest| oldest.enqueued),
            oldest_urgent: self
                .pending
                .iter()
                .find(|pending| !pending.batch.patient)
                .map(|urgent| urgent.enqueued),
        }
    }

    /// The longest run from the front that may be decided and written as one.
    fn take_group(&mut self) -> Vec<Pending> {
        let mut group: Vec<Pending> = Vec::with_capacity(self.pending.len().min(GROUP_BATCHES_MAX));
        let mut bytes = 0;
        while let Some(next) = self.pending.front() {
            let full = bytes + next.batch.bytes > GROUP_BYTES || group.len() == GROUP_BATCHES_MAX;
            if !group.is_empty() && (full || depends_on(&next.batch, &group)) {
                break;
            }
            bytes += next.batch.bytes;
            self.urgent -= usize::from(!next.batch.patient);
            group.extend(self.pending.pop_front());
        }
        self.bytes -= bytes;
        group
    }
}

/// Whether `batch` expects something of a key that `group` changes: its expectations can only be checked once
/// the group is written. Rare enough that the keys are collected anew each time; batches without expectations
/// pay nothing.
fn depends_on(batch: &Batch, group: &[Pending]) -> bool {
    if batch.expectations.is_empty() {
        return false;
    }
    let expected: HashSet<&[u8]> = batch
        .expectations
        .iter()
        .map(|expectation| expectation.key.as_slice())
        .collect();
    group
        .iter()
        .flat_map(|earlier| &earlier.batch.operations)
        .any(|operation| expected.contains(operation.key()))
}
