//! The text part of a message that was given as HTML alone: its words, with the targets of its links.
//!
//! **Promise.** One pass: time and memory grow with the length of the document, whatever is in it. No tree is built, so
//! there is no depth to bound. Everything a browser would not show as text is left out: comments (those for Outlook
//! too), `style`, `script`, `title`, `template`; a `head` has nothing else. What CSS hides stays.
//!
//! **Layout.** Paragraphs, headings, lists and the like are parted by one empty line, other blocks and rows by a line
//! break, cells by a space; there is never more than one empty line. Lines are left as long as their paragraph: the
//! composer encodes long lines, and whoever shows them breaks them to the width there is.
//!
//! **Templates.** `{{ name }}` in text and in the target of a link comes out as it went in, so that the text of a
//! template can be made from its HTML.

use std::borrow::Cow;

use element::Element;
use lines::Lines;
use markup::{Piece, Pieces, Tag};

mod element;
mod lines;
mod markup;
mod target;
#[cfg(test)]
mod tests;

/// Octets of HTML that a text part is made from. Larger messages are cut off by those who show them.
pub const HTML_OCTETS_MAX: usize = 2 * 1024 * 1024;

/// The text of an HTML document, with `text (https://…)` for each link whose text is not its target already.
///
/// `None` if the document exceeds [`HTML_OCTETS_MAX`].
pub fn text_of_html(html: &str) -> Option<String> {
    if html.len() > HTML_OCTETS_MAX {
        return None;
    }
    let mut pieces = Pieces::of(html);
    let mut page = Page::default();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(text) => page.text(text),
            Piece::Start(tag) => match Element::named(tag.name) {
                Element::Hidden => pieces.skip_to_end_of(tag.name),
                element => page.start(element, &tag),
            },
            Piece::End(name) => page.end(Element::named(name)),
        }
    }
    page.end_link();
    Some(page.lines.into_text())
}

/// What is being written, and within what.
#[derive(Default)]
struct Page<'a> {
    lines: Lines,
    link: Option<Link<'a>>,
    /// Open `template`s: what is in them is not part of the document.
    templates: usize,
    lists: usize,
    preformatted: usize,
}

struct Link<'a> {
    href: &'a str,
    /// Where in the text it begins.
    at: usize,
}

impl<'a> Page<'a> {
    fn text(&mut self, text: &str) {
        if self.templates > 0 {
            return;
        }
        let text = decoded(text);
        if self.preformatted > 0 {
            self.lines.add_verbatim(&text);
        } else {
            self.lines.add(&text);
        }
    }

    fn start(&mut self, element: Element, tag: &Tag<'a>) {
        if element == Element::Template {
            self.templates += 1;
        }
        if self.templates > 0 {
            return;
        }
        match element {
            Element::Link => self.start_link(tag),
            Element::Image => self.lines.add_apart(&decoded(tag.alt.unwrap_or_default())),
            Element::Break => self.lines.break_once_more(),
            Element::Cell => self.lines.space(),
            Element::Item => self.lines.begin_item(self.lists),
            Element::List => {
                self.part_list();
                self.lists += 1;
            }
            Element::Preformatted => {
                self.lines.part_paragraph();
                self.preformatted += 1;
            }
            Element::Paragraph => self.lines.part_paragraph(),
            Element::Block => self.lines.part_line(),
            Element::Inline | Element::Hidden | Element::Template => {}
        }
    }

    fn end(&mut self, element: Element) {
        if self.templates > 0 {
            self.templates -= usize::from(element == Element::Template);
            return;
        }
        match element {
            Element::Link => self.end_link(),
            Element::Cell => self.lines.space(),
            Element::Item => self.lines.end_item(),
            Element::List => {
                self.lists = self.lists.saturating_sub(1);
                self.lines.end_item();
                self.part_list();
            }
            Element::Preformatted => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.lines.part_paragraph();
            }
            Element::Paragraph => self.lines.part_paragraph(),
            Element::Block => self.lines.part_line(),
            // Nothing is in an image or a break, and `Hidden` has been skipped.
            Element::Image | Element::Break => {}
            Element::Inline | Element::Hidden | Element::Template => {}
        }
    }

    /// A list within a list is not parted from what is around it.
    fn part_list(&mut self) {
        if self.lists == 0 {
            self.lines.part_paragraph();
        } else {
            self.lines.part_line();
        }
    }

    /// Links are not within each other: a new one ends the one before.
    fn start_link(&mut self, tag: &Tag<'a>) {
        self.end_link();
        let at = self.lines.octets();
        self.link = tag.href.map(|href| Link { href, at });
    }

    fn end_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let Some(target) = target::shown(link.href) else {
            return;
        };
        let words = self.lines.since(link.at);
        if words.is_empty() {
            self.lines.add_apart(&target);
        } else if !target::says(words, &target) {
            self.lines.append_in_brackets(&target);
        }
    }
}

/// Text with its character references decoded.
fn decoded(text: &str) -> Cow<'_, str> {
    htmlize::unescape(text)
}
