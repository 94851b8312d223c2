//! How many requests a client may make: fixed windows, counted in memory.
//!
//! A window begins with its first request. What is counted is bounded: when there are too many clients those go first
//! whose window is over, and if that is not enough all start anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::limits::RATE_ENTRIES_MAX;

/// Counts requests by `K`.
pub(super) struct Rate<K> {
    window_ms: u64,
    windows: Mutex<HashMap<K, Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    ends_unix_ms: u64,
    count: u64,
}

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Requests in a window.
    pub(super) limit: u64,
    /// Requests left in this one.
    pub(super) remaining: u64,
    /// Whether this request was one too many.
    pub(super) exceeded: bool,
    /// When the window ends, in milliseconds since the epoch.
    pub(super) ends_unix_ms: u64,
}

impl Standing {
    /// Whole seconds until the window ends, at least one.
    pub(super) fn seconds_left(&self, now_unix_ms: u64) -> u64 {
        self.ends_unix_ms
            .saturating_sub(now_unix_ms)
            .div_ceil(1000)
            .max(1)
    }
}

impl<K: Eq + Hash> Rate<K> {
    pub(super) fn new(window_s: u64) -> Self {
        Self {
            window_ms: window_s.saturating_mul(1000),
            windows: Mutex::default(),
        }
    }

    /// Counts one request.
    pub(super) fn count(&self, key: K, limit: u64, now_unix_ms: u64) -> Standing {
        self.at(key, limit, now_unix_ms, 1)
    }

    /// Looks without counting.
    pub(super) fn look(&self, key: K, limit: u64, now_unix_ms: u64) -> Standing {
        let standing = self.at(key, limit, now_unix_ms, 0);
        Standing {
            exceeded: standing.remaining == 0,
            ..standing
        }
    }

    fn at(&self, key: K, limit: u64, now_unix_ms: u64, more: u64) -> Standing {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= RATE_ENTRIES_MAX && !windows.contains_key(&key) {
            windows.retain(|_, window| now_unix_ms < window.ends_unix_ms);
            if windows.len() >= RATE_ENTRIES_MAX {
                windows.clear();
            }
        }
        let fresh = Window {
            ends_unix_ms: now_unix_ms.saturating_add(self.window_ms),
            count: 0,
        };
        let mut window = windows.get(&key).copied().unwrap_or(fresh);
        if now_unix_ms >= window.ends_unix_ms {
            window = fresh;
        }
        window.count = window.count.saturating_add(more);
        if more > 0 {
            windows.insert(key, window);
        }
        Standing {
            limit,
            remaining: limit.saturating_sub(window.count),
            exceeded: window.count > limit,
            ends_unix_ms: window.ends_unix_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_and_another_begins() {
        let rate = Rate::new(10);
        let standing = |now| {
            let Standing {
                remaining, exceeded, ..
            } = rate.count("a", 2, now);
            (remaining, exceeded)
        };
        assert_eq!(standing(1_000), (1, false));
        assert_eq!(standing(5_000), (0, false));
        assert_eq!(standing(10_999), (0, true));
        assert_eq!(rate.look("b", 2, 10_999).remaining, 2, "another client");
        assert!(rate.look("a", 2, 10_999).exceeded);
        assert_eq!(standing(11_000), (1, false));
        assert_eq!(rate.look("a", 2, 11_000).seconds_left(11_000), 10);
    }
}
