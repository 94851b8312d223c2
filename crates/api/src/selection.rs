//! Requests that say which deliveries are meant, and how they are read.

use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection, QueryRejection};
use queue::{DeliveryId, QueueId, Selector};
use serde::Deserialize;

use crate::error::Refusal;
use crate::wire::Selection;

/// Deliveries of one reply unless the request says otherwise.
const PAGE_DEFAULT: usize = 50;

/// Deliveries of one reply at most.
const PAGE_MAX: usize = 500;

/// The query of a listing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    domain: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

/// A part of the queue that a listing asks for.
pub(crate) struct Page {
    pub(crate) selector: Selector,
    pub(crate) after: Option<DeliveryId>,
    pub(crate) limit: usize,
}

impl Listing {
    /// What is asked for, or why it cannot be.
    pub(crate) fn page(self) -> Result<Page, Refusal> {
        let selector = match self.domain {
            Some(domain) => of_domain(&domain)?,
            None => Selector::All,
        };
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Refusal::BadRequest(format!("limit is from 1 to {PAGE_MAX}")));
        }
        let after = self.after.as_deref().map(cursor).transpose()?;
        Ok(Page {
            selector,
            after,
            limit,
        })
    }

    /// The same for the deliveries of one message.
    pub(crate) fn page_of(self, id: &str) -> Result<Page, Refusal> {
        if self.domain.is_some() {
            return Err(Refusal::BadRequest("domain does not go with an id".to_owned()));
        }
        let selector = of_message(id)?;
        Ok(Page {
            selector,
            limit: self.limit.unwrap_or(PAGE_MAX),
            ..self.page()?
        })
    }
}

/// The deliveries that a change means.
pub(crate) fn selected(selection: &Selection) -> Result<Selector, Refusal> {
    match selection {
        Selection::Id(id) => of_message(id),
        Selection::Domain(domain) => of_domain(domain),
        Selection::All(true) => Ok(Selector::All),
        Selection::All(false) => Err(Refusal::BadRequest("all is true or absent".to_owned())),
    }
}

fn of_message(id: &str) -> Result<Selector, Refusal> {
    let id: QueueId = id
        .parse()
        .map_err(|error| Refusal::BadRequest(format!("{id:?} is {error}")))?;
    Ok(Selector::Message(id))
}

fn of_domain(domain: &str) -> Result<Selector, Refusal> {
    let parsed = domain
        .parse()
        .map_err(|error| Refusal::BadRequest(format!("{domain:?} is no domain: {error}")));
    parsed.map(Selector::Domain)
}

/// Reads the `next` of a page: a message id and a part.
fn cursor(text: &str) -> Result<DeliveryId, Refusal> {
    let parsed = text.split_once('/').and_then(|(message, part)| {
        Some(DeliveryId {
            message: message.parse().ok()?,
            part: part.parse().ok()?,
        })
    });
    parsed.ok_or_else(|| Refusal::BadRequest("after is the `next` of an earlier page".to_owned()))
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::MissingJsonContentType(_) => Self::NotJson,
            JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(
                FailedToBufferBody::LengthLimitError(_),
            )) => Self::TooLarge,
            other => Self::BadRequest(other.body_text()),
        }
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}
