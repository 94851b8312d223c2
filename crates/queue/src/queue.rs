//! The queue: the rules over the store. Each group of operations has its file; this one holds what they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::{RecordError, Store, StoreError};
use thiserror::Error;

use crate::keys;
use crate::limits::CHANGE_BATCH;
use crate::live::Live;
use crate::schedule::RetryPolicy;
use crate::time::Timestamp;

/// What the queue is told once, at the start.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// When to try again and when to give up.
    pub retry: RetryPolicy,
    /// Recipients behind one domain beyond this number become a delivery of their own. RFC 5321 §4.5.3.1.8: a server
    /// takes at least 100.
    pub recipients_per_delivery: usize,
    /// Octets of bodies kept in memory for first attempts; beyond it they are read back from the store.
    pub body_bytes_max: u64,
    /// Our name in failure notices.
    pub hostname: String,
}

/// All messages not yet settled. The store holds the truth; memory holds what is due now.
pub struct Queue {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Live,
    pub(crate) config: QueueConfig,
    /// Deliveries not settled, as far as known since the last count.
    pub(crate) waiting: AtomicU64,
}

/// Why the queue could not do as asked.
#[derive(Debug, Error)]
pub enum QueueError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored record cannot be read.
    #[error("{key}: {error}; `postrider store check` lists all damage")]
    Damaged {
        /// Which record.
        key: String,
        /// What is wrong with it.
        error: RecordError,
    },
}

impl Queue {
    /// The queue kept in `store`.
    pub fn new(store: Arc<dyn Store>, config: QueueConfig) -> Self {
        assert!(
            config.recipients_per_delivery > 0,
            "a delivery has at least one recipient"
        );
        let live = Live::new(config.body_bytes_max);
        Self {
            store,
            live,
            config,
            waiting: AtomicU64::new(0),
        }
    }

    /// Counts the deliveries in the store, once, before any is accepted: about a microsecond for each.
    ///
    /// # Errors
    /// The store's.
    pub fn count_waiting(&self) -> Result<u64, QueueError> {
        let mut span = keys::deliveries();
        let mut count = 0;
        loop {
            let rows = self.store.scan(&span.from, &span.to, CHANGE_BATCH)?;
            count += rows.len() as u64;
            match rows.last() {
                Some((key, _)) if rows.len() == CHANGE_BATCH => span.from = keys::behind(key),
                _ => break,
            }
        }
        self.waiting.store(count, Ordering::Relaxed);
        Ok(count)
    }

    /// Deliveries not settled.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// When the oldest message in the queue was accepted.
    ///
    /// # Errors
    /// The store's.
    pub fn oldest(&self) -> Result<Option<Timestamp>, QueueError> {
        let span = keys::deliveries();
        let first = self.store.scan(&span.from, &span.to, 1)?;
        Ok(first
            .first()
            .and_then(|(key, _)| keys::decode_delivery(key))
            .map(|id| id.message.received()))
    }

    /// Deliveries in memory now.
    pub fn live_deliveries(&self) -> usize {
        self.live.claims()
    }

    /// Octets of bodies in memory now.
    pub fn live_body_bytes(&self) -> u64 {
        self.live.body_bytes()
    }

    /// Whether more deliveries may be taken into memory.
    pub fn has_room(&self) -> bool {
        self.live.has_room()
    }
}
