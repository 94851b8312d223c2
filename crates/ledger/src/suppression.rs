//! An address that gets no mail of an account, and why.
//!
//! Addresses of this list are compared whatever their case, in the local part too: nobody who asked not to be written to
//! is to be written to in capitals.

use bytes::Bytes;
use smtp::address::Mailbox;
use store::{RecordError, RecordReader, RecordWriter};

use crate::id::{AccountId, DomainId, EmailId, Id};
use crate::limits::{EVIDENCE_BYTES_MAX, REASON_BYTES_MAX};

const VERSION: u8 = 1;

/// The id of a suppression: it says when it was made.
pub type SuppressionId = Id<Suppression>;

/// One reason why an address gets no mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Its id, made when the suppression was.
    pub id: SuppressionId,
    /// Whose mail it stops.
    pub account: AccountId,
    /// The address as it was given.
    pub email: String,
    /// Why, in a word.
    pub kind: SuppressionKind,
    /// Which of the account's mail it stops.
    pub scope: Scope,
    /// By which way an unsubscribe came.
    pub source: Option<UnsubscribeSource>,
    /// Why, in somebody's words; cut at [`REASON_BYTES_MAX`].
    pub reason: Option<String>,
    /// The SMTP reply or the report that shows it; cut at [`EVIDENCE_BYTES_MAX`].
    pub evidence: Option<String>,
    /// The e-mail that brought it about.
    pub email_id: Option<EmailId>,
    /// When it ends, in milliseconds since the epoch; from then on it counts as absent.
    pub expires_unix_ms: Option<u64>,
}

/// Why an address gets no mail: of several reasons the first in this order is the one told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuppressionKind {
    /// It was reported as spam.
    Complaint,
    /// Its owner does not want more.
    Unsubscribe,
    /// It does not exist, or nobody empties it.
    Bounce,
    /// The account said so.
    Manual,
}

/// Which of an account's mail a suppression stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Account,
    /// What is sent from one of its domains.
    Domain(DomainId),
}

/// By which way an unsubscribe came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsubscribeSource {
    /// The form behind the link in the message.
    Link,
    /// A mail program's button (RFC 8058).
    OneClick,
    /// Mail to the address in List-Unsubscribe (RFC 2369 §3.2).
    Mailto,
    /// The account's own program.
    Api,
    /// Somebody by hand, or a list that was imported.
    Manual,
}

impl SuppressionKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Complaint, Self::Unsubscribe, Self::Bounce, Self::Manual];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Unsubscribe => "unsubscribe",
            Self::Bounce => "bounce",
            Self::Manual => "manual",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Complaint => 0,
            Self::Unsubscribe => 1,
            Self::Bounce => 2,
            Self::Manual => 3,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, RecordError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.to_byte() == byte);
        kind.ok_or(RecordError::Value("suppression kind"))
    }
}

impl UnsubscribeSource {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Link, Self::OneClick, Self::Mailto, Self::Api, Self::Manual];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::OneClick => "one-click",
            Self::Mailto => "mailto",
            Self::Api => "api",
            Self::Manual => "manual",
        }
    }

    /// The source of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }

    fn to_byte(self) -> u8 {
        match self {
            Self::Link => 0,
            Self::OneClick => 1,
            Self::Mailto => 2,
            Self::Api => 3,
            Self::Manual => 4,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, RecordError> {
        let source = Self::ALL.into_iter().find(|source| source.to_byte() == byte);
        source.ok_or(RecordError::Value("unsubscribe source"))
    }
}

impl Suppression {
    /// When it was made, in milliseconds since the epoch.
    pub fn created_unix_ms(&self) -> u64 {
        self.id.unix_ms()
    }

    /// Whether it stops mail at `now_unix_ms`.
    pub fn is_live(&self, now_unix_ms: u64) -> bool {
        self.expires_unix_ms.is_none_or(|expires| expires > now_unix_ms)
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 128);
        out.array(&self.id.to_bytes())
            .array(&self.account.to_bytes())
            .text(&self.email)
            .byte(self.kind.to_byte());
        match self.scope {
            Scope::Account => out.byte(0),
            Scope::Domain(domain) => out.byte(1).array(&domain.to_bytes()),
        };
        match self.source {
            None => out.flag(false),
            Some(source) => out.flag(true).byte(source.to_byte()),
        };
        out.optional_text(self.reason.as_deref().map(|text| cut(text, REASON_BYTES_MAX)))
            .optional_text(self.evidence.as_deref().map(|text| cut(text, EVIDENCE_BYTES_MAX)));
        match self.email_id {
            None => out.flag(false),
            Some(id) => out.flag(true).array(&id.to_bytes()),
        };
        out.optional_number(self.expires_unix_ms);
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let suppression = Self {
            id: SuppressionId::from_bytes(input.array()?),
            account: AccountId::from_bytes(input.array()?),
            email: input.text()?.to_owned(),
            kind: SuppressionKind::from_byte(input.byte()?)?,
            scope: if input.flag()? {
                Scope::Domain(DomainId::from_bytes(input.array()?))
            } else {
                Scope::Account
            },
            source: match input.flag()? {
                true => Some(UnsubscribeSource::from_byte(input.byte()?)?),
                false => None,
            },
            reason: input.optional_text()?.map(str::to_owned),
            evidence: input.optional_text()?.map(str::to_owned),
            email_id: match input.flag()? {
                true => Some(EmailId::from_bytes(input.array()?)),
                false => None,
            },
            expires_unix_ms: input.optional_number()?,
        };
        input.end()?;
        Ok(suppression)
    }
}

/// The address as this list compares it: canonical, in lower case, the domain as A-labels. None for what is no address.
pub(crate) fn fold(address: &str) -> Option<String> {
    let mailbox = Mailbox::parse(address).ok()?;
    if mailbox.is_ascii() {
        return Some(mailbox.as_str().to_ascii_lowercase());
    }
    let domain = idna::domain_to_ascii(mailbox.domain().as_ref()).ok()?;
    Some(format!("{}@{domain}", mailbox.local_part().to_lowercase()))
}

/// Whether `address` is one that a suppression can be of.
pub fn is_address(address: &str) -> bool {
    fold(address).is_some()
}

/// At most `octets_max` octets of `text`, not within a character.
fn cut(text: &str, octets_max: usize) -> &str {
    text.get(..text.floor_char_boundary(octets_max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_whatever_their_case() {
        for (given, folded) in [
            ("User@B.Example", Some("user@b.example")),
            ("\"User\"@b.example", Some("user@b.example")),
            ("Ü@bücher.example", Some("ü@xn--bcher-kva.example")),
            ("postmaster", None),
            ("a@b\0.example", None),
            ("", None),
        ] {
            assert_eq!(fold(given).as_deref(), folded, "{given:?}");
        }
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 9), "aé");
    }
}
