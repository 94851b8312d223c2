//! The SMTP protocol as values: grammar, framing, sessions; no sockets, no clock.
//!
//! **Promise.** Octets in, octets and questions out. Everything RFC 5321 and its extensions ask of a server or a
//! client that can be decided without touching the world is decided here; what cannot (is this password right, may
//! this recipient be served, is the message on disk) leaves the session as a question and comes back as an answer.
//!
//! **Invariants.**
//! - No socket, file, clock, randomness, logging or environment: the manifest proves it. Time is a
//!   [`patience`](server::Session::patience) told to the caller, who says when it has run out.
//! - Only CRLF ends a line and only CRLF.CRLF ends a message; a bare CR or LF is refused, never repaired
//!   ([`data`]).
//! - How the octets were cut into packets changes nothing: a session's replies are a function of the stream.
//!   (What is put in one write depends on the cut; what is written does not. The one guard that looks at what arrives
//!   together is described at [`server`].)
//! - The 250 after DATA or BDAT LAST can only be built from a proof that the message is on disk
//!   ([`server::Receipt`]).
//! - Every line, list and loop has a bound, and the bounds are named in [`limits`].
//!
//! **Failures.** Grammar errors are small enums ([`address::AddressError`], [`command::CommandError`]); what the
//! peer hears about them is one row of the reply table ([`reply`]). Nothing here can fail for a reason of the
//! environment.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod address;
pub mod client;
pub mod command;
pub mod data;
pub mod dsn;
pub mod limits;
pub mod reply;
pub mod server;
pub mod trace;
