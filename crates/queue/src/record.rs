//! What the records of messages and deliveries hold, field by field. The framing is the store's.

use bytes::Bytes;
use smtp::address::{Domain, ForwardPath, ReversePath};
use store::{RecordError, RecordReader, RecordWriter};

use crate::delivery::{DeliveryState, Recipient, RecipientState};
use crate::id::QueueId;
use crate::message::{Finish, Handling, MessageFacts, Owner};
use crate::time::Timestamp;

/// Version 1 of a message record ends before the handling.
const VERSION: u8 = 2;
const DELIVERY_VERSION: u8 = 1;
const EIGHT_BIT: u8 = 1;
const SMTPUTF8: u8 = 2;
const SIMULATED: u8 = 4;
const SILENT: u8 = 8;
const OWNED: u8 = 16;

/// Writes a message record.
pub fn encode_message(facts: &MessageFacts) -> Bytes {
    let handling = &facts.handling;
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let mut out = RecordWriter::new(VERSION, 96 + facts.head.len());
    out.byte(
        flag(facts.eight_bit, EIGHT_BIT)
            | flag(facts.smtputf8, SMTPUTF8)
            | flag(handling.simulated, SIMULATED)
            | flag(handling.silent, SILENT)
            | flag(handling.owner.is_some(), OWNED),
    );
    out.number(facts.received.unix_ms());
    out.number(facts.expires.unix_ms());
    out.number(facts.size);
    out.number(u64::from(facts.pieces));
    match &facts.reverse_path {
        ReversePath::Null => out.text(""),
        ReversePath::Mailbox(mailbox) => out.text(mailbox.as_str()),
    };
    out.bytes(&facts.head);
    if let Some(Owner(owner)) = handling.owner {
        out.array(&owner);
    }
    match handling.finish {
        Finish::AsStored => out.byte(0),
        Finish::Sign => out.byte(1),
        Finish::Render(template) => out.byte(2).array(&template.to_bytes()),
        Finish::Compose => out.byte(3),
    };
    out.finish()
}

/// Reads a message record.
pub fn decode_message(record: &Bytes) -> Result<MessageFacts, RecordError> {
    let mut input = RecordReader::new(record, VERSION)?;
    let version = input.version();
    let flags = input.byte()?;
    let known = match version {
        1 => EIGHT_BIT | SMTPUTF8,
        _ => EIGHT_BIT | SMTPUTF8 | SIMULATED | SILENT | OWNED,
    };
    if flags & !known != 0 {
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
    let has = |flag: u8| flags & flag != 0;
    let owner = has(OWNED).then(|| input.array().map(Owner)).transpose()?;
    let finish = match version {
        1 => Finish::AsStored,
        _ => finish(&mut input)?,
    };
    input.end()?;
    Ok(MessageFacts {
        received,
        expires,
        reverse_path,
        eight_bit: has(EIGHT_BIT),
        smtputf8: has(SMTPUTF8),
        handling: Handling {
            owner,
            finish,
            simulated: has(SIMULATED),
            silent: has(SILENT),
        },
        head,
        size,
        pieces,
    })
}

fn finish(input: &mut RecordReader<'_>) -> Result<Finish, RecordError> {
    match input.byte()? {
        0 => Ok(Finish::AsStored),
        1 => Ok(Finish::Sign),
        2 => Ok(Finish::Render(QueueId::from_bytes(input.array()?))),
        3 => Ok(Finish::Compose),
        _ => Err(RecordError::Value("finish")),
    }
}

/// Writes a delivery record.
pub fn encode_delivery(state: &DeliveryState) -> Bytes {
    let mut out = RecordWriter::new(DELIVERY_VERSION, 64 * (1 + state.recipients.len()));
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
    let mut input = RecordReader::new(record, DELIVERY_VERSION)?;
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

fn recipient(input: &mut RecordReader<'_>) -> Result<Recipient, RecordError> {
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

#[cfg(test)]
mod tests;
