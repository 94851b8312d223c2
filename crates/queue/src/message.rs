//! A message as the queue holds it: an envelope, the declared edits, and a body in pieces.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
    /// Header fields put before the message as received: the trace.
    pub head: Bytes,
    /// The message as received; of one that is rendered or composed what it is made from.
    pub body: Body,
    /// When the first attempt is wanted: `received` for at once, [`Timestamp::NEVER`] for a message that is held until
    /// somebody [releases](crate::Queue::release) it.
    pub due: Timestamp,
    /// Whose it is, and what is left to do.
    pub handling: Handling,
}

/// What concerns a message beyond its envelope. The default is plain relaying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// Whose message it is; the queue keeps it for those who settle.
    pub owner: Option<Owner>,
    /// What is left to do to its octets before it leaves.
    pub finish: Finish,
    /// It goes the whole way but never leaves this machine.
    pub simulated: bool,
    /// No failure notice is sent: its owner learns of failures in another way.
    pub silent: bool,
}

/// The name of an owner: opaque here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner(pub [u8; 16]);

/// What is left to do to a message's octets when it is about to leave. It is done for each attempt anew and must come out
/// the same each time, signatures aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// Nothing: it leaves as it is stored.
    #[default]
    AsStored,
    /// It is signed.
    Sign,
    /// It is rendered from the template of this name with what is stored as its body, and signed.
    Render(QueueId),
    /// It is composed of what is stored as its body, and signed.
    Compose,
}

/// The octets of a message as they leave.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Header fields put before the rest.
    pub head: Bytes,
    /// The rest.
    pub pieces: Arc<[Bytes]>,
    /// The host to which what is said about it is sent; none: its reverse path stays as it is.
    pub return_host: Option<Box<str>>,
}

impl Finished {
    /// Octets that go over the wire before dot-stuffing.
    pub fn size(&self) -> u64 {
        let pieces: usize = self.pieces.iter().map(Bytes::len).sum();
        (self.head.len() + pieces) as u64
    }
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

    /// A body held wholly in memory, cut into pieces here.
    pub fn whole(mut octets: Bytes) -> Self {
        let mut pieces = Vec::new();
        while !octets.is_empty() {
            pieces.push(octets.split_to(octets.len().min(store::VALUE_BYTES_MAX)));
        }
        Self::in_memory(pieces)
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
    finished: OnceLock<Finished>,
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
    /// Whose it is, and what is left to do.
    pub handling: Handling,
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
            finished: OnceLock::new(),
        }
    }

    /// Octets that go over the wire before dot-stuffing: of a message that is to be finished, once it is.
    pub fn wire_size(&self) -> u64 {
        match self.finished.get() {
            Some(finished) => finished.size(),
            None => self.size + self.head.len() as u64,
        }
    }

    /// The octets of a finished message. Its deliveries share them until the last one leaves memory.
    pub fn finished(&self) -> Option<&Finished> {
        self.finished.get()
    }

    /// Keeps what finishing made; of two that finish at once, the first.
    pub fn keep_finished(&self, finished: Finished) {
        // The other one's is as good.
        let _ = self.finished.set(finished);
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

    /// Whether all its deliveries are settled for good.
    pub fn is_settled(&self) -> bool {
        self.outstanding.load(Ordering::Acquire) == 0
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
