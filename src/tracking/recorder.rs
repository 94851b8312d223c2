//! Writes hits down: one task, many hits to a commit, in the order in which they came.

use std::net::IpAddr;
use std::sync::Arc;

use ledger::{EmailId, EventKind, Firsts, HitKind, LedgerError, NewEvent, RecipientStatus, Tally};
use store::{Batch, Store};
use tokio::sync::mpsc;

use super::actor::{Sighting, judge};
use crate::chronicle::Chronicle;

/// Hits in one commit: each takes about 1 KiB of it.
const HITS_AT_ONCE: usize = 512;

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

    /// Runs until nobody can send a hit any more, and all that were sent are written down.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Hit>) {
        let mut hits = Vec::with_capacity(HITS_AT_ONCE);
        while waiting.recv_many(&mut hits, HITS_AT_ONCE).await > 0 {
            let (mut batch, mut tally) = (Batch::new(), Tally::new());
            batch.patient();
            // It reads the store.
            tokio::task::block_in_place(|| {
                for hit in hits.drain(..) {
                    let email = hit.email;
                    if let Err(error) = self.put(hit, &mut tally, &mut batch) {
                        tracing::error!(%email, %error, "a hit is lost");
                    }
                }
            });
            tally.put(&mut batch);
            match self.store.commit(batch).await {
                Ok(_) => self.firsts.committed(),
                Err(error) => {
                    self.firsts.abandoned();
                    tracing::error!(%error, "hits are lost");
                }
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
