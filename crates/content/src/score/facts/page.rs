//! The HTML part, read once by a tokenizer as browsers have it (HTML Standard §13.2.5).
//!
//! **Invariants.** No tree: what is open is a stack of bounded depth. An end tag without its element changes nothing;
//! one that passes over others ends them too. The style of an element counts where it stands on the element itself.

mod reader;

use std::collections::BTreeSet;

use super::image::Image;
use super::link::Link;

/// Elements that are counted, in order.
const COUNTED: &[&str] = &[
    "a", "applet", "audio", "base", "blink", "body", "button", "center", "div", "embed", "font", "form",
    "frame", "frameset", "head", "html", "iframe", "input", "marquee", "math", "object", "script", "select",
    "span", "style", "svg", "table", "td", "textarea", "title", "tr", "video",
];

/// Text that is not shown as it should be.
#[derive(Debug, Default)]
pub(in crate::score) struct Unseen {
    pub(in crate::score) letters: usize,
    /// Its beginning.
    pub(in crate::score) sample: String,
}

/// A document.
#[derive(Debug, Default)]
pub(in crate::score) struct Page {
    /// All its text, hidden or not; each block on a line.
    pub(in crate::score) text: String,
    pub(in crate::score) letters_seen: usize,
    pub(in crate::score) hidden: Unseen,
    pub(in crate::score) zero_font: Unseen,
    pub(in crate::score) same_colour: Unseen,
    pub(in crate::score) faint: Unseen,
    /// The largest font size of text, in px.
    pub(in crate::score) font_px_max: f32,
    /// What an inbox shows beside the subject.
    pub(in crate::score) preview: String,
    pub(in crate::score) links: Vec<Link>,
    pub(in crate::score) images: Vec<Image>,
    pub(in crate::score) title: String,
    pub(in crate::score) lang: Option<String>,
    pub(in crate::score) charset: Option<String>,
    pub(in crate::score) has_doctype: bool,
    pub(in crate::score) has_viewport: bool,
    /// The source of the first style sheet outside of the message.
    pub(in crate::score) external_style: Option<String>,
    pub(in crate::score) refresh: Option<String>,
    pub(in crate::score) handlers: Vec<String>,
    /// Style sheets, one after the other.
    pub(in crate::score) style: String,
    /// The properties of `style` attributes, in lower case.
    pub(in crate::score) properties: BTreeSet<String>,
    pub(in crate::score) comment_octets: usize,
    /// Comments within a word.
    pub(in crate::score) comments_in_words: usize,
    /// A comment that a browser writes when a page is saved.
    pub(in crate::score) saved_from: Option<String>,
    pub(in crate::score) depth: usize,
    /// The document ends within a tag or a comment.
    pub(in crate::score) is_cut_off: bool,
    counts: [(usize, usize); COUNTED.len()],
}

impl Page {
    pub(in crate::score) fn of(html: &str) -> Self {
        reader::read(html)
    }

    /// How many start tags and end tags of this name there are; of a name that is counted.
    pub(in crate::score) fn tags(&self, name: &str) -> (usize, usize) {
        let place = COUNTED.binary_search(&name).ok();
        place
            .and_then(|place| self.counts.get(place))
            .copied()
            .unwrap_or_default()
    }

    /// Whether there is a start tag of this name.
    pub(in crate::score) fn has(&self, name: &str) -> bool {
        self.tags(name).0 > 0
    }

    fn count_mut(&mut self, name: &str) -> Option<&mut (usize, usize)> {
        let place = COUNTED.binary_search(&name).ok()?;
        self.counts.get_mut(place)
    }
}
