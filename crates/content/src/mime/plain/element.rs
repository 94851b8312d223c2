//! Which elements matter to the text of a document, and how.

/// Octets of the longest name below.
const NAME_OCTETS_MAX: usize = 10;

/// What an element does to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Stands on lines of its own.
    Block,
    /// Is parted by an empty line from what is around it.
    Paragraph,
    /// A paragraph whose white space counts.
    Preformatted,
    /// A list of items.
    List,
    /// One of them.
    Item,
    /// A cell of a row.
    Cell,
    /// A line break.
    Break,
    /// A link.
    Link,
    /// An image.
    Image,
    /// Its content is text to the parser and nothing to the reader (HTML Standard §13.2.5.2–4).
    Hidden,
    /// Its content is markup, and not part of the document.
    Template,
    /// Nothing.
    Inline,
}

impl Element {
    /// The element of this name, in any case.
    pub(super) fn named(name: &str) -> Self {
        let mut lower = [0; NAME_OCTETS_MAX];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return Self::Inline;
        };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"a" => Self::Link,
            b"br" => Self::Break,
            b"img" => Self::Image,
            b"li" => Self::Item,
            b"ol" | b"ul" | b"menu" | b"dir" => Self::List,
            b"pre" | b"listing" => Self::Preformatted,
            b"td" | b"th" => Self::Cell,
            b"template" => Self::Template,
            b"iframe" | b"noembed" | b"noframes" | b"script" | b"style" | b"textarea" | b"title" => {
                Self::Hidden
            }
            b"blockquote" | b"dl" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"hr" | b"p" => {
                Self::Paragraph
            }
            b"address" | b"article" | b"aside" | b"body" | b"caption" | b"center" | b"dd" | b"details"
            | b"dialog" | b"div" | b"dt" | b"fieldset" | b"figcaption" | b"figure" | b"footer" | b"form"
            | b"header" | b"hgroup" | b"html" | b"legend" | b"main" | b"nav" | b"optgroup" | b"option"
            | b"search" | b"section" | b"select" | b"summary" | b"table" | b"tbody" | b"tfoot" | b"thead"
            | b"tr" => Self::Block,
            _ => Self::Inline,
        }
    }
}
