//! Paths, the token check, and the request id.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use uuid::Uuid;

use crate::error::Refusal;
use crate::operator::Operator;
use crate::token::OperatorToken;
use crate::{queue_routes, watch_routes};

/// The longest request takes a domain name or an id.
const BODY_BYTES_MAX: usize = 16 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The operator's HTTP over `operator`, for those who present `token`.
pub fn router(operator: Arc<dyn Operator>, token: OperatorToken) -> Router {
    let admin = Router::new()
        .route("/queue", get(queue_routes::list))
        .route("/queue/summary", get(queue_routes::summary))
        .route("/queue/retry", post(queue_routes::retry))
        .route("/queue/cancel", post(queue_routes::cancel))
        .route("/queue/{id}", get(queue_routes::show))
        .route("/reload", post(watch_routes::reload))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::new(token), require_token));
    Router::new()
        .route("/health/live", get(watch_routes::live))
        .route("/health/ready", get(watch_routes::ready))
        .route("/metrics", get(watch_routes::metrics))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .nest("/admin", admin)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(identify))
        .with_state(operator)
}

async fn unknown_path() -> Refusal {
    Refusal::UnknownPath
}

async fn method_not_allowed() -> Refusal {
    Refusal::MethodNotAllowed
}

async fn require_token(State(token): State<Arc<OperatorToken>>, request: Request, next: Next) -> Response {
    let presented = request.headers().get(header::AUTHORIZATION).and_then(bearer);
    match presented {
        Some(presented) if token.matches(presented) => next.run(request).await,
        _ => Refusal::Unauthorized.into_response(),
    }
}

/// The token of an `Authorization` header; the scheme's case does not count (RFC 9110 §11.1).
fn bearer(header: &HeaderValue) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"Bearer ";
    let (scheme, token) = header.as_bytes().split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(token)
}

/// Gives the request an id, and a refusal the body that names it.
async fn identify(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let mut response = next.run(request).await;
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let body = Json(refusal.describe(id.clone())).into_response();
        // The refusal's own headers (Allow, WWW-Authenticate) stay; the length was that of its empty body.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(body.headers().clone());
        *response.body_mut() = body.into_body();
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
