//! The operator's HTTP: request to response.
//!
//! [`router`] turns requests into calls of the [`Operator`] port and what the port says into JSON. Every reply carries
//! `X-Request-Id`; every failure is `{error, message, code, request_id}`. `/health/*` and `/metrics` are for machines
//! that watch and need no token; everything under `/admin` needs the operator token, unknown paths included.
//!
//! [`wire`] holds the JSON of the replies, for the router and for clients in Rust. Domain types derive no serializer:
//! the wire can keep its shape while they change.
//!
//! Absent on purpose: listeners, TLS, and any knowledge of a storage engine.

mod error;
mod operator;
mod queue_routes;
mod router;
mod selection;
mod token;
mod watch_routes;
pub mod wire;

pub use operator::{Operator, Readiness, ReloadError};
pub use router::router;
pub use token::{OperatorToken, OperatorTokenError};

#[cfg(test)]
mod tests;
