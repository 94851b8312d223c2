//! Who a message says it is from: the domain of its `From:` field (RFC 5322 §3.6.2), which decides whose key signs.
//!
//! The field is read the way it is met in the wild: display names with quotes, comments and encoded words, groups,
//! source routes, unquoted commas. The reading is one pass without recursion; nothing is repaired.

use crate::header;

/// RFC 1035 §2.3.4 and RFC 5321 §4.5.3.1.2: the most octets a domain can have.
const DOMAIN_MAX: usize = 255;

/// The domain of the author: of the first mailbox in the first `From:` field, in lower case.
///
/// Where several mailboxes are given the first one counts. `None` if there is no such field or no mailbox with a
/// domain name in it (an address literal names no domain).
///
/// ```
/// let header = b"From: \"Mail, Big\" (@not.this) <news@Mail.Example.COM>\r\nTo: a@b.example\r\n\r\n";
/// assert_eq!(content::author::author_domain(header).as_deref(), Some("mail.example.com"));
/// ```
pub fn author_domain(header_block: &[u8]) -> Option<String> {
    let from = header::fields(header_block).find(|field| field.is("From"))?;
    first_domain(from.value)
}

/// The domain of the first mailbox that has one.
fn first_domain(value: &[u8]) -> Option<String> {
    // What follows the latest `@` of the mailbox being read. A display name may hold an `@` too: `<` discards it.
    let mut domain: Option<Vec<u8>> = None;
    let mut in_angle = false;
    for token in (Tokens { rest: value }) {
        match token {
            Token::Word(word) => domain = domain.map(|domain| continued(domain, word)),
            Token::Special(b'@') => domain = Some(Vec::new()),
            Token::Special(b'<') => (in_angle, domain) = (true, None),
            // The end of a group's name, or of the source route in `<@relay.example:joe@example.com>`.
            Token::Special(b':') => domain = None,
            // Within angle brackets a comma parts the hosts of a source route.
            Token::Special(b',') if in_angle => domain = None,
            Token::Special(b'>' | b',' | b';') => {
                if let Some(name) = domain.take().and_then(domain_name) {
                    return Some(name);
                }
                in_angle = false;
            }
            Token::Special(_) | Token::Quoted => {}
        }
    }
    domain.and_then(domain_name)
}

/// A word after the `@` belongs to the domain if a dot joins them: obsolete syntax allows `example . com`
/// (RFC 5322 §4.4), but in `joe@example.com Joe` the name has begun.
fn continued(mut domain: Vec<u8>, word: &[u8]) -> Vec<u8> {
    if domain.is_empty() || domain.ends_with(b".") || word.starts_with(b".") {
        domain.extend_from_slice(word);
    }
    domain
}

/// The domain as a name to look up: lower case, without the root's dot. `None` for what cannot be one.
fn domain_name(octets: Vec<u8>) -> Option<String> {
    let name = String::from_utf8(octets).ok()?.to_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let allowed =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') || !octet.is_ascii();
    let labels_are_sound = name
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(allowed));
    (labels_are_sound && name.len() <= DOMAIN_MAX).then(|| name.to_owned())
}

enum Token<'a> {
    /// Octets without white space, quotes, comments or specials; dots included.
    Word(&'a [u8]),
    /// A quoted string or a domain literal; its content does not matter here.
    Quoted,
    Special(u8),
}

/// Cuts a structured field into tokens; white space, folding and comments disappear.
struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let (&first, after) = self.rest.split_first()?;
            match first {
                b' ' | b'\t' | b'\r' | b'\n' => self.rest = after,
                b'(' => self.rest = after_comment(after),
                b'"' => return Some(self.quoted(after, b'"')),
                b'[' => return Some(self.quoted(after, b']')),
                b'<' | b'>' | b'@' | b',' | b';' | b':' => {
                    self.rest = after;
                    return Some(Token::Special(first));
                }
                _ => return Some(self.word()),
            }
        }
    }
}

impl<'a> Tokens<'a> {
    fn quoted(&mut self, after: &'a [u8], close: u8) -> Token<'a> {
        self.rest = after_quoted(after, close);
        Token::Quoted
    }

    fn word(&mut self) -> Token<'a> {
        let ends = |&octet: &u8| b" \t\r\n()\"[<>@,;:".contains(&octet);
        // At least one octet, so that a stray `)` is passed too.
        let length = self
            .rest
            .iter()
            .skip(1)
            .position(ends)
            .map_or(self.rest.len(), |more| more + 1);
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Token::Word(word)
    }
}

/// What follows the closing octet; nothing if it is missing. A backslash takes away the meaning of the next octet.
fn after_quoted(text: &[u8], close: u8) -> &[u8] {
    let mut octets = text.iter();
    while let Some(&octet) = octets.next() {
        if octet == b'\\' {
            octets.next();
        } else if octet == close {
            break;
        }
    }
    octets.as_slice()
}

/// What follows a comment whose opening parenthesis has been read. Comments nest (RFC 5322 §3.2.2).
fn after_comment(text: &[u8]) -> &[u8] {
    let mut depth = 1_usize;
    let mut octets = text.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b'\\' => {
                octets.next();
            }
            b'(' => depth += 1,
            b')' if depth == 1 => break,
            b')' => depth -= 1,
            _ => {}
        }
    }
    octets.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_auth::AuthenticatedMessage;

    #[test]
    fn the_first_mailbox_of_from_decides() {
        let table: &[(&str, Option<&str>)] = &[
            ("joe@example.com", Some("example.com")),
            ("<joe@example.com>", Some("example.com")),
            ("Joe <joe@Example.COM>", Some("example.com")),
            ("Joe\r\n <joe@\r\n\texample.com>", Some("example.com")),
            ("joe@example.com (Joe @ work.example)", Some("example.com")),
            ("joe@example.com Joe", Some("example.com")),
            ("joe @ example . com", Some("example.com")),
            ("joe@example.com.", Some("example.com")),
            ("\"joe@fake.example\" <joe@example.com>", Some("example.com")),
            ("joe@fake.example <joe@example.com>", Some("example.com")),
            (
                "\"Joe \\\" <x@fake.example>\" <joe@example.com>",
                Some("example.com"),
            ),
            (
                "(a (nested \\) <x@fake.example>) comment) joe@(here)example.com",
                Some("example.com"),
            ),
            (
                "=?utf-8?q?J=40fake=2Eexample?= <joe@example.com>",
                Some("example.com"),
            ),
            ("\"odd@local part\"@example.com", Some("example.com")),
            ("<\"a>b\"@example.com>", Some("example.com")),
            ("Group: joe@example.com, ann@other.example;", Some("example.com")),
            ("Group: Joe <joe@example.com>;", Some("example.com")),
            ("undisclosed-recipients:;, joe@example.com", Some("example.com")),
            ("joe@example.com, ann@other.example", Some("example.com")),
            ("Smith, Joe <joe@example.com>", Some("example.com")),
            ("<@relay.example,@b.example:joe@example.com>", Some("example.com")),
            ("<joe@example.com", Some("example.com")),
            ("joe@b\u{fc}cher.example", Some("b\u{fc}cher.example")),
            ("joe@_spf.example.com", Some("_spf.example.com")),
            ("joe@[192.0.2.1]", None),
            ("joe@exa..mple", None),
            ("joe@exa!mple.com", None),
            ("joe@", None),
            ("<>", None),
            ("joe", None),
            ("undisclosed-recipients:;", None),
            ("", None),
            (") ) joe@example.com", Some("example.com")),
            ("\"never closed <joe@example.com>", None),
        ];
        for (value, expected) in table {
            let header =
                format!("To: x@wrong.example\r\nfrom: {value}\r\nFrom: second@wrong.example\r\n\r\n");
            assert_eq!(
                author_domain(header.as_bytes()).as_deref(),
                *expected,
                "{value:?}"
            );
        }
    }

    #[test]
    fn without_a_from_field_there_is_no_author() {
        assert_eq!(
            author_domain(b"To: joe@example.com\r\n\r\nFrom: a@body.example\r\n"),
            None
        );
        assert_eq!(author_domain(b""), None);
    }

    #[test]
    fn a_domain_is_bounded() {
        for value in [
            format!("joe@{}com", "example.".repeat(100)),
            format!("joe@example.com .{}", "x".repeat(300)),
        ] {
            assert_eq!(
                author_domain(format!("From: {value}\r\n").as_bytes()),
                None,
                "{value}"
            );
        }
    }

    #[test]
    fn mail_auth_reads_the_same_author() {
        for value in [
            "joe@example.com",
            "\"Mail, Big\" <joe@example.com>",
            "=?utf-8?q?J=40fake=2Eexample?= <joe@example.com>",
            "Joe (the @ one) <joe@Example.com>",
            "Group: Joe <joe@example.com>, ann@other.example;",
            "joe@example.com, ann@other.example",
        ] {
            let message = format!("From: {value}\r\nSubject: x\r\n\r\nbody\r\n");
            let theirs = AuthenticatedMessage::parse(message.as_bytes()).unwrap();
            let (_, domain) = theirs.from.first().unwrap().rsplit_once('@').unwrap();
            assert_eq!(
                author_domain(message.as_bytes()).unwrap(),
                domain.to_lowercase(),
                "{value:?}"
            );
        }
    }
}
