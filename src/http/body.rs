//! Request bodies within bounds: how large, how long, and how long without a part of it arriving.
//!
//! A handler only sees that the body broke off. What broke it is noted here, and the reply says so: 408 for one that
//! came too slowly (RFC 9110 §15.5.9), 413 for one that was too large (§15.5.14).

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use api::wire::Failure;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Frame};
use tower_http::BoxError;
use tower_http::timeout::{DeadlineBody, TimeoutBody, TimeoutError};
use uuid::Uuid;

use super::limits::BodyLimits;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why a body was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Slow,
    Large,
}

/// Runs `next` with the request's body held to `limits`.
pub(super) async fn bounded(State(limits): State<BodyLimits>, request: Request, next: Next) -> Response {
    let version = request.version();
    let declared = request.body().size_hint().lower();
    let fits = usize::try_from(declared).is_ok_and(|octets| octets <= limits.bytes);
    let cut = Arc::new(OnceLock::new());
    let noted = Arc::clone(&cut);
    let request = request.map(|body| match fits {
        true => hold(body, limits, noted),
        false => Body::new(Unread(noted)),
    });
    let response = next.run(request).await;
    match cut.get() {
        Some(cut) => cut.answer(version, response),
        None => response,
    }
}

fn hold(body: Body, limits: BodyLimits, cut: Arc<OnceLock<Cut>>) -> Body {
    let body = Limited::new(body, limits.bytes);
    let body = DeadlineBody::new(limits.total, TimeoutBody::new(limits.pause, body));
    Body::new(body.map_err(move |error| {
        if let Some(why) = Cut::of(&error) {
            // The first reason is the one that is told.
            let _ = cut.set(why);
        }
        error
    }))
}

/// A body that is declared too large, of which nothing is read. Whether it is asked for is the router's to say: whose
/// request it is comes first.
struct Unread(Arc<OnceLock<Cut>>);

impl hyper::body::Body for Unread {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let _ = self.0.set(Cut::Large);
        Poll::Ready(Some(Err("the body is declared too large".into())))
    }
}

impl Cut {
    fn of(error: &BoxError) -> Option<Self> {
        if error.is::<TimeoutError>() {
            Some(Self::Slow)
        } else if error.is::<LengthLimitError>() {
            Some(Self::Large)
        } else {
            None
        }
    }

    /// The reply in place of what a handler made of half a body; the id and the standing in its header hold.
    fn answer(self, version: Version, response: Response) -> Response {
        let mut headers = response.into_parts().0.headers;
        let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let id = id.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let (status, code, message) = match self {
            Self::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the request's body did not arrive in time; send it again",
            ),
            Self::Large => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "the request is larger than any that this server takes",
            ),
        };
        let failure = Failure {
            error: code.to_owned(),
            message: message.to_owned(),
            code: code.to_owned(),
            request_id: id.clone(),
        };
        let answer = (status, Json(failure)).into_response();
        headers.remove(header::CONTENT_LENGTH);
        headers.extend(answer.headers().clone());
        let mut response = answer;
        *response.headers_mut() = headers;
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        // The rest of the body is not read, so nothing can follow it on this connection; HTTP/2 has streams for that.
        if version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}
