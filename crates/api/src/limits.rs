//! Every bound of the customers' HTTP, with its reason.

use std::time::Duration;

/// Recipients of one e-mail, copies and blind copies included.
pub const RECIPIENTS_MAX: usize = 50;

/// E-mails of one batch.
pub const BATCH_MAX: usize = 500;

/// Recipients of one bulk mail.
pub const BULK_RECIPIENTS_MAX: usize = 10_000;

/// How far ahead mail can be scheduled.
pub const SCHEDULE_AHEAD: Duration = Duration::from_secs(72 * 60 * 60);

/// Octets of all attachments of an e-mail, decoded.
pub const ATTACHMENT_BYTES_MAX: usize = 20 * 1024 * 1024;

/// Attachments of one e-mail.
pub const ATTACHMENTS_MAX: usize = 100;

/// Faults of one request that are told; a request with more of them is not worth reading on.
pub const FAULTS_MAX: usize = 50;

/// Characters of an idempotency key.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;

/// Entries of a page unless the request says otherwise, and at most.
pub const PAGE_DEFAULT: usize = 50;
/// See [`PAGE_DEFAULT`].
pub const PAGE_MAX: usize = 500;

/// Rows of one CSV file that is imported; a longer list comes in several.
pub const CSV_ROWS_MAX: usize = 100_000;

/// Rows of a list that are read from the store at once while it is exported.
pub const EXPORT_STEP: usize = 500;

/// Messages that one request has sent again, about: the step that passes it is done to its end.
pub const REPLAY_MAX: usize = 10_000;

/// Clients whose requests are counted at once; beyond it those go first whose window is over.
pub const RATE_ENTRIES_MAX: usize = 100_000;

/// How far back statistics go unless the request says otherwise, in milliseconds: 30 days, both ends included.
pub const STATISTICS_SPAN_MS: u64 = 29 * 86_400_000;

/// Events of a page at most, as the ledger has it.
pub const EVENT_PAGE_MAX: u32 = 500;

/// The last page of events that can be asked for by number; beyond what the ledger steps over.
pub const EVENT_PAGES_MAX: u32 = 100_000;
