//! Which hit of an e-mail is the first of its kind: the unique opens and clicks.
//!
//! Unique is meant of the message: one that goes to several recipients carries one pixel, and nobody can tell whose hit it
//! is. The answer is exact, not estimated: a presence per e-mail, kind and actor stands in the store. Whoever records hits
//! does so alone, with one batch in the making and one in flight, so that what is not in the store yet is known here and
//! of two hits not both are the first.

use std::collections::HashMap;

use store::Batch;

use super::EmailId;
use super::kind::{HitActor, HitKind};
use crate::error::LedgerError;
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::FIRSTS_MAX;

/// In what a hit is the first of its e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// By a human, or by anybody else, whichever made it.
    pub of_actor: bool,
    /// By anybody at all.
    pub of_all: bool,
}

/// The firsts of the batch in the making and of the one in flight, and those of late. One recorder has it.
///
/// For each batch: [`Self::claim`] for its hits, [`Self::submitted`] once the batch before has come to its end,
/// [`Self::committed`] or [`Self::abandoned`] when it comes to its own.
#[derive(Debug, Default)]
pub struct Firsts {
    claimed: HashMap<(EmailId, HitKind), Seen>,
    in_flight: HashMap<(EmailId, HitKind), Seen>,
    young: HashMap<(EmailId, HitKind), Seen>,
    old: HashMap<(EmailId, HitKind), Seen>,
}

/// Who has made a hit of one kind on an e-mail.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    human: bool,
    other: bool,
}

impl Firsts {
    /// Whether a hit is a first; if so, that is put into `batch`.
    ///
    /// # Errors
    /// The store's.
    pub fn claim(
        &mut self,
        ledger: &Ledger,
        email: EmailId,
        kind: HitKind,
        actor: HitActor,
        batch: &mut Batch,
    ) -> Result<First, LedgerError> {
        let known = [&self.claimed, &self.in_flight, &self.young, &self.old]
            .into_iter()
            .find_map(|map| map.get(&(email, kind)));
        let mut seen = match known {
            Some(seen) => *seen,
            None => Seen::read(ledger, email, kind)?,
        };
        let human = actor == HitActor::Human;
        let of_all = !seen.human && !seen.other;
        let slot = if human { &mut seen.human } else { &mut seen.other };
        let of_actor = !std::mem::replace(slot, true);
        if of_actor {
            batch.put(keys::hit(email, kind, human), Vec::new());
        }
        self.claimed.insert((email, kind), seen);
        Ok(First { of_actor, of_all })
    }

    /// The batch of the claims is on its way, and the next one is made.
    pub fn submitted(&mut self) {
        debug_assert!(self.in_flight.is_empty(), "one batch is in flight at a time");
        self.in_flight.extend(self.claimed.drain());
    }

    /// The batch in flight is committed.
    pub fn committed(&mut self) {
        if self.young.len() + self.in_flight.len() > FIRSTS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.extend(self.in_flight.drain());
    }

    /// The batch in flight is not committed: its claims were none. Those of the next batch that rest on them stand; a
    /// store that refuses a batch ends the program with it.
    pub fn abandoned(&mut self) {
        self.in_flight.clear();
    }
}

impl Seen {
    fn read(ledger: &Ledger, email: EmailId, kind: HitKind) -> Result<Self, LedgerError> {
        let is_present =
            |human| Ok::<_, LedgerError>(ledger.store.get(&keys::hit(email, kind, human))?.is_some());
        Ok(Self {
            human: is_present(true)?,
            other: is_present(false)?,
        })
    }
}
