//! What follows from a class: how bad it is, what it is about, and what becomes of the address.

use super::class::Class;

/// How bad a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// It will be the same next time.
    Hard,
    /// It may be otherwise later.
    Soft,
    /// The sender, its address or its message is not wanted; the recipient is not at fault.
    Block,
    /// Somebody who runs one of the two systems has to do something.
    Admin,
    /// Nothing went wrong.
    None,
}

impl Severity {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Block => "block",
            Self::Admin => "admin",
            Self::None => "none",
        }
    }
}

/// What a refusal is about: whatever else has the same gets the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The one mailbox.
    Recipient,
    /// All of the recipient's domain.
    Domain,
    /// The domain or the mailbox that sends.
    Sender,
    /// The address that sends.
    Ip,
    /// The address that sends, and the site it sends to.
    Route,
    /// The message.
    Message,
    /// The host that was spoken to.
    Host,
    /// This server.
    Own,
}

impl Scope {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Domain => "domain",
            Self::Sender => "sender",
            Self::Ip => "ip",
            Self::Route => "route",
            Self::Message => "message",
            Self::Host => "host",
            Self::Own => "own",
        }
    }
}

/// What becomes of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is suppressed, until somebody takes it off the list.
    SuppressNow,
    /// It is suppressed when this has happened more than once.
    SuppressAfter {
        /// So many times, this one included.
        count: u32,
        /// Within so many milliseconds.
        within_ms: u64,
        /// For so many milliseconds; without end if none.
        for_ms: Option<u64>,
    },
    /// It is unsubscribed.
    Unsubscribe,
    /// Nothing.
    Never,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Three messages within 30 days, then not for 30 days: a mailbox that stays full is likely left by its owner, and one
/// that was emptied is written to again.
const AFTER_THREE: Action = Action::SuppressAfter {
    count: 3,
    within_ms: 30 * DAY_MS,
    for_ms: Some(30 * DAY_MS),
};

/// Twice within a week: providers switch a mailbox off for an hour by mistake, and back on.
const AFTER_TWO: Action = Action::SuppressAfter {
    count: 2,
    within_ms: 7 * DAY_MS,
    for_ms: None,
};

impl Class {
    /// What becomes of the address when mail to it was refused for good with this class, or when a report of this
    /// class came back.
    ///
    /// No block and nothing that is our own fault ever suppresses an address.
    pub fn action(self) -> Action {
        match self {
            Self::InvalidRecipient | Self::InvalidDomain | Self::Complaint => Action::SuppressNow,
            Self::InactiveMailbox => AFTER_TWO,
            Self::RecipientRefused | Self::MailboxFull | Self::Expired => AFTER_THREE,
            Self::UnsubscribeRequest => Action::Unsubscribe,
            Self::DnsFailure
            | Self::MessageTooLarge
            | Self::RateLimited
            | Self::Greylisted
            | Self::ReputationBlock
            | Self::AuthFailure
            | Self::RequiresPtr
            | Self::ContentSpam
            | Self::ContentPolicy
            | Self::AttachmentRejected
            | Self::Virus
            | Self::RelayDenied
            | Self::SenderInvalid
            | Self::ConnectionFailed
            | Self::TlsRequiredFailed
            | Self::RoutingLoop
            | Self::ProtocolError
            | Self::RemoteSystem
            | Self::AutoReply
            | Self::Challenge
            | Self::Suppressed
            | Self::Canceled
            | Self::Policy
            | Self::Unclassified => Action::Never,
        }
    }

    /// What becomes of the address when a message to it expired, and its last attempt had this class: a temporary
    /// refusal counts as one of three, if it was about the recipient's side and not about us. So does a temporary
    /// refusal of a class that would suppress at once.
    pub fn action_when_expired(self) -> Action {
        match self {
            Self::InvalidRecipient
            | Self::InactiveMailbox
            | Self::InvalidDomain
            | Self::DnsFailure
            | Self::MailboxFull
            | Self::Greylisted
            | Self::RecipientRefused
            | Self::ConnectionFailed
            | Self::RemoteSystem
            | Self::Expired
            | Self::Unclassified => AFTER_THREE,
            _ => Action::Never,
        }
    }
}
