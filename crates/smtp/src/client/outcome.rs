//! What became of a transaction, recipient by recipient, and of a session that never got ready.
//!
//! Every `Display` here is one line without control characters: it goes to logs, to operators and into the
//! Diagnostic-Code of failure notices.

use std::fmt;

use super::enhanced_code::EnhancedCode;
use super::reply_reader::{Reply, ReplyClass, ReplyError};

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipientResult {
    /// The peer took responsibility, with this reply to the end of data.
    Delivered(Reply),
    /// Not now.
    Deferred(Why),
    /// Never.
    Refused(Why),
}

/// Why something did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The peer said so.
    Reply(Reply),
    /// The peer refused a recipient after others as one too many (RFC 5321 §4.5.3.1.10). Temporary, whatever the code.
    TooManyRecipients(Reply),
    /// The connection ended while this was awaited. With [`Stage::EndOfData`] the peer may have the message: trying
    /// again may make a duplicate, not trying may lose it.
    LostConnection {
        /// What had been sent last of what was not answered.
        after: Stage,
    },
    /// The peer said nothing for as long as RFC 5321 §4.5.3.2 wants it waited for. With [`Stage::EndOfData`] the peer
    /// may have the message.
    Timeout {
        /// What was not answered.
        stage: Stage,
    },
    /// The peer said something that is no reply.
    Garbled {
        /// What should have been answered.
        stage: Stage,
        /// What was wrong.
        fault: ReplyError,
    },
    /// The peer gave a reply that cannot be one to what was sent.
    Unexpected {
        /// What should have been answered.
        stage: Stage,
        /// What it said.
        reply: Reply,
    },
    /// The message is larger than the peer takes (RFC 1870 §6.1); it was not asked.
    TooLarge {
        /// Octets of the message.
        size: u64,
        /// Octets the peer takes.
        max: u64,
    },
    /// The message needs SMTPUTF8 and the peer does not offer it (RFC 6531 §3.5); it was not asked.
    NoSmtputf8,
    /// TLS is required and not offered.
    TlsNotOffered,
    /// TLS is required, offered, and was refused with this reply.
    TlsRefused(Reply),
    /// Octets followed the reply to STARTTLS in the clear: somebody in between put them there (RFC 3207 §6).
    PlaintextAfterStartTls,
}

/// What a client sends and waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Connected; the greeting is awaited.
    Connect,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS, and the handshake.
    StartTls,
    /// RSET before a transaction.
    Rset,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The message, before its final dot: the peer cannot have it.
    Message,
    /// The final dot: the peer may have the message.
    EndOfData,
}

/// Why a session ended before it was ready. Another host, or the same one later, may do better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFailure {
    /// How far it got.
    pub stage: Stage,
    /// What happened.
    pub why: Why,
}

impl RecipientResult {
    /// The enhanced code; its class is that of the result even where the peer's reply contradicts it.
    pub fn status(&self) -> EnhancedCode {
        match self {
            Self::Delivered(reply) => reply.status().with_class(2),
            Self::Deferred(why) => why.status().with_class(4),
            Self::Refused(why) => why.status().with_class(5),
        }
    }
}

impl fmt::Display for RecipientResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered(reply) => write!(f, "{reply}"),
            Self::Deferred(why) | Self::Refused(why) => write!(f, "{why}"),
        }
    }
}

impl Why {
    /// The enhanced code (RFC 3463): the peer's where it said one, else ours.
    pub fn status(&self) -> EnhancedCode {
        match self {
            Self::Reply(reply) => reply.status(),
            Self::TooManyRecipients(_) => EnhancedCode::new(4, 5, 3),
            Self::LostConnection { .. } | Self::Timeout { .. } => EnhancedCode::new(4, 4, 2),
            Self::Garbled { .. } | Self::Unexpected { .. } => EnhancedCode::new(4, 5, 0),
            Self::TooLarge { .. } => EnhancedCode::new(5, 3, 4),
            Self::NoSmtputf8 => EnhancedCode::new(5, 6, 7),
            Self::TlsNotOffered | Self::TlsRefused(_) => EnhancedCode::new(4, 7, 4),
            Self::PlaintextAfterStartTls => EnhancedCode::new(4, 7, 5),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) | Self::TooManyRecipients(reply) => write!(f, "{reply}"),
            Self::LostConnection { after } => write!(f, "connection lost {}", after.when()),
            Self::Timeout { stage } => write!(f, "no answer in time {}", stage.when()),
            Self::Garbled { stage, fault } => write!(f, "not understood {}: {fault}", stage.when()),
            Self::Unexpected { stage, reply } => write!(f, "unexpected reply {}: {reply}", stage.when()),
            Self::TooLarge { size, max } => {
                write!(
                    f,
                    "message of {size} octets is larger than the {max} that the server takes"
                )
            }
            Self::NoSmtputf8 => f.write_str("message needs SMTPUTF8, which the server does not offer"),
            Self::TlsNotOffered => f.write_str("TLS is required, and the server does not offer it"),
            Self::TlsRefused(reply) => write!(f, "TLS is required, and the server refused it: {reply}"),
            Self::PlaintextAfterStartTls => f.write_str("plaintext follows the reply to STARTTLS"),
        }
    }
}

impl Stage {
    // The second half of "connection lost …".
    fn when(self) -> &'static str {
        match self {
            Self::Connect => "before the greeting",
            Self::Hello => "after EHLO",
            Self::StartTls => "after STARTTLS",
            Self::Rset => "after RSET",
            Self::Mail => "after MAIL FROM",
            Self::Rcpt => "after RCPT TO",
            Self::Data => "after DATA",
            Self::Message => "while sending the message",
            Self::EndOfData => "after end of data",
        }
    }
}

impl SessionFailure {
    /// Whether the host refuses for good: a 5yz greeting or reply to HELO. All else is worth another try.
    pub fn is_permanent(&self) -> bool {
        matches!(&self.why, Why::Reply(reply) if reply.class() == ReplyClass::PermanentFailure)
    }

    /// The enhanced code.
    pub fn status(&self) -> EnhancedCode {
        self.why.status()
    }
}

impl fmt::Display for SessionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.why)
    }
}
