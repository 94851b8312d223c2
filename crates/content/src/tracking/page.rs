//! One document while it is rewritten: what was found in it becomes edits, which are made all at once.

use std::borrow::Cow;
use std::ops::Range;

use super::limits::LINKS_MAX;
use super::markup::{Piece, pieces};
use super::opt_out::OptOut;
use super::tag::{Attribute, attributes};
use super::target::{Target, attribute_value};
use super::{Inserted, Plan};

/// What the characters of a document stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Themselves.
    Unicode,
    /// ASCII for itself, others for octets of a charset that is not known here: a URL with such is not read.
    Octets,
}

/// A document and what is to be done to it.
pub(super) struct Page<'a, 'b> {
    html: &'a str,
    plan: &'b Plan<'b>,
    charset: Charset,
    inserted: &'b mut Inserted,
    /// What goes, and what comes in its place.
    edits: Vec<(Range<usize>, String)>,
    body_end: Option<usize>,
    html_end: Option<usize>,
}

impl<'a, 'b> Page<'a, 'b> {
    /// Looks through the document.
    pub(super) fn of(
        html: &'a str,
        plan: &'b Plan<'b>,
        charset: Charset,
        inserted: &'b mut Inserted,
    ) -> Self {
        let mut page = Self {
            html,
            plan,
            charset,
            inserted,
            edits: Vec::new(),
            body_end: None,
            html_end: None,
        };
        for piece in pieces(html) {
            match piece {
                Piece::Link(tag) => page.link(tag),
                Piece::Conditional(inner) => page.conditional(inner),
                Piece::BodyEnd(tag) => page.body_end = Some(tag.start),
                Piece::HtmlEnd(tag) => page.html_end = Some(tag.start),
            }
        }
        page.pixel();
        page
    }

    /// The document with all edits made.
    pub(super) fn into_html(mut self) -> Cow<'a, str> {
        if self.edits.is_empty() {
            return Cow::Borrowed(self.html);
        }
        self.edits.sort_by_key(|(range, _)| range.start);
        let more: usize = self.edits.iter().map(|(_, text)| text.len()).sum();
        let mut html = String::with_capacity(self.html.len() + more);
        let mut done = 0;
        for (range, text) in &self.edits {
            html.push_str(self.text(done..range.start));
            html.push_str(text);
            done = range.end;
        }
        html.push_str(self.text(done..self.html.len()));
        Cow::Owned(html)
    }

    /// Markup within a comment is a document of its own; there are no comments in it.
    fn conditional(&mut self, inner: Range<usize>) {
        for piece in pieces(self.text(inner.clone())) {
            if let Piece::Link(tag) = piece {
                self.link(inner.start + tag.start..inner.start + tag.end);
            }
        }
    }

    fn link(&mut self, tag: Range<usize>) {
        let mut href = None;
        let mut opted_out = false;
        for attribute in attributes(self.html, tag) {
            let name = self.text(attribute.name.clone());
            if name.eq_ignore_ascii_case("href") {
                // The first of a name counts.
                href.get_or_insert(attribute);
            } else if self.plan.click_url.is_some() {
                opted_out |= self.opt_out(&attribute);
            }
        }
        if let Some(href) = href {
            self.href(&href, opted_out);
        }
    }

    fn href(&mut self, href: &Attribute, opted_out: bool) {
        let value = self.text(href.value.clone());
        if self.charset == Charset::Octets && !value.is_ascii() {
            return;
        }
        let url = match Target::of(value, self.plan.excluded_hosts) {
            Target::Unsubscribe => self.unsubscribe_url(),
            Target::Page(destination) if !opted_out => self.click_url(destination),
            Target::Page(_) | Target::Other => None,
        };
        if let Some(url) = url {
            self.edits
                .push((href.value.clone(), attribute_value(&url, href.quote)));
        }
    }

    fn unsubscribe_url(&mut self) -> Option<String> {
        let url = self.plan.unsubscribe_url?;
        self.inserted.unsubscribe_links += 1;
        Some(url.to_owned())
    }

    fn click_url(&mut self, destination: String) -> Option<String> {
        let click_url = self.plan.click_url?;
        let number = self.inserted.links.len();
        if number >= LINKS_MAX {
            self.inserted.links_left += 1;
            return None;
        }
        self.inserted.links.push(destination);
        Some(click_url(u16::try_from(number).ok()?))
    }

    /// Takes the mark away, if this is one, and says whether it is.
    fn opt_out(&mut self, attribute: &Attribute) -> bool {
        let name = self.text(attribute.name.clone());
        let value = self.text(attribute.value.clone());
        match OptOut::of(name, value) {
            OptOut::Missing => return false,
            OptOut::Attribute => {
                let whole = self.with_space(attribute.whole.clone());
                self.edits.push((whole, String::new()));
            }
            OptOut::Classes(words) => {
                let start = attribute.value.start;
                let edit = |word: Range<usize>| (start + word.start..start + word.end, String::new());
                self.edits.extend(words.into_iter().map(edit));
            }
        }
        true
    }

    /// An attribute with the white space before it, unless that still has to part what is around.
    fn with_space(&self, attribute: Range<usize>) -> Range<usize> {
        let behind = self.text(attribute.end..self.html.len());
        if !behind.starts_with(['\t', '\n', '\x0c', '\r', ' ', '>']) {
            return attribute;
        }
        let before = self.text(0..attribute.start).trim_ascii_end().len();
        before..attribute.end
    }

    fn pixel(&mut self) {
        let Some(url) = self.plan.pixel_url else { return };
        if self.inserted.pixel {
            return;
        }
        let at = match self.body_end.or(self.html_end) {
            Some(at) => at,
            // Put behind half a tag, it would be the other half of it.
            None if !ends_in_text(self.html) => return,
            None => self.html.len(),
        };
        self.inserted.pixel = true;
        let url = attribute_value(url, super::tag::Quote::Double);
        // Some clients do not load a picture that is not shown, so it is small instead; and out of the flow, so that
        // no line or column becomes larger by it.
        let picture = format!(
            "<img src=\"{url}\" alt=\"\" width=\"1\" height=\"1\" border=\"0\" \
             style=\"border:0;width:1px;height:1px;position:absolute\">"
        );
        self.edits.push((at..at, picture));
    }

    /// The tokenizer counts octets as they are; a range that were none would be an empty text.
    fn text(&self, range: Range<usize>) -> &'a str {
        self.html.get(range).unwrap_or_default()
    }
}

/// Whether a tag put behind the document would be one: its end is not within a tag, a comment or text that is no markup.
fn ends_in_text(html: &str) -> bool {
    let probed = format!("{html}<a>");
    pieces(&probed).last() == Some(Piece::Link(html.len()..probed.len()))
}
