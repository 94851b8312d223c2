//! What happened to an account's mail, counted by the hour and by the day.
//!
//! **Promise.** The counters equal the events at every moment: both are in one batch. There is no job that sums up later,
//! hence none that can be late, run twice or lose an hour when a report arrives for a day gone by. Counters are kept for
//! ever, events are not.
//!
//! **Invariants.**
//! - Each event adds to the cell of the whole account, to that of its domain and stream, and, if the e-mail has a tag, to
//!   that of its tag and to that of its tag, domain and stream, each by hour and by day. So a year is read by its days, no
//!   question visits the tags that it does not ask for, and one about a tag reads one cell.
//! - A day is a day in UTC.
//! - An event counts when it is recorded: a bounce reported a week later counts then, beside the delivery.
//!
//! Absent on purpose: how many *different* recipients opened in a period. Unique opens and clicks are of e-mails, exact, and
//! may be summed over any period. A sketch of recipients (HyperLogLog) keeps maxima, and counters know sums only: it would
//! need a read before each hit, or a row for each register and rank, some ten thousand for each day and cell, of which a
//! year cannot be read in 50 ms.

mod counts;
mod metric;
mod period;
mod read;
mod tally;

pub use counts::{Actors, ByActor, Counts, LinkClicks, Unique};
pub use metric::Metric;
pub use period::Interval;
pub use read::{Point, StatisticsFilter};
pub use tally::Tally;

/// Which lengths of time are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grain {
    Hour,
    Day,
}

impl Grain {
    fn to_byte(self) -> u8 {
        match self {
            Self::Hour => b'h',
            Self::Day => b'd',
        }
    }

    fn ms(self) -> u64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The number of the hour or day, counted from the epoch.
    fn number(self, unix_ms: u64) -> u32 {
        u32::try_from(unix_ms / self.ms()).unwrap_or(u32::MAX)
    }
}
