//! What others tell over HTTP about mail of accounts: `POST /webhooks/bounce` and `/webhooks/complaint`.
//!
//! **Promise.** 200 says that what it means is written down. It says the same of e-mails that are not known, so that nobody
//! can find out which are. There is no account and no key: the id of an e-mail cannot be guessed, and the operator may ask
//! for a secret, or for an address, besides.

mod wire;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use ledger::EmailId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::wire::{BounceHook, BounceType, ComplaintHook, HookReply};
use crate::ClientAddress;
use crate::customer::body::Checked;
use crate::customer::responses::Reading;
use crate::edge;
use crate::platform::Answer;
use crate::problem::{Error, Problem};

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
    let (operations, _) = operations().split_for_parts();
    operations
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&hooks), gate))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(hooks)
}

/// The operations, as the document has them.
pub(crate) fn operations() -> OpenApiRouter<Arc<dyn Hooks>> {
    OpenApiRouter::new()
        .routes(routes!(bounce))
        .routes(routes!(complaint))
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
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response();
    let challenge = HeaderValue::from_static("Bearer realm=\"postrider hooks\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// A body that fits its schema, or what is wrong with it.
type Told<T> = Result<Checked<T>, Problem>;

/// Tell of a bounce
///
/// An e-mail came back that another host had taken. It means the same as the bounce itself. An id that is not known is
/// answered with 200, too.
#[utoipa::path(
    post, path = "/webhooks/bounce", tag = "Hooks", operation_id = "tell_bounce",
    request_body = BounceHook,
    responses(
        (status = 200, description = "It is written down", body = HookReply),
        (status = 400, description = "`emailId is required`, or the request does not hold", body = Error),
        (status = 401, description = "Not from an address, or not with the secret, that the operator asks for", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Reading,
    ),
    security((), ("hook" = [])),
)]
async fn bounce(
    State(hooks): State<Arc<dyn Hooks>>,
    told: Told<BounceHook>,
) -> Result<Json<HookReply>, Problem> {
    let Checked(told) = told.map_err(worded)?;
    let Ok(email) = told.email_id.parse() else {
        return Ok(success());
    };
    let bounce = HookedBounce {
        email,
        recipient: word(told.recipient_email),
        hard: told.bounce_type == Some(BounceType::Hard),
        reason: word(told.reason),
    };
    written(async move { hooks.bounced(bounce).await }).await
}

/// Tell of a complaint
///
/// A recipient complained about an e-mail. It means the same as a report by a feedback loop. An id that is not known is
/// answered with 200, too.
#[utoipa::path(
    post, path = "/webhooks/complaint", tag = "Hooks", operation_id = "tell_complaint",
    request_body = ComplaintHook,
    responses(
        (status = 200, description = "It is written down", body = HookReply),
        (status = 400, description = "`emailId is required`, or the request does not hold", body = Error),
        (status = 401, description = "Not from an address, or not with the secret, that the operator asks for", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Reading,
    ),
    security((), ("hook" = [])),
)]
async fn complaint(
    State(hooks): State<Arc<dyn Hooks>>,
    told: Told<ComplaintHook>,
) -> Result<Json<HookReply>, Problem> {
    let Checked(told) = told.map_err(worded)?;
    let Ok(email) = told.email_id.parse() else {
        return Ok(success());
    };
    let feedback_type = match word(told.feedback_type) {
        None => "abuse".to_owned(),
        Some(word) if matches!(word.as_str(), "abuse" | "fraud" | "virus") => word,
        // A complaint of a kind that nobody knows is a complaint.
        Some(_) => "other".to_owned(),
    };
    let complaint = HookedComplaint {
        email,
        recipient: word(told.recipient_email),
        feedback_type,
    };
    written(async move { hooks.complained(complaint).await }).await
}

/// Without the id of an e-mail nothing else counts, and deployed clients look for this text.
fn worded(problem: Problem) -> Problem {
    match problem.faults.iter().any(|fault| fault.field == "/emailId") {
        true => problem.worded("emailId is required"),
        false => problem,
    }
}

/// What was told, if it was something.
fn word(text: Option<String>) -> Option<String> {
    let text = text?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn success() -> Json<HookReply> {
    Json(HookReply { success: true })
}

/// Writes down what was told, to the end: whoever hangs up has told it all the same.
async fn written(
    told: impl Future<Output = Result<(), String>> + Send + 'static,
) -> Result<Json<HookReply>, Problem> {
    match tokio::spawn(told).await {
        Ok(Ok(())) => Ok(success()),
        Ok(Err(why)) => Err(Problem::unavailable(&why)),
        Err(failed) => Err(Problem::internal(&failed)),
    }
}

#[cfg(test)]
mod tests;
