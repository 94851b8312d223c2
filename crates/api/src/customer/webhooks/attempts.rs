//! What became of messages, and sending them again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::webhook::{Attempt, AttemptId, MessageId, ReplayScope, WebhookId};
use ledger::{LedgerError, iso8601};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::body::Checked;
use super::super::caller::{Caller, PathId, PathIds};
use super::super::filters::{Asked, Values, known};
use super::super::pages::{Part, cursor, too_far};
use super::super::responses::{Admission, Reading};
use super::super::router::Service;
use super::super::wire::{AttemptList, AttemptView, OnItsWay, ReplayRequest, Replaying};
use super::own;
use crate::limits::REPLAY_MAX;
use crate::problem::{Error, Problem};

/// Which attempts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttemptQuery {
    /// Which page, from 1.
    #[param(value_type = Option<usize>, minimum = 1, nullable = false)]
    page: Option<String>,
    /// Entries of a page; default 50.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 500, nullable = false)]
    limit: Option<String>,
    /// The `next_cursor` of another page, in place of `page`.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List the attempts of a webhook
///
/// Each request that was made, and what came back, for 30 days.
#[utoipa::path(
    get, path = "/api/customer/webhooks/{id}/attempts", tag = "Webhooks", operation_id = "list_webhook_attempts",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id"), AttemptQuery),
    responses(
        (status = 200, description = "The attempts, newest first", body = AttemptList),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(crate) async fn list_webhook_attempts(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
    query: Asked<AttemptQuery>,
) -> Result<Json<AttemptList>, Problem> {
    let query = known(query)?;
    let mut values = Values::default();
    let part = Part::read(
        &mut values,
        query.page.as_deref(),
        query.limit.as_deref(),
        query.cursor.as_deref(),
    );
    values.hold()?;
    let platform = service.platform.as_ref();
    let id = own(platform, &caller, &id)?.id;
    let found = platform
        .ledger()
        .list_webhook_attempts(caller.account.id, id, (&part.paging, part.limit))
        .map_err(too_far)?;
    Ok(Json(AttemptList {
        attempts: found.items.iter().map(view).collect(),
        pagination: part.pagination(found.total),
        next_cursor: cursor(found.next),
        truncated: found.truncated,
    }))
}

/// Send the message of an attempt again
///
/// Under the same `webhook-id`, signed with the current secret; its schedule begins anew. One that still waits is sent now.
#[utoipa::path(
    post, path = "/api/customer/webhooks/{id}/attempts/{attempt}/replay", tag = "Webhooks",
    operation_id = "replay_webhook_attempt",
    params(
        ("id" = String, Path, format = "uuid", description = "The webhook's id"),
        ("attempt" = String, Path, format = "uuid", description = "The attempt's id"),
    ),
    responses(
        (status = 202, description = "It is sent again", body = OnItsWay),
        (status = 404, description = "Not one of this account, or its message is gone", body = Error),
        (status = 409, description = "The webhook is not active, or its messages are fetched", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(crate) async fn replay_webhook_attempt(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathIds(id, attempt): PathIds,
) -> Result<(StatusCode, Json<OnItsWay>), Problem> {
    let platform = service.platform.as_ref();
    let id = own(platform, &caller, &id)?.id;
    let unknown = || Problem::not_found("no attempt of this webhook has this id, or its message is gone");
    let attempt: AttemptId = attempt.parse().map_err(|_| unknown())?;
    let request = caller.request(platform);
    let replayed = platform
        .ledger()
        .replay_webhook(caller.account.id, id, attempt, &request)
        .await;
    let message = replayed.map_err(|error| match error {
        LedgerError::NotFound => unknown(),
        error => not_sent(error),
    })?;
    platform.webhooks_due();
    let reply = OnItsWay {
        message: "The message is sent again".to_owned(),
        message_id: message_name(message),
    };
    Ok((StatusCode::ACCEPTED, Json(reply)))
}

/// Send messages again
///
/// One, or those of the events of a stretch of time. What still waits is left alone. At most 10,000 messages for one
/// request; then `next_cursor` says where to go on.
#[utoipa::path(
    post, path = "/api/customer/webhooks/{id}/replay", tag = "Webhooks", operation_id = "replay_webhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    request_body = ReplayRequest,
    responses(
        (status = 202, description = "They are sent again", body = Replaying),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "Not one of this account, or the message is gone", body = Error),
        (status = 409, description = "The webhook is not active, or its messages are fetched", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(crate) async fn replay_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
    Checked(value): Checked<ReplayRequest>,
) -> Result<(StatusCode, Json<Replaying>), Problem> {
    let platform = service.platform.as_ref();
    let id = own(platform, &caller, &id)?.id;
    let (messages, next) = match Wanted::read(&value, caller.now_unix_ms)? {
        Wanted::Message(message) => {
            let request = caller.request(platform);
            let replayed = platform
                .ledger()
                .replay_webhook_message(caller.account.id, id, message, &request)
                .await;
            replayed.map_err(|error| match error {
                LedgerError::NotFound => {
                    Problem::not_found("no message of this webhook has this id any more")
                }
                error => not_sent(error),
            })?;
            (1, None)
        }
        Wanted::Stretch(stretch) => again(&service, &caller, id, stretch).await?,
    };
    platform.webhooks_due();
    let reply = Replaying {
        message: format!("{messages} messages are sent again"),
        messages,
        next_cursor: next.map(message_name),
    };
    Ok((StatusCode::ACCEPTED, Json(reply)))
}

/// What is to be sent again.
enum Wanted {
    Message(MessageId),
    Stretch(Stretch),
}

struct Stretch {
    from_unix_ms: u64,
    to_unix_ms: u64,
    scope: ReplayScope,
    after: Option<MessageId>,
}

impl Wanted {
    fn read(value: &ReplayRequest, now_unix_ms: u64) -> Result<Self, Problem> {
        let mut values = Values::default();
        let told = ("not_an_id", "is the webhook-id of a message: msg_ and a UUID");
        let message = values.read("/message_id", value.message_id.as_deref(), told, message_of);
        let since = values.since("/since", value.since.as_deref());
        let until = values.until("/until", value.until.as_deref());
        let until = until.map(|last| last + 1);
        let told = ("not_an_option", "is failed or all");
        let scope = values.read("/scope", value.scope.as_deref(), told, |text| match text {
            "failed" => Some(ReplayScope::GivenUp),
            "all" => Some(ReplayScope::All),
            _ => None,
        });
        let told = ("not_a_cursor", "is the next_cursor of an earlier replay");
        let after = values.read("/cursor", value.cursor.as_deref(), told, message_of);
        match (&value.message_id, &value.since) {
            (Some(_), Some(_)) => {
                let message = "either one message or a stretch of time";
                values.add("/since", "exclusive", message);
            }
            (None, None) => {
                let message = "since when? Or give a message_id";
                values.add("/since", "required", message);
            }
            _ => {}
        }
        values.hold()?;
        Ok(match message {
            Some(message) => Self::Message(message),
            None => Self::Stretch(Stretch {
                from_unix_ms: since.unwrap_or_default(),
                to_unix_ms: until.unwrap_or(now_unix_ms + 1),
                scope: scope.unwrap_or(ReplayScope::GivenUp),
                after,
            }),
        })
    }
}

/// Puts back what a request may; says how many messages, and behind which to go on.
async fn again(
    service: &Service,
    caller: &Caller,
    id: WebhookId,
    stretch: Stretch,
) -> Result<(usize, Option<MessageId>), Problem> {
    let platform = service.platform.as_ref();
    let (mut messages, mut after) = (0, stretch.after);
    loop {
        let request = caller.request(platform);
        let step = platform.ledger().replay_webhooks(
            (caller.account.id, id),
            (stretch.from_unix_ms, stretch.to_unix_ms),
            stretch.scope,
            after,
            &request,
        );
        let step = step.await.map_err(not_sent)?;
        messages += step.messages;
        after = step.after;
        if after.is_none() || messages >= REPLAY_MAX {
            return Ok((messages, after));
        }
    }
}

/// A webhook that sends nothing.
pub(super) fn not_sent(error: LedgerError) -> Problem {
    match error {
        LedgerError::Limit(what) => Problem::new(StatusCode::CONFLICT, "webhook_not_sent", what),
        error => error.into(),
    }
}

/// The `webhook-id` of a message.
pub(super) fn message_name(message: MessageId) -> String {
    format!("{MESSAGE_PREFIX}{message}")
}

/// The message of a `webhook-id`.
pub(super) fn message_of(name: &str) -> Option<MessageId> {
    name.strip_prefix(MESSAGE_PREFIX)?.parse().ok()
}

fn view(attempt: &Attempt) -> AttemptView {
    AttemptView {
        id: attempt.id.to_string(),
        message_id: message_name(attempt.message),
        event: attempt.event_type.clone(),
        number: attempt.number,
        started_at: iso8601(attempt.started_unix_ms),
        duration_ms: attempt.duration_ms,
        delivered: attempt.delivered,
        status: attempt.status,
        error: attempt.error.clone(),
        response: attempt.excerpt.clone(),
        next_attempt_at: attempt.will_retry_unix_ms.map(iso8601),
    }
}

const MESSAGE_PREFIX: &str = "msg_";
