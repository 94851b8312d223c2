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
use crate::limits::CLAIMED_SUBMISSIONS_MAX;
use crate::message::{Message, MessageFacts, Submission};
use crate::queue::{Queue, QueueError};
use crate::record;
use crate::time::Timestamp;

/// The proof that messages are on disk, and the only way to a 250.
#[derive(Debug)]
pub struct Accepted {
    _committed: Committed,
}

impl OnDisk for Accepted {}

/// What an acceptance led to.
#[derive(Debug)]
pub struct Submitted {
    /// The proof.
    pub accepted: Accepted,
    /// Deliveries due at once, claimed, so that the first attempt reads nothing.
    pub ready: Vec<Delivery>,
    /// The earliest of the others, for whoever walks the due index.
    pub later: Option<DueKey>,
}

impl Queue {
    /// Commits messages and `with`, what others want to become true with them: records, deliveries, due index and bodies
    /// in one batch, synced.
    ///
    /// # Errors
    /// `StoreError::Full` under the floor of free space, `StoreError::Expectation` if a condition of `with` does not hold:
    /// nothing was accepted.
    pub async fn submit(&self, submissions: Vec<Submission>, with: Batch) -> Result<Submitted, QueueError> {
        // Memory is bounded: what does not fit is read from the due index when there is room.
        let claim = submissions.len() <= CLAIMED_SUBMISSIONS_MAX && self.live.has_room();
        let mut batch = with;
        let mut ready = Vec::new();
        let mut later: Option<DueKey> = None;
        let mut count = 0;
        for submission in submissions {
            let (due, received) = (submission.due, submission.received);
            let admitted = self.admit(submission, claim && due <= received);
            batch.merge(admitted.batch);
            count += admitted.parts;
            if admitted.claimed.is_empty() {
                later = Some(later.map_or(admitted.first, |seen| seen.min(admitted.first)));
            }
            ready.extend(admitted.claimed);
        }
        batch.admitting();
        match self.store.commit(batch).await {
            Ok(committed) => {
                self.waiting.fetch_add(count, Ordering::Relaxed);
                let accepted = Accepted {
                    _committed: committed,
                };
                Ok(Submitted {
                    accepted,
                    ready,
                    later,
                })
            }
            Err(error) => {
                self.release_all(&ready);
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

    /// Builds the batch of a submission; with `claim`, claims its deliveries. The claim comes before the commit: from the
    /// moment the due index shows a delivery it is already known to be in memory.
    pub(crate) fn admit(&self, submission: Submission, claim: bool) -> Admitted {
        let Submission {
            id,
            received,
            reverse_path,
            recipients,
            eight_bit,
            smtputf8,
            head,
            body,
            due,
            handling,
        } = submission;
        let pieces = body.piece_count();
        // The clock of a message that waits for its time starts with that time.
        let from = if due == Timestamp::NEVER {
            received
        } else {
            due.max(received)
        };
        let facts = MessageFacts {
            received,
            expires: from.after(self.config.retry.expire),
            reverse_path,
            eight_bit,
            smtputf8,
            head,
            size: body.size,
            pieces,
            handling,
        };
        let mut batch = Batch::new();
        batch.put(keys::message(id), record::encode_message(&facts));
        for (piece, octets) in (body.spilled..).zip(&body.pieces) {
            batch.put(keys::piece(id, piece), octets.clone());
        }
        if body.spilled > 0 {
            batch.delete(keys::spill(id));
        }
        let parts = partition(recipients, self.config.recipients_per_delivery, due);
        let part_count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        assert!(part_count > 0, "message {id}: at least one recipient");
        let first = DueKey {
            due,
            id: DeliveryId { message: id, part: 0 },
        };
        for (part, state) in (0..part_count).zip(&parts) {
            put_delivery(&mut batch, DeliveryId { message: id, part }, state);
        }
        let mut claimed = Vec::new();
        if claim {
            let resident = (body.spilled == 0).then_some(body.pieces);
            let resident_bytes = if resident.is_some() { facts.size } else { 0 };
            let message = Arc::new(Message::new(id, facts, u32::from(part_count), resident));
            self.live.admit(&message, part_count, resident_bytes);
            claimed.extend((0..part_count).zip(parts).map(|(part, state)| Delivery {
                message: Arc::clone(&message),
                part,
                state,
            }));
        }
        Admitted {
            batch,
            claimed,
            parts: u64::from(part_count),
            first,
        }
    }

    pub(crate) fn release_all(&self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            self.live.release(delivery.id());
        }
    }
}

/// A submission, ready to be committed.
pub(crate) struct Admitted {
    pub(crate) batch: Batch,
    pub(crate) claimed: Vec<Delivery>,
    parts: u64,
    first: DueKey,
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
