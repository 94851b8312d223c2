//! What a session and its caller say to each other.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Dialect, Introduced};
use crate::address::{ForwardPath, ReversePath};
use crate::command::BodyType;
use crate::reply::{self, Refusal};

/// What the caller is to do next.
#[derive(Debug)]
pub enum Output {
    /// Send these octets: the replies to a group of commands.
    Reply(Vec<u8>),
    /// Find the answer and give it to [`handle_answer`](super::Session::handle_answer).
    Ask(Question),
    /// The next [`PIECE_BYTES`](crate::limits::PIECE_BYTES) octets of the message that is arriving.
    BodyPiece(Bytes),
    /// Forget the pieces of the message that was arriving.
    BodyDiscarded,
    /// Begin TLS as a server, on what arrives from now on; octets already read and not taken must not be used. Then
    /// call [`tls_started`](super::Session::tls_started).
    StartTls,
    /// Close the connection.
    Close,
}

/// What a session cannot decide.
#[derive(Debug)]
pub enum Question {
    /// Are these credentials right? [`Answer::Authenticated`], or [`Answer::Refuse`] if nobody can tell.
    Authenticate {
        /// Who the client says it is.
        username: String,
        /// How it proves it.
        password: Password,
    },
    /// May this sender begin a transaction? [`Answer::Allow`] or [`Answer::Refuse`].
    Sender {
        /// The argument of MAIL FROM.
        reverse_path: ReversePath,
        /// Octets of the message as declared with SIZE; not above the listener's maximum.
        size: Option<u64>,
        /// The body as declared with BODY.
        body: BodyType,
        /// Whether SMTPUTF8 was asked for.
        smtputf8: bool,
    },
    /// Is this recipient served? [`Answer::Allow`] or [`Answer::Refuse`].
    Recipient(ForwardPath),
    /// Here is the message; is it on disk? [`Answer::Accepted`] or [`Answer::Refuse`].
    Message(Received),
}

/// The answer to a question.
#[derive(Debug)]
pub enum Answer {
    /// To `Authenticate`: whether the credentials are right.
    Authenticated(bool),
    /// To `Sender` and `Recipient`: yes.
    Allow,
    /// To any question: no, and why.
    Refuse(Refusal),
    /// To `Message`: it is on disk.
    Accepted(Receipt),
}

/// A whole message and who sent it.
#[derive(Debug)]
pub struct Received {
    /// From whom and to whom.
    pub envelope: Envelope,
    /// What follows the pieces already given; the whole message if there were none.
    pub tail: Bytes,
    /// Octets of the message, pieces included.
    pub size: u64,
    /// The name given in EHLO or HELO: visible ASCII without spaces.
    pub hello: Arc<str>,
    /// How it came.
    pub protocol: Protocol,
}

/// An SMTP envelope (RFC 5321 §2.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Whom to tell of failures.
    pub reverse_path: ReversePath,
    /// Where to deliver; at least one, in the order given.
    pub recipients: Vec<ForwardPath>,
    /// What the body is found to be, whatever was declared: a body without octets above 127 can go anywhere.
    pub body: BodyType,
    /// Whether SMTPUTF8 was asked for.
    pub smtputf8: bool,
}

/// How a message came, in the words of a `Received:` field (RFC 3848, RFC 6531 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the RFCs")]
pub enum Protocol {
    Smtp,
    Smtps,
    Esmtp,
    Esmtpa,
    Esmtps,
    Esmtpsa,
    Utf8Smtp,
    Utf8Smtpa,
    Utf8Smtps,
    Utf8Smtpsa,
}

impl Protocol {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Smtps => "SMTPS",
            Self::Esmtp => "ESMTP",
            Self::Esmtpa => "ESMTPA",
            Self::Esmtps => "ESMTPS",
            Self::Esmtpsa => "ESMTPSA",
            Self::Utf8Smtp => "UTF8SMTP",
            Self::Utf8Smtpa => "UTF8SMTPA",
            Self::Utf8Smtps => "UTF8SMTPS",
            Self::Utf8Smtpsa => "UTF8SMTPSA",
        }
    }

    pub(super) fn of(client: &Introduced, tls: bool, smtputf8: bool) -> Self {
        match (client.dialect, smtputf8, tls, client.authenticated) {
            // Only an unauthenticated HELO is plain SMTP; the S is no registered form of it but says what was.
            (Dialect::Helo, _, false, false) => Self::Smtp,
            (Dialect::Helo, _, true, false) => Self::Smtps,
            (_, true, false, false) => Self::Utf8Smtp,
            (_, true, false, true) => Self::Utf8Smtpa,
            (_, true, true, false) => Self::Utf8Smtps,
            (_, true, true, true) => Self::Utf8Smtpsa,
            (_, false, false, false) => Self::Esmtp,
            (_, false, false, true) => Self::Esmtpa,
            (_, false, true, false) => Self::Esmtps,
            (_, false, true, true) => Self::Esmtpsa,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A password; it is shown to nobody by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: String) -> Self {
        Self(password)
    }

    /// The password, for whoever compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Proof that a message survives a loss of power.
///
/// The program implements it once, for the value that only a commit of the store can make. That is what makes a
/// [`Receipt`], and with it the 250, mean what it says.
pub trait OnDisk {}

/// The 250 after a message.
#[derive(Debug)]
pub struct Receipt {
    line: String,
}

impl Receipt {
    /// The receipt of the message `id`, which is on disk as `_proof` shows.
    pub fn new(_proof: &dyn OnDisk, id: &str) -> Self {
        Self {
            line: reply::accepted(id),
        }
    }

    pub(super) fn line(&self) -> &str {
        &self.line
    }
}
