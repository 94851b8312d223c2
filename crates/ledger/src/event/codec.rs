//! The record of an event. E-mail and sequence stand in its key; from, tag and metadata in the e-mail's record.

use std::net::IpAddr;

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use super::kind::{EventKind, EventType, Hit, HitActor, Signals};
use super::status::RecipientStatus;
use super::tag::TagDigest;
use super::{AccountId, EmailId, Event};
use crate::hold::HoldReason;
use crate::limits::{
    EVENT_NAME_BYTES_MAX, EVENT_TEXT_BYTES_MAX, RECIPIENT_BYTES_MAX, URL_BYTES_MAX, USER_AGENT_BYTES_MAX,
};

const VERSION: u8 = 1;

impl Event {
    /// Its record. The tag is in it for whoever removes the event from the index of the tag.
    pub(crate) fn encode(&self, tag: TagDigest) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 96);
        out.array(&self.account.to_bytes())
            .byte(self.event_type().to_byte())
            .number(self.at_unix_ms)
            .text(&self.recipient)
            .byte(self.status.to_byte())
            .flag(!tag.is_none());
        if !tag.is_none() {
            out.array(&tag.to_bytes());
        }
        self.kind.encode(&mut out);
        out.finish()
    }

    pub(crate) fn decode(
        email: EmailId,
        sequence: u64,
        record: &[u8],
    ) -> Result<(Self, TagDigest), RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let account = AccountId::from_bytes(input.array()?);
        let kind = EventType::from_byte(input.byte()?).ok_or(RecordError::Value("event type"))?;
        let at_unix_ms = input.number()?;
        let recipient = input.text()?.to_owned();
        let status = RecipientStatus::from_byte(input.byte()?)?;
        let tag = match input.flag()? {
            true => TagDigest::from_bytes(input.array()?),
            false => TagDigest::default(),
        };
        let kind = EventKind::decode(kind, &mut input)?;
        input.end()?;
        let event = Self {
            email,
            account,
            sequence,
            at_unix_ms,
            recipient,
            status,
            kind,
        };
        Ok((event, tag))
    }

    /// Cuts what others have said to its bounds.
    pub(crate) fn cut(&mut self) {
        cut(&mut self.recipient, RECIPIENT_BYTES_MAX);
        self.kind.cut();
    }
}

impl EventKind {
    fn encode(&self, out: &mut RecordWriter) {
        match self {
            Self::Queued { hold } => out.optional_number(hold.map(|reason| u64::from(reason.to_byte()))),
            Self::Scheduled { for_unix_ms } => out.number(*for_unix_ms),
            Self::Sent { mx, attempts } => out.optional_text(mx.as_deref()).number(u64::from(*attempts)),
            Self::Deferred {
                reply,
                class,
                attempts,
                next_attempt_unix_ms,
            } => out
                .text(reply)
                .text(class)
                .number(u64::from(*attempts))
                .optional_number(*next_attempt_unix_ms),
            Self::Delivered { reply, mx, attempts } => out
                .text(reply)
                .optional_text(mx.as_deref())
                .number(u64::from(*attempts)),
            Self::Bounced {
                reply,
                class,
                hard,
                report,
            } => out.text(reply).text(class).flag(*hard).flag(*report),
            Self::Suppressed { reason } => out.text(reason),
            Self::Failed { why } => out.text(why),
            Self::Canceled => out,
            Self::Complained { feedback_type } => out.text(feedback_type),
            Self::Opened { hit } => hit.encode(out),
            Self::Clicked { hit, link, url } => hit.encode(out).number(u64::from(*link)).text(url),
            Self::Unsubscribed { source } => out.text(source),
        };
    }

    fn decode(kind: EventType, input: &mut RecordReader<'_>) -> Result<Self, RecordError> {
        Ok(match kind {
            EventType::Queued => Self::Queued {
                hold: input.optional_number()?.map(hold_reason).transpose()?,
            },
            EventType::Scheduled => Self::Scheduled {
                for_unix_ms: input.number()?,
            },
            EventType::Sent => Self::Sent {
                mx: optional(input)?,
                attempts: small(input)?,
            },
            EventType::Deferred => Self::Deferred {
                reply: text(input)?,
                class: text(input)?,
                attempts: small(input)?,
                next_attempt_unix_ms: input.optional_number()?,
            },
            EventType::Delivered => Self::Delivered {
                reply: text(input)?,
                mx: optional(input)?,
                attempts: small(input)?,
            },
            EventType::Bounced => Self::Bounced {
                reply: text(input)?,
                class: text(input)?,
                hard: input.flag()?,
                report: input.flag()?,
            },
            EventType::Suppressed => Self::Suppressed { reason: text(input)? },
            EventType::Failed => Self::Failed { why: text(input)? },
            EventType::Canceled => Self::Canceled,
            EventType::Complained => Self::Complained {
                feedback_type: text(input)?,
            },
            EventType::Opened => Self::Opened {
                hit: Hit::decode(input)?,
            },
            EventType::Clicked => Self::Clicked {
                hit: Hit::decode(input)?,
                link: small(input)?,
                url: text(input)?,
            },
            EventType::Unsubscribed => Self::Unsubscribed { source: text(input)? },
        })
    }

    fn cut(&mut self) {
        match self {
            Self::Queued { .. } | Self::Scheduled { .. } | Self::Canceled => {}
            Self::Sent { mx, .. } => cut_some(mx, EVENT_NAME_BYTES_MAX),
            Self::Deferred { reply, class, .. } | Self::Bounced { reply, class, .. } => {
                cut(reply, EVENT_TEXT_BYTES_MAX);
                cut(class, EVENT_NAME_BYTES_MAX);
            }
            Self::Delivered { reply, mx, .. } => {
                cut(reply, EVENT_TEXT_BYTES_MAX);
                cut_some(mx, EVENT_NAME_BYTES_MAX);
            }
            Self::Suppressed { reason: text } | Self::Failed { why: text } => {
                cut(text, EVENT_TEXT_BYTES_MAX);
            }
            Self::Complained { feedback_type: text } | Self::Unsubscribed { source: text } => {
                cut(text, EVENT_NAME_BYTES_MAX);
            }
            Self::Opened { hit } => cut_some(&mut hit.user_agent, USER_AGENT_BYTES_MAX),
            Self::Clicked { hit, url, .. } => {
                cut_some(&mut hit.user_agent, USER_AGENT_BYTES_MAX);
                cut(url, URL_BYTES_MAX);
            }
        }
    }
}

impl Hit {
    fn encode<'a>(&self, out: &'a mut RecordWriter) -> &'a mut RecordWriter {
        out.byte(match self.actor {
            HitActor::Human => 0,
            HitActor::Machine => 1,
            HitActor::Unknown => 2,
        })
        .number(u64::from(self.signals.bits()))
        .flag(self.first)
        .flag(self.first_of_all);
        match self.ip {
            None => out.bytes(&[]),
            Some(IpAddr::V4(ip)) => out.bytes(&ip.octets()),
            Some(IpAddr::V6(ip)) => out.bytes(&ip.octets()),
        };
        out.optional_text(self.user_agent.as_deref())
    }

    fn decode(input: &mut RecordReader<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            actor: match input.byte()? {
                0 => HitActor::Human,
                1 => HitActor::Machine,
                2 => HitActor::Unknown,
                _ => return Err(RecordError::Value("actor")),
            },
            signals: Signals::from_bits(small(input)?),
            first: input.flag()?,
            first_of_all: input.flag()?,
            ip: ip(input.bytes()?)?,
            user_agent: optional(input)?,
        })
    }
}

fn ip(octets: &[u8]) -> Result<Option<IpAddr>, RecordError> {
    if octets.is_empty() {
        return Ok(None);
    }
    let v4 = || Some(IpAddr::from(<[u8; 4]>::try_from(octets).ok()?));
    let v6 = || Some(IpAddr::from(<[u8; 16]>::try_from(octets).ok()?));
    v4().or_else(v6).map(Some).ok_or(RecordError::Value("IP address"))
}

fn hold_reason(number: u64) -> Result<HoldReason, RecordError> {
    HoldReason::from_byte(u8::try_from(number).unwrap_or(u8::MAX))
}

fn small<T: TryFrom<u64>>(input: &mut RecordReader<'_>) -> Result<T, RecordError> {
    T::try_from(input.number()?).map_err(|_| RecordError::Value("number"))
}

fn text(input: &mut RecordReader<'_>) -> Result<String, RecordError> {
    input.text().map(str::to_owned)
}

fn optional(input: &mut RecordReader<'_>) -> Result<Option<String>, RecordError> {
    Ok(input.optional_text()?.map(str::to_owned))
}

fn cut(text: &mut String, bytes_max: usize) {
    text.truncate(text.floor_char_boundary(bytes_max));
}

fn cut_some(text: &mut Option<String>, bytes_max: usize) {
    if let Some(text) = text {
        cut(text, bytes_max);
    }
}
