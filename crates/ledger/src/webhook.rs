//! Webhooks: to whom of an account's endpoints an event goes, what is sent, when it is tried again, and what became of
//! each attempt. Standard Webhooks 1.0.
//!
//! **Promise.** A message for an endpoint is put into the very batch that records its event ([`Ledger::enqueue_webhook`]);
//! from then on it is attempted until it is delivered or the [schedule] is at its end. Nothing is lost to a crash: what was
//! sent and not yet settled is sent again, under the same `webhook-id`.
//!
//! **Invariants.**
//! - A message that waits has a progress with its due time and one entry in the due index; an entry
//!   that does not agree with the progress is left over from before a replay, and is removed when it is met.
//! - Messages for an ordered endpoint wait in its line instead, oldest first. The due index holds when to look at the line;
//!   only the first of it is ever attempted.
//! - Messages for an endpoint without a URL wait in its line too, without an entry in the due index: they are fetched.
//! - Each settlement is one batch, and holds only if nobody else has changed the progress meanwhile.
//! - Where a request may go is decided here ([`destination`]), on the addresses that the shell resolved.
//!
//! Absent on purpose, as everywhere in this crate: HTTP, DNS, a clock, randomness.
//!
//! **Failures** are the variants of [`LedgerError`](crate::LedgerError).

mod attempt;
mod attempts;
mod deliveries;
pub mod destination;
mod endpoint;
mod endpoints;
mod fetch;
mod filter;
mod keys;
mod payload;
mod progress;
mod replay;
pub mod schedule;
mod secret;
mod settle;
mod signature;
mod sweep;

use crate::id::Id;
#[cfg(doc)]
use crate::ledger::Ledger;

pub use attempt::{Attempt, Attempted, Response};
pub use attempts::AttemptPage;
pub use deliveries::{Delivery, Due, DueEntry, Next};
pub use endpoint::{DisabledReason, Endpoint, NewEndpoint, SigningSecret};
pub use filter::{EventFilter, FilterError};
pub use payload::{Payload, PayloadError};
pub use replay::{ReplayScope, Replayed};
pub use secret::{Secret, SecretError};
pub use settle::{Fate, Settled};
pub use signature::{Headers, sign};

/// The id of an endpoint.
pub type WebhookId = Id<Endpoint>;
/// The id of a message: of the event that it tells of. The `webhook-id` is made of it.
pub type MessageId = Id<Payload>;
/// The id of an attempt.
pub type AttemptId = Id<Attempt>;

#[cfg(test)]
mod tests;
