//! `POST /api/batch`: several e-mails, each by itself, all that hold in one commit.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::{Account, Disposition};
use serde_json::Value;

use super::body::{Json, faults, taken};
use super::caller::Caller;
use super::compose::draft;
use super::idempotency::{Begun, IdempotencyHeader, respond};
use super::responses::{Admission, Keyed, Reading};
use super::router::Service;
use super::send::{fresh_id, held_words, holds, parted, stored};
use super::wire::{BatchReply, BatchRequest, BatchResult, SubmissionStatus};
use crate::platform::{Draft, Mailing};
use crate::problem::{Error, Problem};

/// Send several e-mails
///
/// Each is validated by itself: one that does not hold stops no other. All that hold are on disk, in one synced commit,
/// before the reply leaves.
#[utoipa::path(
    post, path = "/api/batch", tag = "Sending", operation_id = "batch",
    params(IdempotencyHeader),
    request_body = BatchRequest,
    responses(
        (status = 200, description = "Accepted as told for each", body = BatchReply),
        (status = 400, description = "The request as a whole does not hold", body = Error),
        (status = 403, description = "`account_suspended` or `account_pending`", body = Error),
        Admission,
        Reading,
        Keyed,
    )
)]
pub(super) async fn batch(
    State(service): State<Arc<Service>>,
    caller: Caller,
    headers: HeaderMap,
    Json(json): Json,
) -> Result<Response, Problem> {
    caller.may_send()?;
    let faults = faults::<BatchRequest>(&json);
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }
    let platform = service.platform.as_ref();
    let working = match service
        .in_flight
        .begin(&headers, "batch", &json, &caller, platform)?
    {
        Begun::Done(response) => return Ok(response),
        Begun::Work(working) => working,
    };
    let value: BatchRequest = taken(json)?;
    own_id(value.customer_id.as_deref(), &caller)?;
    // Several hundred e-mails take milliseconds.
    let (drafts, results) = tokio::task::block_in_place(|| drafts(&service, value.emails, &caller));
    let (fingerprint, slot, _working) = parted(working);
    let now = caller.now_unix_ms;
    let account = Arc::clone(&caller.account);
    let reply = move |dispositions: &[Disposition]| {
        stored(fingerprint, now, &filled(results, dispositions, &account))
    };
    let mailing = Mailing {
        account: Arc::clone(&caller.account),
        drafts,
        template: None,
        slot,
        reply: Box::new(reply),
    };
    Ok(respond(platform.accept(mailing).await?))
}

/// The id of the account, where a request names one, is the key's own.
pub(super) fn own_id(customer_id: Option<&str>, caller: &Caller) -> Result<(), Problem> {
    match customer_id {
        Some(id) if id != caller.account.id.to_string() => {
            let message = "is not the account of this key; leave it out";
            Err(Problem::fault("/customer_id", "not_own", message))
        }
        _ => Ok(()),
    }
}

/// What holds, and a result for each; those of what holds lack their status.
fn drafts(service: &Service, emails: Vec<Value>, caller: &Caller) -> (Vec<Draft>, Vec<BatchResult>) {
    let platform = service.platform.as_ref();
    let mut drafts = Vec::with_capacity(emails.len());
    let mut results = Vec::with_capacity(emails.len());
    for (index, email) in emails.into_iter().enumerate() {
        let id = fresh_id(platform);
        let made = holds(&email, caller, platform)
            .and_then(|()| taken(email))
            .and_then(|request| draft(request, id, caller, platform));
        results.push(match made {
            Ok(draft) => {
                let result = BatchResult {
                    index,
                    id: Some(id.to_string()),
                    message_id: Some(draft.email.message_id.clone()),
                    ..BatchResult::default()
                };
                drafts.push(draft);
                result
            }
            Err(problem) => BatchResult {
                index,
                status: "failed".to_owned(),
                error: Some(problem.code.to_owned()),
                message: Some(problem.message.into_owned()),
                errors: problem.faults,
                ..BatchResult::default()
            },
        });
    }
    (drafts, results)
}

fn filled(mut results: Vec<BatchResult>, dispositions: &[Disposition], account: &Account) -> BatchReply {
    let accepted = results.iter_mut().filter(|result| result.id.is_some());
    for (result, disposition) in accepted.zip(dispositions) {
        result.status = SubmissionStatus::of(*disposition).as_str().to_owned();
        result.message = held_words(*disposition, account);
    }
    BatchReply {
        total: results.len(),
        queued: dispositions.len(),
        failed: results.len() - dispositions.len(),
        results,
    }
}
