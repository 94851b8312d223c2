//! Names of domains that customers may send from.

use std::net::IpAddr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use psl::Psl;
use thiserror::Error;

/// Octets of a domain: of the 253 that a name has (RFC 1035 §2.3.4), a selector of one label and `._domainkey.` are put
/// before it.
pub const DOMAIN_OCTETS_MAX: usize = 253 - LABEL_OCTETS_MAX - "._domainkey.".len();

/// RFC 1035 §2.3.4.
const LABEL_OCTETS_MAX: usize = 63;

/// Octets of the text given: what is longer has no A-labels short enough, and is not worth the conversion.
const TEXT_OCTETS_MAX: usize = 1024;

/// Why nobody can send from a domain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DomainFault {
    /// Nothing there.
    #[error("the domain is empty; give one that you own, such as shop.example.com")]
    Empty,
    /// More than [`DOMAIN_OCTETS_MAX`] octets.
    #[error(
        "the domain is longer than {DOMAIN_OCTETS_MAX} characters, which leaves no room for the names of its records; use a shorter one"
    )]
    Length,
    /// An address or URL.
    #[error("give the domain alone, without scheme, path, port or what stands before an @")]
    NotAlone,
    /// An IP address.
    #[error("an IP address cannot publish records; give the name of a domain")]
    Literal,
    /// `*`.
    #[error("a wildcard is not a domain; add each domain that you send from")]
    Wildcard,
    /// `_`.
    #[error("names with an underscore are for DNS records, not for mail; give the domain itself")]
    Underscore,
    /// Not a name by RFC 1035 or UTS 46.
    #[error(
        "this is not a domain name; use letters, digits and hyphens in labels of 1 to {LABEL_OCTETS_MAX} characters with dots between"
    )]
    Syntax,
    /// One label.
    #[error("{0} is a top-level domain; give a domain below it that you own")]
    TopLevel(String),
    /// A name below which everybody can register one.
    #[error(
        "{0} is a public suffix, below which others own domains too; give a domain below it that you own"
    )]
    PublicSuffix(String),
    /// Not in public DNS.
    #[error("{0} is reserved and never in public DNS; give a domain that you own there")]
    Reserved(String),
}

/// The canonical name of a domain to send from: A-labels in lower case, without the root's dot.
///
/// # Errors
/// [`DomainFault`], whose text says what to do.
pub fn sending_domain(text: &str) -> Result<String, DomainFault> {
    let text = text.trim();
    check_characters(text)?;
    let name = Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Ignore,
        )
        .map_err(|_| DomainFault::Syntax)?;
    let name = name.strip_suffix('.').unwrap_or(&name);
    check_labels(name)?;
    check_owner(name)?;
    Ok(name.to_owned())
}

/// What has a better explanation than that it is not a name.
fn check_characters(text: &str) -> Result<(), DomainFault> {
    let bare = text.trim_matches(['[', ']']);
    if text.is_empty() {
        Err(DomainFault::Empty)
    } else if text.len() > TEXT_OCTETS_MAX {
        Err(DomainFault::Length)
    } else if text.starts_with('[') || bare.parse::<IpAddr>().is_ok() {
        Err(DomainFault::Literal)
    } else if text.contains(['@', '/', ':']) {
        Err(DomainFault::NotAlone)
    } else if text.contains('*') {
        Err(DomainFault::Wildcard)
    } else if text.contains('_') {
        Err(DomainFault::Underscore)
    } else {
        Ok(())
    }
}

fn check_labels(name: &str) -> Result<(), DomainFault> {
    let mut labels = name.split('.');
    if labels.any(|label| label.is_empty() || label.len() > LABEL_OCTETS_MAX) {
        return Err(DomainFault::Syntax);
    }
    if name.len() > DOMAIN_OCTETS_MAX {
        return Err(DomainFault::Length);
    }
    // RFC 1123 §2.1: no top-level domain is numeric, so that a name is told from an address, however that is written.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(DomainFault::Literal);
    }
    Ok(())
}

fn check_owner(name: &str) -> Result<(), DomainFault> {
    let top = name.rsplit('.').next().unwrap_or_default();
    // RFC 6761 §6.3, RFC 7686 §2.
    if matches!(top, "localhost" | "onion") {
        return Err(DomainFault::Reserved(name.to_owned()));
    }
    if top == name {
        return Err(DomainFault::TopLevel(name.to_owned()));
    }
    // A top-level domain that is not in the list is the suffix itself; so are `example`, `test` and `invalid`.
    let suffix = psl::List.suffix(name.as_bytes());
    if suffix.is_none_or(|suffix| suffix == name) {
        return Err(DomainFault::PublicSuffix(name.to_owned()));
    }
    Ok(())
}
