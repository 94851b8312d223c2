//! What the checks look at, collected in one pass over each part.
//!
//! **Promise.** Everything here is bounded by [`limits`](super::limits); collecting never fails. Nothing in it is a
//! judgement: what a fact means is said by the checks.

use std::borrow::Cow;

use super::Input;
use super::limits::{FIELD_OCTETS_MAX, FIELDS_MAX, LINKS_MAX, OCTETS_MAX};

pub(super) use image::Image;
pub(super) use link::Link;
pub(super) use page::Page;
pub(super) use prose::Prose;
pub(super) use script::{is_bidi_control, is_invisible, mixes_scripts};
pub(super) use sender::Sender;
pub(super) use words::Words;

mod colour;
mod image;
mod link;
mod look;
mod page;
mod prose;
mod script;
mod sender;
mod tag;
mod words;

/// A message, taken apart.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) subject: &'a str,
    /// The HTML as it was given, as far as it is looked at.
    pub(super) html: &'a str,
    /// All of it.
    pub(super) html_octets: usize,
    pub(super) page: Option<Page>,
    pub(super) text: Option<&'a str>,
    pub(super) sender: Option<Sender>,
    pub(super) fields: Vec<(&'a str, &'a str)>,
    /// Those of the HTML, then those that stand in text.
    pub(super) links: Vec<Link>,
    /// What a reader reads.
    pub(super) prose: Prose,
    /// All words, hidden ones too, as phrases are looked for in them.
    pub(super) words: Words,
}

impl<'a> Facts<'a> {
    pub(super) fn of(input: &Input<'a>) -> Self {
        let subject = beginning(input.subject, FIELD_OCTETS_MAX);
        let html = input.html.map(|html| beginning(html, OCTETS_MAX));
        let text = input.text.map(|text| beginning(text, OCTETS_MAX));
        let mut page = html.map(Page::of);
        let mut links = page
            .as_mut()
            .map(|page| std::mem::take(&mut page.links))
            .unwrap_or_default();
        let shown = page.as_ref().map(|page| page.text.as_str());
        let shown = shown.or(text).unwrap_or_default();
        let in_text = link::in_text(text.unwrap_or(shown));
        links.extend(in_text.take(LINKS_MAX));
        let field = |field: &(&'a str, &'a str)| {
            (
                beginning(field.0, FIELD_OCTETS_MAX),
                beginning(field.1, FIELD_OCTETS_MAX),
            )
        };
        Self {
            subject,
            html: html.unwrap_or_default(),
            html_octets: input.html.map_or(0, str::len),
            text,
            sender: input
                .from
                .map(|from| Sender::of(beginning(from, FIELD_OCTETS_MAX))),
            fields: input.headers.iter().take(FIELDS_MAX).map(field).collect(),
            links,
            prose: Prose::of(shown),
            words: Words::of(subject, &[shown, text.unwrap_or_default()]),
            page,
        }
    }

    /// The values of the header fields with this name, in order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = move |field: &&(&'a str, &'a str)| field.0.trim().eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).map(|field| field.1)
    }

    /// The links that a browser opens.
    pub(super) fn web_links(&self) -> impl Iterator<Item = (&Link, &super::url::Target)> {
        let web = |link: &'_ Link| link.target.as_ref().is_some_and(super::url::Target::is_web);
        self.links
            .iter()
            .filter(move |link| web(link))
            .filter_map(|link| Some((link, link.target.as_ref()?)))
    }

    /// What a reader reads: that of the HTML if there is HTML.
    pub(super) fn shown(&self) -> &str {
        let page = self.page.as_ref().map(|page| page.text.as_str());
        page.or(self.text).unwrap_or_default()
    }
}

/// The beginning of a text, cut between two characters.
pub(super) fn beginning(text: &str, octets: usize) -> &str {
    text.get(..text.floor_char_boundary(octets)).unwrap_or(text)
}

/// Octets of HTML that are text. They are, since the document is.
fn text_of(octets: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(octets)
}
