//! The header fields by which software unsubscribes its user: `List-Unsubscribe` (RFC 2369 §3.2) and
//! `List-Unsubscribe-Post` (RFC 8058 §3.1).
//!
//! Both count for one-click unsubscribing only under a DKIM signature that covers both (RFC 8058 §4), as those of
//! [`crate::dkim`] do.

use thiserror::Error;

use super::limits::UNSUBSCRIBE_URL_OCTETS_MAX;
use crate::header::fields;

const UNSUBSCRIBE: &str = "List-Unsubscribe";
const POST: &str = "List-Unsubscribe-Post";

/// RFC 8058 §3.1: the one value there is.
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// RFC 5322 §2.1.1.
const LINE_OCTETS_MAX: usize = 998;

/// Why a URL cannot stand in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnsubscribeError {
    /// RFC 8058 §3.1 wants one of HTTPS.
    #[error("the unsubscribe URL does not begin with https://")]
    NotHttps,
    /// The other is an address.
    #[error("the unsubscribe address does not begin with mailto:")]
    NotMailto,
    /// Something that ends a URL between angle brackets or the field (RFC 3986 §2).
    #[error("the unsubscribe URL contains the character U+{:04X}", u32::from(*.0))]
    Character(char),
    /// More than [`UNSUBSCRIBE_URL_OCTETS_MAX`].
    #[error("the unsubscribe URL has more than {UNSUBSCRIBE_URL_OCTETS_MAX} octets")]
    Length,
}

/// Both fields of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubscribeFields {
    urls: String,
}

impl UnsubscribeFields {
    /// The fields for a URL to which software posts, and an address (`mailto:…`) for that which does not.
    ///
    /// # Errors
    /// [`UnsubscribeError`], if one of the two cannot stand in the field.
    pub fn new(https_url: &str, mailto_url: Option<&str>) -> Result<Self, UnsubscribeError> {
        checked(https_url, "https://", UnsubscribeError::NotHttps)?;
        let mut urls = format!("<{https_url}>");
        if let Some(mailto_url) = mailto_url {
            checked(mailto_url, "mailto:", UnsubscribeError::NotMailto)?;
            urls.push_str(", <");
            urls.push_str(mailto_url);
            urls.push('>');
        }
        Ok(Self { urls })
    }

    /// Names and values, the values in one line.
    pub fn fields(&self) -> [(&'static str, &str); 2] {
        [(UNSUBSCRIBE, &self.urls), (POST, ONE_CLICK)]
    }

    /// The fields as they are put before a header. Each is one line, unless the first would be too long for a line:
    /// then it is folded between the URLs.
    pub fn lines(&self) -> String {
        let line = format!("{UNSUBSCRIBE}: {}", self.urls);
        let line = if line.len() > LINE_OCTETS_MAX {
            line.replacen(">, <", ">,\r\n <", 1)
        } else {
            line
        };
        format!("{line}\r\n{POST}: {ONE_CLICK}\r\n")
    }
}

/// Whether a header says already how to unsubscribe: then nothing is added to it, whatever it says.
pub fn has_list_unsubscribe(header_block: &[u8]) -> bool {
    fields(header_block).any(|field| field.is(UNSUBSCRIBE) || field.is(POST))
}

fn checked(url: &str, scheme: &str, other_scheme: UnsubscribeError) -> Result<(), UnsubscribeError> {
    let begins = url
        .get(..scheme.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    if !begins || url.len() == scheme.len() {
        return Err(other_scheme);
    }
    let ends_it = |char: &char| !char.is_ascii_graphic() || matches!(char, '<' | '>' | '"' | '\\');
    if let Some(char) = url.chars().find(ends_it) {
        return Err(UnsubscribeError::Character(char));
    }
    if url.len() > UNSUBSCRIBE_URL_OCTETS_MAX {
        return Err(UnsubscribeError::Length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dkim::{BodyHash, PrivateKey, SelectedKey, Signer, generate};

    const URL: &str = "https://mail.example/track/u/B2MwMTIzNDU2Nzg5YWJjZGVm";

    #[test]
    fn fields_are_lines() {
        let both =
            UnsubscribeFields::new(URL, Some("mailto:u.a2b3@mail.example?subject=unsubscribe")).unwrap();
        assert_eq!(
            both.lines(),
            format!(
                "List-Unsubscribe: <{URL}>, <mailto:u.a2b3@mail.example?subject=unsubscribe>\r\n\
                 List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            )
        );
        let one = UnsubscribeFields::new(URL, None).unwrap();
        assert_eq!(
            one.lines(),
            format!("List-Unsubscribe: <{URL}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        );
        assert_eq!(
            one.fields(),
            [
                ("List-Unsubscribe", &*format!("<{URL}>")),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ]
        );
    }

    #[test]
    fn a_line_is_folded_only_if_it_must_be() {
        let url = |scheme: &str, octets: usize| format!("{scheme}{}", "x".repeat(octets - scheme.len()));
        let mailto = url("mailto:", 100);
        let rest = LINE_OCTETS_MAX - "List-Unsubscribe: <>, <>".len() - mailto.len();
        for (octets, lines) in [(rest, 2), (rest + 1, 3), (UNSUBSCRIBE_URL_OCTETS_MAX, 3)] {
            let fields = UnsubscribeFields::new(&url("https://", octets), Some(&mailto)).unwrap();
            let written = fields.lines();
            assert_eq!(written.lines().count(), lines, "{octets}");
            assert!(
                written.lines().all(|line| line.len() <= LINE_OCTETS_MAX),
                "{octets}"
            );
        }
    }

    #[test]
    fn what_cannot_stand_there() {
        let long = format!("https://x.example/{}", "x".repeat(UNSUBSCRIBE_URL_OCTETS_MAX));
        for (https, mailto, expected) in [
            ("http://x.example/", None, UnsubscribeError::NotHttps),
            ("https://", None, UnsubscribeError::NotHttps),
            ("", None, UnsubscribeError::NotHttps),
            ("\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}", None, UnsubscribeError::NotHttps),
            ("https://x.example/ x", None, UnsubscribeError::Character(' ')),
            ("https://x.example/>", None, UnsubscribeError::Character('>')),
            (
                "https://x.example/\r\nBcc: x",
                None,
                UnsubscribeError::Character('\r'),
            ),
            (
                "https://x.example/\u{fc}",
                None,
                UnsubscribeError::Character('\u{fc}'),
            ),
            (&long, None, UnsubscribeError::Length),
            (URL, Some("https://x.example/"), UnsubscribeError::NotMailto),
            (URL, Some("mailto:"), UnsubscribeError::NotMailto),
            (URL, Some("mailto:a@b.example>"), UnsubscribeError::Character('>')),
        ] {
            assert_eq!(
                UnsubscribeFields::new(https, mailto),
                Err(expected),
                "{https:?} {mailto:?}"
            );
        }
    }

    #[test]
    fn what_the_author_says_stands() {
        for (header, expected) in [
            ("Subject: List-Unsubscribe: x\r\n\r\n", false),
            ("A: b\r\nLIST-unsubscribe: <mailto:x@y.example>\r\n\r\n", true),
            ("List-Unsubscribe-Post: x\r\n\r\n", true),
            ("A: b\r\n\r\nList-Unsubscribe: x\r\n", false),
            ("A: b\r\n List-Unsubscribe: x\r\n\r\n", false),
        ] {
            assert_eq!(has_list_unsubscribe(header.as_bytes()), expected, "{header:?}");
        }
    }

    /// RFC 8058 §4.
    #[test]
    fn a_signature_covers_both_fields() {
        let made = generate("mail.example", "r", "e").unwrap();
        let key = PrivateKey::from_pem(&made.ed25519.private_key_pem).unwrap();
        let signer = Signer::new("mail.example", vec![SelectedKey::new("e", key)]).unwrap();
        let fields = UnsubscribeFields::new(URL, None).unwrap();
        let header = format!("From: joe@mail.example\r\n{}\r\n", fields.lines());
        let signature =
            String::from_utf8(signer.sign(header.as_bytes(), &BodyHash::new().finish(), 1)).unwrap();
        let signature: String = signature.split_whitespace().collect();
        let names: Vec<&str> = signature
            .split_once(";h=")
            .and_then(|(_, rest)| rest.split_once(';'))
            .map(|(names, _)| names.split(':').collect())
            .unwrap();
        for (name, _) in fields.fields() {
            // Once for the field, once so that nobody can add another (RFC 6376 §8.15).
            assert_eq!(names.iter().filter(|other| **other == name).count(), 2, "{name}");
        }
    }
}
