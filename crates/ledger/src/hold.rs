//! E-mails that were accepted and may not leave yet.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

/// Version 1 ends before the time.
const VERSION: u8 = 2;

/// Why an e-mail may not leave yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// The account has used up the recipients of its month.
    MonthlyQuota,
    /// The mail of the account bounces too often.
    Paused,
}

impl HoldReason {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MonthlyQuota => "monthly_quota",
            Self::Paused => "paused",
        }
    }

    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::MonthlyQuota => 0,
            Self::Paused => 1,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, RecordError> {
        match byte {
            0 => Ok(Self::MonthlyQuota),
            1 => Ok(Self::Paused),
            _ => Err(RecordError::Value("hold reason")),
        }
    }
}

/// A hold's record: why, how many recipients its release costs, and before when it does not leave anyhow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) reason: HoldReason,
    pub(crate) charge: u64,
    /// The time for which the e-mail is scheduled, in milliseconds since the epoch.
    pub(crate) scheduled_unix_ms: Option<u64>,
}

impl Hold {
    pub(crate) fn encode(self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 8);
        out.byte(self.reason.to_byte())
            .number(self.charge)
            .optional_number(self.scheduled_unix_ms);
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let hold = Self {
            reason: HoldReason::from_byte(input.byte()?)?,
            charge: input.number()?,
            scheduled_unix_ms: match input.version() {
                1 => None,
                _ => input.optional_number()?,
            },
        };
        input.end()?;
        Ok(hold)
    }
}
