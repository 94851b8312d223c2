//! Every bound of this crate, with its reason.

/// Octets of a customer's name.
pub const NAME_BYTES_MAX: usize = 255;

/// Octets of an e-mail address: RFC 5321 §4.5.3.1.3 bounds a path at 256 with its angle brackets.
pub const ADDRESS_BYTES_MAX: usize = 254;

/// Octets of a URL that is stored.
pub const URL_BYTES_MAX: usize = 2048;

/// Octets of a tag.
pub const TAG_BYTES_MAX: usize = 255;

/// Octets of the metadata of an e-mail, as JSON.
pub const METADATA_BYTES_MAX: usize = 2 * 1024;

/// Entries of the metadata of an e-mail.
pub const METADATA_ENTRIES_MAX: usize = 10;

/// Octets of the subject kept in an e-mail's record; RFC 5322 §2.1.1 bounds a line at 998.
pub const SUBJECT_BYTES_MAX: usize = 998;

/// Domains of one account, whatever its own limit says: all of them are read together.
pub const DOMAINS_MAX: usize = 1_000;

/// Accounts, keys and lists of domains kept in memory, each: about 1 KiB apiece.
pub const CACHE_ENTRIES_MAX: usize = 10_000;

/// How long a reply is kept for its idempotency key.
pub const IDEMPOTENCY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long e-mails and their events are kept unless [`Retention`](crate::Retention) says otherwise.
pub const EMAIL_RETENTION_MS: u64 = 90 * 24 * 60 * 60 * 1000;

/// How long the audit log is kept.
pub const AUDIT_RETENTION_MS: u64 = 400 * 24 * 60 * 60 * 1000;

/// How often a change is tried again when another writer was faster.
pub const CONFLICTS_MAX: usize = 16;

/// Held e-mails released in one commit.
pub const RELEASE_BATCH: usize = 200;

/// Records removed by one commit of the sweeper.
pub const SWEEP_BATCH: usize = 500;

/// A template without copies that is younger than this may be about to get them.
pub const TEMPLATE_GRACE_MS: u64 = 60 * 60 * 1000;

/// Octets of a refusal that are looked at: no server says as much, but a report may quote anything.
pub const REPLY_TEXT_BYTES_MAX: usize = 64 * 1024;

/// Octets of a file of bounce rules.
pub const RULES_BYTES_MAX: usize = 1024 * 1024;

/// Rules, and providers, in one file.
pub const RULES_MAX: usize = 2_000;

/// Members of one list in a file of rules.
pub const RULE_LIST_MAX: usize = 64;

/// Octets of one text in a file of rules.
pub const RULE_TEXT_BYTES_MAX: usize = 1_000;

/// Octets of a recipient in an event: RFC 5321 §4.5.3.1.3 allows 256, and keys have room for twice that in lower case.
pub const RECIPIENT_BYTES_MAX: usize = 320;

/// Octets of a reply or a reason in an event: two lines of RFC 5321 §4.5.3.1.5.
pub const EVENT_TEXT_BYTES_MAX: usize = 1024;

/// Octets of a name in an event: a host (RFC 1035 §2.3.4), a class, a source.
pub const EVENT_NAME_BYTES_MAX: usize = 255;

/// Octets of a user agent in an event.
pub const USER_AGENT_BYTES_MAX: usize = 255;

/// Events of one e-mail that are read together. A mail to 50 recipients has some 200 of its own, and the rest is hits.
pub const EVENTS_PER_EMAIL_MAX: usize = 10_000;

/// Rows of an index that one query of events steps over where the index alone decides: 10 ms.
pub const EVENT_ROWS_MAX: usize = 100_000;

/// Events that one query reads where only the event, or its e-mail, decides.
pub const EVENT_READS_MAX: usize = 10_000;

/// Events on a page.
pub const EVENT_PAGE_MAX: usize = 500;

/// First opens and clicks remembered, to be spared a look into the store: about 5 MiB.
pub const FIRSTS_MAX: usize = 100_000;

/// Points of a series of statistics: 40 days by the hour.
pub const SERIES_POINTS_MAX: usize = 1_000;

/// Groups of domain, stream and tag that one query of statistics visits.
pub const STATISTICS_CELLS_MAX: usize = 20_000;

/// Octets of the name of a class of bounces in a counter's key.
pub const BOUNCE_CLASS_BYTES_MAX: usize = 40;

/// Daily scores of an account that are read together.
pub const HEALTH_DAYS_MAX: usize = 400;

/// Octets of the reason of a suppression, in somebody's words.
pub const REASON_BYTES_MAX: usize = 255;

/// Octets of the SMTP reply or report that shows why an address is suppressed.
pub const EVIDENCE_BYTES_MAX: usize = 1024;

/// How long it is kept what counts against an address: no class counts over a longer time.
pub const STRIKE_WINDOW_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Suppressions imported in one commit: each is at most 3 KiB.
pub const SUPPRESS_BATCH: usize = 500;

/// Rows read at once while a list is made.
pub const LIST_STEP: usize = 500;

/// Rows looked at for one page of a list.
pub const LIST_ROWS_MAX: usize = 1_000_000;

/// Rows kept in memory while a list is made.
pub const LIST_WINDOW_MAX: usize = 10_000;

/// Webhooks of one account: all of them are read together, and each event is offered to each.
pub const WEBHOOKS_MAX: usize = 20;

/// Kinds of events that a webhook may be limited to.
pub const WEBHOOK_EVENTS_MAX: usize = 32;

/// Octets of the name of a kind of event.
pub const EVENT_TYPE_BYTES_MAX: usize = 64;

/// Domains that a webhook may be limited to.
pub const WEBHOOK_DOMAINS_MAX: usize = 100;

/// Octets of the key in a `whsec_` secret (Standard Webhooks 1.0).
pub const WEBHOOK_SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Secrets that sign at once: the current one, and those that were replaced a short while ago.
pub const WEBHOOK_SECRETS_MAX: usize = 3;

/// How long a replaced secret still signs beside its successor.
pub const WEBHOOK_SECRET_OVERLAP_MS: u64 = 24 * 60 * 60 * 1000;

/// Octets of a payload: Standard Webhooks 1.0 asks for less than 20 kB.
pub const WEBHOOK_PAYLOAD_BYTES_MAX: usize = 20_000 - 1;

/// How long payloads of webhooks and the record of each attempt are kept unless [`Retention`](crate::Retention) says
/// otherwise.
pub const WEBHOOK_RETENTION_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// How long a message waits to be fetched.
pub const WEBHOOK_FETCH_RETENTION_MS: u64 = 24 * 60 * 60 * 1000;

/// Messages that are fetched at once: at 20 kB each, two megabytes.
pub const WEBHOOK_FETCH_MAX: usize = 100;

/// Octets of a response, or of an error, kept in the record of an attempt.
pub const WEBHOOK_EXCERPT_BYTES_MAX: usize = 1024;

/// What a delay is lengthened by at most, in thousandths of it: those who failed together do not come back together.
pub const WEBHOOK_JITTER_PER_MILLE: u64 = 100;

/// The longest delay that a `Retry-After` can ask for: as long as the longest of the schedule.
pub const WEBHOOK_RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// How long an endpoint that says it is overloaded is left alone, unless it says for how long.
pub const WEBHOOK_PAUSE_MS: u64 = 60 * 1000;

/// Secrets of tokens, the current one among them.
pub const TOKEN_SECRETS_MAX: usize = 8;

/// The longest that an endpoint is left alone altogether.
pub const WEBHOOK_PAUSE_MS_MAX: u64 = 60 * 60 * 1000;

/// An endpoint that has answered nothing but failures for this long is disabled: longer than all attempts of one message.
pub const WEBHOOK_FAILING_MS: u64 = 5 * 24 * 60 * 60 * 1000;

/// Messages put back by one commit of a replay.
pub const WEBHOOK_REPLAY_BATCH: usize = 200;

/// Messages of a disabled endpoint that are given up in one step.
pub const WEBHOOK_DROP_BATCH: usize = 200;
