//! Paths of the operators' HTTP, and the token check.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};

use crate::edge;
use crate::error::Refusal;
use crate::operator::Operator;
use crate::platform::Platform;
use crate::token::OperatorToken;
use crate::{customer_routes, domain_routes, queue_routes, stop_routes, token_routes, watch_routes};

/// The longest request takes a domain name or an id.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The operator's HTTP over `operator`, for those who present `token`.
pub fn router(operator: Arc<dyn Operator>, platform: Arc<dyn Platform>, token: OperatorToken) -> Router {
    let queue = Router::new()
        .route("/queue", get(queue_routes::list))
        .route("/queue/summary", get(queue_routes::summary))
        .route("/queue/retry", post(queue_routes::retry))
        .route("/queue/cancel", post(queue_routes::cancel))
        .route("/queue/{id}", get(queue_routes::show))
        .route("/reload", post(watch_routes::reload))
        .route("/tokens", get(token_routes::list))
        .route("/tokens/rotate", post(token_routes::rotate))
        .route("/tokens/{id}", delete(token_routes::revoke))
        .with_state(Arc::clone(&operator));
    let admin = customers(platform)
        .merge(queue)
        .fallback(edge::unknown_path)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::new(token), require_token));
    Router::new()
        .route("/health/live", get(watch_routes::live))
        .route("/health/ready", get(watch_routes::ready))
        .route("/metrics", get(watch_routes::metrics))
        .fallback(edge::unknown_path)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .nest_service("/admin", admin)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(edge::identify))
        .with_state(operator)
}

fn customers(platform: Arc<dyn Platform>) -> Router {
    Router::new()
        .route(
            "/customers",
            get(customer_routes::list).post(customer_routes::add),
        )
        .route(
            "/customers/{id}",
            get(customer_routes::show).patch(customer_routes::change),
        )
        .route("/customers/{id}/pause", post(stop_routes::pause))
        .route("/customers/{id}/resume", post(stop_routes::resume))
        .route("/customers/{id}/suspend", post(stop_routes::suspend))
        .route("/customers/{id}/reinstate", post(stop_routes::reinstate))
        .route("/customers/{id}/rotate-key", post(customer_routes::rotate_key))
        .route("/customers/{id}/rotate-smtp", post(customer_routes::rotate_smtp))
        .route(
            "/customers/{id}/domains",
            get(domain_routes::list).post(domain_routes::add),
        )
        .route(
            "/customers/{id}/domains/{domain}",
            patch(domain_routes::update).delete(domain_routes::delete),
        )
        .route(
            "/customers/{id}/domains/{domain}/verify",
            post(domain_routes::verify),
        )
        .route(
            "/customers/{id}/domains/{domain}/trust",
            post(domain_routes::trust),
        )
        .route("/audit", get(customer_routes::audit))
        .with_state(platform)
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
