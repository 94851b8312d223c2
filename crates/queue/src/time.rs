//! Time as the queue knows it: an argument, never a clock.

use std::time::Duration;

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Before everything.
    pub const ZERO: Self = Self(0);

    /// After everything: when a delivery is due that is held.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `unix_ms` milliseconds after the epoch.
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        Self(unix_ms)
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// `self + delay`, held at the end of time.
    pub fn after(self, delay: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Timestamp {
    /// The date as a header field writes it, in UTC (RFC 5322 §3.3).
    pub fn rfc5322(self) -> String {
        self.civil().map_or_else(String::new, |at| {
            at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
        })
    }

    /// ISO 8601 in UTC with milliseconds: `2026-03-15T14:30:00.000Z`.
    pub fn iso8601(self) -> String {
        self.civil().map_or_else(String::new, |at| {
            at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        })
    }

    fn civil(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(i64::try_from(self.0).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_utc() {
        let at = Timestamp::from_unix_ms(1_773_585_000_123);
        assert_eq!(at.rfc5322(), "Sun, 15 Mar 2026 14:30:00 +0000");
        assert_eq!(at.iso8601(), "2026-03-15T14:30:00.123Z");
    }
}
