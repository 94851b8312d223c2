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

/// How long what became of an e-mail is kept.
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
