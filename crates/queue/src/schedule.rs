//! When to try again: an exponential schedule with jitter and one expiry clock.

use std::time::Duration;

use crate::time::Timestamp;

/// How long to wait between attempts, and when to give up. RFC 5321 §4.5.4.1 asks for at least 30 minutes between
/// attempts in general (sooner for the first few) and a give-up time of 4 to 5 days.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Delay after the first failed attempt.
    pub first: Duration,
    /// Each further delay is this many times the one before; at least 1.
    pub factor: f64,
    /// No delay is longer.
    pub max: Duration,
    /// Each delay is stretched by a random share of up to this much (0.1 = 10 %), so that messages deferred together
    /// do not come back together.
    pub jitter: f64,
    /// Counted from acceptance: the one expiry clock, read at acceptance and never again.
    pub expire: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5 * 60),
            factor: 2.0,
            max: Duration::from_secs(4 * 60 * 60),
            jitter: 0.1,
            expire: Duration::from_secs(5 * 24 * 60 * 60),
        }
    }
}

impl RetryPolicy {
    /// How long after attempt number `attempts` (from 1) the next one is due. `chance` in 0..1 places it within the jitter.
    pub fn delay(&self, attempts: u32, chance: f64) -> Duration {
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.first.as_secs_f64() * self.factor.max(1.0).powi(exponent);
        let bounded = seconds.min(self.max.as_secs_f64());
        Duration::from_secs_f64(bounded * (1.0 + self.jitter.max(0.0) * chance.clamp(0.0, 1.0)))
    }

    /// What follows a failed attempt: the next due time, or nothing when the message expires first.
    pub fn next(&self, attempts: u32, chance: f64, now: Timestamp, expires: Timestamp) -> Option<Timestamp> {
        let due = now.after(self.delay(attempts, chance));
        (due <= expires).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_doubles_up_to_its_bound() {
        let policy = RetryPolicy::default();
        let minutes: Vec<u64> = (1..=9)
            .map(|attempt| policy.delay(attempt, 0.0).as_secs() / 60)
            .collect();
        assert_eq!(minutes, [5, 10, 20, 40, 80, 160, 240, 240, 240]);
        assert_eq!(
            policy.delay(u32::MAX, 1.0).as_secs(),
            15_840,
            "bounded, with its jitter on top"
        );
    }

    #[test]
    fn nothing_is_due_after_the_expiry() {
        let policy = RetryPolicy {
            jitter: 0.0,
            ..RetryPolicy::default()
        };
        let now = Timestamp::from_unix_ms(1_000_000);
        assert_eq!(
            policy.next(1, 0.0, now, now.after(policy.first)),
            Some(now.after(policy.first))
        );
        assert_eq!(policy.next(1, 0.0, now, now), None);
    }
}
