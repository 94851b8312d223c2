//! `/api/emails/{id}`: what became of an e-mail, and taking it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{Disposition, Email, EmailId, OutcomeKind, iso8601};
use queue::{DeliveryView, Timestamp};

use super::caller::{Caller, PathId};
use super::responses::Admission;
use super::router::Service;
use super::wire::{CancelReply, EmailView, RecipientView};
use crate::problem::{Error, Problem};

/// Read an e-mail
///
/// Its recipients with what became of each: what still waits comes from the queue, what has ended from the ledger. Kept for
/// 90 days.
#[utoipa::path(
    get, path = "/api/emails/{id}", tag = "Sending", operation_id = "get_email",
    params(("id" = String, Path, format = "uuid", description = "The e-mail's id")),
    responses(
        (status = 200, description = "The e-mail", body = EmailView),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_email(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<EmailView>, Problem> {
    let email = own(&service, &caller, &id)?;
    let recipients = recipients(&service, &email)?;
    Ok(Json(view(email, recipients)))
}

/// Take an e-mail back
///
/// What has not left yet does not leave. What is being handed over right now may go through.
#[utoipa::path(
    delete, path = "/api/emails/{id}", tag = "Sending", operation_id = "cancel_email",
    params(("id" = String, Path, format = "uuid", description = "The e-mail's id")),
    responses(
        (status = 200, description = "Taken back", body = CancelReply),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 409, description = "Nothing of it can be stopped any more", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn cancel_email(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<CancelReply>, Problem> {
    let email = own(&service, &caller, &id)?;
    match service.platform.cancel(email.id).await? {
        0 => {
            let message = "nothing of this e-mail can be stopped any more";
            Err(Problem::new(StatusCode::CONFLICT, "not_cancelable", message))
        }
        _ => Ok(Json(CancelReply {
            id: email.id.to_string(),
            status: "canceled".to_owned(),
            message: "Email canceled".to_owned(),
        })),
    }
}

/// An e-mail of the caller's account; an id of somebody else's does not exist.
fn own(service: &Service, caller: &Caller, id: &str) -> Result<Email, Problem> {
    let not_found = || Problem::not_found("no e-mail of this account has this id");
    let id: EmailId = id.parse().map_err(|_| not_found())?;
    service
        .platform
        .ledger()
        .email(caller.account.id, id)?
        .ok_or_else(not_found)
}

fn recipients(service: &Service, email: &Email) -> Result<Vec<RecipientView>, Problem> {
    // The queue first: what ends between the two readings is then told as ended.
    let waiting = service.platform.waiting(email.id)?;
    let ended = service.platform.ledger().outcomes(email.id)?;
    let mut views: BTreeMap<&str, RecipientView> = BTreeMap::new();
    for delivery in &waiting {
        for recipient in &delivery.recipients {
            let view = RecipientView {
                address: recipient.forward_path.as_str().to_owned(),
                status: waiting_status(delivery, email).to_owned(),
                attempts: delivery.attempts,
                last_reply: recipient.last_reply.as_deref().map(str::to_owned),
                next_attempt_at: (delivery.next_attempt != Timestamp::NEVER)
                    .then(|| iso8601(delivery.next_attempt.unix_ms())),
            };
            views.insert(recipient.forward_path.as_str(), view);
        }
    }
    for outcome in &ended {
        let status = match outcome.kind {
            OutcomeKind::Delivered => "delivered",
            OutcomeKind::Failed => "failed",
            OutcomeKind::Canceled => "canceled",
            OutcomeKind::Suppressed => "suppressed",
            OutcomeKind::Bounced => "bounced",
            OutcomeKind::Complained => "complained",
        };
        let view = RecipientView {
            address: outcome.address.clone(),
            status: status.to_owned(),
            attempts: outcome.attempts,
            last_reply: outcome.last_reply.clone(),
            next_attempt_at: None,
        };
        views.insert(&outcome.address, view);
    }
    // In the order in which they were given.
    Ok(email
        .to
        .iter()
        .filter_map(|address| views.remove(address.as_str()))
        .collect())
}

fn waiting_status(delivery: &DeliveryView, email: &Email) -> &'static str {
    match (delivery.attempts, email.disposition) {
        (0, Disposition::Scheduled(_)) => "scheduled",
        (0, _) => "queued",
        _ => "deferred",
    }
}

fn view(email: Email, recipients: Vec<RecipientView>) -> EmailView {
    let hold_reason = match email.disposition {
        Disposition::Held(reason) if recipients.iter().any(RecipientView::is_held) => {
            Some(reason.as_str().to_owned())
        }
        _ => None,
    };
    EmailView {
        id: email.id.to_string(),
        to: email.to.into_iter().next().unwrap_or_default(),
        from: email.from,
        subject: email.subject,
        tag: email.tag,
        metadata: email
            .metadata
            .and_then(|metadata| serde_json::from_str(&metadata).ok()),
        status: status(&recipients).to_owned(),
        hold_reason,
        message_id: email.message_id,
        created_at: iso8601(email.created_unix_ms),
        recipients,
    }
}

impl RecipientView {
    /// What waits has its next attempt, unless it is held.
    fn is_held(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "deferred") && self.next_attempt_at.is_none()
    }
}

/// One word for all recipients: what still waits comes first.
fn status(recipients: &[RecipientView]) -> &str {
    let has = |status: &str| recipients.iter().any(|recipient| recipient.status == status);
    if let Some(waiting) = ["scheduled", "queued", "deferred"]
        .into_iter()
        .find(|status| has(status))
    {
        return waiting;
    }
    match recipients {
        [] => "queued",
        [first, rest @ ..] if rest.iter().all(|other| other.status == first.status) => &first.status,
        _ => "partial",
    }
}
