//! The classes of refusals: what they are called, how they are stored, how bad they are.

use store::RecordError;

use super::effect::{Scope, Severity};

/// What happened to a recipient, as far as its owner is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// There is no such mailbox.
    InvalidRecipient,
    /// The mailbox exists and is switched off, or its owner has moved.
    InactiveMailbox,
    /// The domain does not exist or takes no mail (RFC 7505).
    InvalidDomain,
    /// The domain could not be looked up.
    DnsFailure,
    /// The mailbox has no room.
    MailboxFull,
    /// The message is larger than the mailbox or the server takes.
    MessageTooLarge,
    /// Too much at once: connections, messages, recipients.
    RateLimited,
    /// Come again later, said to everybody unknown.
    Greylisted,
    /// The address or the domain that sends has a bad name, or is on a list.
    ReputationBlock,
    /// SPF, DKIM or DMARC did not hold.
    AuthFailure,
    /// The address that sends has no name in DNS, or not a good one.
    RequiresPtr,
    /// The message looks like spam.
    ContentSpam,
    /// The message breaks a rule other than being spam.
    ContentPolicy,
    /// A kind of attachment is not taken.
    AttachmentRejected,
    /// The message carries malware.
    Virus,
    /// The recipient, or a list, does not take mail of this sender.
    RecipientRefused,
    /// The server says that it is not responsible for the domain.
    RelayDenied,
    /// The reverse-path is not acceptable.
    SenderInvalid,
    /// No conversation came about, or it broke.
    ConnectionFailed,
    /// TLS is required by one side and did not come about.
    TlsRequiredFailed,
    /// The message went in circles.
    RoutingLoop,
    /// One side did not understand the other.
    ProtocolError,
    /// The other system has a trouble of its own.
    RemoteSystem,
    /// It was tried for as long as it is tried. The class of the last attempt is the cause.
    Expired,
    /// A machine answered for a person (RFC 3834).
    AutoReply,
    /// A machine wants proof that a person wrote.
    Challenge,
    /// Somebody asked not to be written to.
    UnsubscribeRequest,
    /// Somebody said that it was spam (RFC 5965).
    Complaint,
    /// The address is on our list; not tried.
    Suppressed,
    /// Taken back before it left.
    Canceled,
    /// A rule of this server's own; not tried.
    Policy,
    /// No rule knows it.
    Unclassified,
}

/// What the table says of one class.
struct Row {
    byte: u8,
    name: &'static str,
    severity: Severity,
    scope: Scope,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 32] = [
        Self::InvalidRecipient,
        Self::InactiveMailbox,
        Self::InvalidDomain,
        Self::DnsFailure,
        Self::MailboxFull,
        Self::MessageTooLarge,
        Self::RateLimited,
        Self::Greylisted,
        Self::ReputationBlock,
        Self::AuthFailure,
        Self::RequiresPtr,
        Self::ContentSpam,
        Self::ContentPolicy,
        Self::AttachmentRejected,
        Self::Virus,
        Self::RecipientRefused,
        Self::RelayDenied,
        Self::SenderInvalid,
        Self::ConnectionFailed,
        Self::TlsRequiredFailed,
        Self::RoutingLoop,
        Self::ProtocolError,
        Self::RemoteSystem,
        Self::Expired,
        Self::AutoReply,
        Self::Challenge,
        Self::UnsubscribeRequest,
        Self::Complaint,
        Self::Suppressed,
        Self::Canceled,
        Self::Policy,
        Self::Unclassified,
    ];

    /// Its name on the wire and in files of rules.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The class of this name.
    // Not `FromStr`: an unknown name is an absence, and the caller knows what to say of it.
    #[allow(clippy::should_implement_trait)]
    pub fn from_str(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// How it is stored. Never changes.
    pub fn to_byte(self) -> u8 {
        self.row().byte
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// [`RecordError::Value`] when no class is stored as this.
    pub fn from_byte(byte: u8) -> Result<Self, RecordError> {
        Self::ALL
            .into_iter()
            .find(|class| class.to_byte() == byte)
            .ok_or(RecordError::Value("bounce class"))
    }

    /// How bad it is when it is said for good. [`super::Verdict::severity`] knows whether it was.
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// What it is about.
    pub fn scope(self) -> Scope {
        self.row().scope
    }

    fn row(self) -> Row {
        use Scope::{Domain, Host, Ip, Message, Own, Recipient, Route, Sender};
        use Severity::{Admin, Block, Hard, None, Soft};
        let (byte, name, severity, scope) = match self {
            Self::Unclassified => (0, "unclassified", Soft, Recipient),
            Self::InvalidRecipient => (1, "invalid_recipient", Hard, Recipient),
            Self::InactiveMailbox => (2, "inactive_mailbox", Hard, Recipient),
            Self::InvalidDomain => (3, "invalid_domain", Hard, Domain),
            Self::DnsFailure => (4, "dns_failure", Soft, Domain),
            Self::MailboxFull => (5, "mailbox_full", Soft, Recipient),
            Self::MessageTooLarge => (6, "message_too_large", Hard, Message),
            Self::RateLimited => (7, "rate_limited", Soft, Route),
            Self::Greylisted => (8, "greylisted", Soft, Recipient),
            Self::ReputationBlock => (9, "reputation_block", Block, Ip),
            Self::AuthFailure => (10, "auth_failure", Block, Sender),
            Self::RequiresPtr => (11, "requires_ptr", Block, Ip),
            Self::ContentSpam => (12, "content_spam", Block, Message),
            Self::ContentPolicy => (13, "content_policy", Block, Message),
            Self::AttachmentRejected => (14, "attachment_rejected", Block, Message),
            Self::Virus => (15, "virus", Block, Message),
            Self::RecipientRefused => (16, "recipient_refused", Hard, Recipient),
            Self::RelayDenied => (17, "relay_denied", Admin, Domain),
            Self::SenderInvalid => (18, "sender_invalid", Admin, Sender),
            Self::ConnectionFailed => (19, "connection_failed", Soft, Host),
            Self::TlsRequiredFailed => (20, "tls_required_failed", Soft, Domain),
            Self::RoutingLoop => (21, "routing_loop", Hard, Domain),
            Self::ProtocolError => (22, "protocol_error", Admin, Own),
            Self::RemoteSystem => (23, "remote_system", Soft, Host),
            Self::Expired => (24, "expired", Soft, Recipient),
            Self::AutoReply => (25, "auto_reply", None, Recipient),
            Self::Challenge => (26, "challenge", None, Recipient),
            Self::UnsubscribeRequest => (27, "unsubscribe_request", None, Recipient),
            Self::Complaint => (28, "complaint", Hard, Recipient),
            Self::Suppressed => (29, "suppressed", Admin, Own),
            Self::Canceled => (30, "canceled", Admin, Own),
            Self::Policy => (31, "policy", Admin, Own),
        };
        Row {
            byte,
            name,
            severity,
            scope,
        }
    }
}
