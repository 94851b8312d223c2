//! A message as the queue holds it: an envelope, the declared edits, and a body in pieces.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use smtp::address::{ForwardPath, ReversePath};

use crate::id::QueueId;
use crate::time::Timestamp;

/// What acceptance hands over: everything that must be on disk before the 250.
#[derive(Debug)]
pub struct Submission {
    /// The message's id, made by the caller.
    pub id: QueueId,
    /// When it was accepted.
    pub received: Timestamp,
    /// Who hears of a failure.
    pub reverse_path: ReversePath,
    /// Whom it goes to; at least one.
    pub recipients: Vec<ForwardPath>,
    /// The body holds octets above 127 (RFC 6152).
    pub eight_bit: bool,
    /// The envelope or the header needs SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// Header fields put before the message as received: trace and signatures.
    pub head: Bytes,
    /// The message as received.
    pub body: Body,
}

/// The octets of a message as received, in pieces of at most `store::VALUE_BYTES_MAX`.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Octets in all pieces.
    pub size: u64,
    /// How many of the leading pieces are already in the store.
    pub spilled: u16,
    /// The pieces behind those.
    pub pieces: Vec<Bytes>,
}

impl Body {
    /// A body held wholly in memory.
    pub fn in_memory(pieces: Vec<Bytes>) -> Self {
        Self {
            size: pieces.iter().map(|piece| piece.len() as u64).sum(),
            spilled: 0,
            pieces,
        }
    }

    /// How many pieces there are, in the store and in memory.
    pub fn piece_count(&self) -> u16 {
        self.spilled + u16::try_from(self.pieces.len()).unwrap_or(u16::MAX)
    }
}

/// A message with at least one delivery in memory. Deliveries of one message share it, and its body.
#[derive(Debug)]
pub struct Message {
    /// The message's id.
    pub id: QueueId,
    facts: MessageFacts,
    /// Deliveries that are not settled for good. The settlement that takes it to zero removes the message.
    outstanding: AtomicU32,
    resident: Mutex<Option<Arc<[Bytes]>>>,
}

/// What a message record says, and what never changes. A [`Message`] derefs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFacts {
    /// When it was accepted.
    pub received: Timestamp,
    /// After this no further attempt is made.
    pub expires: Timestamp,
    /// Who hears of a failure.
    pub reverse_path: ReversePath,
    /// The body holds octets above 127.
    pub eight_bit: bool,
    /// Needs SMTPUTF8 at the next hop.
    pub smtputf8: bool,
    /// Header fields put before the message as received.
    pub head: Bytes,
    /// Octets of the message as received.
    pub size: u64,
    /// Pieces of its body.
    pub pieces: u16,
}

impl Deref for Message {
    type Target = MessageFacts;

    fn deref(&self) -> &MessageFacts {
        &self.facts
    }
}

impl Message {
    /// A message of which `outstanding` deliveries are not settled, its body (if given) in memory.
    pub fn new(id: QueueId, facts: MessageFacts, outstanding: u32, body: Option<Vec<Bytes>>) -> Self {
        Self {
            id,
            facts,
            outstanding: AtomicU32::new(outstanding),
            resident: Mutex::new(body.map(Arc::from)),
        }
    }

    /// Octets that go over the wire before dot-stuffing.
    pub fn wire_size(&self) -> u64 {
        self.size + self.head.len() as u64
    }

    /// The body, if it is in memory.
    pub fn resident_body(&self) -> Option<Arc<[Bytes]>> {
        self.resident
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes the body out of memory; says whether it was there.
    pub(crate) fn evict_body(&self) -> bool {
        self.resident
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .is_some()
    }

    /// Counts one delivery as settled for good; true when it was the last.
    pub(crate) fn settle_one(&self) -> bool {
        let before = self.outstanding.fetch_sub(1, Ordering::AcqRel);
        assert!(
            before > 0,
            "message {}: more deliveries settled than it had",
            self.id
        );
        before == 1
    }
}
