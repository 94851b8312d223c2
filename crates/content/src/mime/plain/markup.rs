//! HTML in pieces, as the tokenizer of a browser parts it (HTML Standard §13.2.5): text, start tags, end tags.
//!
//! **Promise.** Each piece is shorter than what it was taken from, and no octet is looked at more than a few times:
//! what is searched for is either found, and everything before it is done, or it is not there, and the document ends.
//! Any text is a document; nothing is a failure.
//!
//! One thing a browser does not do: `{{ name }}` in an attribute without quotes is one word, since spaces in it will be
//! gone when a value stands there.

use memchr::memmem;

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text, its character references not decoded.
    Text(&'a str),
    /// A start tag.
    Start(Tag<'a>),
    /// The name in an end tag.
    End(&'a str),
}

/// A start tag: its name, and of its attributes those that may show. Character references are not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// In the case it was given.
    pub(super) name: &'a str,
    /// Where a link leads.
    pub(super) href: Option<&'a str>,
    /// What stands for an image.
    pub(super) alt: Option<&'a str>,
}

/// The pieces of a document, in order.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    /// Those of this document.
    pub(super) fn of(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// Goes on where the element of this name ends, which holds text alone.
    pub(super) fn skip_to_end_of(&mut self, name: &str) {
        let rest = self.rest.as_bytes();
        let begins = |at: &usize| is_end_tag(rest.split_at(*at).1, name);
        let end = memmem::find_iter(rest, "</").find(begins);
        self.rest = self.rest.split_at(end.unwrap_or(rest.len())).1;
    }

    /// Takes what begins with `<`. `None` if it is nothing but a comment or the like.
    fn take_markup(&mut self) -> Option<Piece<'a>> {
        let behind = self.rest.strip_prefix('<')?;
        if let [b'a'..=b'z' | b'A'..=b'Z', ..] = behind.as_bytes() {
            return self.take_tag(behind).map(Piece::Start);
        }
        if let [b'/', b'a'..=b'z' | b'A'..=b'Z', ..] = behind.as_bytes() {
            let tag = self.take_tag(behind.strip_prefix('/')?)?;
            return Some(Piece::End(tag.name));
        }
        self.rest = match behind.strip_prefix('!') {
            Some(comment) if comment.starts_with("--") => behind_comment(comment),
            _ => behind.split_once('>').map_or("", |(_, behind)| behind),
        };
        None
    }

    /// Takes a tag, from its name on. One that does not end is none, and nothing follows it.
    fn take_tag(&mut self, from_name: &'a str) -> Option<Tag<'a>> {
        self.rest = "";
        let (name, mut rest) =
            split_where(from_name, 0, |byte| is_space(byte) || matches!(byte, b'/' | b'>'));
        let mut tag = Tag {
            name,
            href: None,
            alt: None,
        };
        loop {
            rest = skip(rest, |byte| is_space(byte) || byte == b'/');
            if let Some(behind) = rest.strip_prefix('>') {
                self.rest = behind;
                return Some(tag);
            }
            let (name, value, behind) = attribute(rest)?;
            let seen = if name.eq_ignore_ascii_case("href") {
                Some(&mut tag.href)
            } else if name.eq_ignore_ascii_case("alt") {
                Some(&mut tag.alt)
            } else {
                None
            };
            // The first of a name counts.
            seen.map(|seen| seen.get_or_insert(value));
            rest = behind;
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        while !self.rest.is_empty() {
            let (text, rest) = self.rest.split_at(text_octets(self.rest.as_bytes()));
            if !text.is_empty() {
                self.rest = rest;
                return Some(Piece::Text(text));
            }
            if let Some(piece) = self.take_markup() {
                return Some(piece);
            }
        }
        None
    }
}

/// How much of it is text, up to the first `<` that begins something else.
fn text_octets(rest: &[u8]) -> usize {
    let begins_markup = |at: &usize| {
        matches!(
            rest.split_at(*at).1,
            [_, b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?', ..] | [_, b'/', _, ..]
        )
    };
    memchr::memchr_iter(b'<', rest)
        .find(begins_markup)
        .unwrap_or(rest.len())
}

/// What follows a comment, given from its first dash on. The dashes may be those of its end too: `<!-->`.
fn behind_comment(comment: &str) -> &str {
    let octets = comment.as_bytes();
    let ends = |at: &usize| {
        let before = octets.split_at(*at).0;
        before.ends_with(b"--") || before.ends_with(b"--!")
    };
    memchr::memchr_iter(b'>', octets)
        .find(ends)
        .map_or("", |at| comment.split_at(at + 1).1)
}

fn is_end_tag(octets: &[u8], name: &str) -> bool {
    let Some((found, behind)) = octets
        .strip_prefix(b"</")
        .and_then(|octets| octets.split_at_checked(name.len()))
    else {
        return false;
    };
    let ends = |byte: &u8| is_space(*byte) || matches!(byte, b'/' | b'>');
    behind.first().is_some_and(ends) && found.eq_ignore_ascii_case(name.as_bytes())
}

/// Name and value of an attribute, and what follows. `None` if the document ends within it.
fn attribute(rest: &str) -> Option<(&str, &str, &str)> {
    let first = rest.chars().next()?;
    let (name, rest) = split_where(rest, first.len_utf8(), |byte| {
        is_space(byte) || matches!(byte, b'/' | b'>' | b'=')
    });
    let Some(rest) = skip(rest, is_space).strip_prefix('=') else {
        return Some((name, "", rest));
    };
    let rest = skip(rest, is_space);
    let (value, rest) = if let Some(quoted) = rest.strip_prefix('"') {
        quoted.split_once('"')?
    } else if let Some(quoted) = rest.strip_prefix('\'') {
        quoted.split_once('\'')?
    } else {
        rest.split_at(unquoted_octets(rest.as_bytes()))
    };
    Some((name, value, rest))
}

/// How long a value without quotes is: up to white space or the end of the tag that is not within a place of a template.
fn unquoted_octets(value: &[u8]) -> usize {
    let mut octets = 0;
    while let [byte, ..] = value.split_at(octets).1 {
        octets += match byte {
            b'{' => placeholder_octets(value.split_at(octets).1).unwrap_or(1),
            byte if is_space(*byte) || *byte == b'>' => break,
            _ => 1,
        };
    }
    octets
}

/// How long `{{ name }}` is, if it begins here. What is not a name has no brace in it, so it is looked at twice at most.
fn placeholder_octets(octets: &[u8]) -> Option<usize> {
    let name = octets.strip_prefix(b"{{")?;
    let in_name = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'\t' | 0x80..)
    };
    let end = name.iter().position(|byte| !in_name(byte))?;
    let is_closed = name.split_at(end).1.starts_with(b"}}");
    is_closed.then_some(b"{{".len() + end + b"}}".len())
}

/// Splits before the first octet, an ASCII one, for which this holds; those before `from` are not asked.
fn split_where(text: &str, from: usize, holds: impl Fn(u8) -> bool) -> (&str, &str) {
    let octets = text.bytes().skip(from).position(holds);
    text.split_at(octets.map_or(text.len(), |octets| from + octets))
}

fn skip(text: &str, holds: impl Fn(u8) -> bool) -> &str {
    split_where(text, 0, |byte| !holds(byte)).1
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}
