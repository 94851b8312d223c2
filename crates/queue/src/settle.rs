//! Settlement: what an attempt meant becomes state, a retry or a failure notice, in one patient batch.
//!
//! A crash between the next hop's 250 and this commit sends the delivery again: that is the duplicate window, and the
//! only one. Claims end after the commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use smtp::address::ReversePath;
use store::Batch;

use crate::delivery::{Delivery, DeliveryState, RecipientState};
use crate::id::QueueId;
use crate::keys::{self, DueKey};
use crate::limits::REPLY_TEXT_BYTES_MAX;
use crate::message::Message;
use crate::notice::{self, Failure};
use crate::queue::{Queue, QueueError};
use crate::submit::put_delivery;
use crate::time::Timestamp;
use crate::verdict::{Fate, Reason, Verdict};

/// An attempted delivery with a verdict for each recipient that was waiting, in order.
#[derive(Debug)]
pub struct Attempt {
    /// What was attempted.
    pub delivery: Delivery,
    /// One verdict for each of [`Delivery::waiting`].
    pub verdicts: Vec<Verdict>,
    /// The host that was spoken to; none when nobody was reached.
    pub host: Option<Arc<str>>,
}

impl Attempt {
    /// An attempt that went the same way for every recipient.
    pub fn uniform(delivery: Delivery, verdict: &Verdict, host: Option<Arc<str>>) -> Self {
        let verdicts = delivery.waiting().map(|_| verdict.clone()).collect();
        Self {
            delivery,
            verdicts,
            host,
        }
    }
}

/// What the settlement of attempts needs from the outside.
pub struct SettleContext<'a> {
    /// The time.
    pub now: Timestamp,
    /// Makes the id of a failure notice.
    pub notice_id: &'a mut (dyn FnMut() -> QueueId + Send),
    /// A number in 0..1, for jitter.
    pub chance: &'a mut (dyn FnMut() -> f64 + Send),
    /// Puts what others keep of an attempt into its commit.
    pub witness: &'a (dyn Witness + Sync),
}

/// Somebody who keeps records of what became of recipients, in the same commits as the queue.
pub trait Witness {
    /// Adds to `batch` what is to be remembered of `settled`.
    fn settled(&self, settled: &SettledDelivery, now: Timestamp, batch: &mut Batch);
}

/// Nobody keeps records.
pub struct NoWitness;

impl Witness for NoWitness {
    fn settled(&self, _: &SettledDelivery, _: Timestamp, _: &mut Batch) {}
}

/// What a settlement led to.
#[derive(Debug, Default)]
pub struct Settled {
    /// The earliest new due time among retries.
    pub next_due: Option<DueKey>,
    /// The settled deliveries as they stand now.
    pub deliveries: Vec<SettledDelivery>,
    /// Deliveries of failure notices, claimed and ready.
    pub notices: Vec<Delivery>,
    /// What became of the recipients, for metrics and events.
    pub tally: Tally,
}

/// A delivery after its attempt. Its claim is over: this is a report, not a handle.
#[derive(Debug)]
pub struct SettledDelivery {
    /// The message.
    pub message: Arc<Message>,
    /// Which of the message's deliveries.
    pub part: u16,
    /// Its state as committed.
    pub state: DeliveryState,
    /// Which of its recipients something became of, by index.
    pub attempted: Vec<usize>,
    /// What became of each of those, in the same order.
    pub fates: Vec<Fate>,
    /// The host that was spoken to.
    pub host: Option<Arc<str>>,
    /// The failure notice about it.
    pub notice: Option<QueueId>,
}

/// How many recipients ended or went on in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Taken by the next hop.
    pub delivered: u64,
    /// To be tried again.
    pub deferred: u64,
    /// Refused or expired.
    pub failed: u64,
    /// Taken out.
    pub canceled: u64,
    /// Not tried, and kept until somebody releases them.
    pub held: u64,
    /// Not tried, because they want no mail any more.
    pub unwanted: u64,
}

impl Queue {
    /// Settles attempts: one batch, one commit. Their claims end with it.
    ///
    /// # Errors
    /// The store's: the state is as before the attempts, and the claims stay, because the store is lost.
    pub async fn settle(
        &self,
        attempts: Vec<Attempt>,
        mut context: SettleContext<'_>,
    ) -> Result<Settled, QueueError> {
        let mut batch = Batch::new();
        let mut settled = Settled::default();
        let mut claims = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            claims.push(attempt.delivery.id());
            self.settle_one(attempt, &mut batch, &mut settled, &mut context)?;
        }
        batch.patient();
        self.store.commit(batch).await?;
        let over = settled
            .deliveries
            .iter()
            .filter(|delivery| delivery.state.waiting() == 0)
            .count() as u64;
        self.waiting
            .fetch_add(settled.notices.len() as u64, Ordering::Relaxed);
        self.waiting.fetch_sub(over, Ordering::Relaxed);
        for claim in claims {
            self.live.release(claim);
        }
        Ok(settled)
    }

    fn settle_one(
        &self,
        attempt: Attempt,
        batch: &mut Batch,
        settled: &mut Settled,
        context: &mut SettleContext<'_>,
    ) -> Result<(), QueueError> {
        let Attempt {
            mut delivery,
            verdicts,
            host,
        } = attempt;
        let waiting = delivery.state.waiting_indexes().into_iter().zip(&verdicts);
        let attempted = waiting.filter(|(_, verdict)| **verdict != Verdict::Untried);
        let attempted = attempted.map(|(at, _)| at).collect();
        let was = delivery.due_key();
        if verdicts.iter().any(Verdict::is_of_attempt) {
            delivery.state.attempts = delivery.state.attempts.saturating_add(1);
        }
        let retry = self.next_due(&delivery, &verdicts, context);
        let (fates, failures) = apply(&mut delivery, verdicts, retry.is_none(), &mut settled.tally);
        batch.delete(was.encode());
        match retry.filter(|_| delivery.waiting().next().is_some()) {
            Some(due) => {
                delivery.state.due = due;
                put_delivery(batch, delivery.id(), &delivery.state);
                let key = delivery.due_key();
                settled.next_due = Some(settled.next_due.map_or(key, |seen| seen.min(key)));
            }
            None => remove(&delivery, batch),
        }
        let mut notice = None;
        if !failures.is_empty() {
            let id = (context.notice_id)();
            let notices = self.notify(&delivery, &failures, host.as_deref(), id, context.now, batch)?;
            notice = notices.first().map(|_| id);
            settled.notices.extend(notices);
        }
        let Delivery { message, part, state } = delivery;
        let report = SettledDelivery {
            message,
            part,
            state,
            attempted,
            fates,
            host,
            notice,
        };
        context.witness.settled(&report, context.now, batch);
        settled.deliveries.push(report);
        Ok(())
    }

    /// When what is not settled for good is due again; none if that is never, and deferrals are final.
    fn next_due(
        &self,
        delivery: &Delivery,
        verdicts: &[Verdict],
        context: &mut SettleContext<'_>,
    ) -> Option<Timestamp> {
        let Delivery { message, state, .. } = delivery;
        let any = |is: fn(&Verdict) -> bool| verdicts.iter().any(is);
        if any(|verdict| matches!(verdict, Verdict::Held)) {
            Some(Timestamp::NEVER)
        } else if any(|verdict| matches!(verdict, Verdict::Untried)) {
            Some(state.due)
        } else if any(|verdict| matches!(verdict, Verdict::Deferred(_))) {
            let chance = (context.chance)();
            self.config
                .retry
                .next(state.attempts, chance, context.now, message.expires)
        } else {
            None
        }
    }

    /// Puts the failure notice for `failures` into the batch, unless nobody is to be told.
    fn notify(
        &self,
        delivery: &Delivery,
        failures: &[Failure],
        host: Option<&str>,
        id: QueueId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Vec<Delivery>, QueueError> {
        if delivery.message.handling.silent || delivery.message.reverse_path == ReversePath::Null {
            return Ok(Vec::new());
        }
        let original = self.original_header(delivery)?;
        let submission = notice::compose(notice::About {
            reporting_mta: &self.config.hostname,
            delivery,
            failures,
            remote_mta: host,
            original_header: &original,
            id,
            now,
        });
        let Some(submission) = submission else {
            return Ok(Vec::new());
        };
        let notice = self.admit(submission, true);
        batch.merge(notice.batch);
        Ok(notice.claimed)
    }

    fn original_header(&self, delivery: &Delivery) -> Result<Vec<u8>, QueueError> {
        let message = &delivery.message;
        let first = match message.resident_body() {
            Some(pieces) => pieces.first().cloned().unwrap_or_default(),
            None if message.pieces == 0 => bytes::Bytes::new(),
            None => self.piece(message, 0)?,
        };
        Ok(notice::header_of(&message.head, &first))
    }
}

/// Writes the verdicts into the delivery. With `last` a deferral is the end: the message has expired.
fn apply(
    delivery: &mut Delivery,
    verdicts: Vec<Verdict>,
    last: bool,
    tally: &mut Tally,
) -> (Vec<Fate>, Vec<Failure>) {
    let waiting = delivery.waiting().count();
    assert_eq!(
        waiting,
        verdicts.len(),
        "delivery {}: a verdict for each waiting recipient",
        delivery.id()
    );
    let (mut fates, mut failures) = (Vec::with_capacity(waiting), Vec::new());
    let recipients = delivery.state.recipients.iter_mut();
    let waiting = recipients.filter(|recipient| recipient.state == RecipientState::Waiting);
    for (recipient, verdict) in waiting.zip(verdicts) {
        let path = || recipient.forward_path.clone();
        let (state, fate, text, counter) = match verdict {
            Verdict::Delivered { reply } => {
                let state = RecipientState::Delivered;
                (state, Fate::Delivered, reply, &mut tally.delivered)
            }
            Verdict::Canceled => {
                let state = RecipientState::Canceled;
                (state, Fate::Canceled, String::new(), &mut tally.canceled)
            }
            Verdict::Held => {
                // What was last heard of it is still what was last heard.
                let text = recipient.last_reply.take().map(String::from).unwrap_or_default();
                (RecipientState::Waiting, Fate::Held, text, &mut tally.held)
            }
            Verdict::Unwanted { why } => {
                let fate = Fate::Unwanted { why: why.clone() };
                (RecipientState::Canceled, fate, why, &mut tally.unwanted)
            }
            Verdict::Untried => continue,
            Verdict::Deferred(Reason { status, text }) if !last => {
                let fate = Fate::Deferred { status };
                (RecipientState::Waiting, fate, text, &mut tally.deferred)
            }
            Verdict::Deferred(reason) => {
                let Reason { status, text } = reason.clone();
                failures.push(Failure::expired(path(), reason));
                (
                    RecipientState::Failed,
                    Fate::Expired { status },
                    text,
                    &mut tally.failed,
                )
            }
            Verdict::Refused(reason) => {
                let Reason { status, text } = reason.clone();
                failures.push(Failure::refused(path(), reason));
                (
                    RecipientState::Failed,
                    Fate::Refused { status },
                    text,
                    &mut tally.failed,
                )
            }
        };
        *counter += 1;
        recipient.state = state;
        recipient.last_reply = shortened(&text);
        fates.push(fate);
    }
    (fates, failures)
}

/// Removes a delivery that is settled for good, and its message when it was the last.
fn remove(delivery: &Delivery, batch: &mut Batch) {
    batch.delete(keys::delivery(delivery.id()));
    let message = &delivery.message;
    if message.settle_one() {
        batch.delete(keys::message(message.id));
        for piece in 0..message.pieces {
            batch.delete(keys::piece(message.id, piece));
        }
    }
}

fn shortened(text: &str) -> Option<Box<str>> {
    let end = text.floor_char_boundary(REPLY_TEXT_BYTES_MAX);
    text.get(..end).filter(|text| !text.is_empty()).map(Box::from)
}
