//! What is known of customers and of their mail: accounts, keys, credentials, domains, quotas, and one record for each
//! e-mail that was taken over for them.
//!
//! **Promise.** Whatever must be true of an accepted e-mail (its record, what it costs of a quota, the reply to its
//! idempotency key) is put into the very batch that accepts it ([`Ledger::admit`]); whatever becomes of a recipient into
//! the batch that settles it ([`Ledger::outcome`]). Everything else is a commit of its own, with its entry in the audit
//! log.
//!
//! **Invariants.**
//! - Secrets are kept as digests: of an API key SHA-256, of a password an Argon2id hash made elsewhere. Signing keys are
//!   the exception, because they sign; their `Debug` shows nothing.
//! - Configuration (accounts, keys, domains) changes by compare and swap: of two writers at once one starts again.
//! - What is cached is dropped by the commit that changes it, before anybody is told that it changed.
//!
//! Absent on purpose: HTTP, a clock, randomness, the queue. Times are milliseconds since the Unix epoch.
//!
//! **Failures** are the variants of [`LedgerError`].

mod account;
mod accounts;
mod api_key;
mod audit;
pub mod bounce;
mod cache;
mod calendar;
mod credential;
mod domain;
mod domains;
mod email;
mod error;
mod event;
pub mod health;
mod hold;
mod id;
mod idempotency;
mod keys;
mod ledger;
pub mod limits;
mod links;
mod mail;
mod network;
pub mod publication;
mod quota;
mod standing;
mod statistics;
mod strikes;
mod suppression;
mod suppressions;
mod sweep;
mod template;
mod token_keys;
pub mod webhook;

pub use account::{Account, AccountChange, KeyReference, NewAccount, Status};
pub use api_key::{ApiKey, ApiKeyError, Mode};
pub use audit::{Actor, AuditEntry};
pub use cache::Caller;
pub use calendar::{Month, iso8601, unix_ms};
pub use credential::Credential;
pub use domain::{DkimKey, DkimState, Domain, DomainStatus, RecordFinding, RecordState};
pub use email::{Disposition, Email, Outcome, OutcomeKind, Stream};
pub use error::LedgerError;
pub use event::{
    Cursor, CursorError, EmailContext, Event, EventId, EventKind, EventPage, EventQuery, EventType, First,
    Firsts, Hit, HitActor, HitKind, ListedEvent, NewEvent, Position, RecipientStatus, Sequencer, Signal,
    Signals, TagDigest,
};
pub use health::Health;
pub use hold::HoldReason;
pub use id::{AccountId, DomainId, EmailId, Id};
pub use idempotency::{Fingerprint, IdempotencyKey, OpenSlot, ReplySlot, StoredReply};
pub use ledger::{Ledger, Request};
pub use mail::Admission;
pub use network::{Network, NetworkError};
pub use standing::{BY_OPERATOR, Stop};
pub use statistics::{
    Actors, ByActor, Counts, Interval, LinkClicks, Metric, Point, StatisticsFilter, Tally, Unique,
};
pub use strikes::Strike;
pub use suppression::{Scope, Suppression, SuppressionId, SuppressionKind, UnsubscribeSource, is_address};
pub use suppressions::{Imported, Paging, SuppressionChange, SuppressionFilter, SuppressionPage};
pub use sweep::{Retention, Swept};
pub use template::StoredTemplate;
pub use token_keys::{TOKEN_SECRET_BYTES, TokenSecret};

#[cfg(test)]
mod tests;
