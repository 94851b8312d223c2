//! The future of a commit and the half that completes it.
//!
//! Promise: every [`CommitFuture`] completes, at the latest when its [`Completion`] is dropped (with
//! `Poisoned`: the committer is gone without a word). A mutex and a waker do; the sync they wait for costs a
//! thousand times more.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::StoreError;

/// Proof that a batch is durable. Only a commit makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Committed(());

/// The outcome of a [`commit`](crate::Store::commit), to be awaited or waited for. Dropping it does not
/// cancel.
#[derive(Debug)]
#[must_use = "a batch is durable only once its commit has completed"]
pub struct CommitFuture {
    slot: Arc<Mutex<Slot>>,
}

#[derive(Debug)]
enum Slot {
    Waiting(Option<Waker>),
    Done(Result<(), StoreError>),
}

/// The committer's half.
#[derive(Debug)]
pub(crate) struct Completion {
    slot: Option<Arc<Mutex<Slot>>>,
}

impl CommitFuture {
    /// A future and the half that completes it.
    pub(crate) fn pending() -> (Completion, Self) {
        let slot = Arc::new(Mutex::new(Slot::Waiting(None)));
        (
            Completion {
                slot: Some(Arc::clone(&slot)),
            },
            Self { slot },
        )
    }

    /// A future that is done.
    pub(crate) fn ready(result: Result<(), StoreError>) -> Self {
        Self {
            slot: Arc::new(Mutex::new(Slot::Done(result))),
        }
    }

    /// Blocks the calling thread until the batch is durable or has failed.
    ///
    /// # Errors
    /// Those of [`commit`](crate::Store::commit).
    pub fn wait(self) -> Result<Committed, StoreError> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut commit = pin!(self);
        loop {
            match commit.as_mut().poll(&mut context) {
                Poll::Ready(result) => return result,
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl Future for CommitFuture {
    type Output = Result<Committed, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The lock guards single assignments, so a value behind a poisoned one is whole.
        match &mut *self.slot.lock().unwrap_or_else(PoisonError::into_inner) {
            Slot::Done(result) => Poll::Ready(result.clone().map(Committed)),
            Slot::Waiting(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}

impl Completion {
    pub(crate) fn complete(mut self, result: Result<(), StoreError>) {
        self.settle(result);
    }

    fn settle(&mut self, result: Result<(), StoreError>) {
        let Some(slot) = self.slot.take() else { return };
        let before = {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *slot, Slot::Done(result))
        };
        if let Slot::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.settle(Err(StoreError::Poisoned {
            why: "the committer ended".into(),
        }));
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completes_a_waiter_on_another_thread() {
        let (completion, commit) = CommitFuture::pending();
        let waiter = thread::spawn(move || commit.wait());
        completion.complete(Ok(()));
        assert_eq!(waiter.join().unwrap(), Ok(Committed(())));
    }

    #[test]
    fn a_dropped_completion_is_a_failure_not_a_hang() {
        let (completion, commit) = CommitFuture::pending();
        drop(completion);
        assert!(matches!(commit.wait(), Err(StoreError::Poisoned { .. })));
    }
}
