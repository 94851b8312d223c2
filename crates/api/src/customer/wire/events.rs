//! Events as JSON.

use ledger::{Email, Event, iso8601};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::customer::events::event_data;

/// Something that happened to an e-mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    pub(crate) id: String,
    pub(crate) email_id: String,
    pub(crate) customer_id: String,
    pub(crate) event_type: String,
    /// The recipient's state after it.
    pub(crate) status: String,
    pub(crate) recipient: String,
    /// The author; null once the e-mail's record is gone.
    pub(crate) from: Option<String>,
    /// When it happened.
    pub(crate) timestamp: String,
    /// What is told depends on the type.
    #[schema(value_type = Object)]
    pub(crate) event_data: Value,
    /// When it was recorded.
    pub(crate) created_at: String,
    pub(crate) tag: Option<String>,
    /// Of two events of one e-mail the later has the greater.
    pub(crate) sequence: u64,
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Value>,
}

/// Events, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    pub(crate) events: Vec<EventView>,
    pub(crate) pagination: EventPagination,
}

/// A page of events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventPagination {
    /// Which page, from 1; null behind a cursor.
    pub(crate) page: Option<u32>,
    /// Entries of a page.
    pub(crate) limit: u32,
    /// Entries in all, as far as was looked; null behind a cursor.
    pub(crate) total: Option<u64>,
    /// Whether `total` is all there are.
    pub(crate) total_exact: bool,
    /// Pages in all.
    pub(crate) pages: Option<u64>,
    /// Where the list goes on: the `cursor` of the next request. A page can have fewer entries than asked for although
    /// there is one.
    pub(crate) next_cursor: Option<String>,
}

/// The events of an e-mail, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EmailEvents {
    pub(crate) email_id: String,
    pub(crate) events: Vec<EventView>,
    pub(crate) timeline: Vec<TimelineEntry>,
}

/// An event in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    pub(crate) timestamp: String,
    pub(crate) event_type: String,
    #[schema(value_type = Object)]
    pub(crate) details: Value,
}

impl EventView {
    pub(crate) fn of(event: &Event, email: Option<&Email>) -> Self {
        let at = iso8601(event.at_unix_ms);
        Self {
            id: event.id().to_string(),
            email_id: event.email.to_string(),
            customer_id: event.account.to_string(),
            event_type: event.event_type().as_str().to_owned(),
            status: event.status.as_str().to_owned(),
            recipient: event.recipient.clone(),
            from: email.map(|email| email.from.clone()),
            timestamp: at.clone(),
            event_data: event_data(event),
            created_at: at,
            tag: email.and_then(|email| email.tag.clone()),
            sequence: event.sequence,
            metadata: email
                .and_then(|email| email.metadata.as_deref())
                .and_then(|metadata| serde_json::from_str(metadata).ok()),
        }
    }
}
