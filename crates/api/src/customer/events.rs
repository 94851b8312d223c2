//! `/api/events` and `/api/emails/{id}/events`: what happened to an account's mail, event by event.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::webhook::{Payload, PayloadError};
use ledger::{Email, EmailId, Event, EventKind, EventQuery, EventType, Hit, Position, Signal, iso8601};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::caller::{Caller, PathId};
use super::filters::{Asked, Values, known};
use super::responses::Admission;
use super::router::Service;
use super::wire::{EmailEvents, EventList, EventPagination, EventView, TimelineEntry};
use crate::limits::{EVENT_PAGE_MAX, EVENT_PAGES_MAX};
use crate::problem::{Error, Problem};

const LIMIT_DEFAULT: u32 = 50;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Of this e-mail.
    #[param(nullable = false, format = "uuid")]
    email_id: Option<String>,
    /// Of this type, or of several with commas between.
    #[serde(rename = "type")]
    #[param(nullable = false)]
    kind: Option<String>,
    /// Of recipients with this in their address.
    #[param(nullable = false)]
    recipient: Option<String>,
    /// Of e-mails with this in their From:.
    #[param(nullable = false)]
    from: Option<String>,
    /// Of e-mails with this tag.
    #[param(nullable = false)]
    tag: Option<String>,
    /// Not before this, a date or a timestamp.
    #[param(nullable = false)]
    from_timestamp: Option<String>,
    /// Not after this, a date or a timestamp.
    #[param(nullable = false)]
    to_timestamp: Option<String>,
    /// Which page, from 1. A cursor costs less far behind.
    #[param(value_type = Option<u32>, minimum = 1, nullable = false)]
    page: Option<String>,
    /// Entries of a page; default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, nullable = false)]
    limit: Option<String>,
    /// Behind this place: `next_cursor` of an earlier page.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List events
#[utoipa::path(
    get, path = "/api/events", tag = "Events", operation_id = "list_events",
    params(EventsQuery),
    responses(
        (status = 200, description = "The events, newest first", body = EventList),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 403, description = "`event_tracking_disabled` or `event_api_disabled`", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn list_events(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<EventsQuery>,
) -> Result<Json<EventList>, Problem> {
    may_read(&caller)?;
    let (query, position, limit) = known(query)?.parse()?;
    let ledger = service.platform.ledger();
    let found = ledger.events(caller.account.id, &query, position, limit as usize)?;
    let events = found.events.iter();
    Ok(Json(EventList {
        events: events
            .map(|listed| EventView::of(&listed.event, listed.email.as_deref()))
            .collect(),
        pagination: EventPagination {
            page: match position {
                Position::Page(page) => Some(page),
                Position::After(_) => None,
            },
            limit,
            total: found.total,
            total_exact: found.is_total_exact,
            pages: found.total.map(|total| total.div_ceil(u64::from(limit))),
            next_cursor: found.next.map(|next| next.to_string()),
        },
    }))
}

/// List the events of an e-mail
#[utoipa::path(
    get, path = "/api/emails/{id}/events", tag = "Events", operation_id = "list_email_events",
    params(("id" = String, Path, format = "uuid", description = "The e-mail's id")),
    responses(
        (status = 200, description = "The events, oldest first", body = EmailEvents),
        (status = 403, description = "`event_tracking_disabled` or `event_api_disabled`", body = Error),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn list_email_events(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<EmailEvents>, Problem> {
    may_read(&caller)?;
    let not_found = || Problem {
        error: Some("Email not found or access denied"),
        ..Problem::not_found("no e-mail of this account has this id")
    };
    let id: EmailId = id.parse().map_err(|_| not_found())?;
    let (ledger, account) = (service.platform.ledger(), caller.account.id);
    let email = ledger.email(account, id)?.ok_or_else(not_found)?;
    let events = ledger.email_events(account, id)?.ok_or_else(not_found)?;
    let timeline = events.iter().map(|event| TimelineEntry {
        timestamp: iso8601(event.at_unix_ms),
        event_type: event.event_type().as_str().to_owned(),
        details: event_data(event),
    });
    Ok(Json(EmailEvents {
        email_id: id.to_string(),
        timeline: timeline.collect(),
        events: events
            .iter()
            .map(|event| EventView::of(event, Some(&email)))
            .collect(),
    }))
}

/// What an event tells beside its type, as `event_data` has it in the API and in webhooks.
pub fn event_data(event: &Event) -> Value {
    match &event.kind {
        EventKind::Queued { hold } => json!({ "hold_reason": hold.map(|hold| hold.as_str()) }),
        EventKind::Scheduled { for_unix_ms } => json!({ "scheduled_for": iso8601(*for_unix_ms) }),
        EventKind::Sent { mx, attempts } => json!({ "mx": mx, "attempts": attempts }),
        EventKind::Deferred {
            reply,
            class,
            attempts,
            next_attempt_unix_ms,
        } => json!({
            "reply": reply,
            "class": class,
            "attempts": attempts,
            "next_attempt_at": next_attempt_unix_ms.map(iso8601),
        }),
        EventKind::Delivered { reply, mx, attempts } => {
            json!({ "reply": reply, "mx": mx, "attempts": attempts })
        }
        EventKind::Bounced {
            reply,
            class,
            hard,
            report,
        } => {
            json!({ "reply": reply, "class": class, "hard": hard, "report": report })
        }
        EventKind::Suppressed { reason } => json!({ "reason": reason }),
        EventKind::Failed { why } => json!({ "reason": why }),
        EventKind::Canceled => json!({}),
        EventKind::Complained { feedback_type } => json!({ "feedback_type": feedback_type }),
        EventKind::Opened { hit } => hit_data(hit),
        EventKind::Clicked { hit, link, url } => {
            let mut data = hit_data(hit);
            if let Some(data) = data.as_object_mut() {
                data.insert("link".to_owned(), json!(link));
                data.insert("url".to_owned(), json!(url));
            }
            data
        }
        EventKind::Unsubscribed { source } => json!({ "source": source }),
    }
}

/// What a webhook called `name` says of an event: its `data` is the event as the API lists it.
///
/// # Errors
/// [`PayloadError`]; the bounds of what events and e-mails hold leave room for everything.
pub fn webhook_payload(name: &str, event: &Event, email: &Email) -> Result<Payload, PayloadError> {
    let data = json!(EventView::of(event, Some(email))).to_string();
    Payload::new(name, event.at_unix_ms, &data)
}

fn hit_data(hit: &Hit) -> Value {
    json!({
        "actor": hit.actor.as_str(),
        "signals": hit.signals.iter().map(Signal::as_str).collect::<Vec<_>>(),
        "first": hit.first,
        "ip": hit.ip.map(|ip| ip.to_string()),
        "user_agent": hit.user_agent,
    })
}

fn may_read(caller: &Caller) -> Result<(), Problem> {
    let disabled = |code, message: &'static str| Err(Problem::new(StatusCode::FORBIDDEN, code, message));
    match (caller.account.event_tracking, caller.account.event_api) {
        (false, _) => disabled(
            "event_tracking_disabled",
            "events are not tracked for this account",
        ),
        (_, false) => disabled("event_api_disabled", "this account may not read its events here"),
        (true, true) => Ok(()),
    }
}

impl EventsQuery {
    fn parse(self) -> Result<(EventQuery, Position, u32), Problem> {
        let mut values = Values::default();
        let mut types = Vec::new();
        for name in self.kind.iter().flat_map(|names| names.split(',')) {
            match EventType::from_name(name) {
                Some(kind) => types.push(kind),
                None => values.add("type", "not_an_option", format!("{name:?} is no type of events")),
            }
        }
        if self.page.is_some() && self.cursor.is_some() {
            values.add("cursor", "exclusive", "a page has either a number or a cursor");
        }
        let page = values.number("page", self.page.as_deref(), EVENT_PAGES_MAX);
        let limit = values.number("limit", self.limit.as_deref(), EVENT_PAGE_MAX);
        let told = ("not_a_cursor", "is the next_cursor of an earlier page");
        let cursor = values.read("cursor", self.cursor.as_deref(), told, |text| text.parse().ok());
        let query = EventQuery {
            email: values.id("email_id", self.email_id.as_deref()),
            types,
            from_unix_ms: values.since("from_timestamp", self.from_timestamp.as_deref()),
            to_unix_ms: values.until("to_timestamp", self.to_timestamp.as_deref()),
            recipient: self.recipient,
            from: self.from,
            tag: self.tag,
        };
        values.hold()?;
        let position = cursor.map_or(Position::Page(page.unwrap_or(1)), Position::After);
        Ok((query, position, limit.unwrap_or(LIMIT_DEFAULT)))
    }
}
