//! The ledger over the store. Each group of operations has its file; this one holds what they share.

use std::sync::Arc;

use store::{Batch, Store, StoreError};

use crate::audit::{Actor, AuditEntry};
use crate::cache::Cache;
use crate::error::LedgerError;
use crate::event::Sequencer;
use crate::health::Suspects;
use crate::id::AccountId;
use crate::quota::Meters;
use crate::sweep::Retention;

/// What is known of customers and of their mail. The store holds the truth; memory holds what is read often.
pub struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) cache: Cache,
    pub(crate) meters: Meters,
    pub(crate) sequencer: Sequencer,
    pub(crate) suspects: Suspects,
    pub(crate) retention: Retention,
}

/// A change of configuration: who asks for it, and when. `entropy` names the entry in the audit log.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// When, in milliseconds since the epoch.
    pub now_unix_ms: u64,
    /// Keeps entries of one millisecond apart.
    pub entropy: [u8; 10],
}

impl Ledger {
    /// The ledger kept in `store`, with the usual retention.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::retaining(store, Retention::default())
    }

    /// The ledger kept in `store`, from which sweeps remove what is older than `retention` says.
    pub fn retaining(store: Arc<dyn Store>, retention: Retention) -> Self {
        Self {
            store,
            cache: Cache::default(),
            meters: Meters::default(),
            sequencer: Sequencer::default(),
            suspects: Suspects::default(),
            retention,
        }
    }

    /// A number that changes whenever any configuration does: what was derived from it before may be out of date.
    pub fn generation(&self) -> u64 {
        self.cache.generation()
    }

    /// Commits a change of configuration and forgets what was known before it.
    pub(crate) async fn change(&self, batch: Batch) -> Result<(), LedgerError> {
        let committed = self.store.commit(batch).await;
        self.cache.forget();
        match committed {
            Ok(_) => Ok(()),
            Err(StoreError::Expectation { .. }) => Err(LedgerError::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

impl Request {
    pub(crate) fn note(
        &self,
        batch: &mut Batch,
        account: impl Into<Option<AccountId>>,
        action: &str,
        detail: &str,
    ) {
        let entry = AuditEntry {
            at_unix_ms: self.now_unix_ms,
            actor: self.actor.clone(),
            account: account.into(),
            action: action.to_owned(),
            detail: detail.to_owned(),
        };
        entry.put(batch, self.entropy);
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}
