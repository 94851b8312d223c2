//! Every bound of the protocol, each with its clause or its reason. Exceeding one has a defined reply in
//! [`reply`](crate::reply).
//!
//! Lengths are octets and count the CRLF where they bound a line.

use std::time::Duration;

/// A command line, CRLF included (RFC 5321 §4.5.3.1.4), where no extension allows more.
pub const COMMAND_LINE_MAX: usize = 512;

/// A MAIL or RCPT line, CRLF included. 512 plus what extensions add: SIZE 26 (RFC 1870), BODY 17 (RFC 6152),
/// AUTH 500 (RFC 4954), SMTPUTF8 10 (RFC 6531), ENVID and RET 107, ORCPT and NOTIFY 528 (RFC 3461). Rounded up to
/// what every one of them together fits in.
pub const MAIL_RCPT_LINE_MAX: usize = 2048;

/// A line of an AUTH exchange, CRLF included (RFC 4954 §4): the initial response and every later one.
pub const AUTH_LINE_MAX: usize = 12_288;

/// A local part (RFC 5321 §4.5.3.1.1).
pub const LOCAL_PART_MAX: usize = 64;

/// A domain (RFC 5321 §4.5.3.1.2).
pub const DOMAIN_MAX: usize = 255;

/// A label of a domain name (RFC 1035 §2.3.4).
pub const LABEL_MAX: usize = 63;

/// A reverse-path or forward-path with its angle brackets, source route removed (RFC 5321 §4.5.3.1.3).
pub const PATH_MAX: usize = 256;

/// A line of a message, CRLF included and before dot-stuffing (RFC 5321 §4.5.3.1.6). Longer lines are refused, not
/// folded: folding would break signatures and bytes in must be bytes out.
pub const TEXT_LINE_MAX: usize = 1000;

/// Recipients of one transaction. RFC 5321 §4.5.3.1.8 asks for at least 100.
pub const RECIPIENTS_MAX: usize = 1000;

/// A reply line, CRLF included (RFC 5321 §4.5.3.1.5). What the server says stays under it.
pub const REPLY_LINE_MAX: usize = 512;

/// A reply line the client still reads to its end, CRLF included. Servers in the field exceed the 512 of the RFC
/// with long explanations and URLs; what lies beyond this is an error of the peer.
pub const REPLY_LINE_READ_MAX: usize = 4096;

/// Lines of one reply the client reads. EHLO replies of real servers have fewer than 30.
pub const REPLY_LINES_MAX: usize = 128;

/// Octets of text of a peer's reply that are kept, over all its lines. More is cut, not an error.
pub const REPLY_TEXT_MAX: usize = 2048;

/// The size in which bodies travel from session to store: the largest value the store's contract allows.
pub const PIECE_BYTES: usize = 96 * 1024;

/// Room made for a message whose size was not declared.
pub const PIECE_BYTES_FIRST: usize = 16 * 1024;

/// `Received:` fields after which a message is taken to be in a loop (RFC 5321 §6.3 asks for at least 100).
pub const HOPS_MAX: usize = 100;

/// Octets of the beginning of a message in which trace fields are looked for.
pub const HEADER_BYTES_MAX: usize = 1024 * 1024;

/// Refused commands in one session after which it is ended: 421 4.7.0. Postfix calls it `smtpd_hard_error_limit`
/// and has the same value.
pub const ERRORS_MAX: u32 = 20;

/// Commands that do no work (NOOP, RSET, VRFY, HELP, repeated EHLO) accepted since the last message; further ones
/// count as errors. Postfix: `smtpd_junk_command_limit`.
pub const IDLE_COMMANDS_MAX: u32 = 100;

/// Octets of a refused message or chunk that are still read to stay in step; then the session is closed.
pub const DISCARD_MAX: u64 = 1024 * 1024 * 1024;

/// A username or password in AUTH. RFC 4616 sets no bound; the credentials of real clients are far below this one.
pub const CREDENTIAL_MAX: usize = 1024;

/// The digits of a number in a parameter or BDAT command (RFC 1870 §3, RFC 3030 §2: up to 20 digits).
pub const NUMBER_DIGITS_MAX: usize = 20;

/// Server: how long the client may stay silent (RFC 5321 §4.5.3.2.7: at least this).
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Client: from the end of connecting to the greeting (RFC 5321 §4.5.3.2.1).
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Client: EHLO and HELO; the RFC names no value, the one of MAIL is used.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Client: reply to MAIL (RFC 5321 §4.5.3.2.2).
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Client: reply to RCPT (RFC 5321 §4.5.3.2.3).
pub const RCPT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Client: the 354 after DATA (RFC 5321 §4.5.3.2.4).
pub const DATA_TIMEOUT: Duration = Duration::from_secs(2 * 60);

/// Client: each block of the message (RFC 5321 §4.5.3.2.5).
pub const BLOCK_TIMEOUT: Duration = Duration::from_secs(3 * 60);

/// Client: the reply to the final dot (RFC 5321 §4.5.3.2.6). Long on purpose: giving up early makes duplicates.
pub const END_OF_DATA_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Client: the reply to QUIT, on which nothing depends any more.
pub const QUIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Client: transactions open at once. The second is begun while the reply to the final dot of the first is awaited
/// (RFC 2920 §3.1); more could not be sent before that reply, because the second has to wait for its 354.
pub const OPEN_TRANSACTIONS_MAX: usize = 2;

/// Client: commands sent ahead of their replies. Replies have about 50 octets, so those to so many commands fit in the
/// smallest socket buffers, and neither side waits for the other to read (RFC 2920 §3.1).
pub const PIPELINED_COMMANDS_MAX: usize = 256;

/// Client: octets kept of what a peer says while a message is being written to it. One reply is expected at most.
pub const EARLY_INPUT_MAX: usize = 64 * 1024;
