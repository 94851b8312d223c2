//! Whole addresses (RFC 5321 §2.3.11, §4.1.2).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use super::domain::{Domain, canonical_domain};
use super::{AddressError, scan};
use crate::limits::{LOCAL_PART_MAX, PATH_MAX};

/// `local_part@domain`. Cheap to clone.
///
/// Equality is that of the wire form: the local part is compared octet by octet (RFC 5321 §2.4), the domain in lower
/// case.
#[derive(Clone)]
pub struct Mailbox {
    // The domain's text is that of the whole mailbox, of which the domain is the part behind the `@`.
    domain: Domain,
}

impl Mailbox {
    /// Reads `local_part@domain`, without brackets.
    ///
    /// # Errors
    /// Any [`AddressError`] except those of brackets and source routes.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let local = scan::local_part(text)?;
        let domain = text.get(local.length + 1..).unwrap_or_default();
        scan::check_domain(domain)?;
        let canonical = canonical_domain(domain)?;
        if local.canonical.is_none() && canonical.is_none() {
            return Self::from_parts(text.into(), local.length);
        }
        let local_text = match &local.canonical {
            Some(text) => text.as_str(),
            None => text.get(..local.length).unwrap_or_default(),
        };
        let domain = canonical.as_deref().unwrap_or(domain);
        Self::from_parts(format!("{local_text}@{domain}").into(), local_text.len())
    }

    /// `postmaster` of a domain.
    pub fn postmaster(domain: &Domain) -> Self {
        const LOCAL_PART: &str = "postmaster";
        let text = format!("{LOCAL_PART}@{domain}").into();
        Self {
            domain: Domain {
                text,
                start: LOCAL_PART.len() as u16 + 1,
            },
        }
    }

    /// The mailbox as it is sent, without brackets.
    pub fn as_str(&self) -> &str {
        &self.domain.text
    }

    /// What stands before the `@`, as it is sent: quoted if it must be.
    pub fn local_part(&self) -> &str {
        let end = usize::from(self.domain.start).saturating_sub(1);
        self.domain.text.get(..end).unwrap_or_default()
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether it can be sent without SMTPUTF8 (RFC 6531 §3.4).
    pub fn is_ascii(&self) -> bool {
        self.as_str().is_ascii()
    }

    // `at` is where the `@` is in the canonical text.
    fn from_parts(text: Arc<str>, at: usize) -> Result<Self, AddressError> {
        if at > LOCAL_PART_MAX {
            return Err(AddressError::LocalPartLength);
        }
        if text.len() + "<>".len() > PATH_MAX {
            return Err(AddressError::PathLength);
        }
        // The bound above makes it fit.
        let start = at as u16 + 1;
        Ok(Self {
            domain: Domain { text, start },
        })
    }
}

impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Mailbox {}

impl Hash for Mailbox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Mailbox {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Mailbox {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

/// The wire form, without brackets.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({})", self.as_str())
    }
}

impl FromStr for Mailbox {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}
