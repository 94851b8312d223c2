//! Words on lines: folded header fields (RFC 5322 §2.2.3) and wrapped text.

use crate::address::ForwardPath;

/// What the lines may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Ascii,
    Utf8,
}

/// Where header fields are written to.
pub(super) struct Field<'a> {
    pub(super) charset: Charset,
    pub(super) out: &'a mut Vec<u8>,
}

impl Field<'_> {
    /// Writes a field, folded at spaces.
    pub(super) fn write(&mut self, name: &str, value: &str) {
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b':');
        let column = name.len() + 1;
        write_words(
            value,
            Layout {
                column,
                first: " ",
                next: " ",
            },
            self.charset,
            self.out,
        );
    }
}

/// Writes text on lines that begin with `indent`.
pub(super) fn wrap(text: &str, indent: &str, charset: Charset, out: &mut Vec<u8>) {
    write_words(
        text,
        Layout {
            column: 0,
            first: indent,
            next: indent,
        },
        charset,
        out,
    );
}

/// An address with its type: `rfc822` if it is ASCII, else `utf-8` (RFC 6533 §3).
pub(super) fn address_text(path: &ForwardPath, charset: Charset) -> String {
    let address = path.as_str();
    if address.is_ascii() {
        return format!("rfc822; {address}");
    }
    let mut text = String::from("utf-8; ");
    for char in address.chars() {
        // RFC 6533 §3: QCHAR leaves these out, because they mean something in xtext or here.
        let is_plain =
            !matches!(char, '\\' | '+' | '=' | ' ') && (char.is_ascii() || charset == Charset::Utf8);
        if is_plain {
            text.push(char);
        } else {
            text.push_str(&format!("\\x{{{:02X}}}", u32::from(char)));
        }
    }
    text
}

struct Layout<'a> {
    // Octets already on the line.
    column: usize,
    // What comes before the first word, and before the first word of every further line.
    first: &'a str,
    next: &'a str,
}

fn write_words(text: &str, layout: Layout<'_>, charset: Charset, out: &mut Vec<u8>) {
    let mut column = layout.column + layout.first.len();
    out.extend_from_slice(layout.first.as_bytes());
    let mut is_first = true;
    for word in text
        .split(|char: char| char.is_whitespace() || char.is_control())
        .filter(|word| !word.is_empty())
    {
        for piece in pieces(word) {
            if !is_first && column + 1 + piece.len() > LINE_OCTETS {
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(layout.next.as_bytes());
                column = layout.next.len();
            } else if !is_first {
                out.push(b' ');
                column += 1;
            }
            write_word(piece, charset, out);
            column += piece.len();
            is_first = false;
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn write_word(word: &str, charset: Charset, out: &mut Vec<u8>) {
    if charset == Charset::Utf8 || word.is_ascii() {
        out.extend_from_slice(word.as_bytes());
    } else {
        out.extend(
            word.chars()
                .map(|char| if char.is_ascii() { char as u8 } else { b'?' }),
        );
    }
}

// A word in pieces of which each fits on a line. Only a peer that means harm says such words.
fn pieces(mut word: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (piece, rest) = word.split_at_checked(word.floor_char_boundary(WORD_OCTETS_MAX))?;
        word = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

// RFC 5322 §2.1.1: lines should have at most 78 characters.
const LINE_OCTETS: usize = 78;

// RFC 5322 §2.1.1: lines must have at most 998; this leaves room for the longest field name.
const WORD_OCTETS_MAX: usize = 900;
