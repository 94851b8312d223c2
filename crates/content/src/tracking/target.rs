//! Where a link leads, and whether that may be tracked.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::limits::URL_OCTETS_MAX;
use super::place::is_place;
use super::tag::Quote;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// To a page, which is told to us as it stands here and asked for in its place.
    Page(String),
    /// To where one unsubscribes, once that is put here.
    Unsubscribe,
    /// Anywhere else: it stays.
    Other,
}

impl Target {
    /// That of an `href`, given as it stands in the document.
    pub(super) fn of(value: &str, excluded_hosts: &[&str]) -> Self {
        if value.len() > 6 * URL_OCTETS_MAX {
            return Self::Other;
        }
        let decoded = htmlize::unescape_attribute(value);
        let url = decoded.trim_matches(|char: char| char <= ' ');
        if is_place(url) {
            return Self::Unsubscribe;
        }
        match page(url) {
            Some(url) if !is_excluded(&url, excluded_hosts) => Self::Page(url.into_owned()),
            _ => Self::Other,
        }
    }
}

/// The URL as a browser reads it, if it is one that may be asked for in its place: of the web, with a host, without a
/// password, complete.
fn page(url: &str) -> Option<Cow<'_, str>> {
    // URL Standard §4.4: tab, CR and LF are passed over.
    let url = if url.contains(['\t', '\r', '\n']) {
        Cow::Owned(url.replace(['\t', '\r', '\n'], ""))
    } else {
        Cow::Borrowed(url)
    };
    let authority = authority(&url)?;
    let is_plain = url.len() <= URL_OCTETS_MAX
        && !url.contains(char::is_control)
        // A place that no template has filled.
        && !url.contains("{{")
        && !host(authority).is_empty()
        // A user's name, which a browser would send; and what a browser reads as another URL than we do.
        && !authority.contains(['@', '\\', ' ']);
    is_plain.then_some(url)
}

/// What stands between the slashes of a URL of the web.
fn authority(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    rest.split(['/', '?', '#']).next()
}

/// The authority without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether the host is among those, or within one of them.
fn is_excluded(url: &str, excluded_hosts: &[&str]) -> bool {
    let Some(authority) = authority(url) else {
        return true;
    };
    let host = host(authority);
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = if host.is_ascii() && !host.contains('%') {
        Cow::Borrowed(host)
    } else {
        // Browsers decode it before they look it up (URL Standard §3.5).
        let octets: Cow<'_, [u8]> = percent_decoded(host);
        let Ok(decoded) = idna::domain_to_ascii_cow(&octets, idna::AsciiDenyList::URL) else {
            return true;
        };
        Cow::Owned(decoded.into_owned())
    };
    excluded_hosts.iter().any(|excluded| {
        let split = host.len().checked_sub(excluded.len());
        split
            .and_then(|at| host.split_at_checked(at))
            .is_some_and(|(before, end)| {
                end.eq_ignore_ascii_case(excluded) && (before.is_empty() || before.ends_with('.'))
            })
    })
}

fn percent_decoded(host: &str) -> Cow<'_, [u8]> {
    let mut octets = Vec::with_capacity(host.len());
    let mut rest = host.as_bytes();
    while let [octet, behind @ ..] = rest {
        rest = behind;
        let hex = behind
            .first_chunk::<2>()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|_| *octet == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(hex.unwrap_or(*octet));
        if hex.is_some() {
            rest = behind.get(2..).unwrap_or_default();
        }
    }
    Cow::Owned(octets)
}

/// The destination of a link as it is written in a `Location` field (RFC 9110 §10.2.2): what a URL cannot hold is
/// percent-encoded as UTF-8 (RFC 3986 §2.1), so that no octet of it can end the field.
pub fn location(destination: &str) -> Cow<'_, str> {
    let is_sound = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'"' | b'<' | b'>');
    if destination.bytes().all(is_sound) {
        return Cow::Borrowed(destination);
    }
    let mut location = String::with_capacity(destination.len() * 3);
    for octet in destination.bytes() {
        if is_sound(octet) {
            location.push(char::from(octet));
        } else {
            // Writing to a String does not fail.
            let _ = write!(location, "%{octet:02X}");
        }
    }
    Cow::Owned(location)
}

/// A URL as the value of an attribute with such quotes. Without quotes it gets some only if it needs them
/// (HTML Standard §13.1.2.3).
pub(super) fn attribute_value(url: &str, quote: Quote) -> String {
    let mut value = String::with_capacity(url.len() + 16);
    for char in url.chars() {
        match char {
            '&' => value.push_str("&amp;"),
            '<' => value.push_str("&lt;"),
            '>' => value.push_str("&gt;"),
            '"' => value.push_str("&quot;"),
            '\'' => value.push_str("&#39;"),
            char => value.push(char),
        }
    }
    let needs_quotes = value.is_empty() || value.contains([' ', '\t', '\n', '\r', '\x0c', '=', '`']);
    if quote == Quote::Missing && needs_quotes {
        format!("\"{value}\"")
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(value: &str) -> Option<String> {
        match Target::of(value, &["track.example", "example.net"]) {
            Target::Page(url) => Some(url),
            Target::Unsubscribe | Target::Other => None,
        }
    }

    #[test]
    fn pages() {
        for (value, expected) in [
            ("https://x.example", "https://x.example"),
            ("HTTP://X.example/", "HTTP://X.example/"),
            (" https://x.example/ \r\n", "https://x.example/"),
            ("https://x.example/?a=1&amp;b=2", "https://x.example/?a=1&b=2"),
            (
                "https://x.example/?a=1&b=2&copy=3",
                "https://x.example/?a=1&b=2&copy=3",
            ),
            ("https&#58;//x.example/&#x2f;", "https://x.example//"),
            ("https://x.example/a b", "https://x.example/a b"),
            ("https://x.example/a\n b", "https://x.example/a b"),
            ("https://x.example/\u{fc}@", "https://x.example/\u{fc}@"),
            ("https://x.example:8443?q#f", "https://x.example:8443?q#f"),
            ("https://[2001:db8::1]/", "https://[2001:db8::1]/"),
            ("https://nottrack.example/", "https://nottrack.example/"),
            ("https://track.example.org/", "https://track.example.org/"),
            ("https://x.example/{ {", "https://x.example/{ {"),
            ("https://\u{fc}.example/", "https://\u{fc}.example/"),
        ] {
            assert_eq!(page_of(value).as_deref(), Some(expected), "{value:?}");
        }
    }

    #[test]
    fn what_stays() {
        let long = format!("https://x.example/{}", "x".repeat(URL_OCTETS_MAX));
        for value in [
            "",
            " ",
            "#",
            "#top",
            "/path",
            "path",
            "//x.example/",
            "?q",
            "mailto:joe@x.example",
            "tel:+1",
            "sms:+1",
            "cid:x",
            "data:text/html,x",
            "javascript:location='https://x.example'",
            "java\nscript:x",
            "ftp://x.example/",
            "app://x",
            "https+notrack://x.example/",
            "https:x.example",
            "https:/x.example",
            "https:\\\\x.example",
            "https://",
            "https:///x",
            "https://:80/",
            "https://?x",
            "http://user@x.example/",
            "http://user:pass@x.example/",
            "http://user&#64;x.example/",
            "http://x.example\\@y.example/",
            "https://x y.example/",
            "https://x.example/{{ id }}",
            "https://{{host}}/",
            "{{ url }}",
            "{{{url}}}",
            "x https://x.example/",
            "https://x.example/\u{1}x",
            "https://x.example/\u{7f}",
            "https://track.example/c/x",
            "https://TRACK.EXAMPLE:443/c/x",
            "https://track.example./",
            "https://a.b.example.net/",
            "https://track%2eexample/",
            "https://ｔrack.example/",
            &long,
        ] {
            assert_eq!(page_of(value), None, "{value:?}");
        }
    }

    #[test]
    fn the_place_of_the_unsubscribe_link() {
        for (value, expected) in [
            ("{{unsubscribe_url}}", Target::Unsubscribe),
            (" {{ unsubscribe_url }} ", Target::Unsubscribe),
            ("{{{unsubscribe_url}}}", Target::Unsubscribe),
            ("{{{ unsubscribe_url }}}", Target::Unsubscribe),
            ("&#123;&#123;unsubscribe_url}}", Target::Unsubscribe),
            ("{{unsubscribe_url", Target::Other),
            ("{unsubscribe_url}", Target::Other),
            ("{{Unsubscribe_url}}", Target::Other),
            ("https://x.example/?u={{unsubscribe_url}}", Target::Other),
        ] {
            assert_eq!(Target::of(value, &[]), expected, "{value:?}");
        }
    }

    #[test]
    fn locations_are_ascii() {
        for (destination, expected) in [
            ("https://x.example/?a=1&b=%20#c", "https://x.example/?a=1&b=%20#c"),
            ("https://x.example/a b\u{fc}", "https://x.example/a%20b%C3%BC"),
            (
                "https://x.example/\r\nSet-Cookie: a",
                "https://x.example/%0D%0ASet-Cookie:%20a",
            ),
            ("https://x.example/\"<>", "https://x.example/%22%3C%3E"),
        ] {
            assert_eq!(location(destination), expected, "{destination:?}");
        }
    }

    #[test]
    fn values() {
        for (url, quote, expected) in [
            ("https://t.example/x", Quote::Missing, "https://t.example/x"),
            (
                "https://t.example/?a=b",
                Quote::Missing,
                "\"https://t.example/?a=b\"",
            ),
            ("https://t.example/?a=b", Quote::Double, "https://t.example/?a=b"),
            ("a&b\"c'd<e>", Quote::Single, "a&amp;b&quot;c&#39;d&lt;e&gt;"),
            ("", Quote::Missing, "\"\""),
            ("", Quote::Single, ""),
        ] {
            assert_eq!(attribute_value(url, quote), expected, "{url:?}");
        }
    }
}
