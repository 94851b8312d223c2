//! The document and the page that shows it: nothing from outside, and nothing that needs a key.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;

/// The page may use its own files and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/openapi.json`, `/docs` and what belongs to it.
pub(super) fn routes(document: String) -> Router {
    let document = Bytes::from(document);
    Router::new()
        .route(
            "/openapi.json",
            get(move || file("application/json", document.clone())),
        )
        .route(
            "/docs",
            page("text/html; charset=utf-8", include_str!("../reference/page.html")),
        )
        .route(
            "/docs/page.css",
            page("text/css; charset=utf-8", include_str!("../reference/page.css")),
        )
        .route(
            "/docs/page.js",
            page(
                "text/javascript; charset=utf-8",
                include_str!("../reference/page.js"),
            ),
        )
}

fn page(media_type: &'static str, text: &'static str) -> axum::routing::MethodRouter {
    get(move || file(media_type, Bytes::from_static(text.as_bytes())))
}

async fn file(media_type: &'static str, octets: Bytes) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, octets)
}
