//! `Idempotency-Key`: the same request twice is done once, and answered twice with the same octets.
//!
//! The key and the reply are written in the commit that accepts the mail, so that no crash can part them. Which keys are
//! being worked on is known in memory only: after a crash nothing is being worked on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use ledger::{AccountId, Fingerprint, IdempotencyKey, Mode, OpenSlot, ReplySlot, StoredReply};
use serde_json::Value;
use utoipa::IntoParams;

use super::caller::Caller;
use crate::limits::IDEMPOTENCY_KEY_MAX;
use crate::platform::Platform;
use crate::problem::Problem;

const NAME: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The header, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the header is read where the request begins")]
pub(super) struct IdempotencyHeader {
    /// The same key and body within 24 hours is done once, and answered with the same octets.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    key: String,
}

/// The keys being worked on.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<(AccountId, IdempotencyKey)>>>);

/// A request with a key, being worked on until this is dropped.
pub(super) struct Working {
    in_flight: InFlight,
    name: (AccountId, IdempotencyKey),
    pub(super) fingerprint: Fingerprint,
    pub(super) slot: Option<OpenSlot>,
}

/// What a request's key leads to.
pub(super) enum Begun {
    /// The request is to be done; with a key, its reply is to be kept.
    Work(Option<Working>),
    /// It was done: this is its reply.
    Done(Response),
}

impl Drop for Working {
    fn drop(&mut self) {
        self.in_flight.lock().remove(&self.name);
    }
}

impl InFlight {
    /// Begins a request to `route`.
    ///
    /// # Errors
    /// 400 for a malformed key, 409 while the same key is being worked on, 422 for another request under it.
    pub(super) fn begin(
        &self,
        headers: &HeaderMap,
        route: &'static str,
        json: &Value,
        caller: &Caller,
        platform: &dyn Platform,
    ) -> Result<Begun, Problem> {
        let Some(key) = key(headers)? else {
            return Ok(Begun::Work(None));
        };
        // A key is one of its mode and route: the sandbox must not answer for the real thing.
        let mode: &[u8] = match caller.mode {
            Mode::Live => b"live",
            Mode::Test => b"test",
        };
        let key = IdempotencyKey(digest(&[mode, route.as_bytes(), key.as_bytes()]));
        // The body as it was understood: white space and the order of fields do not count.
        let fingerprint = Fingerprint(digest(&[route.as_bytes(), json.to_string().as_bytes()]));
        let name = (caller.account.id, key);
        if !self.lock().insert(name) {
            let message = "a request with this Idempotency-Key is still being worked on";
            let problem = Problem::new(StatusCode::CONFLICT, "idempotency_in_flight", message);
            return Err(problem.retry_after(1));
        }
        let mut working = Working {
            in_flight: self.clone(),
            name,
            fingerprint,
            slot: None,
        };
        match platform
            .ledger()
            .reply(caller.account.id, key, caller.now_unix_ms)?
        {
            ReplySlot::Open(slot) => {
                working.slot = Some(slot);
                Ok(Begun::Work(Some(working)))
            }
            ReplySlot::Taken(reply) if reply.fingerprint == fingerprint => {
                let mut response = respond(reply);
                let replayed = HeaderValue::from_static("true");
                response.headers_mut().insert(REPLAYED, replayed);
                Ok(Begun::Done(response))
            }
            ReplySlot::Taken(_) => {
                let message = "this Idempotency-Key was used for another request within 24 hours";
                Err(Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "idempotency_key_reused",
                    message,
                ))
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<(AccountId, IdempotencyKey)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reply as it is sent, the first time and every further one.
pub(super) fn respond(reply: StoredReply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    // Of two keys neither is the one that is meant.
    let only = values.next().is_none().then_some(value);
    let text = only
        .and_then(|value| value.to_str().ok())
        .map(|text| text.trim_matches('"'));
    let good = |text: &&str| {
        (1..=IDEMPOTENCY_KEY_MAX).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
    };
    text.filter(good).map(Some).ok_or_else(|| {
        let message = format!("Idempotency-Key has 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters");
        Problem::new(StatusCode::BAD_REQUEST, "bad_idempotency_key", message)
    })
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}
