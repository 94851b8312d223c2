//! E-mails that were accepted and may not leave yet.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

/// Version 1 ends before the time, version 2 before the mark.
const VERSION: u8 = 3;

/// Why an e-mail may not leave yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// The account has used up the recipients of its month.
    MonthlyQuota,
    /// Sending is paused: the mail of the account bounces too often, or its operator has said so.
    Paused,
    /// The account is suspended.
    Suspended,
}

impl HoldReason {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MonthlyQuota => "monthly_quota",
            Self::Paused => "paused",
            Self::Suspended => "suspended",
        }
    }

    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::MonthlyQuota => 0,
            Self::Paused => 1,
            Self::Suspended => 2,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, RecordError> {
        match byte {
            0 => Ok(Self::MonthlyQuota),
            1 => Ok(Self::Paused),
            2 => Ok(Self::Suspended),
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
    /// Which of its deliveries was put aside last, and when; none of one that was held from the start. Deliveries of one
    /// e-mail come due one by one, and who lets the first go expects this record: it must not be taken for that of the next.
    pub(crate) mark: Option<(u16, u64)>,
}

impl Hold {
    pub(crate) fn encode(self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 16);
        out.byte(self.reason.to_byte())
            .number(self.charge)
            .optional_number(self.scheduled_unix_ms)
            .optional_number(self.mark.map(|(part, _)| u64::from(part)))
            .number(self.mark.map_or(0, |(_, at_unix_ms)| at_unix_ms));
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
            mark: match input.version() {
                1 | 2 => None,
                _ => mark(&mut input)?,
            },
        };
        input.end()?;
        Ok(hold)
    }
}

fn mark(input: &mut RecordReader<'_>) -> Result<Option<(u16, u64)>, RecordError> {
    let part = input.optional_number()?;
    let at_unix_ms = input.number()?;
    let part = part.map(|part| u16::try_from(part).map_err(|_| RecordError::Value("delivery")));
    Ok(part.transpose()?.map(|part| (part, at_unix_ms)))
}
