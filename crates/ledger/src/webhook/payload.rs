//! What a request carries: `{"type", "timestamp", "data"}`.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};
use thiserror::Error;

use super::filter::is_event_type;
use crate::calendar::iso8601;
use crate::limits::WEBHOOK_PAYLOAD_BYTES_MAX;

const VERSION: u8 = 1;

/// The body of a request, and the kind of event that it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    event_type: String,
    body: Bytes,
}

/// Why no payload can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// The name of the kind of event.
    #[error("not the name of a kind of event")]
    EventType,
    /// The data is not an object.
    #[error("the data of a webhook is a JSON object")]
    Data,
    /// The whole is too large.
    #[error("a webhook has at most {WEBHOOK_PAYLOAD_BYTES_MAX} octets")]
    TooLarge,
}

impl Payload {
    /// The payload that tells of an event of the kind `event_type`, which happened at `at_unix_ms`. `data` is a JSON object
    /// as text; it is not parsed again here.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn new(event_type: &str, at_unix_ms: u64, data: &str) -> Result<Self, PayloadError> {
        if !is_event_type(event_type) {
            return Err(PayloadError::EventType);
        }
        if !(data.starts_with('{') && data.ends_with('}')) {
            return Err(PayloadError::Data);
        }
        if data.len() > WEBHOOK_PAYLOAD_BYTES_MAX {
            return Err(PayloadError::TooLarge);
        }
        let at = iso8601(at_unix_ms);
        let body = format!(r#"{{"type":"{event_type}","timestamp":"{at}","data":{data}}}"#);
        match body.len() <= WEBHOOK_PAYLOAD_BYTES_MAX {
            true => Ok(Self {
                event_type: event_type.to_owned(),
                body: body.into(),
            }),
            false => Err(PayloadError::TooLarge),
        }
    }

    /// The kind of event.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The body, as it is signed and sent.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 16 + self.event_type.len() + self.body.len());
        out.text(&self.event_type).bytes(&self.body);
        out.finish()
    }

    pub(super) fn decode(record: &Bytes) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let payload = Self {
            event_type: input.text()?.to_owned(),
            body: record.slice_ref(input.bytes()?),
        };
        input.end()?;
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_what_when_and_which_within_its_bound() {
        let at = 1_795_608_000_000;
        let payload = Payload::new("email.delivered", at, r#"{"email_id":"x"}"#).unwrap();
        assert_eq!(
            payload.body(),
            r#"{"type":"email.delivered","timestamp":"2026-11-25T12:00:00Z","data":{"email_id":"x"}}"#
        );
        assert_eq!(Payload::decode(&payload.encode()), Ok(payload.clone()));
        let frame = payload.body().len() - r#"{"email_id":"x"}"#.len();
        let sized = |octets: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(octets - 8));
        let largest = WEBHOOK_PAYLOAD_BYTES_MAX - frame;
        assert!(Payload::new("email.delivered", at, &sized(largest)).is_ok());
        for (kind, data, why) in [
            ("email.delivered", sized(largest + 1), PayloadError::TooLarge),
            ("email.delivered", sized(90_000), PayloadError::TooLarge),
            ("email.delivered", "[1]".into(), PayloadError::Data),
            ("email.delivered", String::new(), PayloadError::Data),
            ("e\"", "{}".into(), PayloadError::EventType),
        ] {
            assert_eq!(Payload::new(kind, at, &data), Err(why));
        }
    }
}
