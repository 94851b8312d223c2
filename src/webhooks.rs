//! Webhooks going out: from a message that is due to the settlement of its attempt.
//!
//! The ledger knows what is due, what an answer means and when to try again; here requests are made. Nothing is kept in
//! memory but what is under way: a restart finds everything else, and that too, in the due index. At most
//! [`REQUESTS_MAX`] requests are under way, [`REQUESTS_PER_ENDPOINT_MAX`] for one endpoint, one for a line.
//!
//! **Failures** of a request are data, in the record of its attempt. A settlement that cannot be committed leaves its
//! message due; its endpoint is then left alone for a while, so that the fault here does not become a flood there.

mod places;
mod sender;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use ledger::Ledger;
use ledger::webhook::destination::Policy;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::dns::Dns;
use crate::lifecycle::Lifecycle;
use places::Places;
use sender::Sender;

/// Requests under way at once: each holds a socket and, while it reads, 16 KiB.
pub const REQUESTS_MAX: usize = 64;
/// Requests under way at once for one endpoint: an endpoint that hangs keeps a sixteenth of the places.
pub const REQUESTS_PER_ENDPOINT_MAX: usize = 4;

/// How webhooks go out.
pub struct WebhooksConfig {
    /// Whose certificates are believed.
    pub tls_client: Arc<rustls::ClientConfig>,
    /// Where requests may go besides the public Internet.
    pub policy: Policy,
    /// How long a request may take, from resolving the name to the head of the answer.
    pub request_timeout: Duration,
}

/// What the parts of it share.
struct Shared {
    ledger: Arc<Ledger>,
    dns: Arc<Dns>,
    sender: Sender,
    policy: Policy,
    places: Places,
    kick: Arc<Notify>,
    lifecycle: Lifecycle,
}

/// Webhooks, running.
pub struct Webhooks {
    task: JoinHandle<()>,
}

/// Tells that there is something to send, or will be in a moment.
#[derive(Clone, Debug, Default)]
pub struct Kick(Arc<Notify>);

impl Kick {
    /// A message is on its way into the store, or was put back by a replay.
    pub fn kick(&self) {
        self.0.notify_one();
    }
}

impl Webhooks {
    /// Starts sending what is due. `kick` is that of those who record events.
    pub fn start(
        config: WebhooksConfig,
        ledger: Arc<Ledger>,
        dns: Arc<Dns>,
        kick: Kick,
        lifecycle: Lifecycle,
    ) -> Self {
        let shared = Arc::new(Shared {
            ledger,
            dns,
            sender: Sender::new(&config.tls_client, config.policy.clone(), config.request_timeout),
            policy: config.policy,
            places: Places::default(),
            kick: kick.0,
            lifecycle,
        });
        Self {
            task: tokio::spawn(worker::run(shared)),
        }
    }

    /// Waits, for `patience` at most, until the requests that are under way have ended and are settled; then stops. What was
    /// not settled is sent again after the restart. The lifecycle has ended before.
    pub async fn drain(mut self, patience: Duration) {
        match tokio::time::timeout(patience, &mut self.task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "webhooks ended by a defect"),
            Err(_) => self.task.abort(),
        }
    }
}
