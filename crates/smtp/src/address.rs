//! Domains, mailboxes and paths (RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3), parsed once at the edge.
//!
//! **Promise.** A value of these types is well-formed and in one canonical form: domains in lower case, address
//! literals as `std` writes them, local parts quoted only where they must be, source routes removed. Parsing the
//! displayed form gives the same value back.
//!
//! **Choices.** UTF-8 (RFC 6531) is accepted here and asked for with `is_ascii`: whether SMTPUTF8 was negotiated is
//! the session's business. Only ASCII is lower-cased; a U-label is by definition lower case already, and turning it
//! into an A-label is the resolver's work. Underscores in domain labels are accepted, as DNS and Postfix do. A name
//! whose last label is all digits is not a name (RFC 1123 §2.1); it would be read as an address by a resolver.

use thiserror::Error;

use crate::limits::{DOMAIN_MAX, LABEL_MAX, LOCAL_PART_MAX, PATH_MAX};

mod domain;
mod mailbox;
mod path;
mod scan;

pub use domain::Domain;
pub use mailbox::Mailbox;
pub use path::{Addressee, ForwardPath, ReversePath};
pub(crate) use scan::path_length;

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// No `<` at the beginning or no `>` at the end of a path.
    #[error("the path is not in angle brackets")]
    Brackets,
    /// A source route (RFC 5321 Appendix C) that is none.
    #[error("the source route is malformed")]
    SourceRoute,
    /// Neither a dot-string nor a quoted-string before the `@`, or no `@`.
    #[error("the local part is malformed")]
    LocalPart,
    /// More than [`LOCAL_PART_MAX`] octets before the `@`.
    #[error("the local part is longer than {LOCAL_PART_MAX} octets")]
    LocalPartLength,
    /// Neither a domain name nor an address literal.
    #[error("the domain is malformed")]
    Domain,
    /// More than [`DOMAIN_MAX`] octets, or a label of more than [`LABEL_MAX`].
    #[error("the domain is longer than {DOMAIN_MAX} octets or has a label longer than {LABEL_MAX}")]
    DomainLength,
    /// More than [`PATH_MAX`] octets in all, brackets included.
    #[error("the path is longer than {PATH_MAX} octets")]
    PathLength,
}

#[cfg(test)]
mod tests;
