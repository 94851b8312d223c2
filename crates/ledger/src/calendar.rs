//! Months of quotas, and times as text.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A month in UTC: the period of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(u32);

impl Month {
    /// The month that holds `unix_ms`.
    pub fn of(unix_ms: u64) -> Self {
        let date = moment(unix_ms).to_zoned(TimeZone::UTC).date();
        let year = u32::try_from(date.year()).unwrap_or_default();
        Self(year * 12 + u32::from(date.month().unsigned_abs()) - 1)
    }

    /// When the next month begins, in milliseconds since the epoch.
    pub fn end_unix_ms(self) -> u64 {
        let (year, month) = ((self.0 + 1) / 12, (self.0 + 1) % 12 + 1);
        let (year, month) = (
            i16::try_from(year).unwrap_or(i16::MAX),
            i8::try_from(month).unwrap_or(1),
        );
        Date::new(year, month, 1)
            .and_then(|date| date.to_zoned(TimeZone::UTC))
            .map_or(u64::MAX, |at| {
                u64::try_from(at.timestamp().as_millisecond()).unwrap_or_default()
            })
    }

    /// As it stands in keys.
    pub(crate) fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// ISO 8601 in UTC with whole seconds: `2024-03-15T14:30:00Z`.
pub fn iso8601(unix_ms: u64) -> String {
    moment(unix_ms).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The moment that an ISO 8601 text names, in milliseconds since the epoch; none when it names none. It must say its
/// offset from UTC.
pub fn unix_ms(text: &str) -> Option<u64> {
    let at: Timestamp = text.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

fn moment(unix_ms: u64) -> Timestamp {
    let unix_ms = i64::try_from(unix_ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_in_utc() {
        for (inside, end) in [
            ("2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z"),
            ("2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z"),
            ("2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"),
            ("2026-11-25T12:00:00+02:00", "2026-12-01T00:00:00Z"),
        ] {
            let at = unix_ms(inside).unwrap();
            assert_eq!(iso8601(Month::of(at).end_unix_ms()), end, "{inside}");
        }
        assert!(
            Month::of(unix_ms("2024-12-31T00:00:00Z").unwrap())
                < Month::of(unix_ms("2025-01-01T00:00:00Z").unwrap())
        );
        for text in [
            "",
            "yesterday",
            "2024-03-15",
            "2024-03-15T14:30:00",
            "1890-01-01T00:00:00Z",
        ] {
            assert_eq!(unix_ms(text), None, "{text:?}");
        }
    }
}
