//! A network of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3).

use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// An address and the number of leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// Why something is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Neither an address nor `address/prefix`.
    #[error("not a network; write an address such as 127.0.0.1 or a network such as 10.0.0.0/8 or fd00::/8")]
    Syntax,
    /// The prefix is longer than the address.
    #[error("the prefix is longer than the address")]
    Prefix,
}

impl Network {
    /// The network of the first `prefix` bits of `address`.
    ///
    /// # Errors
    /// [`NetworkError::Prefix`].
    pub fn new(address: IpAddr, prefix: u32) -> Result<Self, NetworkError> {
        match prefix <= width(address) {
            true => Ok(Self { address, prefix }),
            false => Err(NetworkError::Prefix),
        }
    }

    /// Whether `address` lies in it. A mapped IPv4 address (`::ffff:192.0.2.1`) is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_ipv4() != self.address.is_ipv4() {
            return false;
        }
        let differing = bits(address) ^ bits(self.address);
        // A shift by the whole width is none that a number can make.
        differing.checked_shr(width(address) - self.prefix).unwrap_or(0) == 0
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
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| NetworkError::Syntax)?,
            None => width(address),
        };
        Self::new(address, prefix)
    }
}

fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
