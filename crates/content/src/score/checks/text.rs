//! The words, and how they are written.

use super::super::facts::{Prose, beginning};
use super::{Check, Context, Found, each, when};

/// Letters from which a share of capitals says something.
const LETTERS_MIN: usize = 100;

/// Octets of a text that are shown as its beginning.
const SHOWN_OCTETS: usize = 120;

/// Octets of a word that may be one in disguise.
const DISGUISE_OCTETS_MAX: usize = 40;

pub(super) const CHECKS: &[Check] = &[
    Check::with_limit("text_capitals", |context| {
        capitals(context, context.rule.limit(), 75)
    }),
    Check::with_limit("text_capitals_most", |context| {
        capitals(context, context.rule.limit(), 101)
    }),
    Check::with_limit("text_long_words", |context| {
        let (words, first) = &context.facts.prose.long_words;
        when(*words > 0 && *words >= context.rule.limit(), || first.as_str())
    }),
    Check::with_limit("text_gappy", |context| {
        let (letters, first) = &context.facts.prose.gappy;
        when(*letters > 0 && *letters >= context.rule.limit(), || {
            first.as_str()
        })
    }),
    Check::with_limit("text_blank_lines", |context| {
        let text = Prose::of(context.facts.text.unwrap_or_default());
        when(text.blank_lines > context.rule.limit(), || {
            format!("{} lines", text.blank_lines)
        })
    }),
    Check::with_limit("text_exclamations", |context| {
        let marks = context.facts.prose.exclamations;
        when(marks > 0 && marks >= context.rule.limit(), || {
            "!".repeat(marks.min(20))
        })
    }),
    Check::with_limit("text_currency", |context| {
        let signs = context.facts.prose.currency_signs;
        when(signs > context.rule.limit(), || format!("{signs} amounts"))
    }),
    Check::with_limit("text_emoji", |context| {
        let emoji = context.facts.prose.emoji;
        when(emoji > context.rule.limit(), || format!("{emoji} emoji"))
    }),
    Check::new("text_mixed_scripts", |context| {
        each(context.facts.prose.mixed.iter().cloned())
    }),
    Check::new("text_split_words", |context| {
        each(context.facts.prose.split.iter().cloned())
    }),
    Check::new("text_turned", |context| {
        each(context.facts.prose.turned.iter().cloned())
    }),
    Check::with_list("text_disguised_words", disguised),
    Check::with_phrases("phrase_money"),
    Check::with_phrases("phrase_prize"),
    Check::with_phrases("phrase_advance_fee"),
    Check::with_phrases("phrase_credit"),
    Check::with_phrases("phrase_investment"),
    Check::with_phrases("phrase_pharmacy"),
    Check::with_phrases("phrase_weight"),
    Check::with_phrases("phrase_adult"),
    Check::with_phrases("phrase_gambling"),
    Check::with_phrases("phrase_home_work"),
    Check::with_phrases("phrase_account_threat"),
    Check::with_phrases("phrase_urgency"),
    Check::with_phrases("phrase_guarantee"),
    Check::with_phrases("phrase_excuse"),
    Check::with_phrases("phrase_greeting"),
    Check::with_phrases("phrase_click_here"),
];

/// From `from` to less than `below` percent of the letters are capitals.
fn capitals(context: &Context<'_>, from: usize, below: usize) -> Found {
    let prose = &context.facts.prose;
    let percent = (prose.capitals * 100).checked_div(prose.letters).unwrap_or(0);
    when(
        prose.letters >= LETTERS_MIN && percent >= from && percent < below.max(from + 1),
        || format!("{percent} %: {}", beginning(context.facts.shown(), SHOWN_OCTETS)),
    )
}

/// Words of the list with digits and signs for letters, as in `v1agra`.
fn disguised(context: &Context<'_>) -> Found {
    let words = context.facts.words.text().split_whitespace();
    let words = words.map(|word| word.trim_matches([',', '.', ':', ';', '!', '?', '(', ')', '"', '\'']));
    each(words.filter(|word| (4..=DISGUISE_OCTETS_MAX).contains(&word.len()) && is_disguised(context, word)))
}

fn is_disguised(context: &Context<'_>, word: &str) -> bool {
    let odd = |byte: u8| matches!(byte, b'0' | b'1' | b'3' | b'4' | b'5' | b'@' | b'$' | b'!' | b'|');
    if !word.bytes().any(odd) {
        return false;
    }
    let spelt = |one: char| -> String {
        let letter = |char: char| match char {
            '0' => 'o',
            '1' | '!' | '|' => one,
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            char => char,
        };
        word.chars().map(letter).collect()
    };
    ['i', 'l']
        .into_iter()
        .any(|one| context.rule.list().contains(&spelt(one)))
}
