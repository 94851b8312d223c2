//! Which address a request is from, behind proxies.
//!
//! A proxy that is trusted is believed about whom *it* spoke to, so the hops that `Forwarded` (RFC 7239 §5.2) or
//! `X-Forwarded-For` list are walked from the right, the nearest first, for as long as each of them is a trusted proxy.
//! The first that is none is the client: what stands further left, the client may have written itself. From a peer that
//! is not trusted the headers mean nothing.
//!
//! Most proxies write one of the two headers and pass on the other as the client sent it. So when both stand there and
//! do not agree, neither is believed.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use super::forwarded;
use crate::config::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client that spoke to `peer`, or `peer` itself.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
    if !is_trusted(&peer) {
        return peer;
    }
    let standard = hops(headers, &header::FORWARDED).map(|text| match forwarded::hops(&text) {
        Some(hops) => nearest(peer, hops.iter().map(String::as_str), is_trusted),
        None => peer,
    });
    let customary =
        hops(headers, &X_FORWARDED_FOR).map(|text| nearest(peer, text.split(',').map(str::trim), is_trusted));
    match (standard, customary) {
        (Some(one), Some(other)) if one == other => one,
        (Some(client), None) | (None, Some(client)) => client,
        _ => peer,
    }
}

/// All lines of a header as one list (RFC 9110 §5.3). What is not ASCII is no address; it ends the walk.
fn hops(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().unwrap_or("unknown"))
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// The first hop from the right that is not trusted; where the walk ends before it, the last one that is known.
fn nearest<'h>(
    peer: IpAddr,
    hops: impl DoubleEndedIterator<Item = &'h str>,
    is_trusted: impl Fn(&IpAddr) -> bool,
) -> IpAddr {
    let mut known = peer;
    for hop in hops.rev() {
        let Some(address) = address(hop) else { break };
        known = address;
        if !is_trusted(&known) {
            break;
        }
    }
    known
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(bracketed)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUSTED: [&str; 2] = ["10.0.0.0/8", "2001:db8:1::/48"];

    fn client(peer: &str, lines: &[(&str, &str)]) -> String {
        let trusted: Vec<Network> = TRUSTED.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn the_nearest_hop_that_is_no_proxy_is_the_client() {
        for (peer, hops, expected) in [
            ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
            ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7, 192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            (
                "10.0.0.1",
                "198.51.100.7,192.0.2.1 ,10.0.0.2,10.9.9.9",
                "192.0.2.1",
            ),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
            ("10.0.0.1", "2001:db8:2::7", "2001:db8:2::7"),
            ("10.0.0.1", "[2001:db8:2::7]", "2001:db8:2::7"),
            ("10.0.0.1", "[2001:db8:2::7]:4711, 2001:db8:1::1", "2001:db8:2::7"),
            ("10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"),
            ("10.0.0.1", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "192.0.2.1,", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            let told = client(peer, &[("x-forwarded-for", hops)]);
            assert_eq!(told, expected, "{peer} says {hops:?}");
        }
    }

    #[test]
    fn several_lines_are_one_list_and_both_headers_must_agree() {
        let (xff, forwarded) = ("x-forwarded-for", "forwarded");
        let cases: [(&[(&str, &str)], &str); 8] = [
            (&[], "10.0.0.1"),
            (&[(xff, "192.0.2.1"), (xff, "10.0.0.2")], "192.0.2.1"),
            (&[(xff, "192.0.2.1"), (xff, "192.0.2.2")], "192.0.2.2"),
            (&[(forwarded, "for=192.0.2.1;proto=https")], "192.0.2.1"),
            (
                &[
                    (forwarded, "for=198.51.100.7, for=\"[2001:db8:2::7]:47\""),
                    (forwarded, "For=10.0.0.2"),
                ],
                "2001:db8:2::7",
            ),
            (&[(forwarded, "for=192.0.2.1"), (xff, "192.0.2.1")], "192.0.2.1"),
            (&[(forwarded, "for=198.51.100.7"), (xff, "192.0.2.1")], "10.0.0.1"),
            (&[(forwarded, "for=192.0.2.1, for=\"10.0.0.2")], "10.0.0.1"),
        ];
        for (lines, expected) in cases {
            assert_eq!(client("10.0.0.1", lines), expected, "{lines:?}");
        }
    }
}
