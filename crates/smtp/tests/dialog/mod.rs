//! Dialogs: sessions written down as text, and replayed.
//!
//! A dialog file begins with what the server is told, and goes on with what happens:
//!
//! ```text
//! # a comment; blank lines mean nothing
//! listener relay                        relay: neither STARTTLS nor AUTH; submission: both, and AUTH required
//! size-max 1000                         octets of the largest message (default 10000)
//! recipients-max 2                      recipients of one transaction (default 100)
//! implicit-tls                          TLS began with the connection
//! optional-auth                         a submission listener that takes mail without AUTH
//! credential user password              what AUTH accepts
//! auth-unavailable                      nobody can tell whether credentials are right
//! refuse-sender a@b SenderDenied        the name of a row of `smtp::reply::Refusal`
//! refuse-recipient a@b MailboxUnknown
//! refuse-message StoreFull              every message
//! together                              replay whole only: the dialog is about octets that arrive together
//!
//! S: 220 mx.example ESMTP Postrider     a reply line, exactly; a final * stands for anything
//! C: EHLO client.example                octets of the client: the line, CRLF added
//! c: NOOP\r\n\0\xff\{1000*a}            octets of the client: nothing added, escapes as here
//! envelope: ESMTP 7bit <a@b> <c@d>      a message came: protocol, body, reverse-path, forward-paths
//! body: text                            a line of that message, CRLF added
//! raw-body: octets                      octets of that message
//! discarded                             pieces given before were taken back
//! tls                                   the server asks for TLS, and it begins
//! timeout                               the client has been silent for too long
//! shutdown                              the server is about to stop
//! close                                 the server closes the connection
//! ```
//!
//! Client lines with nothing between them are one group: sent at once, when they are not cut. The first message
//! accepted gets the id 1, the second 2, and so on.
//!
//! Self-contained (it needs `smtp` and nothing else of this crate's tests), so that other tests can include it with
//! `#[path]` and replay the same files through sockets.
#![allow(
    dead_code,
    unused_imports,
    reason = "not every test that includes this replays in the same way"
)]

mod parse;
mod pure;

use smtp::reply::Refusal;

pub use pure::{Cut, replay};

/// A dialog file, read.
#[derive(Debug)]
pub struct Dialog {
    /// The file's name.
    pub name: String,
    /// What the server is told.
    pub setting: Setting,
    /// What happens, in order, with the line it stands on.
    pub steps: Vec<(usize, Step)>,
}

/// What the server is told.
#[derive(Debug)]
pub struct Setting {
    pub submission: bool,
    pub size_max: u64,
    pub recipients_max: usize,
    pub implicit_tls: bool,
    pub auth_required: bool,
    pub credentials: Vec<(String, String)>,
    pub auth_unavailable: bool,
    pub refused_senders: Vec<(String, Refusal)>,
    pub refused_recipients: Vec<(String, Refusal)>,
    pub refused_message: Option<Refusal>,
    pub together: bool,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The client sends: all lines of a group, joined.
    Send(Vec<u8>),
    /// The server says a line.
    Reply(Pattern),
    /// A message came.
    Message { envelope: String, body: Vec<u8> },
    /// Pieces given before were taken back.
    Discarded,
    /// TLS begins.
    Tls,
    /// The client's time is up.
    Timeout,
    /// The server is about to stop.
    Shutdown,
    /// The server closes the connection.
    Close,
}

/// A reply line without its CRLF, or its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    Line(String),
    Beginning(String),
}

impl Pattern {
    /// Whether `line`, without its CRLF, is meant.
    pub fn matches(&self, line: &str) -> bool {
        match self {
            Self::Line(expected) => line == expected,
            Self::Beginning(expected) => line.starts_with(expected.as_str()),
        }
    }
}

impl Dialog {
    /// Reads a dialog file.
    ///
    /// # Panics
    /// If it is not one, naming the line.
    pub fn parse(name: &str, text: &str) -> Self {
        parse::dialog(name, text)
    }

    /// All octets of the client, in order: what a fuzzer starts from.
    pub fn client_octets(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|(_, step)| match step {
            Step::Send(octets) => Some(octets.as_slice()),
            _ => None,
        });
        sent.collect::<Vec<_>>().concat()
    }
}
