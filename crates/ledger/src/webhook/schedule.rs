//! When a message is tried again, and what a response means.
//!
//! The schedule is the one that Standard Webhooks 1.0 recommends: ten attempts over three days and a bit.

use jiff::fmt::rfc2822;

use super::attempt::Attempted;
use crate::limits::{
    WEBHOOK_JITTER_PER_MILLE, WEBHOOK_PAUSE_MS, WEBHOOK_PAUSE_MS_MAX, WEBHOOK_RETRY_AFTER_MS_MAX,
};

const S: u64 = 1000;
const M: u64 = 60 * S;
const H: u64 = 60 * M;

/// The delay before each attempt, counted from the one before it, in milliseconds: 75.6 hours in all.
pub const DELAYS_MS: [u64; 10] = [
    0,
    5 * S,
    5 * M,
    30 * M,
    2 * H,
    5 * H,
    10 * H,
    14 * H,
    20 * H,
    24 * H,
];

/// What an attempt meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint has the message.
    Delivered,
    /// It has not; another attempt may help.
    Failed {
        /// For how long the endpoint asks to be left alone, in milliseconds: it is overloaded (429, 502, 503, 504).
        pause_ms: Option<u64>,
        /// The shortest delay that it accepts for this message, in milliseconds.
        not_before_ms: u64,
    },
    /// It wants no message any more (410).
    Gone,
}

impl Verdict {
    /// What `attempted` meant. Redirections are failures: they are not followed.
    pub fn of(attempted: &Attempted) -> Self {
        let Ok(response) = &attempted.result else {
            return Self::Failed {
                pause_ms: None,
                not_before_ms: 0,
            };
        };
        let asked_ms = response
            .retry_after_ms
            .unwrap_or(0)
            .min(WEBHOOK_RETRY_AFTER_MS_MAX);
        match response.status {
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            429 | 502 | 503 | 504 => Self::Failed {
                pause_ms: Some(asked_ms.clamp(WEBHOOK_PAUSE_MS, WEBHOOK_PAUSE_MS_MAX)),
                not_before_ms: asked_ms,
            },
            _ => Self::Failed {
                pause_ms: None,
                not_before_ms: asked_ms,
            },
        }
    }
}

/// The delay after the failure of attempt `number` (from 1) of a message, in milliseconds; none when that was the last.
/// `chance` spreads it.
pub fn delay_ms(number: u32, not_before_ms: u64, chance: u32) -> Option<u64> {
    let delay = *DELAYS_MS.get(usize::try_from(number).ok()?)?;
    let delay = delay.max(not_before_ms.min(WEBHOOK_RETRY_AFTER_MS_MAX));
    // Within 64 bits: 24 hours of milliseconds times a tenth of a thousand is below 2^34.
    let widest = delay * WEBHOOK_JITTER_PER_MILLE / 1000;
    let jitter = widest * u64::from(chance) / u64::from(u32::MAX);
    Some(delay + jitter)
}

/// What a `Retry-After` (RFC 9110 §10.2.3) asks for, in milliseconds from `now_unix_ms`; none when it says nothing that can
/// be understood.
pub fn retry_after_ms(text: &str, now_unix_ms: u64) -> Option<u64> {
    let text = text.trim_matches([' ', '\t']);
    if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) {
        // More digits than a number has ask for more than is ever granted.
        return Some(text.parse().map_or(u64::MAX, |s: u64| s.saturating_mul(1000)));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let at = u64::try_from(at.as_millisecond()).ok()?;
    Some(at.saturating_sub(now_unix_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::attempt::Response;

    #[test]
    fn ten_attempts_in_three_days_and_no_more() {
        let delays: Vec<Option<u64>> = (1..=10).map(|number| delay_ms(number, 0, 0)).collect();
        let expected = [5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H];
        assert_eq!(delays[..9], expected.map(Some));
        assert_eq!(delays[9], None);
        assert_eq!(delay_ms(u32::MAX, 0, 0), None);
        assert_eq!(DELAYS_MS.iter().sum::<u64>(), 75 * H + 35 * M + 5 * S);
    }

    #[test]
    fn delays_are_spread_and_lengthened_within_bounds() {
        assert_eq!(delay_ms(1, 0, u32::MAX), Some(5500));
        assert_eq!(delay_ms(1, 60 * S, 0), Some(60 * S), "asked for more");
        assert_eq!(delay_ms(3, 60 * S, 0), Some(30 * M), "asked for less");
        assert_eq!(delay_ms(1, u64::MAX, 0), Some(WEBHOOK_RETRY_AFTER_MS_MAX));
        assert_eq!(delay_ms(10, 60 * S, 0), None, "the last stays the last");
    }

    #[test]
    fn responses_mean_what_the_standard_says() {
        let failed = |pause_ms, not_before_ms| Verdict::Failed {
            pause_ms,
            not_before_ms,
        };
        for (status, asked, expected) in [
            (200, None, Verdict::Delivered),
            (204, Some(1), Verdict::Delivered),
            (299, None, Verdict::Delivered),
            (199, None, failed(None, 0)),
            (301, None, failed(None, 0)),
            (308, None, failed(None, 0)),
            (400, None, failed(None, 0)),
            (404, None, failed(None, 0)),
            (410, None, Verdict::Gone),
            (429, None, failed(Some(WEBHOOK_PAUSE_MS), 0)),
            (429, Some(5 * M), failed(Some(5 * M), 5 * M)),
            (500, Some(7), failed(None, 7)),
            (502, None, failed(Some(WEBHOOK_PAUSE_MS), 0)),
            (
                503,
                Some(u64::MAX),
                failed(Some(WEBHOOK_PAUSE_MS_MAX), WEBHOOK_RETRY_AFTER_MS_MAX),
            ),
            (504, None, failed(Some(WEBHOOK_PAUSE_MS), 0)),
            (999, None, failed(None, 0)),
        ] {
            let attempted = Attempted {
                started_unix_ms: 0,
                duration_ms: 0,
                result: Ok(Response {
                    status,
                    retry_after_ms: asked,
                    excerpt: String::new(),
                }),
            };
            assert_eq!(Verdict::of(&attempted), expected, "{status} {asked:?}");
        }
    }

    #[test]
    fn rfc_9110_retry_after_is_seconds_or_a_date() {
        let now = crate::unix_ms("2026-11-25T12:00:00Z").unwrap();
        for (text, expected) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Wed, 25 Nov 2026 12:01:00 GMT", Some(60_000)),
            ("Wed, 25 Nov 2026 11:00:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("soon", None),
            ("1.5", None),
        ] {
            assert_eq!(retry_after_ms(text, now), expected, "{text:?}");
        }
    }
}
