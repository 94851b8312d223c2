//! Everything that can go wrong in a store, seen from outside.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::health::Shortage;

/// Why the store refused or failed. Cheap to clone: one failed group tells all of its batches.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Space or inodes are under the floor; admitting batches are refused until that changes.
    #[error("the store is full: {0}")]
    Full(Shortage),
    /// More than [`QUEUE_BYTES_MAX`](crate::QUEUE_BYTES_MAX) wait to be written; admitting batches are
    /// refused.
    #[error("the store is behind: too many bytes wait to be written")]
    Busy,
    /// A key, a value or the whole batch exceeds the contract.
    #[error("{part} of {bytes} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// What is too large.
        part: Part,
        /// Its size.
        bytes: usize,
        /// What the contract allows.
        limit: usize,
    },
    /// The batch asks for what the contract rules out.
    #[error("{0}")]
    Misuse(#[from] Misuse),
    /// The batch depended on a key that holds something else; nothing of it took effect.
    #[error("the expectation of key {} is not met", .key.escape_ascii())]
    Expectation {
        /// The first key found different.
        key: Vec<u8>,
    },
    /// A write or sync has failed: nothing will be accepted again before the store is opened anew.
    #[error("the store has failed and takes no more writes: {why}")]
    Poisoned {
        /// What the engine said.
        why: Arc<str>,
    },
    /// A read failed or met damage.
    #[error("cannot read from the store: {why}")]
    Read {
        /// What the engine said.
        why: Arc<str>,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// Another process, or this one, has the store open.
    #[error("{} is in use by another process", .path.display())]
    InUse {
        /// The directory of the store.
        path: PathBuf,
    },
    /// The store was written by a later version, which this one cannot read.
    #[error("{} has format {found}; this version reads up to {supported}", .path.display())]
    NewerFormat {
        /// The directory of the store.
        path: PathBuf,
        /// The version it states.
        found: u32,
        /// The latest version understood here.
        supported: u32,
    },
    /// The directory holds something that is not a store.
    #[error("{} is not empty and not a store", .path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
    /// The store cannot be opened.
    #[error("cannot open the store {}: {why}", .path.display())]
    Open {
        /// The directory of the store.
        path: PathBuf,
        /// What the system or the engine said.
        why: Arc<str>,
    },
}

/// What of a batch is measured against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// One key.
    Key,
    /// One value.
    Value,
    /// All keys and values together.
    Batch,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key => "a key",
            Self::Value => "a value",
            Self::Batch => "a batch",
        })
    }
}

/// What the contract rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Misuse {
    /// A batch expects a key that it adds to.
    #[error("a counter cannot be expected to hold a value")]
    CounterExpected,
    /// A counter under a bulk key.
    #[error("bulk keys cannot hold counters")]
    BulkCounter,
}
