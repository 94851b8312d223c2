//! How text becomes 7-bit lines: encoded words in header fields (RFC 2047), transfer encodings of bodies (RFC 2045 §6).
//!
//! mail-builder could do both, but encodes an ASCII subject as soon as it is long, reads `=?…?=` in a subject as if it
//! were meant so, and lets NUL pass in a body that it believes to need no encoding. The encoders themselves are those
//! it uses.

use std::borrow::Cow;

use encodify::rfc2047::{B, Q_TEXT};
use encodify::{Fold, base64, qp};

/// Octets of a line that is written as it is (RFC 5322 §2.1.1 advises no more).
const LINE_OCTETS_ADVISED: usize = 78;

/// Octets of a word in a header field that is written as it is, so that the line it stands in keeps to the above.
const WORD_OCTETS_MAX: usize = 60;

/// What every boundary begins with. Neither quoted-printable nor base64 can contain it (RFC 2045 §6.7).
pub(super) const BOUNDARY_PREFIX: &str = "=_";

const CHARSET: &str = "utf-8";

/// The text in one line: each run of control characters becomes a space.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let words: Vec<&str> = text
        .split(char::is_control)
        .filter(|word| !word.is_empty())
        .collect();
    Cow::Owned(words.join(" "))
}

/// The value of an unstructured field (RFC 5322 §2.2.1). Read by whoever follows RFC 2047 it is `text` again.
pub(super) fn unstructured<'a>(field_name: &str, text: &'a str) -> Cow<'a, str> {
    if reads_as_itself(text) {
        return Cow::Borrowed(text);
    }
    let encoder = if B.payload_len(text) < Q_TEXT.payload_len(text) {
        B
    } else {
        Q_TEXT
    };
    let mut column = field_name.len() + ": ".len();
    let mut words = String::new();
    encoder.encode_words(CHARSET, text, &mut column, Fold::HEADER, &mut words);
    Cow::Owned(words)
}

/// Whether folding and unfolding give the text back, and nothing in it is taken for an encoded word.
fn reads_as_itself(text: &str) -> bool {
    let is_word = |word: &str| {
        (1..=WORD_OCTETS_MAX).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
    };
    text.is_empty() || (!text.contains("=?") && text.split(' ').all(is_word))
}

/// A parameter of the form `name="value"` for software that does not know RFC 2231: encoded words, which RFC 2047 §5
/// does not allow there but which all who need them understand.
pub(super) fn fallback_parameter(name: &str, value: &str) -> String {
    if value.is_ascii() {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("{name}=\"{escaped}\"");
    }
    let mut column = format!(" {name}=\"").len();
    let mut words = String::new();
    B.encode_words(CHARSET, value, &mut column, Fold::HEADER, &mut words);
    format!("{name}=\"{words}\"")
}

/// A text part: the name of its transfer encoding, and its lines.
pub(super) fn text_body(text: &str) -> (&'static str, String) {
    let text = canonical_lines(text);
    if goes_as_it_is(&text) {
        return ("7bit", text);
    }
    let base64_length = base64::MIME.encoded_len(text.len());
    match qp::BODY.encoded_len_within(&text, base64_length) {
        Some(_) => ("quoted-printable", qp::BODY.encode(&text)),
        None => ("base64", base64::MIME.encode(&text)),
    }
}

/// A file: in base64, lines of 76 (RFC 2045 §6.8).
pub(super) fn file_body(content: &[u8]) -> (&'static str, String) {
    ("base64", base64::MIME.encode(content))
}

/// RFC 2046 §4.1.1: a line break of text is CRLF. A CR or LF alone was meant as one.
fn canonical_lines(text: &str) -> String {
    let mut canonical = String::with_capacity(text.len() + text.len() / 32 + 2);
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\n']) {
        let (line, ending) = rest.split_at(at);
        canonical.push_str(line);
        canonical.push_str("\r\n");
        rest = ending
            .strip_prefix("\r\n")
            .or_else(|| ending.get(1..))
            .unwrap_or_default();
    }
    canonical.push_str(rest);
    if !rest.is_empty() {
        canonical.push_str("\r\n");
    }
    canonical
}

fn goes_as_it_is(canonical: &str) -> bool {
    let printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    canonical.split("\r\n").all(|line| {
        line.len() <= LINE_OCTETS_ADVISED
            && line.bytes().all(printable)
            // White space there gets lost on the way.
            && !line.ends_with([' ', '\t'])
            && !line.strip_prefix("--").is_some_and(|rest| rest.starts_with(BOUNDARY_PREFIX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_become_crlf() {
        for (text, expected) in [
            ("", ""),
            ("a", "a\r\n"),
            ("a\n", "a\r\n"),
            ("a\r\n", "a\r\n"),
            ("a\rb\nc\r\nd", "a\r\nb\r\nc\r\nd\r\n"),
            ("\n\r", "\r\n\r\n"),
            ("\r\r\n\n", "\r\n\r\n\r\n"),
            ("\u{fc}\n\u{fc}", "\u{fc}\r\n\u{fc}\r\n"),
        ] {
            assert_eq!(canonical_lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_body_is_encoded_only_if_it_must_be() {
        let long = "x".repeat(LINE_OCTETS_ADVISED + 1);
        for (text, expected) in [
            ("", "7bit"),
            (".\n..\nFrom me", "7bit"),
            ("tab\tbed", "7bit"),
            ("trailing \nspace", "quoted-printable"),
            ("nul \0", "quoted-printable"),
            ("gr\u{fc}n", "quoted-printable"),
            (&long, "quoted-printable"),
            ("--=_ could be a boundary", "quoted-printable"),
            ("\u{4f60}\u{597d}\u{4e16}\u{754c}", "base64"),
        ] {
            assert_eq!(text_body(text).0, expected, "{text:?}");
        }
    }

    #[test]
    fn a_subject_is_encoded_only_if_it_must_be() {
        for (text, as_it_is) in [
            ("", true),
            ("Hello", true),
            (
                "a long one, folded where its words part and never encoded, however long it gets",
                true,
            ),
            ("two  spaces", false),
            (" space before", false),
            ("space behind ", false),
            ("=?utf-8?q?not_meant_so?=", false),
            ("gr\u{fc}n", false),
        ] {
            let value = unstructured("Subject", text);
            assert_eq!(value == text, as_it_is, "{text:?}: {value:?}");
            let decoded = encodify::rfc2047::decode_text(value.as_bytes(), encodify::rfc2047::utf8_charset);
            assert_eq!(decoded, text);
        }
    }

    #[test]
    fn control_characters_cannot_break_a_line() {
        for (text, expected) in [
            ("a\r\nBcc: b", "a Bcc: b"),
            ("\na\0\t\u{85}b\r", "a b"),
            ("a  b", "a  b"),
            ("\r\n", ""),
        ] {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }
}
