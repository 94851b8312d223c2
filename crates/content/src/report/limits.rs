//! The bounds of reading reports, in one place.

/// Octets of a message that are read; what follows is as if it had been cut off. What a report says comes before the
/// message it is about, which may be of any size.
pub const OCTETS_MAX: usize = 1024 * 1024;

/// Multiparts within each other that are looked into. Reports have one; gateways and lists put one or two around it.
pub const DEPTH_MAX: usize = 4;

/// Parts of one message that are looked at.
pub const PARTS_MAX: usize = 64;

/// Octets of the value of a Content-Type that is read; a longer one says nothing. What it costs to join the sections of a
/// parameter (RFC 2231 §3) grows with the square of their number.
pub const CONTENT_TYPE_OCTETS_MAX: usize = 16 * 1024;

/// Recipients of one report that are told of, and recipients that a complaint names.
pub const RECIPIENTS_MAX: usize = 1000;

/// Octets of one value that is given back; a longer one is cut.
pub const VALUE_OCTETS_MAX: usize = 2048;

/// Octets of the header of the original message that are given back.
pub const HEADER_OCTETS_MAX: usize = 64 * 1024;

/// Lines of plain text in which recipients are looked for.
pub const LINES_MAX: usize = 4000;
