//! When to stop waiting for company: the policy of group commit, without a clock or a lock of its own.
//!
//! A sync costs far more than a batch, so batches that would arrive within the next moment should share one;
//! but a writer that is alone must never wait for nobody. What tells the two apart is not the rate of
//! arrivals (a lone writer without pauses has a high one) but how many batches were seen waiting *at the same
//! time*: `writers`. Gathering ends
//! - at once when only one writer is known, or when as many batches wait as writers are known: nobody else
//!   can come;
//! - when a slice of time has passed without an arrival;
//! - when the oldest batch has waited [`DELAY_MAX`], the previous sync included: on a disk with slow syncs
//!   the sync itself is all the gathering there is.

use std::time::{Duration, Instant};

/// How long the absence of arrivals must last to end the gathering. Measured with 20 relaying sessions: with
/// 100 us a message cost 0.19 syncs and waited 1.0 ms, with 300 us 0.17 and 1.7 ms, with 600 us 0.15 and 2.0
/// ms; the CPU per message was the same.
const SLICE: Duration = Duration::from_micros(150);

/// The most a batch is delayed for the sake of company.
const DELAY_MAX: Duration = Duration::from_millis(2);

/// How long patient batches wait when no urgent one comes to take them along.
const PATIENCE: Duration = Duration::from_millis(5);

/// A group this large gains nothing by growing: its sync is already cheap per byte.
pub(crate) const GROUP_BYTES: usize = 1024 * 1024;

/// What is known of the writers.
#[derive(Debug)]
pub(crate) struct Gather {
    writers: usize,
    slice: Option<Slice>,
}

/// The slice under way: when it began, and how many urgent batches waited then.
#[derive(Debug, Clone, Copy)]
struct Slice {
    began: Instant,
    urgent: usize,
}

/// What waits, as far as the decision depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Waiting {
    pub(crate) urgent: usize,
    pub(crate) bytes: usize,
    /// When the oldest batch was enqueued; `None` if nothing waits.
    pub(crate) oldest: Option<Instant>,
    /// When the oldest urgent batch was.
    pub(crate) oldest_urgent: Option<Instant>,
}

/// What the committer should do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write what waits.
    Write,
    /// Sleep until something is enqueued.
    Sleep,
    /// Ask again after `delay`, or once `urgent` urgent batches or [`GROUP_BYTES`] wait.
    Wait { delay: Duration, urgent: usize },
}

impl Gather {
    pub(crate) fn new() -> Self {
        Self {
            writers: 1,
            slice: None,
        }
    }

    /// Decides. Asked after each wait and after each group.
    pub(crate) fn step(&mut self, waiting: Waiting, now: Instant) -> Step {
        let Some(oldest) = waiting.oldest else {
            return Step::Sleep;
        };
        if waiting.bytes >= GROUP_BYTES {
            return Step::Write;
        }
        match waiting.oldest_urgent {
            Some(oldest_urgent) => {
                self.gather(waiting.urgent, now.saturating_duration_since(oldest_urgent), now)
            }
            None => {
                let waited = now.saturating_duration_since(oldest);
                if waited >= PATIENCE {
                    Step::Write
                } else {
                    Step::Wait {
                        delay: PATIENCE - waited,
                        urgent: 1,
                    }
                }
            }
        }
    }

    fn gather(&mut self, urgent: usize, waited: Duration, now: Instant) -> Step {
        if urgent >= self.writers || waited >= DELAY_MAX {
            return Step::Write;
        }
        let slice = match self.slice {
            Some(slice) if now.saturating_duration_since(slice.began) < SLICE => slice,
            Some(slice) if slice.urgent == urgent => return Step::Write,
            Some(_) | None => Slice { began: now, urgent },
        };
        self.slice = Some(slice);
        let left = SLICE.saturating_sub(now.saturating_duration_since(slice.began));
        Step::Wait {
            delay: left.min(DELAY_MAX - waited),
            urgent: self.writers,
        }
    }

    /// A group with `urgent` urgent batches was written while `arrived` more came.
    pub(crate) fn wrote(&mut self, urgent: usize, arrived: usize) {
        self.slice = None;
        let together = urgent + arrived;
        self.writers = match together {
            0 | 1 => 1,
            // Writers pause; one quiet group does not mean that they have gone.
            _ if together < self.writers => self.writers - (self.writers - together).div_ceil(4),
            _ => together,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `urgent` batches wait, the oldest of them for `waited_us`.
    fn waiting(urgent: usize, waited_us: u64, now: Instant) -> Waiting {
        let oldest = now.checked_sub(Duration::from_micros(waited_us));
        Waiting {
            urgent,
            bytes: 1,
            oldest,
            oldest_urgent: oldest.filter(|_| urgent > 0),
        }
    }

    fn busy(writers: usize) -> Gather {
        Gather { writers, slice: None }
    }

    /// Far enough from the epoch of `Instant` to subtract from.
    fn noon() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[test]
    fn a_lone_writer_never_waits() {
        let mut gather = Gather::new();
        for _ in 0..3 {
            assert_eq!(gather.step(waiting(1, 0, noon()), noon()), Step::Write);
            gather.wrote(1, 0);
        }
    }

    #[test]
    fn nothing_to_do_is_slept_through() {
        assert_eq!(Gather::new().step(Waiting::default(), noon()), Step::Sleep);
    }

    #[test]
    fn gathers_until_all_known_writers_are_in() {
        let now = noon();
        let mut gather = busy(3);
        assert_eq!(
            gather.step(waiting(1, 0, now), now),
            Step::Wait {
                delay: SLICE,
                urgent: 3
            }
        );
        assert_eq!(gather.step(waiting(3, 10, now), now), Step::Write);
    }

    #[test]
    fn a_slice_without_arrivals_ends_the_gathering() {
        let start = noon();
        let mut gather = busy(9);
        assert!(matches!(
            gather.step(waiting(1, 0, start), start),
            Step::Wait { .. }
        ));
        let second = start + SLICE;
        assert!(
            matches!(gather.step(waiting(2, 300, second), second), Step::Wait { .. }),
            "it grew"
        );
        let third = second + SLICE;
        assert_eq!(
            gather.step(waiting(2, 600, third), third),
            Step::Write,
            "it did not"
        );
    }

    #[test]
    fn delay_and_size_are_bounded() {
        let now = noon();
        assert_eq!(busy(9).step(waiting(2, 2_000, now), now), Step::Write);
        let large = Waiting {
            bytes: GROUP_BYTES,
            ..waiting(1, 0, now)
        };
        assert_eq!(busy(9).step(large, now), Step::Write);
    }

    #[test]
    fn patient_batches_wait_for_an_urgent_one_but_not_forever() {
        let now = noon();
        assert_eq!(
            busy(9).step(waiting(0, 0, now), now),
            Step::Wait {
                delay: PATIENCE,
                urgent: 1
            }
        );
        assert_eq!(busy(9).step(waiting(0, 5_000, now), now), Step::Write);
    }

    #[test]
    fn writers_are_forgotten_slowly_unless_only_one_is_left() {
        let mut gather = busy(20);
        gather.wrote(8, 0);
        assert_eq!(gather.writers, 17);
        gather.wrote(15, 10);
        assert_eq!(gather.writers, 25);
        gather.wrote(1, 0);
        assert_eq!(gather.writers, 1);
    }
}
