//! What the operator's HTTP asks, answered by the running server.

use std::pin::Pin;
use std::sync::Arc;

use api::{Operator, Readiness, ReloadError};
use ledger::{Actor, Ledger, LedgerError, TokenSecret};
use queue::{DeliveryId, DeliveryPage, DomainSummary, Queue, QueueError, Selector};
use store::{Health, Store};

use crate::chronicle::Chronicle;
use crate::clock;
use crate::lifecycle::Lifecycle;
use crate::metrics::{Metrics, Snapshot};
use crate::outbound::Dispatcher;
use crate::tracking::Tokens;

/// Reads again what may change while running.
pub(crate) type Reload = Box<dyn Fn() -> Result<Vec<String>, String> + Send + Sync>;

pub(crate) struct Control {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) chronicle: Arc<Chronicle>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) reload: Reload,
}

impl Control {
    /// Changes the secrets in the store, then in the running server. To its end: a client that hangs up in between must not
    /// leave the two apart.
    fn change_secrets<F>(&self, change: impl FnOnce(Arc<Ledger>) -> F) -> SecretNames<'_>
    where
        F: Future<Output = Result<Vec<TokenSecret>, LedgerError>> + Send + 'static,
    {
        let change = change(Arc::clone(&self.chronicle.ledger));
        let tokens = Arc::clone(&self.tokens);
        let changed = tokio::spawn(async move { tokens.change(change).await });
        Box::pin(async move {
            let failed = |error: tokio::task::JoinError| {
                Err(LedgerError::Limit(format!(
                    "the change was not finished: {error}"
                )))
            };
            changed
                .await
                .unwrap_or_else(failed)
                .map(|secrets| names(&secrets))
        })
    }
}

type SecretNames<'a> = api::Answer<'a, Result<Vec<u8>, LedgerError>>;

fn names(secrets: &[TokenSecret]) -> Vec<u8> {
    secrets.iter().map(|secret| secret.id).collect()
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, QueueError>> + Send + 'a>>;

impl Operator for Control {
    fn readiness(&self) -> Readiness {
        let not_ready = |why: String| Readiness::NotReady { why };
        match self.store.health() {
            _ if self.lifecycle.is_stopping() => not_ready("shutting down".into()),
            Health::Serving => Readiness::Ready,
            Health::Full(shortage) => not_ready(format!("the store is full, delivery goes on: {shortage}")),
            Health::Poisoned { why } => not_ready(format!("the store failed: {why}")),
            Health::Closed => not_ready("the store is closed".into()),
        }
    }

    fn metrics(&self) -> String {
        let routes = self.dispatcher.routes();
        let now = clock::now();
        self.metrics.render(&Snapshot {
            deliveries: self.queue.waiting(),
            oldest: self
                .queue
                .oldest()
                .ok()
                .flatten()
                .map(|at| now.since(at))
                .unwrap_or_default(),
            live: self.queue.live_deliveries(),
            body_bytes: self.queue.live_body_bytes(),
            connections: routes.iter().map(|route| route.connections).sum(),
            ready: routes.iter().map(|route| route.ready).sum(),
        })
    }

    fn summary(&self) -> Result<Vec<DomainSummary>, QueueError> {
        self.queue.summary()
    }

    fn list(
        &self,
        selector: &Selector,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<DeliveryPage, QueueError> {
        self.queue.list(selector, after, limit)
    }

    fn retry(&self, selector: Selector) -> Answer<'_, u64> {
        Box::pin(async move {
            let (count, earliest) = self.queue.retry(&selector, clock::now()).await?;
            if let Some(key) = earliest {
                self.dispatcher.kick(key);
            }
            Ok(count)
        })
    }

    fn cancel(&self, selector: Selector) -> Answer<'_, u64> {
        Box::pin(async move {
            self.queue
                .cancel(&selector, clock::now(), self.chronicle.as_ref())
                .await
        })
    }

    fn reload(&self) -> Result<Vec<String>, ReloadError> {
        (self.reload)().map_err(ReloadError)
    }

    fn token_secrets(&self) -> SecretNames<'_> {
        Box::pin(async move {
            let secrets = self.chronicle.ledger.token_secrets(clock::entropy()).await?;
            Ok(names(&secrets))
        })
    }

    fn rotate_tokens(&self) -> SecretNames<'_> {
        self.change_secrets(|ledger| async move {
            let request = clock::request(Actor::Operator);
            ledger.rotate_token_secret(clock::entropy(), &request).await
        })
    }

    fn revoke_tokens(&self, id: u8) -> SecretNames<'_> {
        self.change_secrets(move |ledger| async move {
            let request = clock::request(Actor::Operator);
            ledger.revoke_token_secret(id, &request).await
        })
    }
}
