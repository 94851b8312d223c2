//! The JSON of requests and replies: snake_case, times in ISO 8601 UTC.

use queue::{DeliveryPage, DeliveryView, DomainSummary, Recipient, RecipientState, Timestamp};
use serde::{Deserialize, Serialize};

/// Which deliveries a request means: exactly one of `{"id": …}`, `{"domain": …}` and `{"all": true}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Every delivery of the message with this id.
    Id(String),
    /// Every delivery to this domain.
    Domain(String),
    /// The whole queue.
    All(bool),
}

/// The reply to a change of the queue.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// How many deliveries changed.
    pub changed: u64,
}

/// The reply to a reload.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// What was read again.
    pub reloaded: Vec<String>,
}

/// The secrets that tokens are made with, by name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct TokenSecrets {
    /// All of them; tokens made with any are read.
    pub secrets: Vec<u8>,
    /// The one that tokens are made with.
    pub current: Option<u8>,
}

/// The reply of `/health/*`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Health {
    /// `live`, `ready` or `not_ready`.
    pub status: String,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Every failure.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The same as `code`.
    pub error: String,
    /// What went wrong, for people.
    pub message: String,
    /// What went wrong, for programs; stable.
    pub code: String,
    /// The request's id, as in `X-Request-Id`.
    pub request_id: String,
}

/// A page of deliveries.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct DeliveryList {
    /// In order of acceptance.
    pub deliveries: Vec<Delivery>,
    /// What to pass as `after` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One message's recipients behind one domain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The message.
    pub id: String,
    /// Which of its deliveries, from 0.
    pub part: u16,
    /// The domain it goes to.
    pub domain: String,
    /// Who hears of a failure; empty for nobody.
    pub reverse_path: String,
    /// Octets of the message as received.
    pub size: u64,
    /// Attempts made.
    pub attempts: u32,
    /// When the message was accepted.
    pub received_at: String,
    /// When the next attempt is due.
    pub next_attempt_at: String,
    /// When the message will be given up.
    pub expires_at: String,
    /// Whether it is in memory: ready or being attempted.
    pub active: bool,
    /// Its recipients, settled ones included.
    pub recipients: Vec<DeliveryRecipient>,
}

/// One recipient and what became of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct DeliveryRecipient {
    /// The forward-path.
    pub address: String,
    /// `waiting`, `delivered`, `failed` or `canceled`.
    pub state: String,
    /// The last thing heard of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reply: Option<String>,
}

/// The waiting deliveries by domain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct QueueSummary {
    /// Deliveries waiting in all.
    pub deliveries: u64,
    /// Recipients waiting in all.
    pub recipients: u64,
    /// Domains, most deliveries first.
    pub domains: Vec<DomainLine>,
}

/// The waiting deliveries to one domain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct DomainLine {
    /// The domain.
    pub domain: String,
    /// Deliveries waiting.
    pub deliveries: u64,
    /// Recipients waiting.
    pub recipients: u64,
    /// When the oldest of their messages was accepted.
    pub oldest_at: String,
    /// The earliest next attempt.
    pub next_attempt_at: String,
}

impl From<DeliveryPage> for DeliveryList {
    fn from(page: DeliveryPage) -> Self {
        Self {
            deliveries: page.deliveries.into_iter().map(Delivery::from).collect(),
            next: page.next.map(|id| id.to_string()),
        }
    }
}

impl From<DeliveryView> for Delivery {
    fn from(view: DeliveryView) -> Self {
        Self {
            id: view.id.message.to_string(),
            part: view.id.part,
            domain: view.domain.to_string(),
            reverse_path: view.reverse_path.as_str().to_owned(),
            size: view.size,
            attempts: view.attempts,
            received_at: iso8601(view.received),
            next_attempt_at: iso8601(view.next_attempt),
            expires_at: iso8601(view.expires),
            active: view.active,
            recipients: view.recipients.into_iter().map(DeliveryRecipient::from).collect(),
        }
    }
}

impl From<Recipient> for DeliveryRecipient {
    fn from(recipient: Recipient) -> Self {
        let state = match recipient.state {
            RecipientState::Waiting => "waiting",
            RecipientState::Delivered => "delivered",
            RecipientState::Failed => "failed",
            RecipientState::Canceled => "canceled",
        };
        Self {
            address: recipient.forward_path.as_str().to_owned(),
            state: state.to_owned(),
            last_reply: recipient.last_reply.map(String::from),
        }
    }
}

impl From<Vec<DomainSummary>> for QueueSummary {
    fn from(domains: Vec<DomainSummary>) -> Self {
        Self {
            deliveries: domains.iter().map(|domain| domain.deliveries).sum(),
            recipients: domains.iter().map(|domain| domain.recipients).sum(),
            domains: domains.into_iter().map(DomainLine::from).collect(),
        }
    }
}

impl From<DomainSummary> for DomainLine {
    fn from(summary: DomainSummary) -> Self {
        Self {
            domain: summary.domain.to_string(),
            deliveries: summary.deliveries,
            recipients: summary.recipients,
            oldest_at: iso8601(summary.oldest),
            next_attempt_at: iso8601(summary.next_attempt),
        }
    }
}

/// `2024-03-15T14:30:00Z`; a time beyond the calendar is shown as its last moment.
fn iso8601(time: Timestamp) -> String {
    let seconds = i64::try_from(time.unix_ms() / 1_000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}
