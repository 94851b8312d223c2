//! Stretches of time by which a series is divided.

use jiff::civil::Date;

use super::Grain;

/// How long one point of a series is, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

const DAYS_OF_A_WEEK: u32 = 7;

impl Interval {
    /// The counters of which its points are sums.
    pub(super) fn grain(self) -> Grain {
        match self {
            Self::Hour => Grain::Hour,
            Self::Day | Self::Week | Self::Month => Grain::Day,
        }
    }

    /// The first hour or day of the point that holds hour or day `number`.
    pub(super) fn start(self, number: u32) -> u32 {
        match self {
            Self::Hour | Self::Day => number,
            // The epoch was a Thursday.
            Self::Week => number.saturating_sub((number % DAYS_OF_A_WEEK + 3) % DAYS_OF_A_WEEK),
            Self::Month => date(number).map_or(number, |date| day_number(date.first_of_month())),
        }
    }

    /// The first hour or day of the next point, for the start of one.
    pub(super) fn next(self, start: u32) -> u32 {
        match self {
            Self::Hour | Self::Day => start.saturating_add(1),
            // The week of the epoch is cut short by it.
            Self::Week => self.start(start.saturating_add(DAYS_OF_A_WEEK)),
            Self::Month => date(start)
                .and_then(|date| date.last_of_month().tomorrow().ok())
                .map_or(u32::MAX, day_number),
        }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn date(day: u32) -> Option<Date> {
    let days = jiff::Span::new().try_days(i64::from(day)).ok()?;
    EPOCH.checked_add(days).ok()
}

fn day_number(date: Date) -> u32 {
    let days = date.since(EPOCH).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{iso8601, unix_ms};

    #[test]
    fn points_begin_where_the_calendar_says() {
        for (interval, inside, start, next) in [
            (
                Interval::Hour,
                "2026-11-25T12:59:59Z",
                "2026-11-25T12:00:00Z",
                "2026-11-25T13:00:00Z",
            ),
            (
                Interval::Day,
                "2026-11-25T12:59:59Z",
                "2026-11-25T00:00:00Z",
                "2026-11-26T00:00:00Z",
            ),
            (
                Interval::Week,
                "2026-11-25T12:59:59Z",
                "2026-11-23T00:00:00Z",
                "2026-11-30T00:00:00Z",
            ),
            (
                Interval::Week,
                "2026-11-23T00:00:00Z",
                "2026-11-23T00:00:00Z",
                "2026-11-30T00:00:00Z",
            ),
            (
                Interval::Week,
                "1970-01-02T00:00:00Z",
                "1970-01-01T00:00:00Z",
                "1970-01-05T00:00:00Z",
            ),
            (
                Interval::Month,
                "2028-02-29T23:00:00Z",
                "2028-02-01T00:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                Interval::Month,
                "2026-12-01T00:00:00Z",
                "2026-12-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
        ] {
            let grain = interval.grain();
            let text = |number: u32| iso8601(u64::from(number) * grain.ms());
            let found = interval.start(grain.number(unix_ms(inside).unwrap()));
            assert_eq!(
                (text(found), text(interval.next(found))),
                (start.to_owned(), next.to_owned())
            );
        }
    }

    #[test]
    fn points_follow_each_other_to_the_end_of_time() {
        for interval in [Interval::Hour, Interval::Day, Interval::Week, Interval::Month] {
            for number in [0, 1, 2_932_896, 5_000_000, u32::MAX - 8] {
                let start = interval.start(number);
                assert!(
                    start <= number && interval.next(start) > number,
                    "{interval:?} {number}"
                );
            }
        }
    }
}
