//! Names of messages and of their deliveries.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

use crate::time::Timestamp;

/// The id of a message: a version 7 UUID, so that ids sort by the time of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId([u8; QueueId::BYTES]);

/// What was given is not a queue id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a queue id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct QueueIdError;

impl QueueId {
    /// Below every id that is made.
    pub const ZERO: Self = Self([0; Self::BYTES]);

    /// Length of an id inside keys and records.
    pub const BYTES: usize = 16;

    /// The id made at `unix_ms` with 10 octets of entropy (RFC 9562 §5.7).
    pub fn new(unix_ms: u64, entropy: [u8; 10]) -> Self {
        Self(
            uuid::Builder::from_unix_timestamp_millis(unix_ms, &entropy)
                .into_uuid()
                .into_bytes(),
        )
    }

    /// When the message was accepted: the id carries it.
    pub fn received(self) -> Timestamp {
        let mut unix_ms = [0; 8];
        unix_ms[2..].copy_from_slice(&self.0[..6]);
        Timestamp::from_unix_ms(u64::from_be_bytes(unix_ms))
    }

    /// The id that sorts next.
    pub fn successor(self) -> Self {
        Self(u128::from_be_bytes(self.0).wrapping_add(1).to_be_bytes())
    }

    /// The id as it stands in keys and records.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        self.0
    }

    /// The id read back from a key or record.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(Uuid::from_bytes(self.0).as_hyphenated(), f)
    }
}

impl FromStr for QueueId {
    type Err = QueueIdError;

    fn from_str(text: &str) -> Result<Self, QueueIdError> {
        Uuid::try_parse(text)
            .map(|uuid| Self(uuid.into_bytes()))
            .map_err(|_| QueueIdError)
    }
}

/// One message's recipients behind one next hop: the unit that is scheduled, attempted and settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId {
    /// The message.
    pub message: QueueId,
    /// Which of its deliveries, from 0.
    pub part: u16,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.message, self.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_survive_their_text() {
        let (early, late) = (QueueId::new(1_000, [0xff; 10]), QueueId::new(1_001, [0; 10]));
        assert!(early < late);
        assert_eq!(late.received(), Timestamp::from_unix_ms(1_001));
        assert_eq!(late.to_string().parse(), Ok(late));
        assert_eq!("nonsense".parse::<QueueId>(), Err(QueueIdError));
    }
}
