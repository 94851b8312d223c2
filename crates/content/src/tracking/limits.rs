//! The bounds of tracking, in one place.

/// Links of one message that are tracked; those after them stay as they are. Receivers look askance at more, and the
/// reports on them would no longer be read.
pub const LINKS_MAX: usize = 250;

/// Octets of a link's URL, decoded. Browsers and servers begin to refuse at this length (RFC 9110 §4.1 advises that
/// 8000 be taken); a longer one stays as it is.
pub const URL_OCTETS_MAX: usize = 8 * 1024;

/// Octets of HTML that are rewritten; a longer document stays as it is. Those who show mail cut it off long before.
pub const HTML_OCTETS_MAX: usize = crate::mime::plain::HTML_OCTETS_MAX;

/// Multiparts within each other that are looked into.
pub const DEPTH_MAX: usize = 16;

/// Parts of one message that are looked at.
pub const PARTS_MAX: usize = 1000;

/// Keys that tokens are verified with, the current one among them.
pub const KEYS_MAX: usize = 8;

/// Octets of a URL in a `List-Unsubscribe` field, so that each fits in a line with the name of the field
/// (RFC 5322 §2.1.1: 998 octets).
pub const UNSUBSCRIBE_URL_OCTETS_MAX: usize = 900;
