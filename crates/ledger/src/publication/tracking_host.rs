//! Which hosts a domain's links may lead through.

use psl::Psl as _;
use thiserror::Error;

use super::sending_domain::{DomainFault, sending_domain};

/// What stands before a domain unless its owner chose another host.
const LABEL: &str = "click";

/// Why links of a domain's mail cannot lead through a host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrackingHostFault {
    /// It is no name that anybody can own.
    #[error(transparent)]
    Name(#[from] DomainFault),
    /// Its owner may be another than the domain's.
    #[error("a tracking host stands below {0}, as the domain does, so that readers know whose it is")]
    Elsewhere(String),
    /// Something else has to be published there.
    #[error(
        "{0} has other records, and a CNAME can have none beside it (RFC 1034 §3.6.2); choose a name that is free, such as click.{0}"
    )]
    Taken(String),
}

/// The host through which links of `domain` lead unless its owner chose one.
pub(crate) fn usual_host(domain: &str) -> String {
    format!("{LABEL}.{domain}")
}

/// The canonical name of a host below the organisational domain of `domain`.
///
/// # Errors
/// [`TrackingHostFault`], whose text says what to do.
pub fn tracking_host(text: &str, domain: &str) -> Result<String, TrackingHostFault> {
    let host = sending_domain(text)?;
    let owned = organisational(domain);
    if organisational(&host) != owned {
        return Err(TrackingHostFault::Elsewhere(owned.to_owned()));
    }
    let is_taken = host == domain || host == owned || host == format!("bounce.{domain}");
    match is_taken {
        true => Err(TrackingHostFault::Taken(host)),
        false => Ok(host),
    }
}

/// The part of a name that was registered.
fn organisational(name: &str) -> &str {
    let owned = psl::List.domain(name.as_bytes());
    let length = owned.map_or(name.len(), |owned| owned.as_bytes().len());
    name.split_at_checked(name.len().saturating_sub(length))
        .map_or(name, |(_, owned)| owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_below_what_the_domain_stands_below() {
        for (host, domain, expected) in [
            ("click.shop.example", "shop.example", Ok("click.shop.example")),
            ("Go.Shop.Example.", "news.shop.example", Ok("go.shop.example")),
            ("a.b.shop.example", "shop.example", Ok("a.b.shop.example")),
            (
                "klick.b\u{fc}cher.example",
                "xn--bcher-kva.example",
                Ok("klick.xn--bcher-kva.example"),
            ),
            ("click.shop.co.uk", "mail.shop.co.uk", Ok("click.shop.co.uk")),
            ("click.rival.co.uk", "shop.co.uk", Err("below shop.co.uk")),
            ("click.rival.example", "shop.example", Err("below shop.example")),
            ("clickshop.example", "shop.example", Err("below shop.example")),
            ("shop.example", "shop.example", Err("click.shop.example")),
            ("shop.example", "news.shop.example", Err("other records")),
            ("bounce.shop.example", "shop.example", Err("other records")),
            (
                "https://click.shop.example/",
                "shop.example",
                Err("without scheme"),
            ),
            ("192.0.2.1", "shop.example", Err("IP address")),
            ("", "shop.example", Err("empty")),
            ("*.shop.example", "shop.example", Err("wildcard")),
        ] {
            let found = tracking_host(host, domain).map_err(|fault| fault.to_string());
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{host}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{host}: {found}"),
                _ => panic!("{host}: {found:?}, expected {expected:?}"),
            }
        }
    }
}
