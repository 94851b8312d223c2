//! The header fields of a message as they lie in its octets: name, raw value, position. Nothing is decoded or copied.
//!
//! A walk is linear in the block and allocates nothing. It is as tolerant as a signer must be: what is not a header
//! field is passed over, since the message goes out the way it came.

use std::ops::Range;

/// One header field, folding included (RFC 5322 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// What stands before the colon, in the case it was written in, without white space at its end
    /// (`Subject : x` is obsolete syntax, but it is `Subject`: RFC 5322 §4.5).
    pub name: &'a [u8],
    /// Everything after the colon: white space, folding and the final CRLF (if it has one) included.
    pub value: &'a [u8],
    start: usize,
    end: usize,
}

impl Field<'_> {
    /// Whether this field is called `name`; header field names know no case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Where in the header block the field lies, in octets, its final CRLF included.
    pub fn position(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Walks the fields of a header block from top to bottom, up to the empty line or the end of what is given.
///
/// Lines that are no part of a field (no colon, a name with white space or control octets in it, a folded line with
/// nothing before it) are passed over.
pub fn fields(header_block: &[u8]) -> Fields<'_> {
    Fields {
        rest: header_block,
        at: 0,
    }
}

/// How many octets of a message are its header: up to and including the empty line. `None` when there is no empty
/// line in what is given: then it is all header, so far.
///
/// A message that begins with CRLF has an empty header, of two octets.
pub fn block_length(message: &[u8]) -> Option<usize> {
    if message.starts_with(b"\r\n") {
        return Some(2);
    }
    memchr::memmem::find(message, b"\r\n\r\n").map(|at| at + 4)
}

/// What the first field of this name says to a person: unfolded, encoded words (RFC 2047) decoded.
pub fn decoded_field(header_block: &[u8], name: &str) -> Option<String> {
    let field = fields(header_block).find(|field| field.is(name))?;
    let mut value = field.value.to_vec();
    // The parser wants the end of the line, which a header that was cut may not have.
    value.extend_from_slice(b"\n\n");
    let read = mail_parser::parsers::MessageStream::new(&value).parse_unstructured();
    Some(read.as_text().unwrap_or_default().trim().to_owned())
}

/// The walk that [`fields`] begins.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        while !self.rest.is_empty() && !self.rest.starts_with(b"\r\n") {
            let (lines, rest) = self.rest.split_at(unfolded_length(self.rest));
            let start = self.at;
            self.at += lines.len();
            self.rest = rest;
            if let Some((name, value)) = split_name(lines) {
                return Some(Field {
                    name,
                    value,
                    start,
                    end: self.at,
                });
            }
        }
        None
    }
}

/// The length of the first line and of the lines folded onto it.
fn unfolded_length(block: &[u8]) -> usize {
    let ends_a_field = |&end: &usize| match block.split_at(end) {
        ([.., b'\r', b'\n'], rest) => !matches!(rest, [b' ' | b'\t', ..]),
        _ => false,
    };
    memchr::memchr_iter(b'\n', block)
        .map(|at| at + 1)
        .find(ends_a_field)
        .unwrap_or(block.len())
}

/// Splits a field at its colon. `None` if what stands before it cannot be a name (RFC 5322 §2.2: printable US-ASCII).
fn split_name(lines: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', lines)?;
    let (name, value) = lines.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    printable.then_some((name, value.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_and_values(block: &[u8]) -> Vec<(String, String)> {
        fields(block)
            .map(|field| {
                (
                    String::from_utf8_lossy(field.name).into(),
                    String::from_utf8_lossy(field.value).into(),
                )
            })
            .collect()
    }

    #[test]
    fn fields_are_walked_with_their_folding() {
        let table: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("\r\n", &[]),
            ("\r\nA: not a header any more\r\n", &[]),
            (
                "A: 1\r\nB:2\r\n\r\nC: body\r\n",
                &[("A", " 1\r\n"), ("B", "2\r\n")],
            ),
            (
                "A: 1\r\n\t2\r\n 3\r\nB:\r\n",
                &[("A", " 1\r\n\t2\r\n 3\r\n"), ("B", "\r\n")],
            ),
            ("A: no end", &[("A", " no end")]),
            ("A: folded, no end\r\n ", &[("A", " folded, no end\r\n ")]),
            ("Subject \t: obsolete\r\n", &[("Subject", " obsolete\r\n")]),
            ("A: a colon: inside\r\n", &[("A", " a colon: inside\r\n")]),
            (" folded onto nothing: x\r\nA:1\r\n", &[("A", "1\r\n")]),
            (
                "no colon\r\n: no name\r\ntwo words: x\r\nA:1\r\n",
                &[("A", "1\r\n")],
            ),
            ("From me Mon Jan 1 00:00:00 2001\r\nA:1\r\n", &[("A", "1\r\n")]),
            (
                "A: a bare \n line feed\r\nB:2\r\n",
                &[("A", " a bare \n line feed\r\n"), ("B", "2\r\n")],
            ),
        ];
        for (block, expected) in table {
            let expected: Vec<_> = expected
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect();
            assert_eq!(names_and_values(block.as_bytes()), expected, "{block:?}");
        }
    }

    #[test]
    fn a_field_is_read_as_people_read_it() {
        let block =
            b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_an?= alle\r\nTo: a\r\n\tb\r\nX:\r\n\r\n";
        let read = |name| decoded_field(block, name);
        assert_eq!(read("subject").as_deref(), Some("Gr\u{fc}\u{df}e an alle"));
        assert_eq!(read("To").as_deref(), Some("a b"));
        assert_eq!(read("X").as_deref(), Some(""));
        assert_eq!(read("Y"), None);
        assert_eq!(decoded_field(b"Z: cut", "Z").as_deref(), Some("cut"));
    }

    #[test]
    fn positions_cover_the_field() {
        let block = b"A: 1\r\nnonsense\r\nB: 2\r\n 3\r\n\r\n";
        let covered: Vec<&[u8]> = fields(block).map(|field| &block[field.position()]).collect();
        assert_eq!(covered, [&b"A: 1\r\n"[..], b"B: 2\r\n 3\r\n"]);
    }

    #[test]
    fn the_header_ends_at_the_first_empty_line() {
        let table: &[(&str, Option<usize>)] = &[
            ("", None),
            ("A: 1\r\n", None),
            ("\r\nbody", Some(2)),
            ("A: 1\r\n\r\nbody\r\n\r\n", Some(8)),
            ("A: 1\r\n \r\n\r\n", Some(11)),
            ("A: 1\n\r\nB: a bare line feed ends no line\r\n", None),
        ];
        for (message, expected) in table {
            assert_eq!(block_length(message.as_bytes()), *expected, "{message:?}");
        }
    }
}
