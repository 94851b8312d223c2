//! The content score: what filters and readers will make of a message, said before it is sent.
//!
//! **Promise.** A function of the message and the [`Rules`] alone: no network, no clock, no training. The same input gives
//! the same report, issues in the order of the rules. Any input is answered, in time and memory that grow with what is
//! looked at and no faster; [`limits`] names every bound.
//!
//! **Two scales, kept apart.** Each rule has *points*, what a spam filter would add for it, and *advice*, what it costs
//! with readers and mailbox providers. `spam_score` is the sum of the points of the rules that found something, each
//! once, whatever it found: the scale of SpamAssassin, where the default threshold is 5.0. Advice is not part of it.
//! Their weights are those published for filters that look at a message alone; what reputation adds to them nobody can
//! say offline, so a low spam score is no promise.
//!
//! **The score.** With `S` the spam score, `T` the threshold and `A` the sum of advice, each rule once:
//!
//! ```text
//! score = max(0, floor(100 − 51 · S/T − min(A, 40)))
//! ```
//!
//! - No issue more ever raises it: neither `S` nor `A` can shrink.
//! - `S ≥ T` gives 49 at most, which is the grade F; advice alone never takes it below 60.
//! - It is counted in thousandths, as integers, so that 49.999… cannot come of a sum that should be 50.
//!
//! **What is not seen.** Style sheets are not applied: colour and size count where they stand on the element. Where a
//! class may change them, nothing is said. Two domains are taken for one owner's by their last labels, without a list of
//! public suffixes.
//!
//! **Failures.** Scoring cannot fail. A file of rules can be wrong ([`RulesError`]), with the line.

pub use report::{Grade, Issue, Report};
pub use rules::{Category, Rule, Rules, RulesError, RulesFault, Severity};

use checks::Context;
use facts::Facts;

mod checks;
mod facts;
pub mod limits;
mod phrases;
mod report;
mod rules;
#[cfg(test)]
mod tests;
mod url;

/// A message before it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Input<'a> {
    /// The subject, as it is to be read.
    pub subject: &'a str,
    /// The HTML part.
    pub html: Option<&'a str>,
    /// The text part. Without it and with HTML, one will be made of the HTML.
    pub text: Option<&'a str>,
    /// The author, as in `Name <a@b>`.
    pub from: Option<&'a str>,
    /// Further header fields, name and value.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Scores a message.
pub fn score(input: &Input<'_>, rules: &Rules) -> Report {
    let facts = Facts::of(input);
    let hits = rules.phrases().hits(&facts.words);
    let mut issues = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let context = Context {
            facts: &facts,
            rule,
            hits: hits.of(place),
            hits_in_subject: hits.in_subject(),
        };
        let evidence = checks::run(&context);
        issues.extend(report::issues_of(rule, evidence));
    }
    Report::of(issues, rules)
}
