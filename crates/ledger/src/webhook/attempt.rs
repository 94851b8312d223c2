//! One attempt: what came back, as it is kept for whoever looks for the fault.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use super::{AttemptId, MessageId};
use crate::limits::WEBHOOK_EXCERPT_BYTES_MAX;

const VERSION: u8 = 1;

/// What came of sending a request, as the shell saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// When it began, in milliseconds since the epoch.
    pub started_unix_ms: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The response, or why there was none.
    pub result: Result<Response, String>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// What its `Retry-After` asks for, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The beginning of its body.
    pub excerpt: String,
}

/// The record of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The message that was sent.
    pub message: MessageId,
    /// The kind of its event.
    pub event_type: String,
    /// Which attempt of this message it was, from 1.
    pub number: u32,
    /// When it began, in milliseconds since the epoch.
    pub started_unix_ms: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
    /// The beginning of the response's body.
    pub excerpt: String,
    /// Whether the endpoint took the message.
    pub delivered: bool,
    /// When the message is tried again, in milliseconds since the epoch, if it is.
    pub will_retry_unix_ms: Option<u64>,
}

impl Attempt {
    pub(super) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 96 + self.excerpt.len());
        out.array(&self.message.to_bytes())
            .text(&self.event_type)
            .number(self.number.into())
            .number(self.started_unix_ms)
            .number(self.duration_ms)
            .optional_number(self.status.map(u64::from))
            .optional_text(self.error.as_deref())
            .text(&self.excerpt)
            .flag(self.delivered)
            .optional_number(self.will_retry_unix_ms);
        out.finish()
    }

    pub(super) fn decode(id: AttemptId, record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let attempt = Self {
            id,
            message: MessageId::from_bytes(input.array()?),
            event_type: input.text()?.to_owned(),
            number: u32::try_from(input.number()?).map_err(|_| RecordError::Value("attempt number"))?,
            started_unix_ms: input.number()?,
            duration_ms: input.number()?,
            status: input
                .optional_number()?
                .map(u16::try_from)
                .transpose()
                .map_err(|_| RecordError::Value("status"))?,
            error: input.optional_text()?.map(str::to_owned),
            excerpt: input.text()?.to_owned(),
            delivered: input.flag()?,
            will_retry_unix_ms: input.optional_number()?,
        };
        input.end()?;
        Ok(attempt)
    }
}

/// As much of `text` as is kept, cut between characters.
pub(super) fn excerpt(text: &str) -> &str {
    let mut end = text.len().min(WEBHOOK_EXCERPT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_end_between_characters() {
        assert_eq!(excerpt("short"), "short");
        let long = format!("{}é", "x".repeat(WEBHOOK_EXCERPT_BYTES_MAX - 1));
        assert_eq!(excerpt(&long).len(), WEBHOOK_EXCERPT_BYTES_MAX - 1);
    }
}
