//! Images of a document.

use super::look::px;
use super::tag::Tag;

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::score) struct Image {
    pub(in crate::score) src: String,
    /// `None` if there is no such attribute; empty says that it is decoration.
    pub(in crate::score) alt: Option<String>,
    pub(in crate::score) sized: bool,
    /// At most one pixel: it counts who opens.
    pub(in crate::score) pixel: bool,
    pub(in crate::score) linked: bool,
}

impl Image {
    pub(super) fn of(tag: &Tag, linked: bool) -> Self {
        let style = tag.value("style").unwrap_or_default();
        let styled = |name: &str| {
            let mut found =
                super::look::declarations(style).filter(|(property, _)| property.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value)
        };
        let width = tag.value("width").or_else(|| styled("width"));
        let height = tag.value("height").or_else(|| styled("height"));
        let tiny = |length: Option<&str>| length.and_then(px).is_some_and(|px| px <= 1.0);
        Self {
            src: tag.value("src").unwrap_or_default().trim().to_owned(),
            alt: tag.value("alt").map(str::to_owned),
            sized: width.is_some(),
            pixel: tiny(width) && tiny(height),
            linked,
        }
    }
}
