//! `POST /api/send`: one e-mail.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::{Account, BY_OPERATOR, Disposition, EmailId, Fingerprint, HoldReason, StoredReply, iso8601};
use serde::Serialize;
use serde_json::{Value, json};

use super::body::{Json, all_faults, faults, taken};
use super::caller::Caller;
use super::compose::draft;
use super::idempotency::{Begun, IdempotencyHeader, Working, respond};
use super::responses::{Admission, Keyed, Reading};
use super::router::Service;
use super::wire::{SendReply, SendRequest, SubmissionStatus};
use crate::platform::{Draft, Mailing, NotAccepted, Platform};
use crate::problem::{Error, Problem};

/// Send an e-mail
///
/// The e-mail is on disk, synced, before the reply leaves. Over a quota it is accepted and held; its status is `queued`
/// then, too. The domain of the author must be verified.
#[utoipa::path(
    post, path = "/api/send", tag = "Sending", operation_id = "send",
    params(IdempotencyHeader),
    request_body = SendRequest,
    responses(
        (status = 200, description = "Accepted, and on disk", body = SendReply),
        (status = 400, description = "The request does not hold; every fault is told", body = Error),
        (status = 403, description = "`domain_not_verified`, `account_suspended` or `account_pending`", body = Error),
        Admission,
        Reading,
        Keyed,
    )
)]
pub(super) async fn send(
    State(service): State<Arc<Service>>,
    caller: Caller,
    headers: HeaderMap,
    Json(json): Json,
) -> Result<Response, Problem> {
    caller.may_send()?;
    let platform = service.platform.as_ref();
    holds(&json, &caller, platform)?;
    let working = match service
        .in_flight
        .begin(&headers, "send", &json, &caller, platform)?
    {
        Begun::Done(response) => return Ok(response),
        Begun::Work(working) => working,
    };
    let value: SendRequest = taken(json)?;
    let to = value.to.clone();
    let id = fresh_id(platform);
    let draft = composed(value, id, &caller, platform)?;
    let message_id = draft.email.message_id.clone();
    let submitted_at = iso8601(caller.now_unix_ms);
    let (fingerprint, slot, _working) = parted(working);
    let now = caller.now_unix_ms;
    let account = Arc::clone(&caller.account);
    let reply = move |dispositions: &[Disposition]| {
        let disposition = dispositions.first().copied().unwrap_or(Disposition::Queued);
        let status = SubmissionStatus::of(disposition);
        let held = held_words(disposition, &account);
        let reply = SendReply {
            to,
            submitted_at,
            id: id.to_string(),
            message_id,
            status,
            message: held.unwrap_or_else(|| status.words().to_owned()),
        };
        stored(fingerprint, now, &reply)
    };
    let mailing = Mailing {
        account: Arc::clone(&caller.account),
        drafts: vec![draft],
        template: None,
        slot,
        reply: Box::new(reply),
    };
    Ok(respond(platform.accept(mailing).await?))
}

/// What is told of an e-mail that is accepted although its account may not send now.
pub(super) fn held_words(disposition: Disposition, account: &Account) -> Option<String> {
    let Disposition::Held(HoldReason::Paused | HoldReason::Suspended) = disposition else {
        return None;
    };
    let why = account.stop().map_or(BY_OPERATOR, |stop| &stop.reason);
    Some(format!(
        "Email accepted and held, because sending is paused: {why}"
    ))
}

/// Tells everything that is wrong with a request whose form does not hold.
pub(super) fn holds(json: &Value, caller: &Caller, platform: &dyn Platform) -> Result<(), Problem> {
    let faults = faults::<SendRequest>(json);
    if faults.is_empty() {
        return Ok(());
    }
    let stand_ins = json!({ "to": "a@example.org", "subject": "", "html": "", "text": "" });
    let judge = |rest| draft(rest, EmailId::new(0, [0; 10]), caller, platform).err();
    Err(all_faults(faults, json, stand_ins, judge))
}

/// Composes where it may take its time, if it is going to.
fn composed(
    request: SendRequest,
    id: EmailId,
    caller: &Caller,
    platform: &dyn Platform,
) -> Result<Draft, Problem> {
    let is_large = |part: &Option<String>| part.as_ref().is_some_and(|part| part.len() > LARGE_BYTES);
    let large = request.attachments.is_some() || is_large(&request.html) || is_large(&request.text);
    match large {
        true => tokio::task::block_in_place(|| draft(request, id, caller, platform)),
        false => draft(request, id, caller, platform),
    }
}

/// Beyond this composing takes long enough to be in the way of other requests.
const LARGE_BYTES: usize = 256 * 1024;

/// What the reply of a request needs of its key; the last keeps the key taken.
pub(super) fn parted(working: Option<Working>) -> (Fingerprint, Option<ledger::OpenSlot>, Option<Working>) {
    match working {
        Some(mut working) => (working.fingerprint, working.slot.take(), Some(working)),
        None => (Fingerprint([0; 32]), None, None),
    }
}

/// A reply as it is kept.
pub(super) fn stored(fingerprint: Fingerprint, now_unix_ms: u64, reply: &impl Serialize) -> StoredReply {
    StoredReply {
        fingerprint,
        at_unix_ms: now_unix_ms,
        status: StatusCode::OK.as_u16(),
        body: serde_json::to_vec(reply).unwrap_or_default().into(),
    }
}

pub(crate) fn fresh_id(platform: &dyn Platform) -> EmailId {
    let mut entropy = [0; 10];
    entropy.copy_from_slice(&platform.entropy()[..10]);
    EmailId::new(platform.now_unix_ms(), entropy)
}

impl SubmissionStatus {
    pub(super) fn of(disposition: Disposition) -> Self {
        match disposition {
            Disposition::Queued | Disposition::Held(_) => Self::Queued,
            Disposition::Scheduled(_) => Self::Scheduled,
            Disposition::Suppressed => Self::Suppressed,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Scheduled => "scheduled",
            Self::Suppressed => "suppressed",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Queued => "Email queued for delivery",
            Self::Scheduled => "Email scheduled for delivery",
            Self::Suppressed => "Email not sent: the recipient is unsubscribed or suppressed",
        }
    }
}

impl From<NotAccepted> for Problem {
    fn from(error: NotAccepted) -> Self {
        match error {
            NotAccepted::Unavailable(why) => Self::unavailable(&why),
            NotAccepted::KeyTaken => {
                let message =
                    "another request with this Idempotency-Key came first; repeat yours to get its reply";
                Self::new(StatusCode::CONFLICT, "idempotency_in_flight", message).retry_after(1)
            }
            NotAccepted::TooLarge(why) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", why),
        }
    }
}
