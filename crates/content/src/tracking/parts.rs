//! Where in a message (RFC 2045, RFC 2046) the HTML and the plain text lie that may be rewritten.
//!
//! **Promise.** One pass over the octets for each multipart around them, of which there are no more than
//! [`DEPTH_MAX`]; nothing is decoded or copied, so attachments cost no more than their length. A delimiter is one only
//! as RFC 2046 §5.1.1 writes it: a line of its own. A reader that finds other parts than these finds none rewritten
//! that are no text, since what is rewritten lies between two of its own delimiters too.
//!
//! Not looked into: what is signed or encrypted, messages within messages, attachments, anything else.

use std::ops::Range;

use mail_parser::ContentType;
use mail_parser::parsers::MessageStream;

use super::Untouched;
use super::limits::{DEPTH_MAX, PARTS_MAX};
use crate::header::{self, Field, fields};

/// How the octets of a part are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferEncoding {
    /// 7bit, 8bit and binary: as they are.
    Identity,
    QuotedPrintable,
    Base64,
}

/// What may be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `text/html`
    Html,
    /// `text/plain`
    Plain,
}

/// A part that is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPart {
    pub(super) kind: Kind,
    pub(super) body: Range<usize>,
    pub(super) encoding: TransferEncoding,
    /// Where the value of its Content-Transfer-Encoding stands, if it has that field.
    pub(super) encoding_value: Option<Range<usize>>,
    /// In lower case.
    pub(super) charset: Option<String>,
}

/// What there is in a message.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) text: Vec<TextPart>,
    /// Why something was passed over, if it was; the first reason.
    pub(super) untouched: Option<Untouched>,
    count: usize,
}

impl Parts {
    /// Those of a message.
    pub(super) fn of(message: &[u8]) -> Self {
        let mut parts = Self::default();
        parts.entity(message, 0..message.len(), DEPTH_MAX);
        if parts.count > PARTS_MAX {
            parts.text.clear();
            parts.pass_over(Untouched::Malformed);
        }
        parts
    }

    fn pass_over(&mut self, reason: Untouched) {
        self.untouched.get_or_insert(reason);
    }

    /// A message or a part of one: header, empty line, body.
    fn entity(&mut self, message: &[u8], range: Range<usize>, depth: usize) {
        self.count += 1;
        let entity = message.get(range.clone()).unwrap_or_default();
        let Some(header_length) = header::block_length(entity) else {
            return;
        };
        if self.count > PARTS_MAX {
            return;
        }
        let head = Head::of(entity, range.start);
        let body = range.start + header_length..range.end;
        if head.is_ambiguous {
            return self.pass_over(Untouched::Malformed);
        }
        let Some(content_type) = &head.content_type else {
            return;
        };
        let subtype = content_type.subtype().unwrap_or_default().to_ascii_lowercase();
        match (&*content_type.ctype().to_ascii_lowercase(), &*subtype) {
            ("multipart", "signed") => self.pass_over(Untouched::Signed),
            ("multipart", "encrypted") | ("application", "pkcs7-mime" | "x-pkcs7-mime") => {
                self.pass_over(Untouched::Encrypted);
            }
            ("multipart", _) if depth == 0 => self.pass_over(Untouched::Malformed),
            ("multipart", _) => match content_type.attribute("boundary") {
                Some(boundary) if !boundary.trim_end().is_empty() => {
                    for part in delimited(message, body, boundary.trim_end()) {
                        self.entity(message, part, depth - 1);
                    }
                }
                _ => self.pass_over(Untouched::Malformed),
            },
            ("text", "html") if !head.is_attachment => self.text(Kind::Html, head, body),
            ("text", "plain") if !head.is_attachment => self.text(Kind::Plain, head, body),
            _ => {}
        }
    }

    fn text(&mut self, kind: Kind, head: Head, body: Range<usize>) {
        let Some(encoding) = head.encoding else {
            return self.pass_over(Untouched::TransferEncoding);
        };
        let charset = head
            .content_type
            .as_ref()
            .and_then(|content_type| content_type.attribute("charset"));
        self.text.push(TextPart {
            kind,
            body,
            encoding,
            encoding_value: head.encoding_value,
            charset: charset.map(|charset| charset.trim().to_ascii_lowercase()),
        });
    }
}

/// What the header of a part says of its body.
#[derive(Debug)]
struct Head {
    content_type: Option<ContentType<'static>>,
    /// `None`: one that is not known.
    encoding: Option<TransferEncoding>,
    encoding_value: Option<Range<usize>>,
    is_attachment: bool,
    /// A field that may stand there once stands there twice: readers differ on which counts.
    is_ambiguous: bool,
}

impl Head {
    fn of(entity: &[u8], offset: usize) -> Self {
        let mut head = Self {
            content_type: None,
            encoding: Some(TransferEncoding::Identity),
            encoding_value: None,
            is_attachment: false,
            is_ambiguous: false,
        };
        for field in fields(entity) {
            if field.is("Content-Type") {
                head.is_ambiguous |= head.content_type.is_some();
                head.content_type = structured(&field);
            } else if field.is("Content-Transfer-Encoding") {
                head.is_ambiguous |= head.encoding_value.is_some();
                head.encoding = transfer_encoding(field.value);
                head.encoding_value = Some(trimmed_value(&field, offset));
            } else if field.is("Content-Disposition") {
                head.is_attachment |=
                    structured(&field).is_none_or(|disposition| disposition.is_attachment());
            }
        }
        head
    }
}

/// A field of a value and parameters (RFC 2045 §5.1, RFC 2183 §2).
pub(crate) fn structured(field: &Field<'_>) -> Option<ContentType<'static>> {
    let mut value = field.value.to_vec();
    // The parser wants the end of the line.
    value.extend_from_slice(b"\n\n");
    let parsed = MessageStream::new(&value).parse_content_type();
    parsed.into_owned().into_content_type()
}

pub(crate) fn transfer_encoding(value: &[u8]) -> Option<TransferEncoding> {
    let value = value.trim_ascii();
    let is = |name: &str| value.eq_ignore_ascii_case(name.as_bytes());
    if is("7bit") || is("8bit") || is("binary") {
        Some(TransferEncoding::Identity)
    } else if is("quoted-printable") {
        Some(TransferEncoding::QuotedPrintable)
    } else if is("base64") {
        Some(TransferEncoding::Base64)
    } else {
        None
    }
}

/// Where in the message the value of a field stands, without the white space around it.
fn trimmed_value(field: &Field<'_>, offset: usize) -> Range<usize> {
    let end = offset + field.position().end;
    let trailing = field.value.len() - field.value.trim_ascii_end().len();
    let end = end - trailing;
    end - field.value.trim_ascii().len()..end
}

/// The parts of a multipart body (RFC 2046 §5.1.1). The last may lack its delimiter, as in a message that was cut.
pub(crate) fn delimited(message: &[u8], body: Range<usize>, boundary: &str) -> Vec<Range<usize>> {
    let octets = message.get(..body.end).unwrap_or_default();
    let delimiter = format!("--{boundary}");
    let finder = memchr::memmem::Finder::new(delimiter.as_bytes());
    let mut parts = Vec::new();
    let mut open: Option<usize> = None;
    let mut from = body.start;
    while let Some(at) = octets.get(from..).and_then(|rest| finder.find(rest)) {
        let start = from + at;
        from = start + delimiter.len();
        let begins_line = start == body.start
            || octets
                .get(..start)
                .is_some_and(|before| before.ends_with(b"\r\n"));
        let Some((line_end, is_last)) = delimiter_end(octets, from).filter(|_| begins_line) else {
            continue;
        };
        if let Some(part) = open {
            // The CRLF before it belongs to the delimiter.
            parts.push(part..start.saturating_sub(2).max(part));
        }
        if is_last {
            return parts;
        }
        from = line_end;
        open = Some(line_end);
    }
    if let Some(part) = open {
        parts.push(part..body.end);
    }
    parts
}

/// Where the line ends whose boundary ends here, and whether it is the last; `None` if more follows in the line.
fn delimiter_end(octets: &[u8], at: usize) -> Option<(usize, bool)> {
    let rest = octets.get(at..)?;
    let (rest, is_last) = match rest.strip_prefix(b"--") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let padding = rest
        .iter()
        .take_while(|octet| matches!(octet, b' ' | b'\t'))
        .count();
    let rest = rest.get(padding..)?;
    let begins = octets.len() - rest.len();
    match rest {
        [] => Some((begins, is_last)),
        [b'\r', b'\n', ..] => Some((begins + 2, is_last)),
        _ => None,
    }
}
