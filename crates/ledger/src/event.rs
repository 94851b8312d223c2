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
    /// Its id: the same each time it is asked for, hence not stored. Ids sort by the time of their events, those of one
    /// millisecond in the order in which they were recorded.
    pub fn id(&self) -> EventId {
        let name = [&self.email.to_bytes()[..], &self.sequence.to_be_bytes()].concat();
        let digest = digest(&SHA256, &name);
        let mut entropy: [u8; 10] = digest.as_ref().first_chunk().copied().unwrap_or_default();
        let [high, low] = self.place_in_millisecond().to_be_bytes();
        [entropy[0], entropy[1]] = [high, low];
        EventId::new(self.at_unix_ms, entropy)
    }

    /// Microseconds from its time to its recording: what the sequence number still says when the e-mail's time of creation
    /// is put back. An id has room for 12 bits (RFC 9562 §5.7).
    fn place_in_millisecond(&self) -> u16 {
        const MAX: u16 = 0x0fff;
        let recorded_us = self
            .email
            .unix_ms()
            .saturating_mul(1000)
            .saturating_add(self.sequence);
        let after_us = recorded_us.saturating_sub(self.at_unix_ms.saturating_mul(1000));
        u16::try_from(after_us).unwrap_or(MAX).min(MAX)
    }

    /// What kind of event it is.
    pub fn event_type(&self) -> EventType {
        self.kind.event_type()
    }
}
