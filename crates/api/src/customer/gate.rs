//! The gate before every operation that is somebody's: whose key it is, and whether they have asked too often.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ledger::{AccountId, ApiKey};

use super::caller::Caller;
use super::rate::{Rate, Standing};
use crate::ClientAddress;
use crate::platform::Platform;
use crate::problem::Problem;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const SCHEME: &[u8] = b"Bearer ";
/// Failed authentications are counted by the minute.
const FAILURE_WINDOW_S: u64 = 60;

/// What the gate counts.
pub(super) struct Gate {
    platform: Arc<dyn Platform>,
    /// By client address, and by account where there is one.
    requests: Rate<(IpAddr, Option<AccountId>)>,
    failures: Rate<IpAddr>,
}

impl Gate {
    pub(super) fn new(platform: Arc<dyn Platform>) -> Self {
        Self {
            requests: Rate::new(platform.settings().rate_window_s),
            failures: Rate::new(FAILURE_WINDOW_S),
            platform,
        }
    }

    fn authenticate(
        &self,
        headers: &HeaderMap,
        address: IpAddr,
        now_unix_ms: u64,
    ) -> Result<Caller, Problem> {
        let limit = self.platform.settings().failed_auth_limit;
        let standing = self.failures.look(address, limit, now_unix_ms);
        if standing.exceeded {
            let message = "too many failed authentications from this address";
            return Err(too_many(message, standing.seconds_left(now_unix_ms)));
        }
        let found = match presented(headers) {
            Some(key) => self.platform.ledger().authenticate(&key, now_unix_ms)?,
            None => None,
        };
        match found {
            Some(caller) => Ok(Caller::new(self.platform.as_ref(), caller)?),
            None => {
                self.failures.count(address, limit, now_unix_ms);
                let message =
                    "this needs a good API key: Authorization: Bearer ml_live_… or X-API-Key: ml_live_…";
                Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
            }
        }
    }

    /// Counts the request; what stands in the reply's headers comes back with the answer.
    fn admit(&self, request: &mut Request) -> (Standing, Result<(), Problem>) {
        let now = self.platform.now_unix_ms();
        let address = request.extensions().get::<ClientAddress>();
        let address = address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ClientAddress(address)| {
            *address
        });
        let caller = self.authenticate(request.headers(), address, now);
        let account = caller.as_ref().ok().map(|caller| &caller.account);
        let settings = self.platform.settings();
        let limit = account
            .and_then(|account| account.rate_limit)
            .unwrap_or(settings.rate_limit);
        let standing = self
            .requests
            .count((address, account.map(|account| account.id)), limit, now);
        if standing.exceeded {
            let seconds = standing.seconds_left(now);
            return (
                standing,
                Err(too_many("too many requests; see Retry-After", seconds)),
            );
        }
        let admitted = caller.map(|caller| {
            request.extensions_mut().insert(caller);
        });
        (standing, admitted)
    }
}

/// Lets a request through, or answers it.
pub(super) async fn pass(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    // Elsewhere nothing is anybody's: whoever looks there has not failed to show a key.
    if !request.uri().path().starts_with("/api") {
        return next.run(request).await;
    }
    let (standing, admitted) = gate.admit(&mut request);
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let status = problem.status;
            let mut response = problem.into_response();
            if status == StatusCode::UNAUTHORIZED {
                let challenge = HeaderValue::from_static("Bearer realm=\"postrider\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    };
    let window_s = gate.platform.settings().rate_window_s;
    tell(
        &standing,
        window_s,
        gate.platform.now_unix_ms(),
        response.headers_mut(),
    );
    response
}

/// The old headers, which deployed clients know, and the IETF's pair (draft-ietf-httpapi-ratelimit-headers).
fn tell(standing: &Standing, window_s: u64, now_unix_ms: u64, headers: &mut HeaderMap) {
    let Standing {
        limit,
        remaining,
        ends_unix_ms,
        ..
    } = standing;
    let seconds = standing.seconds_left(now_unix_ms);
    for (name, number) in [
        ("x-ratelimit-limit", *limit),
        ("x-ratelimit-remaining", *remaining),
        ("x-ratelimit-reset", ends_unix_ms.div_ceil(1000)),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
    }
    for (name, text) in [
        ("ratelimit-policy", format!("\"default\";q={limit};w={window_s}")),
        ("ratelimit", format!("\"default\";r={remaining};t={seconds}")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The key of a request, in either spelling; none when the two differ.
fn presented(headers: &HeaderMap) -> Option<ApiKey> {
    let one = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        let first = values.next();
        // A second header would be a second key.
        values.next().is_none().then_some(first)
    };
    let bearer = match one(&header::AUTHORIZATION)? {
        Some(value) => Some(bearer(value)?),
        None => None,
    };
    let plain = one(&API_KEY)?.map(HeaderValue::as_bytes);
    let key = match (bearer, plain) {
        (Some(bearer), Some(plain)) if bearer != plain => return None,
        (bearer, plain) => bearer.or(plain)?,
    };
    ApiKey::parse(std::str::from_utf8(key).ok()?).ok()
}

/// The scheme's case does not count (RFC 9110 §11.1).
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, key) = value.as_bytes().split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(key)
}

fn too_many(message: &'static str, seconds: u64) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).retry_after(seconds)
}
