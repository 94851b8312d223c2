//! Which texts are base URLs and web origins.

use axum::http::Uri;

/// An absolute `http` or `https` URL (RFC 3986 §4.3) to which paths can be appended: no query, no fragment, no user.
pub(super) fn is_base_url(text: &str) -> bool {
    let Ok(url) = text.parse::<Uri>() else {
        return false;
    };
    let web = matches!(url.scheme_str(), Some("http" | "https"));
    let host = url
        .authority()
        .is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    web && host && url.query().is_none() && !text.contains('#')
}

/// A serialized origin (RFC 6454 §6.2), scheme, host and port and nothing else, as browsers send it; or `*`.
pub(super) fn is_origin(text: &str) -> bool {
    let bare = |text: &str| {
        text.split_once("://")
            .is_some_and(|(_, authority)| !authority.contains('/'))
    };
    text == "*" || (is_base_url(text) && bare(text) && !text.bytes().any(|octet| octet.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_and_origins_are_told_apart_from_other_texts() {
        for (text, base_url, origin) in [
            ("https://api.example.org", true, true),
            ("http://127.0.0.1:8080", true, true),
            ("https://[2001:db8::1]:8443", true, true),
            ("https://example.org/mail", true, false),
            ("https://example.org/", true, false),
            ("https://Example.org", true, false),
            ("*", false, true),
            ("api.example.org", false, false),
            ("//api.example.org", false, false),
            ("ftp://api.example.org", false, false),
            ("https://", false, false),
            ("https://app:secret@example.org", false, false),
            ("https://example.org?a=b", false, false),
            ("https://example.org/#top", false, false),
            ("https://example.org/ mail", false, false),
            ("null", false, false),
        ] {
            assert_eq!(is_base_url(text), base_url, "{text} as a base URL");
            assert_eq!(is_origin(text), origin, "{text} as an origin");
        }
    }
}
