//! Where in a document the few pieces lie that tracking cares for.
//!
//! **Promise.** The pieces come in order, each a range of the document, none within another but those of a conditional
//! comment, which is tokenized by itself. The tokenizer is html5gum's, which follows HTML Standard §13.2.5; what is
//! kept of a tag is where it lies, so that memory does not grow with the document.
//!
//! **As mail is shown.** No script runs, so what is in `noscript` is markup. What is in a `template` is not shown, and
//! not a piece. Within `svg` and `math` the names of elements do not make text of what is in them; that such an element
//! is left is decided by a simpler rule than a browser's (§13.2.6.5): its end tag, or the start of one that cannot be in it.
//!
//! lol_html was considered: it writes a changed start tag anew, with one space before each attribute; and a `</body>`
//! without its start tag, of which mail has many, is not shown to anyone.

use std::collections::VecDeque;
use std::ops::Range;

use html5gum::{Emitter, Error, State, StringReader, Tokenizer};

/// A piece of a document, as a range of its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// The start tag of an element that can be a link.
    Link(Range<usize>),
    /// `</body>`.
    BodyEnd(Range<usize>),
    /// `</html>`.
    HtmlEnd(Range<usize>),
    /// What is between `<!--[if …]>` and `<![endif]-->`.
    Conditional(Range<usize>),
}

/// The pieces of a document, in order.
pub(super) fn pieces(html: &str) -> impl Iterator<Item = Piece> {
    tokenizer(html).map(|piece| match piece {
        Ok(piece) => piece,
        Err(never) => match never {},
    })
}

fn tokenizer(html: &str) -> Tokenizer<StringReader<'_>, Watch<'_>> {
    Tokenizer::new_with_emitter(html, Watch::over(html))
}

/// Looks on while the document is tokenized.
#[derive(Debug, Default)]
struct Watch<'a> {
    html: &'a str,
    /// How much has been read.
    position: usize,
    /// Where the last `<` stands.
    begins: usize,
    is_end_tag: bool,
    is_self_closing: bool,
    /// In lower case.
    name: Vec<u8>,
    /// The element whose end tag ends text that is no markup.
    last_start: Vec<u8>,
    /// Open `svg` and `math` elements.
    foreign: usize,
    /// Open `template` elements.
    templates: usize,
    found: VecDeque<Piece>,
}

impl<'a> Watch<'a> {
    fn over(html: &'a str) -> Self {
        Self {
            html,
            ..Self::default()
        }
    }

    fn start_tag(&mut self) -> Option<State> {
        self.last_start.clone_from(&self.name);
        if self.foreign > 0 && leaves_foreign(&self.name) {
            self.foreign = 0;
        }
        match &*self.name {
            b"svg" | b"math" => self.foreign += usize::from(!self.is_self_closing),
            b"template" if self.foreign == 0 => self.templates += 1,
            name if self.templates == 0 && is_link(name) => {
                self.found.push_back(Piece::Link(self.begins..self.position));
            }
            _ => {}
        }
        (self.foreign == 0).then(|| text_state(&self.name)).flatten()
    }

    fn end_tag(&mut self) {
        match &*self.name {
            b"svg" | b"math" => self.foreign = self.foreign.saturating_sub(1),
            b"template" if self.foreign == 0 => self.templates = self.templates.saturating_sub(1),
            b"body" if self.templates == 0 => {
                self.found.push_back(Piece::BodyEnd(self.begins..self.position));
            }
            b"html" if self.templates == 0 => {
                self.found.push_back(Piece::HtmlEnd(self.begins..self.position));
            }
            _ => {}
        }
    }
}

/// Whether an element of this name (in lower case) can be a link: also those of VML, which Outlook draws buttons with.
fn is_link(name: &[u8]) -> bool {
    matches!(name, b"a" | b"area") || name.starts_with(b"v:")
}

/// How what is in an element of this name is read, if not as markup (HTML Standard §13.2.6.4.4 and .7).
fn text_state(name: &[u8]) -> Option<State> {
    match name {
        b"textarea" | b"title" => Some(State::RcData),
        b"script" => Some(State::ScriptData),
        b"style" | b"iframe" | b"xmp" | b"noembed" | b"noframes" => Some(State::RawText),
        b"plaintext" => Some(State::PlainText),
        _ => None,
    }
}

/// Whether an element of this name ends `svg` and `math` around it (HTML Standard §13.2.6.5).
fn leaves_foreign(name: &[u8]) -> bool {
    matches!(
        name,
        b"b" | b"big"
            | b"blockquote"
            | b"body"
            | b"br"
            | b"center"
            | b"code"
            | b"dd"
            | b"div"
            | b"dl"
            | b"dt"
            | b"em"
            | b"embed"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"head"
            | b"hr"
            | b"i"
            | b"img"
            | b"li"
            | b"listing"
            | b"menu"
            | b"meta"
            | b"nobr"
            | b"ol"
            | b"p"
            | b"pre"
            | b"ruby"
            | b"s"
            | b"small"
            | b"span"
            | b"strike"
            | b"strong"
            | b"sub"
            | b"sup"
            | b"table"
            | b"tt"
            | b"u"
            | b"ul"
            | b"var"
    )
}

/// What of a comment Outlook reads as markup.
fn conditional(comment: &str) -> Option<Range<usize>> {
    let octets = comment.as_bytes();
    let condition = octets.strip_prefix(b"<!--[")?;
    let is_word = condition.get(2)?.is_ascii_alphanumeric();
    if is_word || !condition.get(..2)?.eq_ignore_ascii_case(b"if") {
        return None;
    }
    let start = memchr::memmem::find(octets, b"]>")? + 2;
    let end = memchr::memmem::rfind(octets, b"<![")?;
    (start <= end).then_some(start..end)
}

/// The tokenizer's side. What is not needed is not kept: text, values, comments, doctypes.
impl Emitter for Watch<'_> {
    type Token = Piece;

    fn set_last_start_tag(&mut self, last_start_tag: Option<&[u8]>) {
        self.last_start = last_start_tag.unwrap_or_default().to_vec();
    }

    fn pop_token(&mut self) -> Option<Piece> {
        self.found.pop_front()
    }

    fn start_open_tag(&mut self) {
        self.begins = self.position.saturating_sub(1);
    }

    fn init_start_tag(&mut self) {
        self.name.clear();
        self.is_end_tag = false;
        self.is_self_closing = false;
    }

    fn init_end_tag(&mut self) {
        self.init_start_tag();
        self.is_end_tag = true;
    }

    fn push_tag_name(&mut self, name: &[u8]) {
        self.name.extend_from_slice(name);
    }

    fn set_self_closing(&mut self) {
        self.is_self_closing = true;
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        if self.is_end_tag {
            self.end_tag();
            None
        } else {
            self.start_tag()
        }
    }

    fn emit_current_comment(&mut self) {
        let comment = self.html.get(self.begins..self.position).unwrap_or_default();
        if let Some(inner) = conditional(comment)
            && self.templates == 0
        {
            let inner = self.begins + inner.start..self.begins + inner.end;
            self.found.push_back(Piece::Conditional(inner));
        }
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.is_end_tag && !self.name.is_empty() && self.name == self.last_start
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.foreign > 0
    }

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn emit_string(&mut self, _: &[u8]) {}
    fn init_comment(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn init_attribute(&mut self) {}
    fn push_attribute_name(&mut self, _: &[u8]) {}
    fn push_attribute_value(&mut self, _: &[u8]) {}
    fn init_doctype(&mut self) {}
    fn emit_current_doctype(&mut self) {}
    fn set_force_quirks(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    /// The pieces as text, each with a letter that says what it is.
    fn shown(html: &str) -> Vec<String> {
        let text = |letter: &str, range: Range<usize>| format!("{letter} {}", html.get(range).unwrap());
        pieces(html)
            .map(|piece| match piece {
                Piece::Link(range) => text("L", range),
                Piece::BodyEnd(range) => text("B", range),
                Piece::HtmlEnd(range) => text("H", range),
                Piece::Conditional(range) => text("C", range),
            })
            .collect()
    }

    #[test]
    fn pieces_lie_where_they_lie() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("text & <b>bold</b> < a > b", &[]),
            (
                "<a href=x>y</a> <A\r\n HREF='x>y'\r\n>",
                &["L <a href=x>", "L <A\r\n HREF='x>y'\r\n>"],
            ),
            (
                "<area href=x><abbr><article><v:rect a=\"b\"/>",
                &["L <area href=x>", "L <v:rect a=\"b\"/>"],
            ),
            ("\r\n\r\nü\r<a>\r\r\n\u{1f600}<a\n>", &["L <a>", "L <a\n>"]),
            (
                "&amp;&ampx;&#65;&#x41&notit;&<a &amp; b='&lt'>",
                &["L <a &amp; b='&lt'>"],
            ),
            ("a\0b<a\0 b=\0>", &[]),
            ("<a b=\0\r\n>", &["L <a b=\0\r\n>"]),
            ("<a href=x", &[]),
            ("<a href='x>", &[]),
            ("</BODY\n></HTML x=y>", &["B </BODY\n>", "H </HTML x=y>"]),
            (
                "<!-- </body> --><script>'</body>'</script></body>",
                &["B </body>"],
            ),
            (
                "<style><a></style><title><a></title><textarea><a></textarea><a>",
                &["L <a>"],
            ),
            (
                "<xmp><a></xmp><iframe><a></iframe><noframes><a></noframes><noembed><a></noembed>",
                &[],
            ),
            (
                "<script><!--<script></script><a></script>--></script><a b>",
                &["L <a b>"],
            ),
            ("<noscript><a></noscript>", &["L <a>"]),
            ("<plaintext><a></plaintext></body>", &[]),
            (
                "<template><a></body><template></template><a></template><a b>",
                &["L <a b>"],
            ),
            (
                "<svg><style><a x></style><title><a y></title></svg><style><a z></style>",
                &["L <a x>", "L <a y>"],
            ),
            (
                "<svg><![CDATA[ <a> ]]><a x></svg><![CDATA[ <a y> ]]>",
                &["L <a x>"],
            ),
            ("<svg/><style><a></style>", &[]),
            ("<svg><p><style><a></style>", &[]),
            (
                "<!--[if mso]><a b><![endif]--><!--[if !mso]><!--><a c><!--<![endif]-->",
                &["C <a b>", "L <a c>"],
            ),
            (
                "<!--[IF gte mso 9]>x<![ENDIF]--><!--[if mso]>x--><!--[iff]>x<![endif]-->",
                &["C x"],
            ),
            ("<!--[if--><!--[i--><!--[if]><![-->", &["C "]),
            ("<![if !mso]><a b><![endif]><? <a> ?>", &["L <a b>"]),
        ];
        for (html, expected) in table {
            assert_eq!(shown(html), *expected, "{html:?}");
        }
    }

    proptest! {
        /// The tokenizer's position is where the document is, whatever is in it.
        #[test]
        fn ranges_are_those_of_tags(
            parts in prop::collection::vec(prop::sample::select(super::super::tests::PARTS), 0..60)
        ) {
            let html = parts.concat();
            let mut last = 0;
            for piece in pieces(&html) {
                let (range, begin) = match piece {
                    Piece::Link(range) => (range, "<"),
                    Piece::BodyEnd(range) | Piece::HtmlEnd(range) => (range, "</"),
                    Piece::Conditional(range) => {
                        prop_assert!(html.get(..range.start).unwrap().ends_with("]>"), "{html:?}");
                        last = range.end;
                        continue;
                    }
                };
                let tag = html.get(range.clone()).unwrap();
                prop_assert!(tag.starts_with(begin) && tag.ends_with('>'), "{tag:?} in {html:?}");
                prop_assert!(range.start >= last, "{html:?}");
                last = range.end;
            }
        }
    }
}
