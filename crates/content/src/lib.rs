//! What is inside a message: how it is made from the pieces of a request ([`mime`]) and from a template
//! ([`template`]), its header fields, its author, what filters and readers will make of it ([`score`]), what is put into it
//! to learn whether it was read ([`tracking`]), the DKIM signatures that speak for them, and what comes back ([`report`]).
//!
//! **Promise.** Pure functions on the octets of a message. What is made here is made from the arguments alone, so that
//! making it again gives the same octets. Nothing changes what it is given: a signature is a header field to be put
//! *before* the message, which leaves the message itself as it came.
//!
//! **Invariants.**
//! - No socket, file, clock or environment: keys are text, the time is an argument. The one thing taken from the
//!   system is entropy, and only to make new keys ([`dkim::generate`]).
//! - A body is read once, in pieces of any size, and its digest does not depend on how it was cut
//!   ([`dkim::BodyHash`]).
//! - A private key is never printed: its `Debug` says what kind it is.
//!
//! - What comes from a caller (addresses, field names and values, filenames, templates and their variables) is checked
//!   and bounded once, when its value is made; no line break in it can reach a header.
//!
//! **Failures.** What is wrong with a key or a name is said when it is loaded ([`dkim::KeyError`],
//! [`dkim::SignerError`]), what is wrong with a piece of a message when that is made ([`mime::AddressError`],
//! [`mime::FieldError`], [`mime::AttachmentError`], [`template::TemplateError`]). Composing and signing a message cannot
//! fail, whatever the message looks like; filling in a template can ([`template::RenderError`]), and a token can be no
//! token of ours ([`tracking::TokenError`]).

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
pub mod mime;
pub mod report;
pub mod score;
pub mod template;
pub mod tracking;
