//! Links: those of the markup, and URLs that stand in text, which clients make links of.

use super::super::limits::URL_OCTETS_MAX;
use super::super::url::Target;
use super::beginning;

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::score) struct Link {
    /// As it is written, without white space around it.
    pub(in crate::score) href: String,
    /// `None` if it has no scheme.
    pub(in crate::score) target: Option<Target>,
    /// The text that is clicked on, its beginning; `None` for a URL in text.
    pub(in crate::score) anchor: Option<String>,
}

impl Link {
    pub(super) fn of_anchor(href: &str) -> Self {
        Self {
            href: href.trim().to_owned(),
            target: Target::of(href),
            anchor: Some(String::new()),
        }
    }

    /// Whether it is part of the HTML.
    pub(in crate::score) fn is_markup(&self) -> bool {
        self.anchor.is_some()
    }
}

/// The URLs in a text, with `http` or `https` before them.
pub(super) fn in_text(text: &str) -> impl Iterator<Item = Link> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (before, behind) = rest.split_once("://")?;
            rest = behind;
            let scheme = ["https", "http"]
                .into_iter()
                .find(|scheme| ends_with_word(before, scheme));
            let Some(scheme) = scheme else { continue };
            let end = behind
                .find(|char: char| char.is_whitespace() || matches!(char, '<' | '>' | '"'))
                .unwrap_or(behind.len());
            let (url, after) = behind.split_at_checked(end)?;
            rest = after;
            let url = beginning(url, URL_OCTETS_MAX)
                .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']);
            let href = format!("{scheme}://{url}");
            return Some(Link {
                target: Target::of(&href),
                href,
                anchor: None,
            });
        }
    })
}

/// Whether it ends with this word, in any case.
fn ends_with_word(text: &str, word: &str) -> bool {
    let at = text.len().saturating_sub(word.len());
    let Some((before, end)) = text.split_at_checked(at) else {
        return false;
    };
    end.eq_ignore_ascii_case(word) && !before.ends_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_in_text_end_where_a_reader_ends_them() {
        let text =
            "See https://a.example/x. Or (HTTP://b.example/y), <https://c.example>; xhttp://no ftp://no ://";
        let found: Vec<String> = in_text(text).map(|link| link.href).collect();
        assert_eq!(
            found,
            ["https://a.example/x", "http://b.example/y", "https://c.example"]
        );
    }
}
