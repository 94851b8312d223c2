//! What is inside a message: its header fields, its author, and the DKIM signatures that speak for them.
//!
//! **Promise.** Pure functions on the octets of a message. Nothing here changes what it is given: a signature is a
//! header field to be put *before* the message, which leaves the message itself as it came.
//!
//! **Invariants.**
//! - No socket, file, clock or environment: keys are text, the time is an argument. The one thing taken from the
//!   system is entropy, and only to make new keys ([`dkim::generate`]).
//! - A body is read once, in pieces of any size, and its digest does not depend on how it was cut
//!   ([`dkim::BodyHash`]).
//! - A private key is never printed: its `Debug` says what kind it is.
//!
//! **Failures.** What is wrong with a key or a name is said when it is loaded ([`dkim::KeyError`],
//! [`dkim::SignerError`]). Signing a message cannot fail, whatever the message looks like.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod author;
pub mod dkim;
pub mod header;
