//! The one shape of every failure.
//!
//! A failure travels to the outermost layer inside the response's extensions; there the request's id is known, and whether
//! the client wants `application/problem+json` (RFC 9457), and the body is written. Nothing internal is in it: what the
//! store said goes to the log.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::LedgerError;
use queue::QueueError;
use serde::Serialize;
use utoipa::ToSchema;

/// A request that could not be answered as asked.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    /// What `error` says where that is not the code.
    pub(crate) error: Option<&'static str>,
    pub(crate) message: Cow<'static, str>,
    pub(crate) faults: Vec<Fault>,
    /// Seconds after which trying again makes sense.
    pub(crate) retry_after_s: Option<u64>,
}

/// One fault of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where it is: a JSON pointer (RFC 6901).
    #[schema(example = "/attachments/0/content")]
    pub field: String,
    /// What is wrong, for programs; stable.
    #[schema(example = "not_base64")]
    pub code: Cow<'static, str>,
    /// What is wrong, for people.
    pub message: String,
}

/// Every failure.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Error {
    /// What went wrong; the same as `code`, but for unsubscribes and the events of an e-mail, which have texts here.
    #[schema(example = "validation_failed")]
    error: String,
    /// What went wrong, for people.
    message: String,
    /// What went wrong, for programs; stable.
    #[schema(example = "validation_failed")]
    code: String,
    /// The request's id, as in `X-Request-Id`.
    request_id: String,
    /// Each fault of a request that does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

/// The same as RFC 9457 has it.
#[derive(Serialize)]
struct ProblemDetails<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: String,
    #[serde(flatten)]
    error: &'a Error,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            error: None,
            message: message.into(),
            faults: Vec::new(),
            retry_after_s: None,
        }
    }

    /// Faults of a request, all of them.
    pub(crate) fn validation(faults: Vec<Fault>) -> Self {
        let message = match faults.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            several => format!("{} faults; each is in `errors` with its field", several.len()),
        };
        Self {
            faults,
            ..Self::new(StatusCode::BAD_REQUEST, "validation_failed", message)
        }
    }

    /// One fault of a request.
    pub(crate) fn fault(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::validation(vec![Fault::new(field, code, message)])
    }

    /// With a text of its own in `error`, as deployed clients know it.
    pub(crate) fn worded(mut self, error: &'static str) -> Self {
        self.error = Some(error);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what)
    }

    pub(crate) fn internal(why: &dyn std::fmt::Display) -> Self {
        tracing::error!(%why, "a request failed");
        let message = "a defect of this server; its operator finds more in the log under this request's id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    pub(crate) fn unavailable(why: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%why, "the store is not available");
        let message = "the server cannot reach its store now; nothing was done";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "spool_unavailable", message).retry_after(5)
    }

    /// Writes the body, once the request is known.
    pub(crate) fn describe(self, request_id: &str, accept: Option<&HeaderValue>) -> Response {
        let error = Error {
            error: self.error.unwrap_or(self.code).to_owned(),
            message: self.message.into_owned(),
            code: self.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.faults,
        };
        let wants_details = accept
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("application/problem+json"));
        let (body, media_type) = if wants_details {
            let details = ProblemDetails {
                r#type: "about:blank",
                title: self.status.canonical_reason().unwrap_or_default(),
                status: self.status.as_u16(),
                detail: &error.message,
                instance: format!("urn:uuid:{request_id}"),
                error: &error,
            };
            (serde_json::to_vec(&details), "application/problem+json")
        } else {
            (serde_json::to_vec(&error), "application/json")
        };
        let mut response = (self.status, body.unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl Fault {
    pub(crate) fn new(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::NotFound => Self::not_found("nothing has this id"),
            LedgerError::Taken(name) => Self::new(
                StatusCode::CONFLICT,
                "already_exists",
                format!("{name} is there already"),
            ),
            LedgerError::Conflict => {
                let message = "others are changing the same thing; try again";
                Self::new(StatusCode::CONFLICT, "conflict", message).retry_after(1)
            }
            LedgerError::Limit(what) => Self::new(StatusCode::FORBIDDEN, "limit_reached", what),
            LedgerError::Store(error) => Self::unavailable(&error),
            error @ LedgerError::Damaged { .. } => Self::internal(&error),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Store(error) => Self::unavailable(&error),
            error @ QueueError::Damaged { .. } => Self::internal(&error),
        }
    }
}
