//! What both halves share at their outermost: request ids, the body of a failure, unknown paths.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use uuid::Uuid;

use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn unknown_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_path",
        "there is nothing at this path",
    )
}

pub(crate) async fn method_not_allowed() -> Problem {
    let message = "this path does not take this method; Allow names those it takes";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

/// Gives the request an id, and a failure the body that names it.
pub(crate) async fn identify(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let accepts = request.headers().get(header::ACCEPT).cloned();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let described = problem.describe(&id, accepts.as_ref());
        // The failure's own headers (Allow, WWW-Authenticate) stay; the length was that of its empty body.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(described.headers().clone());
        *response.body_mut() = described.into_body();
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// What answers under `/api/…` answers under `/api/v1/…` too.
pub(crate) fn under_both_bases(router: Router) -> Router {
    Router::new()
        .fallback_service(router)
        .layer(middleware::map_request(|mut request: Request| async move {
            let path = request
                .uri()
                .path_and_query()
                .map(|path| path.as_str().to_owned());
            if let Some(rest) = path.as_deref().and_then(|path| path.strip_prefix("/api/v1/")) {
                let mut parts = request.uri().clone().into_parts();
                parts.path_and_query = format!("/api/{rest}").parse().ok();
                if let Ok(uri) = Uri::from_parts(parts) {
                    *request.uri_mut() = uri;
                }
            }
            request
        }))
}
