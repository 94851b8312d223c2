//! Every failure that the operator's half answers with, in one closed table. Messages may say what the store said: their
//! only readers are the operators of this server.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use queue::QueueError;

use crate::operator::ReloadError;
use crate::problem::Problem;

/// A request that could not be answered as asked.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// No token, or a wrong one.
    Unauthorized,
    /// The body or the query is not what the path takes.
    BadRequest(String),
    /// The body is not JSON by its Content-Type.
    NotJson,
    /// The body is larger than any request needs.
    TooLarge,
    /// No delivery has this id.
    UnknownId(String),
    /// The configuration or a file that it names is wrong.
    ReloadFailed(String),
    /// The store refused or failed.
    StoreUnavailable(String),
    /// A defect of this program.
    Internal,
}

impl Refusal {
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::UnknownId(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::ReloadFailed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "reload_failed"),
            Self::StoreUnavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unauthorized => "this needs the operator token: Authorization: Bearer TOKEN".to_owned(),
            Self::NotJson => "send the request as Content-Type: application/json".to_owned(),
            Self::TooLarge => "the request is larger than any that this server takes".to_owned(),
            Self::UnknownId(id) => format!("nothing in the queue has the id {id}"),
            Self::Internal => "a defect of this server; please report it with its log".to_owned(),
            Self::BadRequest(what) | Self::ReloadFailed(what) | Self::StoreUnavailable(what) => what.clone(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = refusal.kind();
        Self::new(status, code, refusal.message())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let challenge = matches!(self, Self::Unauthorized);
        let mut response = Problem::from(self).into_response();
        if challenge {
            let challenge = HeaderValue::from_static("Bearer realm=\"postrider operator\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<QueueError> for Refusal {
    fn from(error: QueueError) -> Self {
        Self::StoreUnavailable(error.to_string())
    }
}

impl From<ReloadError> for Refusal {
    fn from(error: ReloadError) -> Self {
        Self::ReloadFailed(error.to_string())
    }
}
