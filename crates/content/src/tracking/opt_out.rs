//! Marks by which the author of a link asks that it not be tracked: ours, and those that other platforms know, so that
//! mail made for them can be sent as it is.

use std::ops::Range;

use super::tag::is_space;

/// The class that asks for it.
const CLASS: &str = "untracked";

/// What an attribute says about tracking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OptOut {
    /// Nothing.
    Missing,
    /// It is there only to ask for none.
    Attribute,
    /// A class among others asks for none: these ranges of the value go.
    Classes(Vec<Range<usize>>),
}

impl OptOut {
    /// That of an attribute, its value given as it stands in the document.
    pub(super) fn of(name: &str, value: &str) -> Self {
        if name.eq_ignore_ascii_case("class") {
            return Self::of_class(value);
        }
        if is_mark(name, value) {
            Self::Attribute
        } else {
            Self::Missing
        }
    }

    fn of_class(value: &str) -> Self {
        if !value.contains(CLASS) {
            return Self::Missing;
        }
        let (ours, others): (Vec<_>, Vec<_>) = words(value)
            .into_iter()
            .partition(|word| value.get(word.clone()) == Some(CLASS));
        if ours.is_empty() {
            return Self::Missing;
        }
        if others.is_empty() {
            return Self::Attribute;
        }
        Self::Classes(ours.into_iter().map(|word| with_space(value, word)).collect())
    }
}

/// A mark counts with the value its platform wants; where the name alone says it, with any.
fn is_mark(name: &str, value: &str) -> bool {
    const MARKS: &[(&str, Option<&str>)] = &[
        ("data-no-track", None),
        ("data-as-no-track", None),
        ("data-pm-no-track", None),
        ("ses:no-track", None),
        ("clicktracking", Some("off")),
        ("data-msys-clicktrack", Some("0")),
        ("disable-tracking", Some("true")),
    ];
    let value = value.trim_ascii();
    MARKS.iter().any(|(mark, wanted)| {
        name.eq_ignore_ascii_case(mark) && wanted.is_none_or(|wanted| value.eq_ignore_ascii_case(wanted))
    })
}

/// The words of a value, as ranges of it.
fn words(value: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, octet) in value.bytes().chain(std::iter::once(b' ')).enumerate() {
        match start {
            Some(from) if is_space(octet) => {
                words.push(from..at);
                start = None;
            }
            None if !is_space(octet) => start = Some(at),
            _ => {}
        }
    }
    words
}

/// A word with the white space that is no longer needed without it: that before it, or after the first.
fn with_space(value: &str, word: Range<usize>) -> Range<usize> {
    let (before, rest) = value.split_at_checked(word.start).unwrap_or_default();
    let before = before.trim_ascii_end().len();
    if before > 0 {
        return before..word.end;
    }
    let rest = rest.get(word.len()..).unwrap_or_default();
    word.start..value.len() - rest.trim_ascii_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        for (name, value, expected) in [
            ("data-no-track", "", OptOut::Attribute),
            ("DATA-NO-TRACK", "false", OptOut::Attribute),
            ("data-as-no-track", "1", OptOut::Attribute),
            ("data-pm-no-track", "", OptOut::Attribute),
            ("ses:no-track", "", OptOut::Attribute),
            ("clicktracking", "off", OptOut::Attribute),
            ("ClickTracking", " OFF ", OptOut::Attribute),
            ("clicktracking", "on", OptOut::Missing),
            ("clicktracking", "", OptOut::Missing),
            ("data-msys-clicktrack", "0", OptOut::Attribute),
            ("data-msys-clicktrack", "1", OptOut::Missing),
            ("disable-tracking", "true", OptOut::Attribute),
            ("disable-tracking", "false", OptOut::Missing),
            ("data-no-tracking", "", OptOut::Missing),
            ("class", "untracked", OptOut::Attribute),
            ("CLASS", "\n untracked untracked ", OptOut::Attribute),
            ("class", "Untracked", OptOut::Missing),
            ("class", "untracked-not", OptOut::Missing),
            ("class", "", OptOut::Missing),
            ("id", "untracked", OptOut::Missing),
        ] {
            assert_eq!(OptOut::of(name, value), expected, "{name}={value:?}");
        }
    }

    #[test]
    fn other_classes_stay() {
        for (value, expected) in [
            ("untracked a", "a"),
            ("a untracked", "a"),
            ("a untracked b", "a b"),
            ("a\n  untracked  b ", "a  b "),
            (" untracked\tb", " b"),
            ("untracked untracked b untracked", "b"),
            ("untracked é", "é"),
        ] {
            let OptOut::Classes(ranges) = OptOut::of("class", value) else {
                panic!("{value:?}");
            };
            let mut rest = value.to_owned();
            for range in ranges.into_iter().rev() {
                rest.replace_range(range, "");
            }
            assert_eq!(rest, expected, "{value:?}");
        }
    }
}
