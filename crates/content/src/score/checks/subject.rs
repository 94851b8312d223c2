//! The subject.

use super::super::facts::{Prose, is_bidi_control, is_invisible, mixes_scripts};
use super::{Check, Context, Found, each, missing, when};

/// Letters from which capitals alone are noticed.
const CAPITALS_MIN: usize = 10;

pub(super) const CHECKS: &[Check] = &[
    Check::new("subject_empty", |context| missing(subject(context).is_empty())),
    Check::with_limit("subject_short", |context| {
        let chars = subject(context).chars().count();
        when((1..context.rule.limit()).contains(&chars), || subject(context))
    }),
    Check::with_limit("subject_cut", |context| {
        when(longer(context), || subject(context))
    }),
    Check::with_limit("subject_long", |context| {
        when(longer(context), || subject(context))
    }),
    Check::new("subject_capitals", |context| {
        let prose = Prose::of(subject(context));
        when(
            prose.letters >= CAPITALS_MIN && prose.words > 1 && prose.capitals == prose.letters,
            || subject(context),
        )
    }),
    Check::new("subject_url", |context| {
        let lower = subject(context).to_ascii_lowercase();
        when(lower.contains("://") || lower.contains("www."), || {
            subject(context)
        })
    }),
    Check::with_limit("subject_gappy", |context| {
        when(
            Prose::of(subject(context)).gappy.0 >= context.rule.limit().max(1),
            || subject(context),
        )
    }),
    Check::with_limit("subject_exclamations", |context| {
        let marks = subject(context).matches('!').count();
        when(marks > 0 && marks >= context.rule.limit(), || subject(context))
    }),
    Check::new("subject_question_exclamation", |context| {
        when(
            ["?!", "!?"].iter().any(|marks| subject(context).contains(marks)),
            || subject(context),
        )
    }),
    Check::new("subject_money", |context| {
        let subject = subject(context);
        let sign = |char: char| matches!(char, '$' | '\u{a3}' | '\u{20ac}');
        let first = subject
            .strip_prefix(sign)
            .is_some_and(|rest| rest.trim_start().starts_with(|char: char| char.is_ascii_digit()));
        when(first || subject.contains("$$"), || subject)
    }),
    Check::new("subject_fake_reply", fake_reply),
    Check::with_limit("subject_emoji", |context| {
        let emoji = Prose::of(subject(context)).emoji;
        when(emoji > 0 && emoji >= context.rule.limit(), || subject(context))
    }),
    Check::new("subject_disguised", |context| {
        let subject = subject(context);
        let hidden = |char: char| {
            is_bidi_control(char) || (is_invisible(char) && !matches!(char, '\u{200c}' | '\u{200d}'))
        };
        when(
            subject.contains(hidden) || subject.split_whitespace().any(mixes_scripts),
            || subject,
        )
    }),
    Check::new("subject_encoded", |context| {
        // RFC 2047 §2: an encoded word, given where it is yet to be encoded.
        let encoded = subject(context)
            .split_once("=?")
            .is_some_and(|(_, rest)| rest.contains("?="));
        when(encoded, || subject(context))
    }),
    Check::new("subject_line_break", |context| {
        let subject = context.facts.subject;
        when(subject.contains(['\r', '\n']), || subject)
    }),
    Check::new("subject_phrase", |context| {
        each(context.hits_in_subject.iter().copied())
    }),
];

fn subject<'a>(context: &Context<'a>) -> &'a str {
    context.facts.subject.trim()
}

fn longer(context: &Context<'_>) -> bool {
    subject(context).chars().count() > context.rule.limit()
}

/// An answer to nothing.
fn fake_reply(context: &Context<'_>) -> Found {
    let lower: String = subject(context)
        .chars()
        .take(5)
        .collect::<String>()
        .to_lowercase();
    let claims = ["re:", "fw:", "fwd:", "aw:", "wg:"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    let answers = ["in-reply-to", "references"]
        .iter()
        .any(|name| context.facts.values(name).next().is_some());
    when(claims && !answers, || subject(context))
}
