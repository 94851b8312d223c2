//! A reply as rules look at it: codes apart from the text, the text in one normal form.
//!
//! A reply of several lines repeats its codes (`550-5.1.1 … 550 5.1.1 …`), and whoever quoted it may have joined the
//! lines: inside the text those codes would tear phrases apart. They are taken out wherever they stand.

use smtp::client::EnhancedCode;

use super::Reply;
use super::phrase::normal;
use super::rule::Stage;
use crate::limits::REPLY_TEXT_BYTES_MAX;

/// What a reply says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) code: Option<u16>,
    pub(super) enhanced: Option<EnhancedCode>,
    /// In the form of [`normal`], without codes at the beginning of lines.
    pub(super) text: String,
    pub(super) stage: Option<Stage>,
}

impl Said {
    /// Takes a reply apart.
    pub(super) fn of(reply: &Reply<'_>) -> Self {
        let mut said = Self {
            code: reply.code,
            enhanced: reply.enhanced.and_then(telling_code),
            text: String::new(),
            stage: reply.stage,
        };
        let end = reply.text.floor_char_boundary(REPLY_TEXT_BYTES_MAX);
        let text = normal(without_type(reply.text.get(..end).unwrap_or_default()));
        let mut words = text.split(' ').peekable();
        let mut before = "";
        while let Some(word) = words.next() {
            let kept = said.without_codes(word, before, words.peek().copied().unwrap_or_default());
            before = word;
            if !kept.is_empty() {
                if !said.text.is_empty() {
                    said.text.push(' ');
                }
                said.text.push_str(kept);
            }
        }
        said
    }

    /// Whether it is temporary, as far as it says.
    pub(super) fn is_temporary(&self) -> bool {
        match (self.code, self.enhanced) {
            (Some(code), _) => code < 500,
            (None, Some(enhanced)) => enhanced.class != 5,
            (None, None) => false,
        }
    }

    /// What of a word is text. Its neighbours tell a code from a number.
    fn without_codes<'w>(&mut self, word: &'w str, before: &str, after: &str) -> &'w str {
        let first = self.text.is_empty();
        let (code, rest) = split_code(word);
        let is_code = match (code, rest) {
            // Lines of one reply agree on the code (RFC 5321 §4.2.1).
            (Some(code), Some(_)) => self.code.map_or(first, |known| known == code),
            (Some(code), None) => {
                first
                    || self.code == Some(code)
                    || self.code.is_none() && (telling_code(after).is_some() || before.ends_with(':'))
            }
            (None, _) => false,
        };
        let word = match (is_code, rest) {
            (true, rest) => {
                self.code = self.code.or(code);
                rest.unwrap_or_default()
            }
            (false, _) => word,
        };
        let Some(enhanced) = telling_code(word) else {
            return word;
        };
        let known = *self.enhanced.get_or_insert(enhanced);
        // The same code again begins another line; a different one within the text may mean something.
        let is_mark = first || is_code || known == enhanced && !word.starts_with(['(', '[']);
        if is_mark { "" } else { word }
    }
}

/// A reply code at the beginning of a word: alone, or with a hyphen and what follows it.
fn split_code(word: &str) -> (Option<u16>, Option<&str>) {
    let Some((digits, rest)) = word.split_at_checked(3) else {
        return (None, None);
    };
    let code = digits.parse().ok().filter(|code| (200..600).contains(code));
    match (code, rest.strip_prefix('-')) {
        (Some(code), Some(rest)) => (Some(code), Some(rest)),
        (Some(code), None) if matches!(rest, "" | ":") => (Some(code), None),
        _ => (None, None),
    }
}

/// An enhanced code that says something, in whatever it is wrapped: `5.1.1`, `#5.1.1`, `(#5.1.1)`, `[5.1.1]`, `5.1.1:`.
fn telling_code(word: &str) -> Option<EnhancedCode> {
    let bare = word
        .trim_start_matches(['(', '[', '#', '<'])
        .trim_end_matches([')', ']', ':', ',', ';', '>', '-', '.']);
    EnhancedCode::parse(bare).filter(|code| (code.subject, code.detail) != (0, 0))
}

/// Takes off what kind of text it is, as a Diagnostic-Code says first (RFC 3464 §2.3.6): `smtp; 550 …`.
fn without_type(text: &str) -> &str {
    match text.split_once(';') {
        Some((kind, rest))
            if kind.trim().len() <= 20
                && !kind.trim().is_empty()
                && kind
                    .trim()
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && kind.trim().bytes().any(|byte| byte.is_ascii_alphabetic()) =>
        {
            rest
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: Option<u16>, enhanced: &str, expected: &str) {
        let said = Said::of(&Reply {
            text,
            ..Reply::default()
        });
        assert_eq!(said.code, code, "{text:?}");
        let found = said.enhanced.map(|code| code.to_string()).unwrap_or_default();
        assert_eq!(found, enhanced, "{text:?}");
        assert_eq!(said.text, expected, "{text:?}");
    }

    #[test]
    fn codes_are_taken_out_of_the_text() {
        check("550 5.1.1 No such user", Some(550), "5.1.1", "no such user");
        check(
            "550-5.1.1 No such\r\n550 5.1.1 user",
            Some(550),
            "5.1.1",
            "no such user",
        );
        check(
            "smtp; 550-5.1.1 No such 550 5.1.1 user",
            Some(550),
            "5.1.1",
            "no such user",
        );
        check("smtp;550 no such user", Some(550), "", "no such user");
        check(
            "550-No such\n550-user\n550 here",
            Some(550),
            "",
            "no such user here",
        );
        check(
            "550 #5.1.0 Address rejected.",
            Some(550),
            "5.1.0",
            "address rejected.",
        );
        check(
            "sorry, no mailbox (#5.1.1)",
            None,
            "5.1.1",
            "sorry, no mailbox (#5.1.1)",
        );
        check(
            "host mx said: 452 4.2.2 full",
            Some(452),
            "4.2.2",
            "host mx said: full",
        );
        check("call 911 now", None, "", "call 911 now");
        check("limit of 500 messages", None, "", "limit of 500 messages");
        check("5.7.1 blocked, see 5.7.9", None, "5.7.1", "blocked, see 5.7.9");
        check("", None, "", "");
    }

    #[test]
    fn a_given_code_without_meaning_gives_way_to_one_in_the_text() {
        let said = Said::of(&Reply {
            code: Some(550),
            enhanced: Some("5.0.0"),
            text: "mailbox unavailable [5.2.1]",
            ..Reply::default()
        });
        assert_eq!(said.enhanced, EnhancedCode::parse("5.2.1"));
    }

    #[test]
    fn only_the_beginning_of_a_huge_text_is_read() {
        let text = "\u{444}".repeat(REPLY_TEXT_BYTES_MAX);
        let said = Said::of(&Reply {
            text: &text,
            ..Reply::default()
        });
        assert_eq!(said.text.len(), REPLY_TEXT_BYTES_MAX);
    }
}
