//! How a store is doing: whether it takes batches, and figures for metrics.

use std::fmt;
use std::sync::Arc;

/// Whether the store takes batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It takes all of them.
    Serving,
    /// It takes all but admitting ones until there is more space.
    Full(Shortage),
    /// A write or sync failed: it takes none; reads go on. Only opening it anew can help.
    Poisoned {
        /// What the engine said.
        why: Arc<str>,
    },
    /// It was closed.
    Closed,
}

/// Free space and inodes, beside the floors under which the store counts as full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Bytes a process without privileges may still write.
    pub free_bytes: u64,
    /// The floor of `free_bytes`.
    pub floor_bytes: u64,
    /// Files that may still be made; `u64::MAX` where the file system does not count them.
    pub free_inodes: u64,
    /// The floor of `free_inodes`.
    pub floor_inodes: u64,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes and {} inodes free, floors {} and {}",
            self.free_bytes, self.free_inodes, self.floor_bytes, self.floor_inodes
        )
    }
}

/// Figures for metrics. The counters start at zero when the store is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Groups written, which is also the number of syncs asked of the engine.
    pub groups: u64,
    /// Batches in those groups.
    pub batches: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Batches that failed because an expectation was not met.
    pub expectations_failed: u64,
    /// Batches waiting for the committer now.
    pub waiting_batches: u64,
    /// Bytes of those.
    pub waiting_bytes: u64,
    /// Memory the engine holds for changes not yet in its sorted files, in bytes.
    pub engine_write_buffer_bytes: u64,
    /// Memory the engine holds for reading: caches, filters and indexes, in bytes.
    pub engine_read_memory_bytes: u64,
    /// Size of the engine's files on disk, its log apart, in bytes.
    pub engine_file_bytes: u64,
}
