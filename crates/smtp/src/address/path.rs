//! Addresses as MAIL and RCPT have them: in angle brackets, with the exceptions (RFC 5321 §4.1.1.2, §4.1.1.3).

use std::fmt;

use super::domain::Domain;
use super::mailbox::Mailbox;
use super::{AddressError, scan};

/// Whom to tell of a failure: the argument of MAIL FROM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReversePath {
    /// `<>`: nobody. Notices have it, so that they are never answered by notices (RFC 5321 §4.5.5).
    #[default]
    Null,
    /// A mailbox.
    Mailbox(Mailbox),
}

/// Where to deliver: the argument of RCPT TO.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForwardPath(Mailbox);

/// What may stand in RCPT TO: a forward-path, or `<postmaster>` without a domain (RFC 5321 §4.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A forward-path.
    ForwardPath(ForwardPath),
    /// `<postmaster>` in any case: whoever runs this server.
    Postmaster,
}

impl ReversePath {
    /// Reads `<>` or `<mailbox>`; a source route is accepted and removed.
    ///
    /// # Errors
    /// Any [`AddressError`].
    pub fn parse(path: &str) -> Result<Self, AddressError> {
        match scan::inside_path(path)? {
            "" => Ok(Self::Null),
            mailbox => Ok(Self::Mailbox(Mailbox::parse(mailbox)?)),
        }
    }

    /// The mailbox, if it is not null.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// The mailbox without brackets; empty for the null path.
    pub fn as_str(&self) -> &str {
        self.mailbox().map_or("", Mailbox::as_str)
    }

    /// Whether it is `<>`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it can be sent without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.as_str().is_ascii()
    }
}

impl ForwardPath {
    /// Reads `<mailbox>`; a source route is accepted and removed (RFC 5321 Appendix C).
    ///
    /// # Errors
    /// Any [`AddressError`]; the null path is one.
    pub fn parse(path: &str) -> Result<Self, AddressError> {
        Ok(Self(Mailbox::parse(scan::inside_path(path)?)?))
    }

    /// The mailbox.
    pub fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    /// The mailbox without brackets.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.local_part()
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &Domain {
        self.0.domain()
    }

    /// Whether it can be sent without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }
}

impl Addressee {
    /// Reads what [`ForwardPath::parse`] reads, and `<postmaster>`.
    ///
    /// # Errors
    /// Any [`AddressError`].
    pub fn parse(path: &str) -> Result<Self, AddressError> {
        let mailbox = scan::inside_path(path)?;
        if mailbox.eq_ignore_ascii_case("postmaster") {
            return Ok(Self::Postmaster);
        }
        Ok(Self::ForwardPath(ForwardPath(Mailbox::parse(mailbox)?)))
    }

    /// The forward-path as seen by the server called `hostname`.
    pub fn at(self, hostname: &Domain) -> ForwardPath {
        match self {
            Self::ForwardPath(path) => path,
            Self::Postmaster => ForwardPath(Mailbox::postmaster(hostname)),
        }
    }
}

/// The wire form, in angle brackets.
impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.as_str())
    }
}

/// The wire form, in angle brackets.
impl fmt::Display for ForwardPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.as_str())
    }
}

impl From<Mailbox> for ReversePath {
    fn from(mailbox: Mailbox) -> Self {
        Self::Mailbox(mailbox)
    }
}

impl From<Mailbox> for ForwardPath {
    fn from(mailbox: Mailbox) -> Self {
        Self(mailbox)
    }
}
