//! The right-hand side of addresses (RFC 5321 §2.3.5, §4.1.3).

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use super::{AddressError, scan};

/// A domain name in lower case, or an address literal such as `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
///
/// Cheap to clone. A domain taken from a mailbox shares the mailbox's text.
#[derive(Clone)]
pub struct Domain {
    // The domain begins at `start`; before it, the rest of the mailbox it belongs to.
    pub(super) text: Arc<str>,
    pub(super) start: u16,
}

impl Domain {
    /// Reads a domain name or an address literal.
    ///
    /// # Errors
    /// [`AddressError::Domain`] or [`AddressError::DomainLength`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        scan::check_domain(text)?;
        Ok(match canonical_domain(text)? {
            Some(canonical) => Self {
                text: canonical.into(),
                start: 0,
            },
            None => Self {
                text: text.into(),
                start: 0,
            },
        })
    }

    /// The domain as it is sent: lower case, literals in brackets.
    pub fn as_str(&self) -> &str {
        self.text.get(usize::from(self.start)..).unwrap_or_default()
    }

    /// Whether it is an address literal.
    pub fn is_literal(&self) -> bool {
        self.as_str().starts_with('[')
    }

    /// The address of an address literal.
    pub fn literal(&self) -> Option<IpAddr> {
        parse_literal(self.as_str())
    }

    /// Whether it can be sent without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.as_str().is_ascii()
    }
}

/// The canonical form of a well-formed domain, where it differs from `text`.
pub(super) fn canonical_domain(text: &str) -> Result<Option<String>, AddressError> {
    if text.starts_with('[') {
        let address = parse_literal(text).ok_or(AddressError::Domain)?;
        let canonical = match address {
            IpAddr::V4(address) => format!("[{address}]"),
            IpAddr::V6(address) => format!("[IPv6:{address}]"),
        };
        return Ok((canonical != text).then_some(canonical));
    }
    Ok(text
        .bytes()
        .any(|byte| byte.is_ascii_uppercase())
        .then(|| text.to_ascii_lowercase()))
}

// RFC 5321 §4.1.3. A General-address-literal needs a registered tag; IPv6 is the only one there is.
fn parse_literal(text: &str) -> Option<IpAddr> {
    const TAG: &str = "IPv6:";
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    match inside.split_at_checked(TAG.len()) {
        Some((tag, address)) if tag.eq_ignore_ascii_case(TAG) => {
            Some(address.parse::<Ipv6Addr>().ok()?.into())
        }
        _ => Some(inside.parse::<Ipv4Addr>().ok()?.into()),
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.as_str())
    }
}

impl FromStr for Domain {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

// Two domains are the same if they read the same, wherever their text is kept; with `Borrow<str>` they can be looked
// up in maps by text.
impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Domain {}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Domain {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Domain {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
