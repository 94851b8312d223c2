//! Ordered, atomic, durable key-value batches behind one narrow trait.
//!
//! **Promise.** When a [`CommitFuture`] yields [`Committed`], every change of its batch survives the loss of
//! the process and of power; before that nothing of it can be read. A batch takes effect as a whole or not at
//! all.
//!
//! **Invariants.**
//! - Durability is not a setting. Speed comes from group commit: one thread merges every waiting batch into
//!   one synced write (`commit.rs`), and waits for company only when company is known to exist (`gather.rs`).
//! - A failed write or sync poisons the store for good: what the disk holds is unknown from then on, and a
//!   second `fsync` that succeeds would prove nothing. Every waiting and every later commit fails; reads go
//!   on.
//! - Keys are ordered bytewise. Keys whose first byte is [`BULK`] or above name large values that are written
//!   once and deleted; an engine may keep them apart from the small ones.
//! - The store knows nothing of mail, and no type of an engine is visible outside its own file.
//!
//! **Failures** are the variants of [`StoreError`], and nothing else: the crate does not panic on account of
//! its callers.
//!
//! Engines: [`open_memory`] for tests and simulation (no thread, no clock, commits complete at once) and
//! [`open_rocksdb`] (feature `rocksdb`, on by default). One suite, `tests/conformance.rs`, runs on both.
//! [`check`](fn@check) reads a store that is not in use and counts what is damaged.

#![cfg_attr(
    not(feature = "rocksdb"),
    allow(dead_code, reason = "the committer is for engines with a disk")
)]

mod batch;
#[cfg(feature = "rocksdb")]
mod check;
mod commit;
mod contract;
mod directory;
mod engine;
mod error;
mod floor;
mod future;
mod gather;
mod health;
mod line;
mod memory;
mod record;
#[cfg(feature = "rocksdb")]
mod rocks;

pub use batch::Batch;
#[cfg(feature = "rocksdb")]
pub use check::{CheckReport, Damage, FamilyReport, check};
pub use contract::{
    BATCH_BYTES_MAX, BULK, CommitObserver, GroupReport, KEY_BYTES_MAX, QUEUE_BYTES_MAX, Store,
    VALUE_BYTES_MAX,
};
pub use error::{Misuse, Part, StoreError};
pub use future::{CommitFuture, Committed};
pub use health::{Health, Shortage, Stats};
pub use memory::open_memory;
pub use record::{RecordError, RecordReader, RecordWriter};
#[cfg(feature = "rocksdb")]
pub use rocks::{RocksConfig, open_rocksdb};
