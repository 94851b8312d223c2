//! What every engine promises: the [`Store`] trait, its limits, and the port through which a store tells of
//! its commits.

use std::time::Duration;

use bytes::Bytes;

use crate::{Batch, CommitFuture, Health, Stats, StoreError};

/// Longest key, in bytes. Every engine in sight allows more; a longer key is a mistake of the caller.
pub const KEY_BYTES_MAX: usize = 1024;

/// Longest value, in bytes: under the 100 000 bytes of FoundationDB, the tightest engine the contract has to
/// fit. Whoever stores more cuts it into pieces, above this trait, once.
pub const VALUE_BYTES_MAX: usize = 96 * 1024;

/// Largest batch, in bytes of its keys and values: under the 10 MB a FoundationDB transaction may touch.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of batches that may wait for the committer before an admitting batch is refused as
/// [`StoreError::Busy`]. Eight of the largest batches; at 10 KB each, some 6000 messages, which is a second
/// of work.
pub const QUEUE_BYTES_MAX: usize = 8 * BATCH_BYTES_MAX;

/// First byte of the keys of *bulk* values: large, written once, deleted soon. Such keys sort behind all
/// others, may be kept in a place of their own, and cannot hold counters.
pub const BULK: u8 = 0x80;

/// An ordered map of bytes that changes only by atomic, durable batches. Used as `Arc<dyn Store>`.
///
/// All methods may be called from any thread. `get` and `scan` read from memory or disk and return when done;
/// `commit` never blocks.
pub trait Store: Send + Sync {
    /// The committed value under `key`; for a counter, its eight bytes as a little-endian `i64`.
    ///
    /// # Errors
    /// [`StoreError::Read`] when the engine finds damage or cannot read, [`StoreError::Closed`] after
    /// [`Store::close`].
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// The first `limit` committed pairs with `from <= key < to`, in bytewise order of their keys, all from
    /// one moment. To go on, pass the last key followed by a zero byte as the next `from`. The caller answers
    /// for the memory: at most `limit` times [`KEY_BYTES_MAX`] + [`VALUE_BYTES_MAX`]. Keys deleted a short
    /// while ago cost an engine time to step over; who consumes a range from its start should begin behind
    /// what it has consumed.
    ///
    /// # Errors
    /// As [`Store::get`].
    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError>;

    /// Enqueues `batch`, now and not when the future is first polled. Dropping the future does not take it
    /// back. Batches take effect in the order of these calls. An empty batch succeeds at once.
    ///
    /// # Errors
    /// Through the future: [`StoreError::TooLarge`], [`StoreError::Misuse`], [`StoreError::Expectation`],
    /// [`StoreError::Full`] and [`StoreError::Busy`] (admitting batches only), [`StoreError::Read`] (while an
    /// expectation was checked), [`StoreError::Poisoned`], [`StoreError::Closed`]. Nothing of a failed batch
    /// can be read; after `Poisoned` it may nevertheless be found once the store is opened again.
    fn commit(&self, batch: Batch) -> CommitFuture;

    /// Whether the store takes batches, and if not, why.
    fn health(&self) -> Health;

    /// Figures for metrics, as of now.
    fn stats(&self) -> Stats;

    /// Commits what is enqueued, then stops the committer and releases the engine; returns when that is done.
    /// Every later call fails with [`StoreError::Closed`], a second `close` succeeds. Dropping the store
    /// closes it too.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`] when the store had failed; it is closed all the same.
    fn close(&self) -> Result<(), StoreError>;
}

/// Told of every group the committer has written, from the committer's thread: it must be quick and must not
/// block.
pub trait CommitObserver: Send + Sync {
    /// One group is durable and its waiters are about to be told.
    fn group(&self, report: GroupReport);
}

/// One group commit, as measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupReport {
    /// Batches that became durable together.
    pub batches: usize,
    /// Bytes of their keys and values.
    pub bytes: usize,
    /// From taking the group off the queue to handing it to the engine: checking the expectations.
    pub write: Duration,
    /// From handing it to the engine to knowing it durable: the write itself and its one sync.
    pub sync: Duration,
}
