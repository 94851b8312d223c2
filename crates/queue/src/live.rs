//! Which deliveries are in memory: the claims. A delivery is in memory or in the due index to be read, never both at
//! work: whoever takes it from the index must claim it here first, and the claim ends only after the settlement is
//! committed, so that nobody reads the state from before it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::id::{DeliveryId, QueueId};
use crate::limits::LIVE_DELIVERIES_MAX;
use crate::message::Message;

/// The registry of claims, and the bound on memory that they take.
#[derive(Debug)]
pub(crate) struct Live {
    messages: Mutex<HashMap<QueueId, LiveMessage>>,
    claims: AtomicUsize,
    body_bytes: AtomicU64,
    body_bytes_max: u64,
}

#[derive(Debug)]
struct LiveMessage {
    /// None while the first claimant reads the record.
    message: Option<Arc<Message>>,
    parts: Vec<Part>,
    /// Octets this message holds of the body budget.
    body_bytes: u64,
}

#[derive(Debug)]
struct Part {
    number: u16,
    canceled: bool,
}

impl Live {
    pub(crate) fn new(body_bytes_max: u64) -> Self {
        Self {
            messages: Mutex::default(),
            claims: AtomicUsize::new(0),
            body_bytes: AtomicU64::new(0),
            body_bytes_max,
        }
    }

    /// Claims every delivery of a message just accepted. When memory is short its body stays in the store only.
    pub(crate) fn admit(&self, message: &Arc<Message>, parts: u16, body_bytes: u64) {
        let kept = self.reserve_body(body_bytes);
        if !kept {
            message.evict_body();
        }
        let entry = LiveMessage {
            message: Some(Arc::clone(message)),
            parts: (0..parts)
                .map(|number| Part {
                    number,
                    canceled: false,
                })
                .collect(),
            body_bytes: if kept { body_bytes } else { 0 },
        };
        self.claims.fetch_add(usize::from(parts), Ordering::Relaxed);
        self.lock().insert(message.id, entry);
    }

    /// Claims one delivery out of the store: false when it is claimed already.
    pub(crate) fn claim(&self, id: DeliveryId) -> bool {
        let mut messages = self.lock();
        let live = messages.entry(id.message).or_insert_with(|| LiveMessage {
            message: None,
            parts: Vec::new(),
            body_bytes: 0,
        });
        if live.parts.iter().any(|part| part.number == id.part) {
            return false;
        }
        live.parts.push(Part {
            number: id.part,
            canceled: false,
        });
        self.claims.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// The message of a claimed delivery: the one its siblings share, or the one that `read` makes. `read` runs under
    /// the registry's lock, so that two siblings never count the outstanding deliveries separately.
    pub(crate) fn message<E>(
        &self,
        id: QueueId,
        read: impl FnOnce() -> Result<Option<Message>, E>,
    ) -> Result<Option<Arc<Message>>, E> {
        let mut messages = self.lock();
        let Some(live) = messages.get_mut(&id) else {
            return Ok(None);
        };
        if live.message.is_none() {
            live.message = read()?.map(Arc::new);
        }
        Ok(live.message.clone())
    }

    /// Ends a claim. With the last one of a message its memory is given back.
    pub(crate) fn release(&self, id: DeliveryId) {
        let mut messages = self.lock();
        let Entry::Occupied(mut entry) = messages.entry(id.message) else {
            return;
        };
        let parts = &mut entry.get_mut().parts;
        let before = parts.len();
        parts.retain(|part| part.number != id.part);
        self.claims.fetch_sub(before - parts.len(), Ordering::Relaxed);
        if parts.is_empty() {
            self.body_bytes
                .fetch_sub(entry.remove().body_bytes, Ordering::Relaxed);
        }
    }

    /// Marks a claimed delivery, so that whoever takes it next cancels it; false when it is not claimed.
    pub(crate) fn cancel(&self, id: DeliveryId) -> bool {
        let mut messages = self.lock();
        let part = messages
            .get_mut(&id.message)
            .and_then(|live| live.parts.iter_mut().find(|part| part.number == id.part));
        part.is_some_and(|part| {
            part.canceled = true;
            true
        })
    }

    /// Whether an operator canceled this claimed delivery.
    pub(crate) fn is_canceled(&self, id: DeliveryId) -> bool {
        let messages = self.lock();
        let Some(live) = messages.get(&id.message) else {
            return false;
        };
        live.parts
            .iter()
            .any(|part| part.number == id.part && part.canceled)
    }

    /// Whether this delivery is in memory.
    pub(crate) fn contains(&self, id: DeliveryId) -> bool {
        let messages = self.lock();
        messages
            .get(&id.message)
            .is_some_and(|live| live.parts.iter().any(|part| part.number == id.part))
    }

    /// Deliveries in memory now.
    pub(crate) fn claims(&self) -> usize {
        self.claims.load(Ordering::Relaxed)
    }

    /// Octets of bodies in memory now.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes.load(Ordering::Relaxed)
    }

    /// Whether more deliveries may be taken into memory.
    pub(crate) fn has_room(&self) -> bool {
        self.claims() < LIVE_DELIVERIES_MAX
    }

    fn reserve_body(&self, bytes: u64) -> bool {
        let before = self.body_bytes.fetch_add(bytes, Ordering::Relaxed);
        let kept = before + bytes <= self.body_bytes_max;
        if !kept {
            self.body_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        kept
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QueueId, LiveMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
