//! Where a link leads, read as browsers read it (URL Standard): white space within is nothing, `\` is `/`, and a host
//! that ends in a number is an address, however it is written.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An absolute URL in pieces. Nothing is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// In lower case.
    pub(super) scheme: String,
    /// Whether there is something before the host, as in `user@host`.
    pub(super) userinfo: bool,
    /// In lower case, without a dot at its end; empty if the scheme has none.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// What follows the host.
    pub(super) rest: String,
}

impl Target {
    /// Reads an absolute URL. `None` if it has no scheme.
    pub(super) fn of(href: &str) -> Option<Self> {
        let href: String = href
            .trim()
            .chars()
            .filter(|char| !matches!(char, '\t' | '\r' | '\n'))
            .collect();
        let (scheme, behind) = href.split_once(':')?;
        if !is_scheme(scheme) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https" | "ftp") {
            return Some(Self {
                scheme,
                userinfo: false,
                host: String::new(),
                port: None,
                rest: behind.to_owned(),
            });
        }
        let behind = behind.trim_start_matches(['/', '\\']);
        let end = behind.find(['/', '\\', '?', '#']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at_checked(end)?;
        let (userinfo, host_and_port) = match authority.rsplit_once('@') {
            Some((_, host)) => (true, host),
            None => (false, authority),
        };
        let (host, port) = split_port(host_and_port);
        Some(Self {
            scheme,
            userinfo,
            host: host.trim_end_matches('.').to_lowercase(),
            port,
            rest: rest.to_owned(),
        })
    }

    /// Whether a browser opens it.
    pub(super) fn is_web(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn split_port(host: &str) -> (&str, Option<u16>) {
    if host.ends_with(']') {
        return (host, None);
    }
    match host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (host, None),
    }
}

/// Whether it is an IP address: in brackets, or with a last label that is a number.
pub(super) fn is_numeric(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    host.starts_with('[') || hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether nobody outside can reach it.
pub(super) fn is_private(host: &str) -> bool {
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified();
    }
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
        return address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local();
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "localhost" | "local" | "internal" | "lan" | "home" | "test" | "invalid"
    ) || !(host.is_empty() || host.contains('.') || is_numeric(host))
}

/// The last label.
pub(super) fn top_level(host: &str) -> &str {
    host.rsplit('.').next().unwrap_or_default()
}

/// What one owner has registered, as a guess without a list: two labels, or three below a country if the second is
/// short, as in `a.co.uk`.
pub(super) fn registered(host: &str) -> &str {
    if is_numeric(host) {
        return host;
    }
    let mut labels = host.rsplit('.');
    let top = labels.next().unwrap_or_default();
    let second = labels.next().unwrap_or_default();
    let kept = if top.len() == 2 && second.len() <= 3 { 3 } else { 2 };
    let dots = host.rmatch_indices('.').nth(kept - 1);
    dots.and_then(|(at, _)| host.get(at + 1..)).unwrap_or(host)
}

/// The host as it is shown: A-labels decoded (RFC 5891).
pub(super) fn shown(host: &str) -> Cow<'_, str> {
    if host.split('.').any(|label| label.starts_with("xn--")) {
        idna::domain_to_unicode(host).0.into()
    } else {
        host.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_a_browser_reads_it() {
        for (href, scheme, host, port, userinfo, rest) in [
            ("https://A.example/x?y", "https", "a.example", None, false, "/x?y"),
            (" HTTP:\\\\a.example.\\x", "http", "a.example", None, false, "\\x"),
            (
                "https://u:p@a.example:8080",
                "https",
                "a.example",
                Some(8080),
                true,
                "",
            ),
            (
                "https://bank.example@evil.example/",
                "https",
                "evil.example",
                None,
                true,
                "/",
            ),
            ("http://[::1]/", "http", "[::1]", None, false, "/"),
            ("ht\ntps://a.example", "https", "a.example", None, false, ""),
            ("mailto:a@b", "mailto", "", None, false, "a@b"),
        ] {
            let target = Target::of(href).unwrap();
            let expected = Target {
                scheme: scheme.to_owned(),
                userinfo,
                host: host.to_owned(),
                port,
                rest: rest.to_owned(),
            };
            assert_eq!(target, expected, "{href}");
        }
        for href in ["", "#", "/x", "a.example/x", "1a:b", "{{ url }}"] {
            assert_eq!(Target::of(href), None, "{href}");
        }
    }

    #[test]
    fn hosts_are_told_apart() {
        for (host, numeric, private, owner) in [
            ("a.b.example.com", false, false, "example.com"),
            ("www.shop.co.uk", false, false, "shop.co.uk"),
            ("co.uk", false, false, "co.uk"),
            ("news.example.de", false, false, "example.de"),
            ("192.0.2.1", true, false, "192.0.2.1"),
            ("10.1.2.3", true, true, "10.1.2.3"),
            ("3232235777", true, false, "3232235777"),
            ("0xc0a80001", true, false, "0xc0a80001"),
            ("[::1]", true, true, "[::1]"),
            ("intranet", false, true, "intranet"),
            ("printer.local", false, true, "printer.local"),
        ] {
            assert_eq!(is_numeric(host), numeric, "{host}");
            assert_eq!(is_private(host), private, "{host}");
            assert_eq!(registered(host), owner, "{host}");
        }
    }
}
