//! Reasons of our own: what went wrong before anybody could say a word, or without one.

use super::class::Class;

/// Why a recipient was not delivered to, where no reply says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnReason {
    /// The domain does not exist, and it was asked twice.
    NoSuchDomain,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// The domain could not be looked up.
    LookupFailed,
    /// No host answered in time, or refused the connection, or broke it.
    ConnectionFailed,
    /// What the host said is no reply (RFC 5321 §4.2).
    Garbled,
    /// TLS is required by policy, and did not come about.
    TlsRequired,
    /// Larger than the host takes (RFC 1870 §6.1).
    TooLarge,
    /// The message needs an extension that the host does not offer (RFC 6531 §3.5).
    MissingExtension,
    /// The message would come back to this server.
    Loop,
    /// It was tried for as long as it is tried.
    Expired,
    /// The address is suppressed.
    Suppressed,
    /// Taken back.
    Canceled,
    /// A rule of this server's own.
    Policy,
}

impl OwnReason {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::NoSuchDomain,
        Self::NullMx,
        Self::LookupFailed,
        Self::ConnectionFailed,
        Self::Garbled,
        Self::TlsRequired,
        Self::TooLarge,
        Self::MissingExtension,
        Self::Loop,
        Self::Expired,
        Self::Suppressed,
        Self::Canceled,
        Self::Policy,
    ];

    /// What it means.
    pub fn class(self) -> Class {
        match self {
            Self::NoSuchDomain | Self::NullMx => Class::InvalidDomain,
            Self::LookupFailed => Class::DnsFailure,
            Self::ConnectionFailed => Class::ConnectionFailed,
            Self::Garbled | Self::MissingExtension => Class::ProtocolError,
            Self::TlsRequired => Class::TlsRequiredFailed,
            Self::TooLarge => Class::MessageTooLarge,
            Self::Loop => Class::RoutingLoop,
            Self::Expired => Class::Expired,
            Self::Suppressed => Class::Suppressed,
            Self::Canceled => Class::Canceled,
            Self::Policy => Class::Policy,
        }
    }

    /// What stands for the id of a rule.
    pub fn rule_id(self) -> &'static str {
        match self {
            Self::NoSuchDomain => "own-no-such-domain",
            Self::NullMx => "own-null-mx",
            Self::LookupFailed => "own-lookup-failed",
            Self::ConnectionFailed => "own-connection-failed",
            Self::Garbled => "own-garbled",
            Self::TlsRequired => "own-tls-required",
            Self::TooLarge => "own-too-large",
            Self::MissingExtension => "own-missing-extension",
            Self::Loop => "own-loop",
            Self::Expired => "own-expired",
            Self::Suppressed => "own-suppressed",
            Self::Canceled => "own-canceled",
            Self::Policy => "own-policy",
        }
    }
}
