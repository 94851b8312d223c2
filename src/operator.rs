//! What the operator's HTTP asks, answered by the running server.

use std::pin::Pin;
use std::sync::Arc;

use api::{Operator, Readiness, ReloadError};
use queue::{DeliveryId, DeliveryPage, DomainSummary, Queue, QueueError, Selector};
use store::{Health, Store};

use crate::chronicle::Chronicle;
use crate::clock;
use crate::lifecycle::Lifecycle;
use crate::metrics::{Metrics, Snapshot};
use crate::outbound::Dispatcher;

/// Reads again what may change while running.
pub(crate) type Reload = Box<dyn Fn() -> Result<Vec<String>, String> + Send + Sync>;

pub(crate) struct Control {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) chronicle: Arc<Chronicle>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) reload: Reload,
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
}
