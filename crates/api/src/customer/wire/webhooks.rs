//! Webhooks, their attempts and messages.

use ledger::EventType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, Object, ObjectBuilder, Type};

use super::super::examples;
use super::Pagination;

/// Where events are to be sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::webhook)]
pub(crate) struct WebhookRequest {
    /// An https URL that takes POST; null for a webhook whose messages wait until they are fetched.
    #[serde(default)]
    #[schema(required = true, max_length = 2048)]
    pub(crate) url: Option<String>,
    /// A name for people. Default: the host of the URL.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub(crate) name: Option<String>,
    /// Which kinds of events. Default: all.
    #[serde(default)]
    #[schema(schema_with = event_names)]
    pub(crate) events: Vec<String>,
    /// Ids of the domains whose mail it is told of. Default: all.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) domain_ids: Vec<String>,
    /// Whether it is told of anything. Default: true.
    #[serde(default)]
    pub(crate) is_active: Option<bool>,
    /// Whether events come one at a time, oldest first: each then waits until those before it were taken or given up.
    /// Default: false.
    #[serde(default)]
    pub(crate) ordered: Option<bool>,
}

/// What may be changed of a webhook; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChange {
    /// An https URL that takes POST.
    #[serde(default)]
    #[schema(max_length = 2048, nullable = false)]
    pub(crate) url: Option<String>,
    /// A name for people.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub(crate) name: Option<String>,
    /// Which kinds of events; none for all.
    #[serde(default)]
    #[schema(schema_with = event_names)]
    pub(crate) events: Option<Vec<String>>,
    /// Ids of the domains whose mail it is told of; none for all.
    #[serde(default)]
    #[schema(max_items = 100, nullable = false)]
    pub(crate) domain_ids: Option<Vec<String>>,
    /// Whether it is told of anything. One that was disabled starts without a past.
    #[serde(default)]
    #[schema(nullable = false)]
    pub(crate) is_active: Option<bool>,
    /// Whether events come one at a time, oldest first.
    #[serde(default)]
    #[schema(nullable = false)]
    pub(crate) ordered: Option<bool>,
}

/// Webhooks, in the order in which they were added.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WebhookList {
    pub(crate) webhooks: Vec<WebhookView>,
    pub(crate) pagination: Pagination,
}

/// One webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WebhookReply {
    pub(crate) webhook: WebhookView,
}

/// Where events are sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    pub(crate) id: String,
    /// Where requests go; null when its messages are fetched.
    pub(crate) url: Option<String>,
    /// A name for people.
    pub(crate) name: String,
    /// Which kinds of events; none for all.
    pub(crate) events: Vec<String>,
    /// The domains whose mail it is told of; none for all.
    pub(crate) domain_ids: Vec<String>,
    /// Whether it is told of anything.
    pub(crate) is_active: bool,
    /// Whether events come one at a time, oldest first.
    pub(crate) ordered: bool,
    /// Why it was disabled: `gone` when it answered 410, `failing` when it had answered nothing but failures for five days.
    pub(crate) disabled_reason: Option<String>,
    /// Since when it has answered nothing but failures.
    pub(crate) failing_since: Option<String>,
    /// Until when the secret before the current one signs, too.
    pub(crate) old_secret_expires_at: Option<String>,
    /// What requests are signed with; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub(crate) secret: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// A new secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SecretReply {
    /// What to do.
    pub(crate) message: String,
    /// The secret; it is not shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub(crate) secret: String,
    /// Until when the one before it signs, too.
    pub(crate) old_secret_expires_at: Option<String>,
}

/// Attempts, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AttemptList {
    pub(crate) attempts: Vec<AttemptView>,
    pub(crate) pagination: Pagination,
    /// Where the next page begins, for `cursor`.
    pub(crate) next_cursor: Option<String>,
    /// There are more than were counted; a cursor gets there.
    pub(crate) truncated: bool,
}

/// One attempt to send one message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    pub(crate) id: String,
    /// The `webhook-id` of the request.
    #[schema(example = "msg_018e4280-6800-7000-8000-000000000001")]
    pub(crate) message_id: String,
    /// The kind of event.
    pub(crate) event: String,
    /// Which attempt of this message it was, from 1.
    pub(crate) number: u32,
    pub(crate) started_at: String,
    pub(crate) duration_ms: u64,
    /// Whether the endpoint took the message.
    pub(crate) delivered: bool,
    /// The status of the response; null when there was none.
    pub(crate) status: Option<u16>,
    /// Why there was none.
    pub(crate) error: Option<String>,
    /// The first 1024 octets of the response's body.
    pub(crate) response: String,
    /// When the message is tried again; null when it is not.
    pub(crate) next_attempt_at: Option<String>,
}

/// Which messages are to be sent again: one, or those of a stretch of time.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::replay)]
pub(crate) struct ReplayRequest {
    /// This one.
    #[serde(default)]
    #[schema(max_length = 64, nullable = false)]
    pub(crate) message_id: Option<String>,
    /// Those of events that happened then or later: a date or a timestamp.
    #[serde(default)]
    #[schema(max_length = 64, nullable = false)]
    pub(crate) since: Option<String>,
    /// Those of events that happened before the end of this day, or up to this second. Default: now.
    #[serde(default)]
    #[schema(max_length = 64, nullable = false)]
    pub(crate) until: Option<String>,
    /// `failed` for those that were given up, `all` for those that were delivered, too. Default: `failed`.
    #[serde(default)]
    #[schema(max_length = 20, nullable = false)]
    pub(crate) scope: Option<String>,
    /// The `next_cursor` of a replay that was too long for one request.
    #[serde(default)]
    #[schema(max_length = 64, nullable = false)]
    pub(crate) cursor: Option<String>,
}

/// What is sent again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Replaying {
    /// In words.
    pub(crate) message: String,
    /// Messages that are sent again.
    pub(crate) messages: usize,
    /// Where to go on, for `cursor`; null when this was all.
    pub(crate) next_cursor: Option<String>,
}

/// What is to be tested.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestRequest {
    /// The kind of event to pretend. Default: `email.delivered`.
    #[serde(default)]
    #[schema(schema_with = event_name)]
    pub(crate) event: Option<String>,
}

/// A message that is on its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OnItsWay {
    /// In words.
    pub(crate) message: String,
    /// The `webhook-id` of the request.
    #[schema(example = "msg_018e4280-6800-7000-8000-000000000001")]
    pub(crate) message_id: String,
}

/// Which messages were dealt with, and how long to wait for others.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchRequest {
    /// The ids of fetched messages that are not to be fetched again.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) settled: Vec<String>,
    /// Seconds to wait for a message when there is none. Default: 0.
    #[serde(default)]
    #[schema(maximum = 25)]
    pub(crate) wait_s: u32,
}

/// Messages that wait, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Fetched {
    /// At most 100.
    pub(crate) messages: Vec<FetchedMessage>,
}

/// A message as an endpoint would get it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FetchedMessage {
    /// The header field `webhook-id`.
    #[schema(example = "msg_018e4280-6800-7000-8000-000000000001")]
    pub(crate) id: String,
    /// The header field `webhook-timestamp`.
    pub(crate) timestamp: String,
    /// The header field `webhook-signature`, over the body as it is here.
    pub(crate) signature: String,
    /// The kind of event.
    pub(crate) event: String,
    /// The body.
    pub(crate) body: String,
}

/// The kinds of events that webhooks tell of.
pub(crate) fn told_events() -> impl Iterator<Item = (EventType, &'static str)> {
    let kinds = EventType::ALL.into_iter();
    kinds.filter_map(|kind| Some((kind, kind.webhook_name()?)))
}

fn event_name() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(told_events().map(|(_, name)| name)))
        .build()
}

fn event_names() -> Array {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(event_name())
        .max_items(Some(32))
        .build()
}
