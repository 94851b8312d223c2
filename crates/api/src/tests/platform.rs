//! A platform with a ledger in memory and no mail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::{AccountId, Domain, DomainId, EmailId, Ledger, LedgerError, RecordFinding, StoredReply};
use queue::{DeliveryView, QueueError};
use store::Store;

use crate::{Answer, Mailing, NotAccepted, Platform, Settings};

pub(super) struct Still {
    pub(super) store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    settings: Settings,
    made: AtomicU64,
    /// How often the sender of webhooks was told.
    pub(super) kicks: AtomicU64,
    /// How often somebody waited.
    pub(super) moments: AtomicU64,
}

impl Still {
    pub(super) fn new() -> Arc<Self> {
        let store = store::open_memory();
        Arc::new(Self {
            ledger: Arc::new(Ledger::new(Arc::clone(&store))),
            store,
            settings: Settings {
                hostname: "mail.test.example".into(),
                public_url: None,
                body_max: 1024 * 1024,
                rate_limit: 1000,
                rate_window_s: 900,
                failed_auth_limit: 30,
                webhooks: ledger::webhook::destination::Policy::default(),
                submission_ports: vec![587],
            },
            made: AtomicU64::new(0),
            kicks: AtomicU64::new(0),
            moments: AtomicU64::new(0),
        })
    }
}

impl Platform for Still {
    fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn now_unix_ms(&self) -> u64 {
        1_710_513_000_000
    }

    fn entropy(&self) -> [u8; 32] {
        let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let mut octets = [0; 32];
        octets[..8].copy_from_slice(&made.to_be_bytes());
        octets
    }

    fn accept(&self, _: Mailing) -> Answer<'_, Result<StoredReply, NotAccepted>> {
        Box::pin(async { Err(NotAccepted::Unavailable("there is no spool here".into())) })
    }

    fn waiting(&self, _: EmailId) -> Result<Vec<DeliveryView>, QueueError> {
        Ok(Vec::new())
    }

    fn cancel(&self, _: EmailId) -> Answer<'_, Result<u64, QueueError>> {
        Box::pin(async { Ok(0) })
    }

    fn verify(&self, account: AccountId, domain: DomainId) -> Answer<'_, Result<Arc<Domain>, LedgerError>> {
        Box::pin(async move { self.ledger.domain(account, domain) })
    }

    fn tracking_url(&self, _: &Domain) -> Option<String> {
        None
    }

    fn records(&self, domain: &Domain) -> Vec<RecordFinding> {
        domain.findings.clone()
    }

    fn hash_password(&self, password: String) -> Answer<'_, String> {
        Box::pin(async move { format!("hash of {} characters", password.len()) })
    }

    fn webhooks_due(&self) {
        self.kicks.fetch_add(1, Ordering::Relaxed);
    }

    fn moment(&self) -> Answer<'_, ()> {
        self.moments.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {})
    }

    fn limits_changed(&self) {}
}

/// Knows no token.
pub(super) struct Untracked;

impl crate::Tracking for Untracked {
    fn opened<'a>(&'a self, _: &'a str, _: crate::Visitor) -> Answer<'a, ()> {
        Box::pin(async {})
    }

    fn clicked<'a>(&'a self, _: &'a str, _: crate::Visitor) -> Answer<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn subscriber<'a>(&'a self, _: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn unsubscribe<'a>(&'a self, _: &'a str, _: ledger::UnsubscribeSource) -> Answer<'a, bool> {
        Box::pin(async { false })
    }
}

/// Believes nobody.
struct Deaf;

impl crate::Hooks for Deaf {
    fn lets_in(&self, _: std::net::IpAddr, _: Option<&str>) -> bool {
        false
    }

    fn bounced(&self, _: crate::HookedBounce) -> Answer<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn complained(&self, _: crate::HookedComplaint) -> Answer<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// The customers' HTTP over `platform`.
pub(super) fn customers(platform: Arc<dyn Platform>) -> axum::Router {
    crate::customer_router(platform, Arc::new(Untracked), Arc::new(Deaf))
}
