//! How well an account's mail is received: one number from 0 to 100, where every point lost has a named reason.
//!
//! **Promise.** The same counts give the same [`Health`]; the formula is the tables below and nothing else, and
//! [`RULES_VERSION`] names them. More complaints, bounces, blocks, deferrals or suppressed recipients never raise a score.
//! Rates are told as they were counted, never as they were smoothed.
//!
//! **Windows.** Whole days in UTC, today included: the fast one has 7 days, the slow one 30. A component counts with the
//! worse of the two, so that a bad day shows at once and is not forgotten by a good one. Engagement counts in the slow one
//! alone, because a mail of this morning is opened tonight.
//!
//! **Smoothing.** `rate = (events + k · prior) / (n + k)`, with k = 200 and n the denominator, which is never less than the
//! events: few messages say little, and what they do not say is assumed to be good. Each prior is the rate that costs
//! nothing.
//!
//! | component | events of denominator | prior | knots: rate % → score, straight lines between | weight |
//! |---|---|---|---|---|
//! | `complaints` | complained of delivered | 0.02 % | 0.02 → 100, 0.08 → 80, 0.1 → 60, 0.3 → 0 | 0.30 |
//! | `hard_bounces` | hard bounced of sent | 0.5 % | 0.5 → 100, 2 → 80, 5 → 40, 10 → 0 | 0.25 |
//! | `blocks` | bounced as a class of severity block, of sent | 0.2 % | 0.2 → 100, 1 → 70, 5 → 20, 10 → 0 | 0.15 |
//! | `authentication` | required DNS records valid of all, not smoothed | | 0 → 0, 100 → 100 | 0.15 |
//! | `hygiene` | suppressed of sent and suppressed | 1 % | 1 → 100, 5 → 70, 20 → 0 | 0.10 |
//! | `deferrals` | deferred of sent and deferred | 1 % | 1 → 100, 10 → 60, 30 → 0 | 0.05 |
//! | `engagement` | e-mails that a human opened or clicked, of delivered | 20 % | 0 → 0, 5 → 50, 20 → 100 | 0.10 |
//!
//! `engagement` is there only if any open or click was counted, by whomever: else nobody measures it. `authentication` is
//! there only if DNS was asked about a domain that mail is, or was, from. The score is the mean of what is there by weight;
//! with engagement the weights of the others shrink by a tenth.
//!
//! | cap | when |
//! |---|---|
//! | 39 | the smoothed complaint rate is 0.3 % or more |
//! | 39 | the smoothed hard bounce rate is 10 % or more |
//! | 39 | there is a verdict |
//! | 69 | fewer than half of the required DNS records are valid |
//!
//! **Verdict.** On the rates as counted, in the fast window if [`VERDICT_SENT_MIN`] were sent in it, else in the slow one if
//! so many were sent in that: complained of delivered above 1 % suspends, bounced of sent above 10 % pauses. The fast one
//! goes first so that who has mended their ways is not judged by last month.
//!
//! | grade | A+ | A | B+ | B | C+ | C | D | F |
//! |---|---|---|---|---|---|---|---|---|
//! | from | 95 | 90 | 85 | 80 | 75 | 70 | 60 | 0 |
//!
//! Statuses: excellent from 90, good from 80, fair from 70, poor from 60, else critical.
//!
//! Absent on purpose: the listing of our own addresses, which is the operator's and not an account's; the decay of old
//! counts, for which two windows stand.

mod advice;
mod baseline;
mod component;
mod grade;
mod judge;
mod read;
mod score;
mod snapshot;
mod verdict;

pub(crate) use baseline::Baseline;
pub use component::{Component, ComponentName};
pub use grade::{Grade, Standing};
pub(crate) use judge::Suspects;
pub use score::measure;
pub use snapshot::Snapshot;
pub use verdict::{Verdict, VerdictKind};

use crate::statistics::Counts;

/// Names the tables of this module; it changes with them.
pub const RULES_VERSION: u32 = 1;

/// Recipients sent to in a window before a verdict is spoken on it, and before the score is more than a first impression.
pub const VERDICT_SENT_MIN: u64 = 200;

/// What a score is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What was counted in 7 days.
    pub fast: Counts,
    /// What was counted in 30 days, those included.
    pub slow: Counts,
    /// What DNS showed of the account's domains.
    pub authentication: Authentication,
}

/// Required DNS records of the domains that mail is, or was, from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// How many there should be; 0 when DNS was not asked.
    pub required: u64,
    /// How many are as they should be.
    pub valid: u64,
}

/// How well an account's mail is received.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// From 0 to 100.
    pub overall_score: u8,
    /// The score as a school grade.
    pub grade: Grade,
    /// The score in a word.
    pub status: Standing,
    /// What was counted in the slow window.
    pub rates: Rates,
    /// What the score is made of.
    pub components: Vec<Component>,
    /// One sentence.
    pub summary: String,
    /// What to do, the dearest first.
    pub recommendations: Vec<&'static str>,
    /// Whether the account should stop.
    pub verdict: Option<Verdict>,
    /// Which tables were used.
    pub rules_version: u32,
}

/// Rates as counted, in percent from 0 to 100; 0 where there is nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Delivered of sent.
    pub delivery: f64,
    /// E-mails that a human opened, of delivered.
    pub open: f64,
    /// E-mails in which a human followed a link, of delivered.
    pub click: f64,
    /// Bounced of sent.
    pub bounce: f64,
    /// Complained of delivered.
    pub complaint: f64,
}

impl Rates {
    /// The rates of `counts`.
    pub fn of(counts: &Counts) -> Self {
        Self {
            delivery: percent(counts.delivered, counts.sent),
            open: percent(counts.unique_opens.human, counts.delivered),
            click: percent(counts.unique_clicks.human, counts.delivered),
            bounce: percent(counts.bounced(), counts.sent),
            complaint: percent(counts.complained, counts.delivered),
        }
    }
}

/// Events of a denominator, in percent. A report may come in a window after that of its mail, hence the bound.
fn percent(events: u64, of: u64) -> f64 {
    match of {
        0 => 0.0,
        _ => (events as f64 / of as f64 * 100.0).min(100.0),
    }
}

#[cfg(test)]
mod tests;
