//! Which parts a message has, and whether they say the same.

use std::collections::BTreeSet;

use super::super::facts::beginning;
use super::{Check, Context, Found, each, missing, when};

/// The string that every filter takes for spam, to be tested with (GTUBE, of SpamAssassin).
const GTUBE: &str = concat!(
    "XJS*C4JDBQADN1.NSBN3*2IDNEN*",
    "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
);

/// Words that two parts are compared by.
const COMPARED_WORDS_MAX: usize = 20_000;

/// Fewer words in the HTML than this are not compared.
const COMPARED_WORDS_MIN: usize = 10;

pub(super) const CHECKS: &[Check] = &[
    Check::new("gtube", gtube),
    Check::new("body_empty", body_empty),
    Check::with_limit("body_short", body_short),
    Check::new("text_part_missing", |context| {
        missing(context.facts.page.is_some() && context.facts.text.is_none_or(|text| text.trim().is_empty()))
    }),
    Check::with_limit("parts_differ", parts_differ),
    Check::new("parts_links_differ", parts_links_differ),
    Check::new("text_part_is_html", |context| {
        let text = context.facts.text.unwrap_or_default();
        let markup = [
            "</p>", "</div>", "</a>", "</td>", "<br>", "<br/>", "<br />", "</html>",
        ];
        each(markup.into_iter().find(|tag| text.contains(tag)))
    }),
    Check::with_limit("line_long", |context| {
        // HTML is often one line, and always encoded for it.
        let mut lines = context.facts.text.unwrap_or_default().lines();
        let long = lines.find(|line| line.len() > context.rule.limit());
        each(long.map(|line| beginning(line, 80)))
    }),
    Check::new("control_characters", |context| {
        let parts = [
            context.facts.subject,
            context.facts.text.unwrap_or_default(),
            context.facts.html,
        ];
        let control = |char: &char| char.is_control() && !matches!(char, '\t' | '\r' | '\n');
        each(parts.iter().filter_map(|part| part.chars().find(control)))
    }),
];

fn gtube(context: &Context<'_>) -> Found {
    let facts = context.facts;
    let parts = [
        facts.subject,
        facts.text.unwrap_or_default(),
        facts.html,
        facts.shown(),
    ];
    when(parts.iter().any(|part| part.contains(GTUBE)), || GTUBE)
}

fn body_empty(context: &Context<'_>) -> Found {
    let facts = context.facts;
    let images = facts.page.as_ref().is_some_and(|page| !page.images.is_empty());
    let text = facts.text.unwrap_or_default();
    missing(facts.shown().trim().is_empty() && text.trim().is_empty() && !images)
}

fn body_short(context: &Context<'_>) -> Found {
    let words = context.facts.prose.words;
    when((1..context.rule.limit()).contains(&words), || {
        context.facts.shown()
    })
}

/// What part of the words of the HTML the text part has, in percent, is below the limit.
fn parts_differ(context: &Context<'_>) -> Found {
    let (Some(page), Some(text)) = (&context.facts.page, context.facts.text) else {
        return Vec::new();
    };
    let said = words_of(text);
    let wanted = words_of(&page.text);
    if said.is_empty() || wanted.len() < COMPARED_WORDS_MIN {
        return Vec::new();
    }
    let (same, other): (Vec<&str>, Vec<&str>) = wanted.iter().partition(|word| said.contains(*word));
    let percent = same.len() * 100 / wanted.len();
    when(percent < context.rule.limit(), || {
        let some: Vec<&str> = other.into_iter().take(8).collect();
        format!("{percent} % in common; not in the text: {}", some.join(" "))
    })
}

/// Words of four letters or more.
fn words_of(text: &str) -> BTreeSet<&str> {
    let words = text.split(|char: char| !char.is_alphanumeric());
    words
        .filter(|word| word.len() >= 4)
        .take(COMPARED_WORDS_MAX)
        .collect()
}

fn parts_links_differ(context: &Context<'_>) -> Found {
    let has_text = context.facts.text.is_some_and(|text| !text.trim().is_empty());
    let in_markup = context
        .facts
        .web_links()
        .filter(|(link, _)| link.is_markup())
        .count();
    let in_text = context
        .facts
        .web_links()
        .filter(|(link, _)| !link.is_markup())
        .count();
    when(has_text && in_markup > 0 && in_text == 0, || {
        format!("links in the HTML: {in_markup}, in the text: 0")
    })
}
