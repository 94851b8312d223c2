//! Failures that operations share, as the document tells them.

use std::collections::BTreeMap;

use utoipa::openapi::{Content, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::Error;

/// Of the gate: every operation.
pub(super) struct Admission;

/// Of a body that is read: every operation that takes one.
pub(crate) struct Reading;

/// Of a body that is a list in CSV.
pub(super) struct ReadingCsv;

/// Of an Idempotency-Key and of the spool: every operation that takes mail over.
pub(super) struct Keyed;

impl IntoResponses for Admission {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures([("401", "No good API key"), ("429", "Too many requests")])
    }
}

impl IntoResponses for Reading {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures([
            ("408", "The body did not arrive in time"),
            ("413", "Too large"),
            ("415", "Not JSON"),
        ])
    }
}

impl IntoResponses for ReadingCsv {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures([
            ("408", "The body did not arrive in time"),
            ("413", "Too large"),
            ("415", "Not CSV"),
        ])
    }
}

impl IntoResponses for Keyed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures([
            ("409", "A request with this Idempotency-Key is under way"),
            ("422", "The Idempotency-Key was used for another request"),
            ("503", "The spool takes no mail now; nothing was accepted"),
        ])
    }
}

fn failures<const N: usize>(told: [(&str, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    let failure = |(status, description): (&str, &str)| {
        let content = Content::new(Some(utoipa::openapi::Ref::from_schema_name(Error::name())));
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/json", content)
            .build();
        (status.to_owned(), response.into())
    };
    told.into_iter().map(failure).collect()
}
