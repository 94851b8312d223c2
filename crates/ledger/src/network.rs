//! A network of IP addresses in CIDR notation (RFC 4632, RFC 4291 §2.3).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// An address and the number of leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Neither an address nor `address/prefix`.
    #[error(
        "not a network; write an address such as 192.0.2.1 or a network such as 192.0.2.0/24 or 2001:db8::/32"
    )]
    Syntax,
    /// The prefix is longer than the address.
    #[error("the prefix is longer than an address; the longest here is /{0}")]
    Prefix(u8),
    /// Bits beyond the prefix are set, which a typing error easily causes.
    #[error("has bits set beyond its prefix; write {0}")]
    HostBits(Network),
}

impl Network {
    /// Whether `address` lies in this network. An IPv4 address that arrived on an IPv6 socket (`::ffff:192.0.2.1`)
    /// is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
            (IpAddr::V4(_), inside @ IpAddr::V4(_)) | (IpAddr::V6(_), inside @ IpAddr::V6(_)) => {
                masked(inside, self.prefix) == self.address
            }
        }
    }

    /// Whether every address of its family lies in this network.
    pub fn is_everything(&self) -> bool {
        self.prefix == 0
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Syntax)?;
        let longest = longest_prefix(address);
        let prefix = match prefix {
            Some(digits) => digits.parse().map_err(|_| NetworkError::Syntax)?,
            None => longest,
        };
        if prefix > longest {
            return Err(NetworkError::Prefix(longest));
        }
        let network = Self {
            address: masked(address, prefix),
            prefix,
        };
        if network.address != address {
            return Err(NetworkError::HostBits(network));
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn longest_prefix(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// `address` with every bit beyond `prefix` cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_below_its_prefix() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("::1", "::1", true),
        ];
        for (network, address, inside) in cases {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(
                parsed.contains(address.parse().unwrap()),
                inside,
                "{address} in {network}"
            );
        }
    }

    #[test]
    fn what_is_not_a_network_is_refused_with_its_remedy() {
        let cases = [
            ("", "not a network"),
            ("example.org/24", "not a network"),
            ("192.0.2.0/", "not a network"),
            ("192.0.2.0/-1", "not a network"),
            ("192.0.2.0/33", "the longest here is /32"),
            ("2001:db8::/129", "the longest here is /128"),
            ("192.0.2.1/24", "write 192.0.2.0/24"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
