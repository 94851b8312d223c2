//! Whether an account should stop.

use super::{Evidence, VERDICT_SENT_MIN, percent};

/// Bounced of sent above which mail waits, in percent.
const PAUSE_BOUNCE_PERCENT: f64 = 10.0;

/// Complained of delivered above which an account is suspended, in percent.
const SUSPEND_COMPLAINT_PERCENT: f64 = 1.0;

/// An account should stop, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What should be done.
    pub kind: VerdictKind,
    /// The rate that is too high, in percent.
    pub rate: f64,
    /// Of how many days.
    pub days: u32,
    /// Why, for people.
    pub reason: String,
}

/// What should be done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictKind {
    /// Its mail should wait.
    Pause,
    /// It should send no more until somebody has looked at it.
    Suspend,
}

impl VerdictKind {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Suspend => "suspend",
        }
    }
}

/// The verdict, if there is one; that on complaints before that on bounces.
pub(super) fn speak(evidence: &Evidence) -> Option<Verdict> {
    let windows = [(&evidence.fast, 7), (&evidence.slow, 30)];
    let (counts, days) = windows
        .into_iter()
        .find(|(counts, _)| counts.sent >= VERDICT_SENT_MIN)?;
    // Where mail is complained about before its delivery is known, each complaint stands for one.
    let complaints = percent(counts.complained, counts.delivered.max(counts.complained));
    let bounces = percent(counts.bounced(), counts.sent);
    let verdict = |kind, rate, what: &str, bound| Verdict {
        kind,
        rate,
        days,
        reason: format!("{what} in {days} days are {rate:.2} %, more than {bound} %"),
    };
    if complaints > SUSPEND_COMPLAINT_PERCENT {
        let bound = SUSPEND_COMPLAINT_PERCENT;
        return Some(verdict(VerdictKind::Suspend, complaints, "complaints", bound));
    }
    let bound = PAUSE_BOUNCE_PERCENT;
    (bounces > bound).then(|| verdict(VerdictKind::Pause, bounces, "bounces", bound))
}
