//! The customers' HTTP: request to response.
//!
//! Each group of operations has its file. What they share: a request is authenticated and counted before it is read
//! (`gate`), its body is held to the schema that the OpenAPI document shows (`body`), and whatever goes wrong is a
//! [`Problem`](crate::problem::Problem). The document is made of the same handlers and types that do the work
//! (`router`), so that neither can say something else than the other.

mod batch;
pub(crate) mod body;
mod bulk;
pub(crate) mod caller;
mod compose;
mod content_score;
pub(crate) mod credentials;
mod csv;
pub(crate) mod domains;
mod emails;
mod events;
mod examples;
mod exports;
mod filters;
mod gate;
mod health;
mod idempotency;
mod imports;
mod pages;
pub(crate) mod profile;
mod rate;
mod reference;
mod rendering;
pub(crate) mod responses;
mod router;
pub(crate) mod send;
mod source;
mod statistics;
mod suppressions;
mod unsubscribes;
mod webhooks;
pub(crate) mod wire;

pub use events::{event_data, webhook_payload};
pub use rendering::Rendering;
pub use router::{openapi, router};
pub use source::{Edits, compose_stored};
