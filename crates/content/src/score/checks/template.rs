//! What a template left behind: places that were not filled in, or with nothing.

use super::super::facts::beginning;
use super::{Check, Context, Found, each};

/// Octets between two marks: more is no name.
const NAME_OCTETS_MAX: usize = 80;

pub(super) const CHECKS: &[Check] = &[
    Check::new("template_braces", |context| {
        between(context, "{{", "}}", |name| !name.trim().is_empty())
    }),
    Check::new("template_statement", |context| {
        between(context, "{%", "%}", |name| !name.trim().is_empty())
    }),
    Check::new("template_erb", |context| {
        between(context, "<%", "%>", |name| !name.trim().is_empty())
    }),
    Check::new("template_star_pipe", |context| {
        between(context, "*|", "|*", |name| !name.trim().is_empty())
    }),
    Check::new("template_dollar", |context| between(context, "${", "}", is_path)),
    Check::new("template_brackets", |context| {
        between(context, "[[", "]]", is_path)
    }),
    Check::new("template_percent", |context| {
        between(context, "%", "%", is_shouted)
    }),
    Check::new("template_capitals", |context| {
        between(context, "[", "]", |name| {
            // `[URGENT]` is a word.
            is_shouted(name) && ["NAME", "MAIL", "_"].iter().any(|mark| name.contains(mark))
        })
    }),
    Check::new("template_null", |context| {
        let words = context.facts.words.text();
        let nothing = ["null", "undefined", "none", "[object object]"];
        let greetings = ["dear", "hello", "hi", "hey"];
        let pairs = greetings
            .iter()
            .flat_map(|greeting| nothing.iter().map(move |nothing| format!("{greeting} {nothing}")));
        each(pairs.filter(|pair| stands_in(words, pair)))
    }),
    Check::new("template_no_name", |context| {
        let words = context.facts.words.text();
        let gaps = ["dear ,", "hello ,", "hi ,", "hey ,", "dear !", "hello !", "hi !"];
        each(gaps.into_iter().filter(|gap| stands_in(words, gap)))
    }),
    Check::with_phrases("template_filler"),
];

/// What stands between two marks, in everything a reader sees and where links lead.
fn between(context: &Context<'_>, open: &str, close: &str, is_name: fn(&str) -> bool) -> Found {
    let facts = context.facts;
    // A link is one word: `%` in it encodes an octet.
    let hrefs = facts
        .links
        .iter()
        .map(|link| link.href.as_str())
        .filter(|_| open != "%" && open != "[");
    let texts = [facts.subject, facts.shown(), facts.text.unwrap_or_default()];
    each(
        texts
            .into_iter()
            .chain(hrefs)
            .flat_map(|text| places(text, open, close, is_name)),
    )
}

fn places<'t>(
    text: &'t str,
    open: &'t str,
    close: &'t str,
    is_name: fn(&str) -> bool,
) -> impl Iterator<Item = String> {
    let starts = text.match_indices(open);
    starts.filter_map(move |(at, _)| {
        let inside = beginning(text.get(at + open.len()..)?, NAME_OCTETS_MAX);
        let (name, _) = inside.split_once(close)?;
        is_name(name).then(|| format!("{open}{name}{close}"))
    })
}

fn is_path(name: &str) -> bool {
    let name = name.trim();
    name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b' '))
}

/// `FIRSTNAME`, `FIRST_NAME`: a name of a place in capitals.
fn is_shouted(name: &str) -> bool {
    name.len() >= 4
        && name.starts_with(|char: char| char.is_ascii_uppercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether these words stand in the text, with no letter around them.
fn stands_in(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + words.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}
