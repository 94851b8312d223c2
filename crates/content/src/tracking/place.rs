//! Where the way to unsubscribe is wanted: `{{unsubscribe_url}}`, with or without a third pair of braces and spaces within.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

const NAME: &str = "unsubscribe_url";

/// Whether a text or a document wants the URL somewhere.
pub fn wants_unsubscribe_url(text: &str) -> bool {
    places(text).next().is_some()
}

/// The text with the URL in every place where it is wanted.
pub fn with_unsubscribe_url<'a>(text: &'a str, url: &str) -> Cow<'a, str> {
    let mut filled = String::new();
    let mut done = 0;
    for place in places(text) {
        filled.push_str(text.get(done..place.start).unwrap_or_default());
        filled.push_str(url);
        done = place.end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    filled.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(filled)
}

/// Whether this is such a place and nothing else.
pub(super) fn is_place(text: &str) -> bool {
    places(text).next() == Some(0..text.len())
}

/// Each place in a text, in order.
fn places(text: &str) -> impl Iterator<Item = Range<usize>> {
    memmem::find_iter(text.as_bytes(), NAME).filter_map(|at| {
        let before = text.get(..at)?.trim_end_matches(' ').strip_suffix("{{")?;
        let after = text
            .get(at + NAME.len()..)?
            .trim_start_matches(' ')
            .strip_prefix("}}")?;
        let place = before.len()..text.len() - after.len();
        Some(match (before.strip_suffix('{'), after.strip_prefix('}')) {
            (Some(_), Some(_)) => place.start - 1..place.end + 1,
            _ => place,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_filled_and_nothing_else() {
        for (text, filled) in [
            ("", ""),
            ("{{unsubscribe_url}}", "U"),
            ("{{{unsubscribe_url}}}", "U"),
            ("a {{ unsubscribe_url }} b {{{ unsubscribe_url }}}", "a U b U"),
            ("{{{unsubscribe_url}}", "{U"),
            ("{{unsubscribe_url}}}", "U}"),
            ("{unsubscribe_url}", "{unsubscribe_url}"),
            ("{{unsubscribe_url", "{{unsubscribe_url"),
            ("unsubscribe_url}}", "unsubscribe_url}}"),
            ("{{my_unsubscribe_url}}", "{{my_unsubscribe_url}}"),
            ("{{\nunsubscribe_url}}", "{{\nunsubscribe_url}}"),
            ("\u{fc}{{unsubscribe_url}}\u{fc}", "\u{fc}U\u{fc}"),
            ("{{unsubscribe_url}}{{unsubscribe_url}}", "UU"),
        ] {
            assert_eq!(with_unsubscribe_url(text, "U"), filled, "{text}");
            assert_eq!(wants_unsubscribe_url(text), text != filled, "{text}");
        }
    }
}
