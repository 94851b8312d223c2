//! Every failure that the router answers with, in one closed table.
//!
//! A failure travels to the outermost layer inside the response's extensions; there the request's id is known and the
//! body is written. Messages may say what the store said: their only readers are the operators of this server.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use queue::QueueError;

use crate::operator::ReloadError;
use crate::wire::Failure;

/// A request that could not be answered as asked.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// No token, or a wrong one.
    Unauthorized,
    /// No such path.
    UnknownPath,
    /// The path exists, the method does not.
    MethodNotAllowed,
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
    /// The failure as JSON.
    pub(crate) fn describe(&self, request_id: String) -> Failure {
        let (_, code) = self.kind();
        Failure {
            error: code.to_owned(),
            message: self.message(),
            code: code.to_owned(),
            request_id,
        }
    }

    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::UnknownPath => (StatusCode::NOT_FOUND, "unknown_path"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
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
            Self::UnknownPath => "there is nothing at this path".to_owned(),
            Self::MethodNotAllowed => {
                "this path does not take this method; Allow names those it takes".to_owned()
            }
            Self::NotJson => "send the request as Content-Type: application/json".to_owned(),
            Self::TooLarge => "the request is larger than any that this server takes".to_owned(),
            Self::UnknownId(id) => format!("nothing in the queue has the id {id}"),
            Self::Internal => "a defect of this server; please report it with its log".to_owned(),
            Self::BadRequest(what) | Self::ReloadFailed(what) | Self::StoreUnavailable(what) => what.clone(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.kind().0.into_response();
        if matches!(self, Self::Unauthorized) {
            let challenge = HeaderValue::from_static("Bearer realm=\"postrider operator\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
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
