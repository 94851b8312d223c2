//! HTTP: request to response, for customers and for operators.
//!
//! [`customer_router`] is the REST API of accounts over the [`Platform`] port; [`router`] is the operators', over that and
//! the [`Operator`] port. Every reply carries `X-Request-Id`; every failure is `{error, message, code, request_id}`, with
//! `errors` where a request has several faults. Under `/admin` everything needs the operator token, under `/api` an API key,
//! unknown paths included. `/health/*` and `/metrics` are for machines that watch, `/openapi.json` and `/docs` for
//! everybody.
//!
//! [`wire`] holds the JSON of the operators' replies, for the router and for clients in Rust. Domain types derive no
//! serializer: the wire can keep its shape while they change.
//!
//! Absent on purpose: listeners, TLS, a clock, randomness, and any knowledge of a storage engine.

mod customer;
mod customer_routes;
mod domain_routes;
mod edge;
mod error;
mod hooks;
pub mod limits;
mod operator;
mod platform;
mod problem;
mod queue_routes;
mod router;
mod selection;
mod stop_routes;
mod token;
mod token_routes;
mod track;
mod watch_routes;
pub mod wire;

pub use customer::{
    Edits, Rendering, compose_stored, event_data, openapi, router as customer_router, webhook_payload,
};
pub use hooks::{HookedBounce, HookedComplaint, Hooks};
pub use operator::{Operator, Readiness, ReloadError};
pub use platform::{Answer, Draft, MOMENTS_PER_S, Mailing, NotAccepted, Platform, Settings};
pub use problem::Fault;
pub use router::router;
pub use token::{OperatorToken, OperatorTokenError};
pub use track::{Tracking, Visitor};

/// The address of the client, behind whatever proxies are trusted: put into the request by whoever serves the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub std::net::IpAddr);

#[cfg(test)]
mod tests;
