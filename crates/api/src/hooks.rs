//! What others tell over HTTP about mail of accounts: `POST /webhooks/bounce` and `/webhooks/complaint`.
//!
//! **Promise.** 200 says that what it means is written down. It says the same of e-mails that are not known, so that nobody
//! can find out which are. There is no account and no key: the id of an e-mail cannot be guessed, and the operator may ask
//! for a secret, or for an address, besides.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use ledger::EmailId;
use serde_json::{Map, Value, json};

use crate::ClientAddress;
use crate::edge;
use crate::platform::Answer;
use crate::problem::Problem;

/// Octets of a body. What is read of it is a few lines.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The port behind the hooks.
pub trait Hooks: Send + Sync {
    /// Whether who is at this address and presents this secret is believed.
    fn lets_in(&self, address: IpAddr, secret: Option<&str>) -> bool;

    /// Somebody says that an e-mail came back; the error says why it could not be written down.
    fn bounced(&self, bounce: HookedBounce) -> Answer<'_, Result<(), String>>;

    /// Somebody says that a recipient complained.
    fn complained(&self, complaint: HookedComplaint) -> Answer<'_, Result<(), String>>;
}

/// An e-mail that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookedBounce {
    /// Which.
    pub email: EmailId,
    /// From whom; need not be told of an e-mail with one recipient.
    pub recipient: Option<String>,
    /// For good, because of the address.
    pub hard: bool,
    /// Why, in somebody's words.
    pub reason: Option<String>,
}

/// A complaint about an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookedComplaint {
    /// Which.
    pub email: EmailId,
    /// Whose; need not be told of an e-mail with one recipient.
    pub recipient: Option<String>,
    /// `abuse`, `fraud`, `virus` or `other` (RFC 5965 §7.3).
    pub feedback_type: String,
}

/// The paths over `hooks`.
pub(crate) fn routes(hooks: Arc<dyn Hooks>) -> Router {
    Router::new()
        .route("/webhooks/bounce", post(bounce))
        .route("/webhooks/complaint", post(complaint))
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&hooks), gate))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(hooks)
}

async fn gate(State(hooks): State<Arc<dyn Hooks>>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>();
    let address = address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ClientAddress(address)| {
        *address
    });
    let bearer = request.headers().get(header::AUTHORIZATION);
    let secret = bearer
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim());
    if hooks.lets_in(address, secret) {
        return next.run(request).await;
    }
    let message = "hooks are taken here from certain addresses, or with a secret as `Authorization: Bearer SECRET`; the \
                   operator knows which";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response()
}

type Body = Result<Bytes, BytesRejection>;

async fn bounce(State(hooks): State<Arc<dyn Hooks>>, body: Body) -> Result<Json<Value>, Problem> {
    let told = Told::read(body)?;
    let hard = match told.text("bounceType").as_deref() {
        Some("hard") => true,
        Some("soft") | None => false,
        Some(_) => return Err(Problem::fault("/bounceType", "not_an_option", "is hard or soft")),
    };
    let Some(email) = told.email()? else {
        return Ok(success());
    };
    let bounce = HookedBounce {
        email,
        recipient: told.text("recipientEmail"),
        hard,
        reason: told.text("reason"),
    };
    written(hooks.bounced(bounce).await)
}

async fn complaint(State(hooks): State<Arc<dyn Hooks>>, body: Body) -> Result<Json<Value>, Problem> {
    let told = Told::read(body)?;
    let Some(email) = told.email()? else {
        return Ok(success());
    };
    let feedback_type = match told.text("feedbackType") {
        None => "abuse".to_owned(),
        Some(word) if matches!(word.as_str(), "abuse" | "fraud" | "virus") => word,
        // A complaint of a kind that nobody knows is a complaint.
        Some(_) => "other".to_owned(),
    };
    let complaint = HookedComplaint {
        email,
        recipient: told.text("recipientEmail"),
        feedback_type,
    };
    written(hooks.complained(complaint).await)
}

/// The body of a hook. Fields that are not known are left alone: each sender has its own.
struct Told(Map<String, Value>);

impl Told {
    fn read(body: Body) -> Result<Self, Problem> {
        let body = body.map_err(|_| {
            let message = format!("the body of a hook has {BODY_BYTES_MAX} octets at most");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
        })?;
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) | Err(_) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_json",
                "the body is to be a JSON object",
            )),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.0.get(name)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The e-mail; none if what is named can be none of ours.
    fn email(&self) -> Result<Option<EmailId>, Problem> {
        let message = "emailId is required: the id that sending the e-mail was answered with";
        let missing = || {
            Problem::new(StatusCode::BAD_REQUEST, "validation_failed", message).worded("emailId is required")
        };
        Ok(self.text("emailId").ok_or_else(missing)?.parse().ok())
    }
}

fn success() -> Json<Value> {
    Json(json!({ "success": true }))
}

fn written(told: Result<(), String>) -> Result<Json<Value>, Problem> {
    match told {
        Ok(()) => Ok(success()),
        Err(why) => Err(Problem::unavailable(&why)),
    }
}

#[cfg(test)]
mod tests;
