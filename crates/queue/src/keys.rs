//! The key space of the queue, in one table.
//!
//! | key | value |
//! |---|---|
//! | `M` id | message record |
//! | `D` id part | delivery record |
//! | `T` due id part | the delivery's domain: the due index, due time first |
//! | `S` id | mark of a message that is still spilling its body |
//! | `0xB0` id piece | a piece of the body |
//!
//! Numbers are big-endian, so that bytewise order is numeric order.

use crate::id::{DeliveryId, QueueId};
use crate::time::Timestamp;

const MESSAGE: u8 = b'M';
const DELIVERY: u8 = b'D';
const DUE: u8 = b'T';
const SPILL: u8 = b'S';
/// In the store's bulk half: bodies are large, written once and seldom read.
const PIECE: u8 = 0xB0;
const _: () = assert!(PIECE >= store::BULK);

/// The key of a message record.
pub fn message(id: QueueId) -> Vec<u8> {
    [&[MESSAGE], &id.to_bytes()[..]].concat()
}

/// The key of a delivery record.
pub fn delivery(id: DeliveryId) -> Vec<u8> {
    [&[DELIVERY], &id.message.to_bytes()[..], &id.part.to_be_bytes()].concat()
}

/// The key of the mark that a message is spilling.
pub fn spill(id: QueueId) -> Vec<u8> {
    [&[SPILL], &id.to_bytes()[..]].concat()
}

/// The key of the `piece`th piece of a body.
pub fn piece(id: QueueId, piece: u16) -> Vec<u8> {
    [&[PIECE], &id.to_bytes()[..], &piece.to_be_bytes()].concat()
}

/// A place in the due index: when, then what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueKey {
    /// When the delivery wants its next attempt.
    pub due: Timestamp,
    /// Which delivery.
    pub id: DeliveryId,
}

impl DueKey {
    /// The first possible place of the index.
    pub const FIRST: Self = Self {
        due: Timestamp::ZERO,
        id: DeliveryId {
            message: QueueId::ZERO,
            part: 0,
        },
    };

    /// The first place behind this one.
    pub fn successor(self) -> Self {
        let DueKey {
            due,
            id: DeliveryId { message, part },
        } = self;
        match part.checked_add(1) {
            Some(part) => Self {
                due,
                id: DeliveryId { message, part },
            },
            None => Self {
                due,
                id: DeliveryId {
                    message: message.successor(),
                    part: 0,
                },
            },
        }
    }

    /// The key in the store.
    pub fn encode(self) -> Vec<u8> {
        let mut key = Vec::with_capacity(1 + 8 + QueueId::BYTES + 2);
        key.push(DUE);
        key.extend_from_slice(&self.due.unix_ms().to_be_bytes());
        key.extend_from_slice(&self.id.message.to_bytes());
        key.extend_from_slice(&self.id.part.to_be_bytes());
        key
    }

    /// The place that `key` names, if it is one.
    pub fn decode(key: &[u8]) -> Option<Self> {
        let key = key.strip_prefix(&[DUE])?;
        let (due, key) = key.split_first_chunk::<8>()?;
        Some(Self {
            due: Timestamp::from_unix_ms(u64::from_be_bytes(*due)),
            id: delivery_id(key)?,
        })
    }
}

/// The delivery that the key of a delivery record names.
pub fn decode_delivery(key: &[u8]) -> Option<DeliveryId> {
    delivery_id(key.strip_prefix(&[DELIVERY])?)
}

/// The message that a message key, a spill key or a piece key belongs to.
pub fn decode_message(key: &[u8]) -> Option<QueueId> {
    let (id, _) = key.get(1..)?.split_first_chunk::<{ QueueId::BYTES }>()?;
    Some(QueueId::from_bytes(*id))
}

/// Every key of one kind: from the first to just behind the last.
pub struct Span {
    /// First key that can belong.
    pub from: Vec<u8>,
    /// First key behind.
    pub to: Vec<u8>,
}

/// All message records.
pub fn messages() -> Span {
    kind(MESSAGE)
}

/// All delivery records.
pub fn deliveries() -> Span {
    kind(DELIVERY)
}

/// The whole due index.
pub fn dues() -> Span {
    kind(DUE)
}

/// All marks of spilling messages.
pub fn spills() -> Span {
    kind(SPILL)
}

/// The delivery records of one message.
pub fn deliveries_of(id: QueueId) -> Span {
    let first = delivery(DeliveryId { message: id, part: 0 });
    let mut behind = delivery(DeliveryId {
        message: id,
        part: u16::MAX,
    });
    behind.push(0);
    Span {
        from: first,
        to: behind,
    }
}

/// The first key behind `key`.
pub fn behind(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

fn kind(first: u8) -> Span {
    Span {
        from: vec![first],
        to: vec![first + 1],
    }
}

fn delivery_id(bytes: &[u8]) -> Option<DeliveryId> {
    let (message, part) = bytes.split_first_chunk::<{ QueueId::BYTES }>()?;
    let part = u16::from_be_bytes(part.try_into().ok()?);
    Some(DeliveryId {
        message: QueueId::from_bytes(*message),
        part,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_due_index_sorts_by_time_and_reads_back() {
        let at = |due, part| DueKey {
            due: Timestamp::from_unix_ms(due),
            id: DeliveryId {
                message: QueueId::new(due ^ 0xff, [7; 10]),
                part,
            },
        };
        assert!(at(1, 9).encode() < at(256, 0).encode());
        assert!(at(256, 0).encode() < at(256, 1).encode());
        assert_eq!(DueKey::decode(&at(256, 3).encode()), Some(at(256, 3)));
        assert_eq!(DueKey::decode(&at(256, 3).encode()[1..]), None);
        assert_eq!(decode_delivery(&delivery(at(5, 2).id)), Some(at(5, 2).id));
    }

    #[test]
    fn a_message_spans_all_its_deliveries_and_no_other() {
        let id = QueueId::new(5, [1; 10]);
        let span = deliveries_of(id);
        for part in [0, 1, u16::MAX] {
            let key = delivery(DeliveryId { message: id, part });
            assert!(span.from <= key && key < span.to, "{part}");
        }
        let other = delivery(DeliveryId {
            message: QueueId::new(5, [2; 10]),
            part: 0,
        });
        assert!(other >= span.to);
    }
}
