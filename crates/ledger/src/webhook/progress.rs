//! How far a message has come with one endpoint.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use super::MessageId;

const VERSION: u8 = 1;

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Attempts made, replays included.
    pub(super) attempts: u32,
    /// Attempts made since it was recorded or last replayed: its place in the schedule.
    pub(super) step: u32,
    pub(super) stage: Stage,
}

/// Where a message is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is to be attempted at this time, in milliseconds since the epoch.
    Waiting(u64),
    /// The endpoint has it.
    Delivered,
    /// The schedule came to its end, or the endpoint was disabled.
    GivenUp,
}

impl Progress {
    /// Of a message that was never attempted: it is due when its event happened. There is no record of that.
    pub(super) fn fresh(message: MessageId) -> Self {
        Self {
            attempts: 0,
            step: 0,
            stage: Stage::Waiting(message.unix_ms()),
        }
    }

    pub(super) fn encode(self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 20);
        out.number(self.attempts.into()).number(self.step.into());
        match self.stage {
            Stage::Waiting(due_unix_ms) => out.byte(0).number(due_unix_ms),
            Stage::Delivered => out.byte(1),
            Stage::GivenUp => out.byte(2),
        };
        out.finish()
    }

    pub(super) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let mut count =
            || u32::try_from(input.number()?).map_err(|_| RecordError::Value("number of attempts"));
        let (attempts, step) = (count()?, count()?);
        let stage = match input.byte()? {
            0 => Stage::Waiting(input.number()?),
            1 => Stage::Delivered,
            2 => Stage::GivenUp,
            _ => return Err(RecordError::Value("stage")),
        };
        input.end()?;
        Ok(Self {
            attempts,
            step,
            stage,
        })
    }
}
