//! Where a request may go. A customer chooses the URL and this server sends to it, from inside its operator's network:
//! without these rules a webhook would be a way to reach what no outsider can (server-side request forgery).
//!
//! **Promise.** A [`Destination`] has the form of a public HTTPS URL, or of one that the operator allows for development. An
//! address is connected to only if [`Policy::admits`] it; whoever connects must resolve the name once, ask about each
//! address, and connect to the very address that was admitted: a second resolution could answer otherwise.

mod address;

use std::net::IpAddr;

use thiserror::Error;
use url::{Host as UrlHost, Url};

use crate::limits::URL_BYTES_MAX;
use crate::network::Network;

pub use address::is_public;

const HTTPS_PORT: u16 = 443;
/// Ports below are those of other protocols.
const FIRST_FREE_PORT: u16 = 1024;

/// What an operator allows beyond the public Internet, for development. By default nothing.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Addresses that may be connected to although they are not public.
    pub networks: Vec<Network>,
    /// Hosts that may be reached without TLS, and at any port: names in lower case, or addresses.
    pub plain_hosts: Vec<String>,
}

/// A URL that requests may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    url: Url,
    host: Host,
    port: u16,
}

/// The host of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, to be resolved: lower case, A-labels, no dot at its end.
    Name(String),
    /// An address, admitted.
    Address(IpAddr),
}

/// Why requests may not go to a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DestinationError {
    /// Not a URL.
    #[error("not a URL; expected one such as https://example.com/hooks")]
    Syntax,
    /// Too long.
    #[error("a URL has at most {URL_BYTES_MAX} octets")]
    TooLong,
    /// Not `https`.
    #[error("requests are sent over https only")]
    Scheme,
    /// A user or a password in it.
    #[error("a URL with a user or a password is not taken; the signature says who sends")]
    User,
    /// A port that belongs to another protocol.
    #[error("the port must be 443, or 1024 or above")]
    Port,
    /// A host that names no place on the public Internet.
    #[error("the host is not on the public Internet")]
    Host,
}

impl Policy {
    /// Whether a connection to `address` may be made.
    pub fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| network.contains(address))
    }

    fn is_plain(&self, host: &Host) -> bool {
        let host = match host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        };
        self.plain_hosts.contains(&host)
    }
}

impl Destination {
    /// Reads a URL as browsers do (WHATWG): `https://0x7f.1` and `https://2130706433` are 127.0.0.1, and are treated so.
    ///
    /// # Errors
    /// [`DestinationError`].
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, DestinationError> {
        if text.len() > URL_BYTES_MAX {
            return Err(DestinationError::TooLong);
        }
        // Browsers mend these; two programs that mend differently would see two hosts.
        if text
            .chars()
            .any(|char| char.is_whitespace() || char.is_control() || char == '\\')
        {
            return Err(DestinationError::Syntax);
        }
        let mut url = Url::parse(text).map_err(|_| DestinationError::Syntax)?;
        url.set_fragment(None);
        if !matches!(url.scheme(), "https" | "http") {
            return Err(DestinationError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DestinationError::User);
        }
        // What is escaped may have grown.
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(DestinationError::TooLong);
        }
        let host = host(&url)?;
        let port = url.port_or_known_default().ok_or(DestinationError::Port)?;
        if !policy.is_plain(&host) {
            strictly(&url, &host, port, policy)?;
        }
        Ok(Self { url, host, port })
    }

    /// The URL, normalized.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Whether it is reached over TLS.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host to connect to.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The `Host` header field (RFC 9110 §7.2).
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The request target in origin form (RFC 9112 §3.2.1).
    pub fn target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }
}

fn host(url: &Url) -> Result<Host, DestinationError> {
    match url.host() {
        Some(UrlHost::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            match name.is_empty() || name.len() > 253 {
                true => Err(DestinationError::Host),
                false => Ok(Host::Name(name.to_owned())),
            }
        }
        Some(UrlHost::Ipv4(address)) => Ok(Host::Address(address.into())),
        Some(UrlHost::Ipv6(address)) => Ok(Host::Address(address.into())),
        None => Err(DestinationError::Host),
    }
}

/// What holds for every host that the operator does not name.
fn strictly(url: &Url, host: &Host, port: u16, policy: &Policy) -> Result<(), DestinationError> {
    if url.scheme() != "https" {
        return Err(DestinationError::Scheme);
    }
    if port != HTTPS_PORT && port < FIRST_FREE_PORT {
        return Err(DestinationError::Port);
    }
    let reachable = match host {
        // RFC 6761 §6.3, RFC 6762, RFC 9476: names that mean something else on every machine. Others are judged by what
        // they resolve to.
        Host::Name(name) => {
            let top = name.rsplit('.').next().unwrap_or_default();
            name.contains('.') && !matches!(top, "localhost" | "local" | "internal" | "alt" | "onion")
        }
        Host::Address(address) => policy.admits(*address),
    };
    reachable.then_some(()).ok_or(DestinationError::Host)
}

#[cfg(test)]
mod tests;
