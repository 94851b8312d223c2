//! Writes hits down: one thread, many hits to a commit, in the order in which they came.
//!
//! While hits come faster than they are written, the next batch is made while the one before is committed: hits are taken
//! from the line one by one and all the time, so that an answer that waits for a place in it does not wait for a commit.

use std::net::IpAddr;
use std::sync::Arc;

use ledger::{EmailId, EventKind, Firsts, HitKind, LedgerError, NewEvent, RecipientStatus, Tally};
use store::{Batch, CommitFuture, Store};
use tokio::sync::mpsc;

use super::actor::{Sighting, judge};
use crate::chronicle::Chronicle;

/// Hits in one commit: each takes about 1 KiB of it, and never above 4 KiB.
const HITS_AT_ONCE: usize = 512;

/// How much nicer the thread is than those that answer: whoever waits for an answer comes first, and there is a line.
const NICENESS: i32 = 4;

/// Somebody asked for a picture or followed a link.
pub(super) struct Hit {
    pub(super) email: EmailId,
    pub(super) kind: HitKind,
    /// Which link, and where it leads.
    pub(super) link: Option<(u16, String)>,
    pub(super) address: Option<IpAddr>,
    pub(super) user_agent: Option<String>,
    pub(super) reads: bool,
    pub(super) at_unix_ms: u64,
}

pub(super) struct Recorder {
    chronicle: Arc<Chronicle>,
    store: Arc<dyn Store>,
    firsts: Firsts,
}

impl Recorder {
    pub(super) fn new(chronicle: Arc<Chronicle>, store: Arc<dyn Store>) -> Self {
        Self {
            chronicle,
            store,
            firsts: Firsts::default(),
        }
    }

    /// Runs until nobody can send a hit any more, and all that were sent are written down. For a thread of its own.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Hit>) {
        if let Err(error) = rustix::process::nice(NICENESS) {
            tracing::warn!(%error, "hits are written down at the same priority as everything else");
        }
        let mut in_flight = None;
        while let Some(hit) = waiting.blocking_recv() {
            let (mut batch, gathered) = self.gather(hit, &mut waiting);
            let more_wait = gathered == HITS_AT_ONCE;
            if !more_wait {
                batch.patient();
            }
            self.finish(in_flight.take());
            self.firsts.submitted();
            let commit = Some(self.store.commit(batch));
            match more_wait {
                true => in_flight = commit,
                false => self.finish(commit),
            }
        }
        self.finish(in_flight);
    }

    /// A batch of `hit` and of those that wait behind it, and how many they are.
    fn gather(&mut self, hit: Hit, waiting: &mut mpsc::Receiver<Hit>) -> (Batch, usize) {
        let (mut batch, mut tally) = (Batch::new(), Tally::new());
        let (mut next, mut gathered) = (Some(hit), 0);
        while let Some(hit) = next {
            let email = hit.email;
            if let Err(error) = self.put(hit, &mut tally, &mut batch) {
                tracing::error!(%email, %error, "a hit is lost");
            }
            gathered += 1;
            next = match gathered {
                HITS_AT_ONCE => None,
                _ => waiting.try_recv().ok(),
            };
        }
        tally.put(&mut batch);
        (batch, gathered)
    }

    /// Waits for a commit.
    fn finish(&mut self, commit: Option<CommitFuture>) {
        match commit.map(CommitFuture::wait) {
            None => {}
            Some(Ok(_)) => self.firsts.committed(),
            Some(Err(error)) => {
                self.firsts.abandoned();
                tracing::error!(%error, "hits are lost");
            }
        }
    }

    fn put(&mut self, hit: Hit, tally: &mut Tally, batch: &mut Batch) -> Result<(), LedgerError> {
        // Of an e-mail that is gone, or never was.
        let Some((context, to)) = self.chronicle.addressees(hit.email)? else {
            return Ok(());
        };
        let ledger = &self.chronicle.ledger;
        // All recipients of one message have the same link: which of them it was nobody knows.
        let recipient = match to.as_slice() {
            [only] => only.clone(),
            _ => String::new(),
        };
        let ended = ledger.ended(hit.email, &recipient)?;
        let (status, delivered) = ended.map_or((RecipientStatus::Delivered, None), |(status, at)| {
            (status, Some(at))
        });
        let (actor, signals) = judge(&Sighting {
            reads: hit.reads,
            user_agent: hit.user_agent.as_deref(),
            after_delivery_ms: delivered.map(|at| hit.at_unix_ms.saturating_sub(at)),
        });
        let first = self.firsts.claim(ledger, hit.email, hit.kind, actor, batch)?;
        let seen = ledger::Hit {
            actor,
            signals,
            first: first.of_actor,
            first_of_all: first.of_all,
            ip: hit.address,
            user_agent: hit.user_agent,
        };
        let kind = match hit.link {
            None => EventKind::Opened { hit: seen },
            Some((link, url)) => EventKind::Clicked { hit: seen, link, url },
        };
        let new = NewEvent {
            at_unix_ms: hit.at_unix_ms,
            recipient,
            before: status,
            kind,
        };
        self.chronicle.write(&context, new, tally, batch);
        Ok(())
    }
}
