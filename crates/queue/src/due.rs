//! The due index: what wants an attempt now, and what comes next.

use store::StoreError;

use crate::delivery::{Delivery, DeliveryState};
use crate::id::DeliveryId;
use crate::keys::{self, DueKey};
use crate::limits::DUE_SCAN_ENTRIES;
use crate::message::Message;
use crate::queue::{Queue, QueueError};
use crate::record;
use crate::time::Timestamp;

/// An entry of the due index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueEntry {
    /// Its place.
    pub key: DueKey,
    /// The domain of the delivery, so that nothing else need be read to know whether its route has room.
    pub domain: Box<str>,
}

/// What one step through the due index found.
#[derive(Debug)]
pub struct DueStep {
    /// Entries due now that are not in memory, in due order.
    pub entries: Vec<DueEntry>,
    /// Where the next step starts.
    pub next: NextStep,
}

/// Where a walk through the due index goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// More may be due: step again from here.
    More(DueKey),
    /// Nothing more is due until this entry's time.
    Wait(DueKey),
    /// The index holds nothing further.
    End,
}

impl Queue {
    /// One bounded step through what is due at `now`, from `from` on. Entries in memory are passed over.
    ///
    /// # Errors
    /// The store's.
    pub fn due(&self, from: DueKey, now: Timestamp) -> Result<DueStep, QueueError> {
        let rows = self
            .store
            .scan(&from.encode(), &keys::dues().to, DUE_SCAN_ENTRIES)?;
        let full = rows.len() == DUE_SCAN_ENTRIES;
        let mut step = DueStep {
            entries: Vec::new(),
            next: NextStep::End,
        };
        for (key, domain) in rows {
            let Some(key) = DueKey::decode(&key) else { continue };
            if key.due > now {
                step.next = NextStep::Wait(key);
                return Ok(step);
            }
            step.next = NextStep::More(key.successor());
            if !self.live.contains(key.id) {
                let domain = String::from_utf8_lossy(&domain).into();
                step.entries.push(DueEntry { key, domain });
            }
        }
        if !full {
            step.next = NextStep::End;
        }
        Ok(step)
    }

    /// Claims an entry of the due index and reads its delivery; none when it is claimed already or gone.
    ///
    /// # Errors
    /// The store's, and a record that cannot be read: the claim is then kept, so that the damage is met once and not
    /// in a loop.
    pub fn claim(&self, key: DueKey) -> Result<Option<Delivery>, QueueError> {
        if !self.live.claim(key.id) {
            return Ok(None);
        }
        let delivery = self
            .read_delivery(key.id)?
            .filter(|delivery| delivery.state.due == key.due);
        if delivery.is_none() {
            self.live.release(key.id);
        }
        Ok(delivery)
    }

    /// Gives a claimed delivery back to the due index, unchanged.
    pub fn unclaim(&self, delivery: Delivery) {
        self.live.release(delivery.id());
    }

    /// Whether an operator canceled this delivery since it was claimed.
    pub fn is_canceled(&self, delivery: &Delivery) -> bool {
        self.live.is_canceled(delivery.id())
    }

    /// One piece of a message's body, from the store.
    ///
    /// # Errors
    /// The store's; `Damaged` when the piece is missing.
    pub fn piece(&self, message: &Message, piece: u16) -> Result<bytes::Bytes, QueueError> {
        let key = keys::piece(message.id, piece);
        self.store.get(&key)?.ok_or_else(|| QueueError::Damaged {
            key: format!("body piece {piece} of message {}", message.id),
            error: store::RecordError::Short,
        })
    }

    /// Removes the bodies of messages that were being received when the process ended. Run once, before anything is
    /// accepted. Returns how many there were.
    ///
    /// # Errors
    /// The store's.
    pub async fn sweep_spills(&self) -> Result<usize, QueueError> {
        let span = keys::spills();
        let marks = self.store.scan(&span.from, &span.to, usize::MAX)?;
        for (key, _) in &marks {
            let Some(id) = keys::decode_message(key) else {
                continue;
            };
            let (first, last) = (keys::piece(id, 0), keys::piece(id, u16::MAX));
            let mut batch = store::Batch::new();
            for (piece, _) in self.store.scan(&first, &last, usize::from(u16::MAX))? {
                batch.delete(piece.to_vec());
            }
            batch.delete(key.to_vec());
            self.store.commit(batch).await?;
        }
        Ok(marks.len())
    }

    pub(crate) fn read_delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, QueueError> {
        let Some(state) = self.delivery_state(id)? else {
            return Ok(None);
        };
        let message = self.live.message(id.message, || self.read_message(id.message))?;
        Ok(message.map(|message| Delivery {
            message,
            part: id.part,
            state,
        }))
    }

    pub(crate) fn delivery_state(&self, id: DeliveryId) -> Result<Option<DeliveryState>, QueueError> {
        let Some(record) = self.store.get(&keys::delivery(id))? else {
            return Ok(None);
        };
        let state = record::decode_delivery(&record);
        state.map(Some).map_err(|error| QueueError::Damaged {
            key: format!("delivery {id}"),
            error,
        })
    }

    pub(crate) fn read_message(&self, id: crate::QueueId) -> Result<Option<Message>, QueueError> {
        let Some(facts) = self.message_facts(id)? else {
            return Ok(None);
        };
        let outstanding = self.parts(id)?;
        Ok(Some(Message::new(id, facts, outstanding, None)))
    }

    pub(crate) fn message_facts(
        &self,
        id: crate::QueueId,
    ) -> Result<Option<crate::message::MessageFacts>, QueueError> {
        let Some(record) = self.store.get(&keys::message(id))? else {
            return Ok(None);
        };
        let facts = record::decode_message(&record);
        facts.map(Some).map_err(|error| QueueError::Damaged {
            key: format!("message {id}"),
            error,
        })
    }

    fn parts(&self, id: crate::QueueId) -> Result<u32, StoreError> {
        let span = keys::deliveries_of(id);
        let rows = self.store.scan(&span.from, &span.to, usize::from(u16::MAX) + 1)?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }
}
