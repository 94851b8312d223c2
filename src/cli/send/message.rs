//! A small message (RFC 5322, MIME) made of a sender, recipients, a subject and a text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use queue::Timestamp;
use smtp::address::Mailbox;

use crate::clock;

/// What the message is made of.
pub(super) struct Draft<'a> {
    pub(super) from: &'a Mailbox,
    pub(super) to: &'a [Mailbox],
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
}

/// RFC 2047 §2: an encoded word has at most 75 characters, so at most 45 octets before Base64 and its frame.
const ENCODED_WORD_OCTETS: usize = 45;

/// RFC 2045 §6.8: lines of Base64 have at most 76 characters, which are 57 octets.
const BASE64_LINE_OCTETS: usize = 57;

/// The message with CRLF lines. A text beyond ASCII, or with lines longer than RFC 5322 §2.1.1 likes, goes as Base64,
/// which every server takes.
pub(super) fn compose(draft: &Draft, now: Timestamp) -> Vec<u8> {
    let to: Vec<&str> = draft.to.iter().map(Mailbox::as_str).collect();
    let (encoding, body) = encode_body(draft.body);
    let header = [
        format!("From: <{}>", draft.from),
        format!("To: <{}>", to.join(">,\r\n <")),
        format!("Subject: {}", encode_subject(draft.subject)),
        format!("Date: {}", date(now)),
        format!("Message-ID: <{}@{}>", clock::queue_id(now), draft.from.domain()),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        format!("Content-Transfer-Encoding: {encoding}"),
    ];
    format!("{}\r\n\r\n{body}", header.join("\r\n")).into_bytes()
}

/// `text` with every line ended by CRLF: files of this system end theirs with LF, which SMTP refuses.
pub(super) fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        message.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        message.extend_from_slice(b"\r\n");
    }
    message
}

fn encode_body(text: &str) -> (&'static str, String) {
    const LINE_OCTETS_MAX: usize = 78;
    let lines = with_crlf(text.as_bytes());
    let plain = text.is_ascii()
        && !text.contains(['\r', '\0'])
        && text.lines().all(|line| line.len() <= LINE_OCTETS_MAX);
    match String::from_utf8(lines) {
        Ok(lines) if plain => ("7bit", lines),
        Ok(lines) => ("base64", base64_lines(lines.as_bytes())),
        Err(error) => ("base64", base64_lines(error.as_bytes())),
    }
}

fn base64_lines(octets: &[u8]) -> String {
    octets
        .chunks(BASE64_LINE_OCTETS)
        .map(|line| STANDARD.encode(line) + "\r\n")
        .collect()
}

/// The subject as it stands, or as encoded words (RFC 2047) when it is not one short line of visible ASCII.
fn encode_subject(subject: &str) -> String {
    const PLAIN_OCTETS_MAX: usize = 66;
    let is_plain = subject.len() <= PLAIN_OCTETS_MAX
        && subject.bytes().all(|octet| matches!(octet, b' '..=b'~'))
        && !subject.contains("=?");
    if is_plain {
        return subject.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = subject;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(ENCODED_WORD_OCTETS));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

fn date(now: Timestamp) -> String {
    let seconds = i64::try_from(now.unix_ms() / 1_000).unwrap_or_default();
    let zoned = jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(subject: &str, body: &str) -> String {
        let from = Mailbox::parse("a@example.org").unwrap();
        let to = [
            Mailbox::parse("b@example.net").unwrap(),
            Mailbox::parse("c@example.net").unwrap(),
        ];
        let draft = Draft {
            from: &from,
            to: &to,
            subject,
            body,
        };
        let message = compose(&draft, Timestamp::from_unix_ms(1_710_513_000_000));
        String::from_utf8(message).unwrap()
    }

    #[test]
    fn a_plain_text_stays_readable() {
        let message = composed("Hello", "one\ntwo");
        let (before_id, after_id) = message.split_once("Message-ID: <").unwrap();
        let (id, rest) = after_id.split_once(">\r\n").unwrap();
        assert_eq!(
            before_id,
            "From: <a@example.org>\r\nTo: <b@example.net>,\r\n <c@example.net>\r\nSubject: Hello\r\n\
             Date: Fri, 15 Mar 2024 14:30:00 +0000\r\n"
        );
        assert!(id.ends_with("@example.org"), "{id}");
        assert_eq!(
            rest,
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
             one\r\ntwo\r\n"
        );
    }

    #[test]
    fn other_text_is_encoded() {
        let message = composed(&"ü".repeat(40), "Grüße");
        let words = format!(
            "Subject: =?utf-8?B?{}?=\r\n =?utf-8?B?",
            STANDARD.encode("ü".repeat(22))
        );
        assert!(message.contains(&words), "{message}");
        assert!(
            message.ends_with("Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ0K\r\n"),
            "{message}"
        );
        assert!(message.is_ascii());
    }

    #[test]
    fn nothing_can_be_put_into_the_header() {
        let message = composed("Hello\r\nBcc: <d@example.net>", "text");
        assert!(!message.contains("\r\nBcc:"), "{message}");
    }

    #[test]
    fn every_line_of_a_file_ends_with_crlf() {
        for (text, expected) in [
            ("", ""),
            ("a", "a\r\n"),
            ("a\nb\n", "a\r\nb\r\n"),
            ("a\r\n\r\nb", "a\r\n\r\nb\r\n"),
            ("\n\n", "\r\n\r\n"),
        ] {
            assert_eq!(with_crlf(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }
}
