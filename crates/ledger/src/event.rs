//! What happened to an e-mail, one event at a time: written once, in the commit that makes it true, and never changed.
//!
//! **Promise.** An event carries the state of its recipient after it, and a sequence number: of two events of one e-mail
//! the one with the greater number was recorded later, in whichever order they reach anybody. From, tag and metadata
//! stand once, in the e-mail's record, and are joined when events are read; so a report that comes weeks later has them
//! too.
//!
//! **Invariants.**
//! - The delivery state only grows worse ([`RecipientStatus`]); opens, clicks and unsubscribes do not touch it.
//! - Texts of others (replies, user agents, URLs) are cut to their bounds when they are written.
//! - Counters are in the same batch as their events ([`crate::Tally`]).

mod codec;
mod firsts;
mod kind;
mod list;
mod query;
mod record;
mod retention;
mod sequencer;
mod status;
mod tag;
#[cfg(test)]
mod tests;
mod walk;

use aws_lc_rs::digest::{SHA256, digest};

pub use firsts::{First, Firsts};
pub use kind::{EventKind, EventType, Hit, HitActor, HitKind, Signal, Signals};
pub use list::{EventPage, ListedEvent};
pub use query::{Cursor, CursorError, EventQuery, Position};
pub use record::{EmailContext, NewEvent};
pub use sequencer::Sequencer;
pub use status::RecipientStatus;
pub use tag::TagDigest;

use crate::id::{AccountId, EmailId, Id};

/// The id of an event, made from its time, its e-mail and its sequence number.
pub type EventId = Id<Event>;

/// Something that happened to an e-mail, for one of its recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The e-mail.
    pub email: EmailId,
    /// Whose it is.
    pub account: AccountId,
    /// Its place among the events of the e-mail. Numbers grow, and have gaps ([`Sequencer`]).
    pub sequence: u64,
    /// When it happened, in milliseconds since the epoch.
    pub at_unix_ms: u64,
    /// The recipient.
    pub recipient: String,
    /// The recipient's state after it.
    pub status: RecipientStatus,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// Its id: the same each time it is asked for, hence not stored.
    pub fn id(&self) -> EventId {
        let name = [&self.email.to_bytes()[..], &self.sequence.to_be_bytes()].concat();
        let digest = digest(&SHA256, &name);
        let entropy = digest.as_ref().first_chunk().copied().unwrap_or_default();
        EventId::new(self.at_unix_ms, entropy)
    }

    /// What kind of event it is.
    pub fn event_type(&self) -> EventType {
        self.kind.event_type()
    }
}
