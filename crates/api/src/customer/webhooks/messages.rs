//! Messages that a customer makes for a test, and those that they fetch.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::EventType;
use ledger::webhook::{Endpoint, Headers, MessageId, Payload};

use super::super::body::{Checked, Optional};
use super::super::caller::{Caller, PathId};
use super::super::responses::{Admission, Reading};
use super::super::router::Service;
use super::super::wire::{FetchRequest, Fetched, FetchedMessage, OnItsWay, TestRequest, told_events};
use super::attempts::{message_name, message_of};
use super::{own, sample};
use crate::platform::{MOMENTS_PER_S, Platform};
use crate::problem::{Error, Fault, Problem};

/// Test a webhook
///
/// Sends it a sample of an event, whether it is told of such events or not: signed, tried again and recorded as any other.
/// In `data` stands `"test": true`.
#[utoipa::path(
    post, path = "/api/customer/webhooks/{id}/test", tag = "Webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    request_body(content = Option<TestRequest>, description = "None for a delivery"),
    responses(
        (status = 202, description = "The sample is on its way", body = OnItsWay),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 409, description = "The webhook is not active", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(crate) async fn test_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
    Optional(value): Optional<TestRequest>,
) -> Result<(StatusCode, Json<OnItsWay>), Problem> {
    let platform = service.platform.as_ref();
    let endpoint = own(platform, &caller, &id)?;
    let kind = kind_of(value.event.as_deref())?;
    if !endpoint.is_active {
        let message = "the webhook is not active; activate it first";
        return Err(Problem::new(StatusCode::CONFLICT, "webhook_not_sent", message));
    }
    let (message, payload) = sample::make(platform, &caller, kind)?;
    platform
        .ledger()
        .send_webhook(&endpoint, message, &payload)
        .await?;
    platform.webhooks_due();
    let reply = OnItsWay {
        message: format!("A sample of {} is on its way", payload.event_type()),
        message_id: message_name(message),
    };
    Ok((StatusCode::ACCEPTED, Json(reply)))
}

/// Fetch the messages of a webhook
///
/// For a webhook without a URL: its messages wait, for a day, until they are fetched, oldest first. They are fetched again
/// until a later request has them in `settled`, so that none is lost between here and whoever deals with it. Each comes
/// with the header fields that it would be sent with.
#[utoipa::path(
    post, path = "/api/customer/webhooks/{id}/fetch", tag = "Webhooks", operation_id = "fetch_webhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    request_body = FetchRequest,
    responses(
        (status = 200, description = "What waits", body = Fetched),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 409, description = "Its messages are sent to its URL", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(crate) async fn fetch_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
    Checked(value): Checked<FetchRequest>,
) -> Result<Json<Fetched>, Problem> {
    let platform = service.platform.as_ref();
    let endpoint = own(platform, &caller, &id)?;
    let settled = settled(&value.settled)?;
    if !endpoint.is_fetched() {
        let message = "the messages of this webhook are sent to its URL; add one whose url is null";
        return Err(Problem::new(StatusCode::CONFLICT, "webhook_is_sent", message));
    }
    let ledger = platform.ledger();
    ledger.settle_fetched(&endpoint, &settled).await?;
    let mut moments = value.wait_s.saturating_mul(MOMENTS_PER_S);
    loop {
        let found = ledger.fetch_webhooks(&endpoint)?;
        if !found.is_empty() || moments == 0 {
            let messages = found.iter();
            return Ok(Json(Fetched {
                messages: messages
                    .map(|(message, payload)| shown(platform, &endpoint, *message, payload))
                    .collect(),
            }));
        }
        moments -= 1;
        platform.moment().await;
    }
}

fn kind_of(name: Option<&str>) -> Result<EventType, Problem> {
    let Some(name) = name else {
        return Ok(EventType::Delivered);
    };
    let told = told_events().find(|(_, told)| *told == name);
    told.map(|(kind, _)| kind)
        .ok_or_else(|| Problem::fault("/event", "not_an_option", "is not the name of a kind of event"))
}

fn settled(names: &[String]) -> Result<Vec<MessageId>, Problem> {
    let mut faults = Vec::new();
    let mut messages = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match message_of(name) {
            Some(message) => messages.push(message),
            None => faults.push(Fault::new(
                format!("/settled/{at}"),
                "not_an_id",
                "is the id of a message: msg_ and a UUID",
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(messages),
        false => Err(Problem::validation(faults)),
    }
}

fn shown(
    platform: &dyn Platform,
    endpoint: &Endpoint,
    message: MessageId,
    payload: &Payload,
) -> FetchedMessage {
    let headers = Headers::new(endpoint, message, payload.body(), platform.now_unix_ms());
    FetchedMessage {
        id: headers.id,
        timestamp: headers.timestamp,
        signature: headers.signature,
        event: payload.event_type().to_owned(),
        body: String::from_utf8_lossy(payload.body()).into_owned(),
    }
}
