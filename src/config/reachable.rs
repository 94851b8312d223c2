//! Where a server of this configuration is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where to connect to what is bound at `address`: a server that is bound to every address is reached on loopback.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_bound_everywhere_is_reached_on_loopback() {
        for (bound, reached) in [
            ("0.0.0.0:8025", "127.0.0.1:8025"),
            ("[::]:8025", "[::1]:8025"),
            ("192.0.2.1:8025", "192.0.2.1:8025"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
