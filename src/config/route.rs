//! Next hops that the operator chose.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use super::domain::{DomainPattern, is_host_name};

/// A next hop for the mail of some domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The recipient domains.
    pub domain: DomainPattern,
    /// Where their mail goes.
    pub to: NextHop,
}

/// Where mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// A host name in lower case, or an address without brackets.
    pub host: String,
    /// The port; `None` where the route names none, which means `delivery.smtp_port`.
    pub port: Option<u16>,
    /// How the host's addresses are found.
    pub lookup: Lookup,
}

/// How the addresses of a next hop are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// By its MX records.
    Mx,
    /// By its address records, or without asking when it is an address.
    Address,
}

/// Why a text is not a next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NextHopError {
    /// Neither `host:port` nor `[host]:port`.
    #[error(
        "not a next hop; write host:port to follow the host's MX records or [host]:port to connect to the host itself"
    )]
    Syntax,
    /// What follows the colon is no port.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// An address has no MX records.
    #[error("an address has no MX records; put it in brackets, as in [192.0.2.1]:25")]
    BareAddress,
}

/// The route of `domain` among `routes`, which are in the order in which [`super::Config`] has them; `None` means the
/// domain's own MX records.
pub fn route_for<'r>(routes: &'r [Route], domain: &str) -> Option<&'r Route> {
    routes.iter().find(|route| route.domain.matches(domain))
}

impl NextHop {
    /// The host as an address, when it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl FromStr for NextHop {
    type Err = NextHopError;

    fn from_str(text: &str) -> Result<Self, NextHopError> {
        match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(NextHopError::Syntax)?;
                bracketed(host, port)
            }
            None => bare(text),
        }
    }
}

fn bracketed(host: &str, port: &str) -> Result<NextHop, NextHopError> {
    if host.parse::<IpAddr>().is_err() && !is_host_name(host) {
        return Err(NextHopError::Syntax);
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(port_number(digits)?),
        None if port.is_empty() => None,
        None => return Err(NextHopError::Syntax),
    };
    Ok(NextHop {
        host: host.to_ascii_lowercase(),
        port,
        lookup: Lookup::Address,
    })
}

fn bare(text: &str) -> Result<NextHop, NextHopError> {
    let (host, port) = match text.split_once(':') {
        _ if text.parse::<Ipv6Addr>().is_ok() => return Err(NextHopError::BareAddress),
        Some((host, digits)) => (host, Some(port_number(digits)?)),
        None => (text, None),
    };
    if host.parse::<IpAddr>().is_ok() {
        return Err(NextHopError::BareAddress);
    }
    if !is_host_name(host) {
        return Err(NextHopError::Syntax);
    }
    Ok(NextHop {
        host: host.to_ascii_lowercase(),
        port,
        lookup: Lookup::Mx,
    })
}

fn port_number(digits: &str) -> Result<u16, NextHopError> {
    match digits.parse() {
        Ok(0) | Err(_) => Err(NextHopError::Port),
        Ok(port) => Ok(port),
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lookup {
            Lookup::Mx => f.write_str(&self.host)?,
            Lookup::Address => write!(f, "[{}]", self.host)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_hops_are_read_and_written_back() {
        let cases = [
            (
                "relay.example.net:587",
                "relay.example.net",
                Some(587),
                Lookup::Mx,
            ),
            ("Relay.Example.net", "relay.example.net", None, Lookup::Mx),
            (
                "[relay.example.net]:2525",
                "relay.example.net",
                Some(2525),
                Lookup::Address,
            ),
            ("[192.0.2.1]", "192.0.2.1", None, Lookup::Address),
            ("[2001:db8::1]:25", "2001:db8::1", Some(25), Lookup::Address),
        ];
        for (text, host, port, lookup) in cases {
            let hop: NextHop = text.parse().unwrap();
            assert_eq!(
                (hop.host.as_str(), hop.port, hop.lookup),
                (host, port, lookup),
                "{text}"
            );
            assert_eq!(hop.to_string(), text.to_ascii_lowercase());
        }
    }

    #[test]
    fn what_is_not_a_next_hop_is_refused() {
        let cases = [
            ("", NextHopError::Syntax),
            ("[]:25", NextHopError::Syntax),
            ("[relay.example.net", NextHopError::Syntax),
            ("[relay.example.net]25", NextHopError::Syntax),
            ("relay example.net:25", NextHopError::Syntax),
            ("relay.example.net:0", NextHopError::Port),
            ("relay.example.net:smtp", NextHopError::Port),
            ("[relay.example.net]:70000", NextHopError::Port),
            ("192.0.2.1:25", NextHopError::BareAddress),
            ("2001:db8::1", NextHopError::BareAddress),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<NextHop>(), Err(error), "{text:?}");
        }
    }
}
