//! Every bound of this crate, with its reason.

/// Deliveries of one route that wait in memory. More stay in the due index and are read when the list runs low.
pub const LANE_READY_MAX: usize = 1_000;

/// A lane asks for its waiting overflow when it has fewer than this many deliveries ready.
pub const LANE_REFILL_BELOW: usize = LANE_READY_MAX / 2;

/// Deliveries in memory at once over all routes, ready or in flight: about 1 KiB each without their bodies.
pub const LIVE_DELIVERIES_MAX: usize = 20_000;

/// A message up to this size is one batch; a larger one spills its pieces to the store while it arrives.
pub const INLINE_BODY_BYTES_MAX: u64 = 1024 * 1024;

/// Octets of the last reply kept with a recipient; RFC 5321 §4.5.3.1.5 bounds a reply line at 512.
pub const REPLY_TEXT_BYTES_MAX: usize = 512;

/// Octets of the original header that a failure notice returns.
pub const NOTICE_HEADER_BYTES_MAX: usize = 32 * 1024;

/// Entries of the due index read in one step, so that no step holds the scheduler for long.
pub const DUE_SCAN_ENTRIES: usize = 500;

/// Deliveries that one operator request changes in one batch.
pub const CHANGE_BATCH: usize = 500;

/// Recipients whose attempts are settled in one batch: each leaves at most about 1 KiB in a record, and the store takes
/// batches of 8 MiB.
pub const SETTLE_RECIPIENTS_MAX: usize = 4_000;

/// Messages accepted in one commit whose deliveries stay in memory for their first attempt; those of a larger group are
/// read from the due index like a backlog.
pub const CLAIMED_SUBMISSIONS_MAX: usize = 500;
