//! Acceptance: one message, one atomic batch, one proof.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use smtp::address::ForwardPath;
use smtp::server::OnDisk;
use store::{Batch, CommitFuture, Committed};

use crate::delivery::{Delivery, DeliveryState, Recipient};
use crate::id::{DeliveryId, QueueId};
use crate::keys::{self, DueKey};
use crate::message::{Message, MessageFacts, Submission};
use crate::queue::{Queue, QueueError};
use crate::record;
use crate::time::Timestamp;

/// The proof that a message is on disk, and the only way to a 250.
#[derive(Debug)]
pub struct Accepted {
    _committed: Committed,
    id: QueueId,
}

impl Accepted {
    /// The accepted message.
    pub fn id(&self) -> QueueId {
        self.id
    }
}

impl OnDisk for Accepted {}

impl Queue {
    /// Commits a message: record, deliveries, due index and body in one batch, synced. Its deliveries come back
    /// claimed, so that the first attempt reads nothing.
    ///
    /// # Errors
    /// `StoreError::Full` under the floor of free space: nothing was accepted, and the client may try later.
    pub async fn submit(&self, submission: Submission) -> Result<(Accepted, Vec<Delivery>), QueueError> {
        let (mut batch, deliveries) = self.admit(submission);
        batch.admitting();
        let Some(message) = deliveries.first().map(|delivery| Arc::clone(&delivery.message)) else {
            unreachable!("a submission has at least one recipient");
        };
        match self.store.commit(batch).await {
            Ok(committed) => {
                self.waiting.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
                Ok((
                    Accepted {
                        _committed: committed,
                        id: message.id,
                    },
                    deliveries,
                ))
            }
            Err(error) => {
                self.release_all(&deliveries);
                Err(error.into())
            }
        }
    }

    /// Writes a piece of a body that is too large to wait for its end in memory. `piece` counts from 0.
    pub fn spill(&self, id: QueueId, piece: u16, octets: Bytes) -> CommitFuture {
        let mut batch = Batch::new();
        batch.admitting();
        if piece == 0 {
            batch.put(keys::spill(id), Bytes::new());
        }
        batch.put(keys::piece(id, piece), octets);
        self.store.commit(batch)
    }

    /// Removes the first `pieces` pieces of a message that will not be accepted after all.
    pub fn discard_spill(&self, id: QueueId, pieces: u16) -> CommitFuture {
        let mut batch = Batch::new();
        batch.patient();
        for piece in 0..pieces {
            batch.delete(keys::piece(id, piece));
        }
        batch.delete(keys::spill(id));
        self.store.commit(batch)
    }

    /// Builds the batch of a submission and claims its deliveries. The claim comes before the commit: from the moment
    /// the due index shows a delivery it is already known to be in memory.
    pub(crate) fn admit(&self, submission: Submission) -> (Batch, Vec<Delivery>) {
        let Submission {
            id,
            received,
            reverse_path,
            recipients,
            eight_bit,
            smtputf8,
            head,
            body,
        } = submission;
        let pieces = body.piece_count();
        let facts = MessageFacts {
            received,
            expires: received.after(self.config.retry.expire),
            reverse_path,
            eight_bit,
            smtputf8,
            head,
            size: body.size,
            pieces,
        };
        let mut batch = Batch::new();
        batch.put(keys::message(id), record::encode_message(&facts));
        for (piece, octets) in (body.spilled..).zip(&body.pieces) {
            batch.put(keys::piece(id, piece), octets.clone());
        }
        if body.spilled > 0 {
            batch.delete(keys::spill(id));
        }
        let parts = partition(recipients, self.config.recipients_per_delivery, received);
        let part_count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        let resident = (body.spilled == 0).then_some(body.pieces);
        let resident_bytes = if resident.is_some() { facts.size } else { 0 };
        let message = Arc::new(Message::new(id, facts, u32::from(part_count), resident));
        let mut deliveries = Vec::with_capacity(parts.len());
        for (part, state) in (0..part_count).zip(parts) {
            put_delivery(&mut batch, DeliveryId { message: id, part }, &state);
            deliveries.push(Delivery {
                message: Arc::clone(&message),
                part,
                state,
            });
        }
        self.live.admit(&message, part_count, resident_bytes);
        (batch, deliveries)
    }

    pub(crate) fn release_all(&self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            self.live.release(delivery.id());
        }
    }
}

/// A delivery record and its place in the due index.
pub(crate) fn put_delivery(batch: &mut Batch, id: DeliveryId, state: &DeliveryState) {
    batch.put(keys::delivery(id), record::encode_delivery(state));
    let domain = Bytes::copy_from_slice(state.domain.as_str().as_bytes());
    batch.put(DueKey { due: state.due, id }.encode(), domain);
}

/// Groups recipients by domain, in order of first appearance, and splits groups that are too large.
fn partition(recipients: Vec<ForwardPath>, size_max: usize, due: Timestamp) -> Vec<DeliveryState> {
    let mut parts: Vec<DeliveryState> = Vec::new();
    for forward_path in recipients {
        let domain = forward_path.domain();
        let open = parts
            .iter_mut()
            .rev()
            .find(|part| part.domain == *domain)
            .filter(|part| part.recipients.len() < size_max);
        match open {
            Some(part) => part.recipients.push(Recipient::waiting(forward_path)),
            None => parts.push(DeliveryState {
                domain: domain.clone(),
                attempts: 0,
                due,
                recipients: vec![Recipient::waiting(forward_path)],
            }),
        }
    }
    parts
}
