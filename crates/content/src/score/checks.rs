//! The checks: what each looks for in the facts. What it weighs is said by its rule.
//!
//! **Invariant.** A check says what it found, and where; an empty text is found in no place, as something that is
//! missing. Checks do not know of each other.

use super::facts::{Facts, Page};
use super::limits::ISSUES_PER_RULE_MAX;
use super::rules::Rule;

mod compliance;
mod headers;
mod html;
mod images;
mod links;
mod sender;
mod structure;
mod subject;
mod template;
mod text;

/// A check.
#[derive(Debug)]
pub(super) struct Check {
    /// Its name, and that of its rule.
    pub(super) id: &'static str,
    pub(super) takes: Takes,
    run: fn(&Context<'_>) -> Found,
}

/// What a rule gives to its check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// A number to compare with.
    Limit,
    /// Words.
    List,
    /// Phrases that are looked for in all texts, and how many of them make an issue.
    Phrases,
}

/// What was found: each an issue.
type Found = Vec<String>;

/// What a check looks at.
pub(super) struct Context<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) rule: &'a Rule,
    /// The phrases of the rule that were found.
    pub(super) hits: &'a [&'a str],
    /// Those of any rule in the subject.
    pub(super) hits_in_subject: &'a [&'a str],
}

/// All checks, in groups.
const GROUPS: &[&[Check]] = &[
    structure::CHECKS,
    headers::CHECKS,
    sender::CHECKS,
    subject::CHECKS,
    template::CHECKS,
    text::CHECKS,
    html::CHECKS,
    images::CHECKS,
    links::CHECKS,
    compliance::CHECKS,
];

/// All checks.
pub(super) fn all() -> impl Iterator<Item = &'static Check> {
    GROUPS.iter().copied().flatten()
}

/// The check of this name.
pub(super) fn named(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id == id)
}

/// What the check of this rule finds.
pub(super) fn run(context: &Context<'_>) -> Found {
    (context.rule.check().run)(context)
}

impl Check {
    const fn new(id: &'static str, run: fn(&Context<'_>) -> Found) -> Self {
        Self {
            id,
            takes: Takes::Nothing,
            run,
        }
    }

    const fn with_limit(id: &'static str, run: fn(&Context<'_>) -> Found) -> Self {
        Self {
            id,
            takes: Takes::Limit,
            run,
        }
    }

    const fn with_list(id: &'static str, run: fn(&Context<'_>) -> Found) -> Self {
        Self {
            id,
            takes: Takes::List,
            run,
        }
    }

    const fn with_phrases(id: &'static str) -> Self {
        Self {
            id,
            takes: Takes::Phrases,
            run: phrases,
        }
    }
}

/// The phrases found, if they are as many as make an issue: one issue for all.
fn phrases(context: &Context<'_>) -> Found {
    let many = !context.hits.is_empty() && context.hits.len() >= context.rule.limit();
    when(many, || context.hits.join(", "))
}

/// One issue, if there is one.
fn when<T: Into<String>>(found: bool, evidence: impl FnOnce() -> T) -> Found {
    if found {
        vec![evidence().into()]
    } else {
        Vec::new()
    }
}

/// Something is missing.
fn missing(is: bool) -> Found {
    when(is, String::new)
}

/// An issue each, as many as are told, each text once.
fn each<T: Into<String>>(evidence: impl IntoIterator<Item = T>) -> Found {
    let mut found: Found = Vec::new();
    for text in evidence.into_iter().map(Into::into) {
        if !found.contains(&text) {
            found.push(text);
        }
        if found.len() >= ISSUES_PER_RULE_MAX {
            break;
        }
    }
    found
}

/// What is found in the HTML, if there is HTML.
fn in_page(context: &Context<'_>, find: impl FnOnce(&Page) -> Found) -> Found {
    context.facts.page.as_ref().map(find).unwrap_or_default()
}
