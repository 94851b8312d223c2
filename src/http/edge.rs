//! What stands before a router, the same for every path: bounds of bodies, the client's address, compression, CORS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use api::ClientAddress;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::client_address::client_address;
use super::{body, limits::BodyLimits};
use crate::config::{self, Network};

/// A shorter reply fits into one packet anyway.
const COMPRESSED_FROM_BYTES: u64 = 1_024;

/// How long a browser may remember what a preflight said. Chromium caps it here.
const PREFLIGHT_LIFE: Duration = Duration::from_secs(7_200);

/// Headers of requests that scripts may set, beside those that they always may.
const ALLOWED: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::ACCEPT,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("idempotency-key"),
];

/// Headers of replies that scripts may read, beside those that they always may.
const EXPOSED: [HeaderName; 8] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("idempotency-replayed"),
    header::RETRY_AFTER,
];

/// The customers' router behind everything that stands before it. Each request then has the
/// [`ClientAddress`](api::ClientAddress) among its extensions.
pub fn edge(router: Router, api: &config::Api) -> Router {
    let router = identified(bounded(router, api), &api.trusted_proxies).layer(compression());
    match cors(&api.cors_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// The operator's router behind the same, but for the scripts of other origins: those may never read it.
pub fn operator_edge(router: Router, api: &config::Api) -> Router {
    identified(bounded(router, api), &api.trusted_proxies).layer(compression())
}

/// A limit that `router` sets itself, if it is smaller, still holds.
fn bounded(router: Router, api: &config::Api) -> Router {
    let limits = BodyLimits::new(api.body_max, api.body_timeout);
    router
        .layer(DefaultBodyLimit::max(limits.bytes))
        .layer(middleware::from_fn_with_state(limits, body::bounded))
}

fn identified(router: Router, proxies: &[Network]) -> Router {
    let proxies: Arc<[Network]> = proxies.into();
    router.layer(middleware::from_fn_with_state(proxies, identify))
}

async fn identify(State(proxies): State<Arc<[Network]>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(peer) = peer.map(|ConnectInfo(peer)| peer.ip()) {
        let client: IpAddr = client_address(peer, request.headers(), &proxies);
        request.extensions_mut().insert(ClientAddress(client));
    }
    next.run(request).await
}

fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_FROM_BYTES)))
}

/// The fetch standard's CORS protocol, for these origins; `None` when there are none.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let listed = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok());
    let allowed = match origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(listed),
    };
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods(methods)
            .allow_headers(ALLOWED)
            .expose_headers(EXPOSED)
            .max_age(PREFLIGHT_LIFE),
    )
}
