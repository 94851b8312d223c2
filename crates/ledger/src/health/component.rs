//! What a score is made of: the rates that count, and what each rate is worth.

use super::{Authentication, Evidence};
use crate::bounce::{Class, Severity};
use crate::statistics::Counts;

/// Messages' worth of the prior in every smoothed rate.
const SMOOTHING: f64 = 200.0;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentName {
    /// Recipients who called it spam.
    Complaints,
    /// Addresses that do not exist.
    HardBounces,
    /// Refusals of the sender or its messages.
    Blocks,
    /// DNS records of the domains.
    Authentication,
    /// Mail to those who want none.
    Hygiene,
    /// Attempts that failed for now.
    Deferrals,
    /// Mail that humans opened or clicked.
    Engagement,
}

/// One part of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// What is looked at.
    pub name: ComponentName,
    /// The rate as counted, in percent from 0 to 100, in the window that counts.
    pub value: f64,
    /// What was counted.
    pub numerator: u64,
    /// Of how many.
    pub denominator: u64,
    /// The rate that the score is read from, in percent: smoothed, but for authentication.
    pub smoothed: f64,
    /// From 0 to 100.
    pub score: f64,
    /// Its share of the whole score: all of them make 1.
    pub weight: f64,
    /// How many points of the whole score it costs, before caps.
    pub points_lost: f64,
    /// What to do about it; empty when it costs nothing.
    pub advice: &'static str,
}

/// What the table says of one component: rates in percent.
struct Row {
    name: &'static str,
    prior: f64,
    knots: &'static [(f64, f64)],
    weight: f64,
}

impl ComponentName {
    /// Every component, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Complaints,
        Self::HardBounces,
        Self::Blocks,
        Self::Authentication,
        Self::Hygiene,
        Self::Deferrals,
        Self::Engagement,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Its weight before anything is absent.
    pub(super) fn weight(self) -> f64 {
        self.row().weight
    }

    /// What it is worth, weights and advice aside; none if nobody measured it.
    pub(super) fn measure(self, evidence: &Evidence) -> Option<Component> {
        match self {
            Self::Authentication => {
                let Authentication { required, valid } = evidence.authentication;
                (required > 0).then(|| self.plain(valid.min(required), required))
            }
            Self::Engagement => {
                let slow = &evidence.slow;
                let by = [slow.opens, slow.clicks];
                let measured = by
                    .iter()
                    .any(|by| by.human > 0 || by.machine > 0 || by.unknown > 0);
                measured.then(|| self.smoothed(slow))
            }
            _ => {
                let (fast, slow) = (self.smoothed(&evidence.fast), self.smoothed(&evidence.slow));
                Some(if fast.score < slow.score { fast } else { slow })
            }
        }
    }

    fn plain(self, numerator: u64, denominator: u64) -> Component {
        let value = super::percent(numerator, denominator);
        self.worth(value, (numerator, denominator), value)
    }

    fn smoothed(self, counts: &Counts) -> Component {
        let (events, of) = self.counted(counts);
        let of = of.max(events);
        let expected = SMOOTHING * self.row().prior / 100.0;
        let rate = (events as f64 + expected) / (of as f64 + SMOOTHING) * 100.0;
        self.worth(super::percent(events, of), (events, of), rate)
    }

    fn worth(self, value: f64, (numerator, denominator): (u64, u64), rate: f64) -> Component {
        Component {
            name: self,
            value,
            numerator,
            denominator,
            smoothed: rate,
            score: between(self.row().knots, rate),
            weight: 0.0,
            points_lost: 0.0,
            advice: "",
        }
    }

    /// Events, and of how many.
    fn counted(self, counts: &Counts) -> (u64, u64) {
        match self {
            Self::Complaints => (counts.complained, counts.delivered),
            Self::HardBounces => (counts.hard_bounced, counts.sent),
            Self::Blocks => (blocks(counts), counts.sent),
            Self::Hygiene => (counts.suppressed, counts.sent.saturating_add(counts.suppressed)),
            Self::Deferrals => (counts.deferred, counts.sent.saturating_add(counts.deferred)),
            Self::Engagement => {
                let engaged = counts.unique_opens.human.max(counts.unique_clicks.human);
                (engaged, counts.delivered)
            }
            Self::Authentication => (0, 0),
        }
    }

    fn row(self) -> Row {
        let (name, prior, knots, weight): (_, _, &[(f64, f64)], _) = match self {
            Self::Complaints => (
                "complaints",
                0.02,
                &[(0.02, 100.0), (0.08, 80.0), (0.1, 60.0), (0.3, 0.0)],
                0.30,
            ),
            Self::HardBounces => (
                "hard_bounces",
                0.5,
                &[(0.5, 100.0), (2.0, 80.0), (5.0, 40.0), (10.0, 0.0)],
                0.25,
            ),
            Self::Blocks => (
                "blocks",
                0.2,
                &[(0.2, 100.0), (1.0, 70.0), (5.0, 20.0), (10.0, 0.0)],
                0.15,
            ),
            Self::Authentication => ("authentication", 100.0, &[(0.0, 0.0), (100.0, 100.0)], 0.15),
            Self::Hygiene => ("hygiene", 1.0, &[(1.0, 100.0), (5.0, 70.0), (20.0, 0.0)], 0.10),
            Self::Deferrals => ("deferrals", 1.0, &[(1.0, 100.0), (10.0, 60.0), (30.0, 0.0)], 0.05),
            Self::Engagement => (
                "engagement",
                20.0,
                &[(0.0, 0.0), (5.0, 50.0), (20.0, 100.0)],
                0.10,
            ),
        };
        Row {
            name,
            prior,
            knots,
            weight,
        }
    }
}

/// Bounces that were about the sender or its messages.
fn blocks(counts: &Counts) -> u64 {
    let is_block =
        |class: &str| Class::from_str(class).is_some_and(|class| class.severity() == Severity::Block);
    let blocked = counts.bounced_as.iter().filter(|(class, _)| is_block(class));
    blocked.fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// The score at `rate`: on the straight line between two knots, and beyond the ends as at the ends.
pub(super) fn between(knots: &[(f64, f64)], rate: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for &(at, score) in knots {
        if rate <= at {
            return match before {
                Some((from, first)) => first + (score - first) * (rate - from) / (at - from),
                None => score,
            };
        }
        before = Some((at, score));
    }
    before.map_or(0.0, |(_, score)| score)
}
