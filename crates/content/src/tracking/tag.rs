//! The attributes of a start tag, with where they lie (HTML Standard §13.2.5.32 to 39).
//!
//! **Promise.** Given a start tag as the tokenizer has found it, these are the attributes the tokenizer read, in order,
//! repeated ones included; each is a range of the document that goes from its name to the end of its value, quotes
//! included.

use std::ops::Range;

/// What is around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Double,
    Single,
    Missing,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    /// Without quotes; empty if there is none.
    pub(super) value: Range<usize>,
    pub(super) quote: Quote,
    pub(super) whole: Range<usize>,
}

/// The attributes of the start tag that lies in this range of the document.
pub(super) fn attributes(html: &str, tag: Range<usize>) -> Attributes<'_> {
    let octets = html.as_bytes();
    // The last octet is the `>`.
    let octets = octets.get(..tag.end.saturating_sub(1)).unwrap_or_default();
    let mut attributes = Attributes {
        octets,
        at: tag.start,
    };
    attributes.at = attributes.end_of(tag.start, |octet| !is_space(octet) && octet != b'/');
    attributes
}

/// The walk that [`attributes`] begins.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    /// The document up to the end of the tag.
    octets: &'a [u8],
    at: usize,
}

impl Attributes<'_> {
    /// Where the run of such octets that begins here ends.
    fn end_of(&self, from: usize, holds: impl Fn(u8) -> bool) -> usize {
        let rest = self.octets.get(from..).unwrap_or_default();
        let run = rest.iter().position(|octet| !holds(*octet));
        from + run.unwrap_or(rest.len())
    }

    fn octet(&self, at: usize) -> Option<u8> {
        self.octets.get(at).copied()
    }

    /// The value that follows the name which ends here: it, what is around it, and the end of all.
    fn value(&self, name_end: usize) -> (Range<usize>, Quote, usize) {
        let equals = self.end_of(name_end, is_space);
        if self.octet(equals) != Some(b'=') {
            return (name_end..name_end, Quote::Missing, name_end);
        }
        let start = self.end_of(equals + 1, is_space);
        let (quote, mark) = match self.octet(start) {
            Some(b'"') => (Quote::Double, b'"'),
            Some(b'\'') => (Quote::Single, b'\''),
            Some(_) => {
                let end = self.end_of(start, |octet| !is_space(octet));
                return (start..end, Quote::Missing, end);
            }
            None => return (start..start, Quote::Missing, equals + 1),
        };
        let end = self.end_of(start + 1, |octet| octet != mark);
        (start + 1..end, quote, (end + 1).min(self.octets.len()))
    }
}

impl Iterator for Attributes<'_> {
    type Item = Attribute;

    fn next(&mut self) -> Option<Attribute> {
        let start = self.end_of(self.at, |octet| is_space(octet) || octet == b'/');
        // The first octet belongs to the name whatever it is.
        self.octet(start)?;
        let name_end = self.end_of(start + 1, |octet| {
            !is_space(octet) && !matches!(octet, b'/' | b'=')
        });
        let (value, quote, end) = self.value(name_end);
        self.at = end;
        Some(Attribute {
            name: start..name_end,
            value,
            quote,
            whole: start..end,
        })
    }
}

/// White space of markup (HTML Standard §13.2.5.32); the tokenizer reads CR as LF.
pub(super) fn is_space(octet: u8) -> bool {
    matches!(octet, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    use html5gum::Token;
    use proptest::prelude::*;

    /// Name, value, quote, all of it.
    type Shown<'a> = (&'a str, &'a str, Quote, &'a str);

    fn shown(tag: &str) -> Vec<Shown<'_>> {
        let html = format!("é{tag}");
        attributes(&html, 2..html.len())
            .map(|attribute| {
                let text = |range: Range<usize>| tag.get(range.start - 2..range.end - 2).unwrap();
                (
                    text(attribute.name),
                    text(attribute.value),
                    attribute.quote,
                    text(attribute.whole),
                )
            })
            .collect()
    }

    #[test]
    fn attributes_lie_where_they_lie() {
        use Quote::{Double, Missing, Single};
        let table: &[(&str, &[Shown<'_>])] = &[
            ("<a>", &[]),
            ("<a/>", &[]),
            ("<a \r\n/ >", &[]),
            ("<a b>", &[("b", "", Missing, "b")]),
            ("<a b=c>", &[("b", "c", Missing, "b=c")]),
            ("<a/b=c/>", &[("b", "c/", Missing, "b=c/")]),
            (
                "<a b = 'c>\"'d=\"\">",
                &[("b", "c>\"", Single, "b = 'c>\"'"), ("d", "", Double, "d=\"\"")],
            ),
            ("<a\nB\r\n=\t\"c\"\x0c>", &[("B", "c", Double, "B\r\n=\t\"c\"")]),
            ("<a =b=c>", &[("=b", "c", Missing, "=b=c")]),
            ("<a b= >", &[("b", "", Missing, "b=")]),
            ("<a b=>", &[("b", "", Missing, "b=")]),
            (
                "<a b=c\"d' e/f>",
                &[
                    ("b", "c\"d'", Missing, "b=c\"d'"),
                    ("e", "", Missing, "e"),
                    ("f", "", Missing, "f"),
                ],
            ),
            (
                "<a b b b=1>",
                &[
                    ("b", "", Missing, "b"),
                    ("b", "", Missing, "b"),
                    ("b", "1", Missing, "b=1"),
                ],
            ),
            ("<v:rect\"b\"=é>", &[]),
            ("<a \"b\"=é>", &[("\"b\"", "é", Missing, "\"b\"=é")]),
        ];
        for (tag, expected) in table {
            assert_eq!(shown(tag), *expected, "{tag:?}");
        }
    }

    proptest! {
        /// The first of each name, with the value it has, is what a tokenizer hands out.
        #[test]
        fn they_are_the_tokenizers(
            parts in prop::collection::vec(
                prop::sample::select(&[
                    " ", "\n", "\t", "/", "=", "'", "\"", "b", "C", "href", "é", "<", "`", "\x0c", "x.example",
                ]),
                0..30,
            )
        ) {
            let tag = format!("<a {}>", parts.concat());
            let Some(Ok(Token::StartTag(read))) = html5gum::Tokenizer::new(&tag).next() else { return Ok(()) };
            // A quote may have been left open, or closed later: then the tag does not end where the text does.
            let closes = super::super::markup::pieces(&tag).next();
            prop_assume!(closes == Some(super::super::markup::Piece::Link(0..tag.len())));
            let mut found = std::collections::BTreeMap::new();
            for attribute in attributes(&tag, 0..tag.len()) {
                let name = tag.get(attribute.name).unwrap().to_ascii_lowercase();
                found.entry(name.into_bytes()).or_insert(tag.get(attribute.value).unwrap().as_bytes().to_vec());
            }
            let read: std::collections::BTreeMap<Vec<u8>, Vec<u8>> = read
                .attributes
                .into_iter()
                .map(|(name, value)| (name.0, value.value.0))
                .collect();
            prop_assert_eq!(found, read, "{:?}", tag);
        }
    }
}
