//! The seam between the committer and what keeps the bytes.

use std::sync::Arc;

use bytes::Bytes;

use crate::batch::Batch;

/// An ordered map that applies groups of batches durably. Called by one writing thread and many reading ones;
/// dropping it releases its files.
pub(crate) trait Engine: Send + Sync + 'static {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault>;

    /// As [`Store::scan`](crate::Store::scan).
    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, Fault>;

    /// Applies the operations of all `batches` in order, as one: after `Ok` they survive power loss, and
    /// reads see all of them; before, reads see none. After `Err` the engine is never written to again.
    fn write(&self, batches: &[Batch]) -> Result<(), Fault>;

    /// Called once, after the last write of a store that is being closed in health: leaves as little as
    /// possible to be recovered at the next start. Nothing durable depends on it.
    fn settle(&self);

    fn free_space(&self) -> Result<FreeSpace, Fault>;

    fn usage(&self) -> Usage;
}

/// Why an engine could not do what it was asked, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) why: Arc<str>,
}

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self {
            why: error.to_string().into(),
        }
    }
}

/// What the file system of an engine has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FreeSpace {
    pub(crate) bytes: u64,
    pub(crate) inodes: u64,
}

/// What an engine holds, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) write_buffer_bytes: u64,
    pub(crate) read_memory_bytes: u64,
    pub(crate) file_bytes: u64,
}
