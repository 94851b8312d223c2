//! One record for each e-mail taken over for an account, and one for each of its recipients that came to an end.
//!
//! What still waits is the queue's to tell; what is here is what remains.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use crate::hold::HoldReason;
use crate::id::{AccountId, EmailId};

const VERSION: u8 = 1;
/// Version 1 knows neither bounces nor complaints.
const OUTCOME_VERSION: u8 = 2;

/// An e-mail as its sender sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Its id.
    pub id: EmailId,
    /// Whose it is.
    pub account: AccountId,
    /// What became of it at acceptance.
    pub disposition: Disposition,
    /// It was sent to the sandbox.
    pub sandbox: bool,
    /// Which pool of addresses it leaves from.
    pub stream: Stream,
    /// Whether its sender wants opens tracked, if it said so.
    pub track_opens: Option<bool>,
    /// Whether its sender wants clicks tracked, if it said so.
    pub track_clicks: Option<bool>,
    /// The recipients, in the order given.
    pub to: Vec<String>,
    /// When it was accepted, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// The Message-ID, without angle brackets.
    pub message_id: String,
    /// The template that it is a copy of; it then says the rest.
    pub template: Option<EmailId>,
    /// The author, as in From:.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The customer's tag.
    pub tag: Option<String>,
    /// The customer's metadata, a JSON object.
    pub metadata: Option<String>,
}

/// What became of an e-mail at acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It goes out at once.
    Queued,
    /// It goes out at its time, in milliseconds since the epoch.
    Scheduled(u64),
    /// It waits until something changes.
    Held(HoldReason),
    /// It goes nowhere: nobody is left who wants it.
    Suppressed,
}

/// A pool of addresses, as a sender names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stream {
    /// Mail that somebody waits for.
    Transactional,
    /// Mail to many.
    Broadcast,
    /// Whichever.
    #[default]
    Shared,
}

/// What became of one recipient in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The recipient.
    pub address: String,
    /// What became of it.
    pub kind: OutcomeKind,
    /// Attempts made.
    pub attempts: u32,
    /// The last thing heard of it.
    pub last_reply: Option<String>,
    /// When, in milliseconds since the epoch.
    pub at_unix_ms: u64,
}

/// How a recipient ended. [`crate::RecipientStatus`] says which of two stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// The next hop took it.
    Delivered,
    /// It could not be sent, or expired.
    Failed,
    /// Taken back.
    Canceled,
    /// Not sent: the address does not want mail.
    Suppressed,
    /// Refused for good by the recipient's side, at once or in a report that came later.
    Bounced,
    /// Delivered, and called spam.
    Complained,
}

impl Stream {
    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Transactional => 0,
            Self::Broadcast => 1,
            Self::Shared => 2,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, RecordError> {
        match byte {
            0 => Ok(Self::Transactional),
            1 => Ok(Self::Broadcast),
            2 => Ok(Self::Shared),
            _ => Err(RecordError::Value("stream")),
        }
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::Broadcast => "broadcast",
            Self::Shared => "shared",
        }
    }
}

impl Email {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 256);
        out.array(&self.account.to_bytes());
        match self.disposition {
            Disposition::Queued => out.byte(0),
            Disposition::Scheduled(at) => out.byte(1).number(at),
            Disposition::Held(reason) => out.byte(2).byte(reason.to_byte()),
            Disposition::Suppressed => out.byte(3),
        };
        out.flag(self.sandbox)
            .byte(self.stream.to_byte())
            .optional_number(self.track_opens.map(u64::from))
            .optional_number(self.track_clicks.map(u64::from))
            .number(self.to.len() as u64);
        self.to.iter().for_each(|to| {
            out.text(to);
        });
        out.text(&self.message_id).flag(self.template.is_some());
        match self.template {
            // Whatever the copies have in common stands once, with the template.
            Some(template) => out.array(&template.to_bytes()),
            None => out
                .text(&self.from)
                .text(&self.subject)
                .optional_text(self.tag.as_deref())
                .optional_text(self.metadata.as_deref()),
        };
        out.finish()
    }

    pub(crate) fn decode(id: EmailId, record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let mut email = Self {
            id,
            account: AccountId::from_bytes(input.array()?),
            disposition: match input.byte()? {
                0 => Disposition::Queued,
                1 => Disposition::Scheduled(input.number()?),
                2 => Disposition::Held(HoldReason::from_byte(input.byte()?)?),
                3 => Disposition::Suppressed,
                _ => return Err(RecordError::Value("disposition")),
            },
            sandbox: input.flag()?,
            stream: Stream::from_byte(input.byte()?)?,
            track_opens: input.optional_number()?.map(|on| on != 0),
            track_clicks: input.optional_number()?.map(|on| on != 0),
            to: input.list(|input| Ok(input.text()?.to_owned()))?,
            created_unix_ms: id.unix_ms(),
            message_id: input.text()?.to_owned(),
            template: None,
            from: String::new(),
            subject: String::new(),
            tag: None,
            metadata: None,
        };
        if input.flag()? {
            email.template = Some(EmailId::from_bytes(input.array()?));
        } else {
            email.from = input.text()?.to_owned();
            email.subject = input.text()?.to_owned();
            email.tag = input.optional_text()?.map(str::to_owned);
            email.metadata = input.optional_text()?.map(str::to_owned);
        }
        input.end()?;
        Ok(email)
    }
}

impl Outcome {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(OUTCOME_VERSION, 96);
        out.byte(match self.kind {
            OutcomeKind::Delivered => 0,
            OutcomeKind::Failed => 1,
            OutcomeKind::Canceled => 2,
            OutcomeKind::Suppressed => 3,
            OutcomeKind::Bounced => 4,
            OutcomeKind::Complained => 5,
        })
        .number(u64::from(self.attempts))
        .optional_text(self.last_reply.as_deref())
        .number(self.at_unix_ms);
        out.finish()
    }

    pub(crate) fn decode(address: &[u8], record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, OUTCOME_VERSION)?;
        let outcome = Self {
            address: String::from_utf8(address.to_vec()).map_err(|_| RecordError::Value("address"))?,
            kind: match input.byte()? {
                0 => OutcomeKind::Delivered,
                1 => OutcomeKind::Failed,
                2 => OutcomeKind::Canceled,
                3 => OutcomeKind::Suppressed,
                4 => OutcomeKind::Bounced,
                5 => OutcomeKind::Complained,
                _ => return Err(RecordError::Value("outcome")),
            },
            attempts: u32::try_from(input.number()?).map_err(|_| RecordError::Value("attempt count"))?,
            last_reply: input.optional_text()?.map(str::to_owned),
            at_unix_ms: input.number()?,
        };
        input.end()?;
        Ok(outcome)
    }
}
