//! Everything that can go wrong in the ledger.

use store::{RecordError, StoreError};
use thiserror::Error;

/// Why the ledger could not do as asked.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored record cannot be read.
    #[error("{what}: {error}; `postrider store check` lists all damage")]
    Damaged {
        /// Which record.
        what: &'static str,
        /// What is wrong with it.
        error: RecordError,
    },
    /// Nothing has this id, or it belongs to another account.
    #[error("not found")]
    NotFound,
    /// Something else has this name.
    #[error("{0} is in use already")]
    Taken(String),
    /// Others kept changing the same record.
    #[error("too many changes at once; try again")]
    Conflict,
    /// A bound of the account or of this crate.
    #[error("{0}")]
    Limit(String),
}

impl LedgerError {
    pub(crate) fn damaged(what: &'static str) -> impl Fn(RecordError) -> Self {
        move |error| Self::Damaged { what, error }
    }
}
