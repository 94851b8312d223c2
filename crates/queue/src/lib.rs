//! What to send, when, and over which lane: the rules of the queue.
//!
//! Promise: what [`Queue::submit`] proved accepted ends for each recipient in exactly one final state, and not before
//! an attempt said so. A delivery is claimed by one holder at a time; a settlement is one commit.
//!
//! Absent on purpose: sockets, a clock, randomness, an async runtime, and any knowledge of a storage engine. `now`,
//! ids and chance are arguments.
//!
//! Failures: [`QueueError`] for the store and for damaged records; what a next hop says is data ([`Verdict`]). A broken
//! rule (a delivery settled twice) is an assertion.

mod check;
mod delivery;
mod due;
mod id;
mod keys;
mod lane;
pub mod limits;
mod live;
mod message;
mod notice;
mod queue;
mod record;
mod schedule;
mod settle;
mod submit;
mod time;
mod verdict;
mod view;

pub use check::{QueueReport, check};
pub use delivery::{Delivery, DeliveryState, Recipient, RecipientState};
pub use due::{DueEntry, DueStep, NextStep};
pub use id::{DeliveryId, QueueId, QueueIdError};
pub use keys::DueKey;
pub use lane::{Lane, LaneLimits, Offer};
pub use message::{Body, Finish, Finished, Handling, Message, MessageFacts, Owner, Submission};
pub use queue::{Queue, QueueConfig, QueueError};
pub use record::{decode_delivery, decode_message, encode_delivery, encode_message};
pub use schedule::RetryPolicy;
pub use settle::{Attempt, NoWitness, SettleContext, Settled, SettledDelivery, Tally, Witness};
pub use store::RecordError;
pub use submit::{Accepted, Submitted};
pub use time::Timestamp;
pub use verdict::{Fate, Reason, Verdict};
pub use view::{DeliveryPage, DeliveryView, DomainSummary, Selector};
