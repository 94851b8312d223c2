//! A start tag with those of its attributes that somebody looks at.

use super::super::limits::ATTRIBUTE_OCTETS_MAX;
use super::{beginning, text_of};

/// Attributes that are kept.
const KEPT: &[&str] = &[
    "action",
    "alt",
    "background",
    "bgcolor",
    "charset",
    "class",
    "color",
    "content",
    "height",
    "hidden",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "rel",
    "size",
    "src",
    "style",
    "text",
    "width",
    "xml:lang",
];

/// A start tag.
#[derive(Debug, Default)]
pub(super) struct Tag {
    name: String,
    attributes: Vec<(&'static str, String)>,
    /// The first attribute that runs a script: `onclick` and its like.
    handler: Option<String>,
    /// The kept attribute that the next value belongs to.
    open: bool,
}

impl Tag {
    pub(super) fn named(name: &[u8]) -> Self {
        Self {
            name: text_of(name).into_owned(),
            ..Self::default()
        }
    }

    /// An attribute begins; its value may follow.
    pub(super) fn begin_attribute(&mut self, name: &[u8]) {
        let kept = KEPT.iter().find(|kept| kept.as_bytes() == name);
        // The first of a name counts.
        let new = kept.filter(|kept| self.value(kept).is_none());
        self.open = new.is_some();
        if let Some(name) = new {
            self.attributes.push((name, String::new()));
        }
        if self.handler.is_none()
            && name.len() > 4
            && name.starts_with(b"on")
            && name.iter().all(u8::is_ascii_alphabetic)
        {
            self.handler = Some(text_of(name).into_owned());
        }
    }

    /// The value of the attribute that began last.
    pub(super) fn add_value(&mut self, value: &[u8]) {
        if !self.open {
            return;
        }
        if let Some((_, kept)) = self.attributes.last_mut() {
            kept.push_str(beginning(&text_of(value), ATTRIBUTE_OCTETS_MAX));
        }
        self.open = false;
    }

    /// In lower case.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute; empty if it has none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(kept, _)| *kept == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn handler(&self) -> Option<&str> {
        self.handler.as_deref()
    }
}
