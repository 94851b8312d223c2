//! Records as they are stored: versioned, length-prefixed, and read back without trust.
//!
//! Every record starts with its version. Integers are LEB128 varints; texts and byte strings carry their length. A
//! record that does not decode to its last octet is damaged: reading one never panics and never allocates more than
//! the record's own size.

use bytes::Bytes;
use smtp::address::{Domain, ForwardPath, ReversePath};
use thiserror::Error;

use crate::delivery::{DeliveryState, Recipient, RecipientState};
use crate::message::MessageFacts;
use crate::time::Timestamp;

const VERSION: u8 = 1;
const EIGHT_BIT: u8 = 1;
const SMTPUTF8: u8 = 2;

/// What is wrong with a stored record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// It ends before it is complete.
    #[error("the record is cut short")]
    Short,
    /// Octets are left over behind it.
    #[error("the record is longer than its content")]
    Long,
    /// A newer program wrote it.
    #[error("the record has version {0}, this program reads version {VERSION}")]
    Version(u8),
    /// A number, text, address or state that cannot be.
    #[error("the record holds a bad {0}")]
    Value(&'static str),
}

/// Writes a message record.
pub fn encode_message(facts: &MessageFacts) -> Bytes {
    let mut out = Writer::with_capacity(64 + facts.head.len());
    out.byte(if facts.eight_bit { EIGHT_BIT } else { 0 } | if facts.smtputf8 { SMTPUTF8 } else { 0 });
    out.number(facts.received.unix_ms());
    out.number(facts.expires.unix_ms());
    out.number(facts.size);
    out.number(u64::from(facts.pieces));
    match &facts.reverse_path {
        ReversePath::Null => out.text(""),
        ReversePath::Mailbox(mailbox) => out.text(mailbox.as_str()),
    }
    out.bytes(&facts.head);
    out.finish()
}

/// Reads a message record.
pub fn decode_message(record: &Bytes) -> Result<MessageFacts, RecordError> {
    let mut input = Reader::new(record)?;
    let flags = input.byte()?;
    if flags & !(EIGHT_BIT | SMTPUTF8) != 0 {
        return Err(RecordError::Value("flag"));
    }
    let received = Timestamp::from_unix_ms(input.number()?);
    let expires = Timestamp::from_unix_ms(input.number()?);
    let size = input.number()?;
    let pieces = u16::try_from(input.number()?).map_err(|_| RecordError::Value("piece count"))?;
    let reverse_path = match input.text()? {
        "" => ReversePath::Null,
        text => ReversePath::Mailbox(mailbox(text)?),
    };
    let head = record.slice_ref(input.bytes()?);
    input.end()?;
    let (eight_bit, smtputf8) = (flags & EIGHT_BIT != 0, flags & SMTPUTF8 != 0);
    Ok(MessageFacts {
        received,
        expires,
        reverse_path,
        eight_bit,
        smtputf8,
        head,
        size,
        pieces,
    })
}

/// Writes a delivery record.
pub fn encode_delivery(state: &DeliveryState) -> Bytes {
    let mut out = Writer::with_capacity(64 * (1 + state.recipients.len()));
    out.text(state.domain.as_str());
    out.number(u64::from(state.attempts));
    out.number(state.due.unix_ms());
    out.number(state.recipients.len() as u64);
    for recipient in &state.recipients {
        out.byte(match recipient.state {
            RecipientState::Waiting => 0,
            RecipientState::Delivered => 1,
            RecipientState::Failed => 2,
            RecipientState::Canceled => 3,
        });
        out.text(recipient.forward_path.as_str());
        out.text(recipient.last_reply.as_deref().unwrap_or(""));
    }
    out.finish()
}

/// Reads a delivery record.
pub fn decode_delivery(record: &Bytes) -> Result<DeliveryState, RecordError> {
    let mut input = Reader::new(record)?;
    let domain = Domain::parse(input.text()?).map_err(|_| RecordError::Value("domain"))?;
    let attempts = u32::try_from(input.number()?).map_err(|_| RecordError::Value("attempt count"))?;
    let due = Timestamp::from_unix_ms(input.number()?);
    let count = input.number()?;
    let mut recipients = Vec::new();
    for _ in 0..count {
        recipients.push(recipient(&mut input)?);
    }
    input.end()?;
    let state = DeliveryState {
        domain,
        attempts,
        due,
        recipients,
    };
    check(&state)?;
    Ok(state)
}

/// What holds of every delivery that is stored, and what those who claim one rely on.
fn check(state: &DeliveryState) -> Result<(), RecordError> {
    let belongs = |recipient: &Recipient| *recipient.forward_path.domain() == state.domain;
    if !state.recipients.iter().all(belongs) {
        return Err(RecordError::Value("recipient domain"));
    }
    if state.waiting() == 0 {
        return Err(RecordError::Value("recipient list"));
    }
    Ok(())
}

fn recipient(input: &mut Reader<'_>) -> Result<Recipient, RecordError> {
    let state = match input.byte()? {
        0 => RecipientState::Waiting,
        1 => RecipientState::Delivered,
        2 => RecipientState::Failed,
        3 => RecipientState::Canceled,
        _ => return Err(RecordError::Value("recipient state")),
    };
    let forward_path = ForwardPath::from(mailbox(input.text()?)?);
    let reply = input.text()?;
    let last_reply = (!reply.is_empty()).then(|| reply.into());
    Ok(Recipient {
        forward_path,
        state,
        last_reply,
    })
}

fn mailbox(text: &str) -> Result<smtp::address::Mailbox, RecordError> {
    smtp::address::Mailbox::parse(text).map_err(|_| RecordError::Value("mailbox"))
}

struct Writer(Vec<u8>);

impl Writer {
    fn with_capacity(capacity: usize) -> Self {
        let mut out = Vec::with_capacity(capacity);
        out.push(VERSION);
        Self(out)
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn finish(self) -> Bytes {
        Bytes::from(self.0)
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn new(record: &'a [u8]) -> Result<Self, RecordError> {
        match record.split_first() {
            None => Err(RecordError::Short),
            Some((&VERSION, rest)) => Ok(Self(rest)),
            Some((&version, _)) => Err(RecordError::Version(version)),
        }
    }

    fn byte(&mut self) -> Result<u8, RecordError> {
        let (&byte, rest) = self.0.split_first().ok_or(RecordError::Short)?;
        self.0 = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, RecordError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(RecordError::Value("number"));
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RecordError::Value("number"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], RecordError> {
        let length = usize::try_from(self.number()?).map_err(|_| RecordError::Short)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(RecordError::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<&'a str, RecordError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| RecordError::Value("text"))
    }

    fn end(self) -> Result<(), RecordError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(RecordError::Long)
        }
    }
}

#[cfg(test)]
mod tests;
