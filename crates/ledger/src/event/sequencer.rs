//! Sequence numbers of events, without a counter to read.
//!
//! A counter per e-mail would cost a read before each event, and a place where writers of one e-mail meet: the delivery,
//! the tracking, the reports. Time orders them as well. The process hands out numbers that are microseconds since the
//! epoch where they can be and one more than the last where they cannot; an event has the number less the e-mail's own
//! time of creation. So numbers are unique and grow within an e-mail, and have gaps.
//!
//! The clock is the caller's and counts milliseconds. Should it be set back between two runs of the program, the numbers
//! of the second may lie under those of the first; two are the same only if the same microsecond of one e-mail is lived
//! through twice.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::id::EmailId;

/// Hands out sequence numbers.
#[derive(Debug, Default)]
pub struct Sequencer(AtomicU64);

impl Sequencer {
    /// The number of the next event of `email`: at least 1, and more than any that was handed out for it.
    pub fn next(&self, email: EmailId, now_unix_ms: u64) -> u64 {
        let created = email.unix_ms().saturating_mul(1000);
        // An e-mail is never younger than its events, whatever the clock says.
        let least = now_unix_ms.saturating_mul(1000).max(created + 1);
        let after = |last: u64| least.max(last.saturating_add(1));
        let last = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)))
            .unwrap_or_else(|last| last);
        after(last) - created
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_while_the_clock_stands_or_runs_back() {
        let sequencer = Sequencer::default();
        let email = EmailId::new(1_000, [1; 10]);
        let numbers: Vec<u64> = [1_000, 1_000, 1_002, 1_001, 0, 1_003]
            .into_iter()
            .map(|now| sequencer.next(email, now))
            .collect();
        assert_eq!(numbers, [1, 2, 2_000, 2_001, 2_002, 3_000]);
        assert_eq!(sequencer.next(EmailId::new(1_003, [2; 10]), 1_003), 1);
        assert_eq!(
            sequencer.next(EmailId::new(1_003, [2; 10]), u64::MAX),
            u64::MAX - 1_003_000
        );
    }
}
