//! What an attempt changes, in one batch: the progress of its message, when it is due again, the record of the attempt, and
//! now and then the endpoint.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter, StoreError};

use super::attempt::{Attempt, Attempted, excerpt};
use super::deliveries::{Delivery, LineCause};
use super::endpoints::detail;
use super::keys::Place;
use super::progress::{Progress, Stage};
use super::schedule::{Verdict, delay_ms};
use super::{AttemptId, DisabledReason, Endpoint};
use crate::audit::Actor;
use crate::error::LedgerError;
use crate::ledger::{Ledger, Request};
use crate::limits::{CONFLICTS_MAX, WEBHOOK_FAILING_MS};

const FAILING_VERSION: u8 = 1;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Of its message.
    pub fate: Fate,
    /// The record of the attempt; none when its endpoint has been removed.
    pub attempt: Option<AttemptId>,
    /// For how long its endpoint asks to be left alone, in milliseconds.
    pub pause_ms: Option<u64>,
    /// Why its endpoint was disabled, if it was.
    pub disabled: Option<DisabledReason>,
    /// When there is something to look at again, in milliseconds since the epoch: this message, or the next of its line.
    pub next_due_unix_ms: Option<u64>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The endpoint has it.
    Delivered,
    /// It is tried again at this time, in milliseconds since the epoch.
    Waiting(u64),
    /// It is not tried again.
    GivenUp,
    /// Nothing that this attempt could decide: the endpoint was removed, or the message was replayed meanwhile.
    Superseded,
}

/// What one settlement works on.
struct Settlement<'a> {
    place: Place,
    delivery: &'a Delivery,
    attempted: &'a Attempted,
    /// 10 octets name the attempt, 4 spread the delay.
    entropy: [u8; 14],
    now_unix_ms: u64,
}

impl Ledger {
    /// Settles a delivery that was attempted. `entropy` names the attempt and spreads the delay to the next.
    ///
    /// # Errors
    /// The store's, and damage; the delivery then is as it was before the attempt, and is made again.
    pub async fn settle_webhook(
        &self,
        delivery: &Delivery,
        attempted: &Attempted,
        entropy: [u8; 14],
        now_unix_ms: u64,
    ) -> Result<Settled, LedgerError> {
        let settlement = Settlement {
            place: delivery.entry.place,
            delivery,
            attempted,
            entropy,
            now_unix_ms,
        };
        for _ in 0..CONFLICTS_MAX {
            let mut batch = Batch::new();
            batch.patient();
            let settled = self.put_settlement(&settlement, &mut batch)?;
            // Only an endpoint that was disabled is a change of what is remembered.
            let committed = match settled.disabled {
                Some(_) => self.change(batch).await,
                None => match self.store.commit(batch).await {
                    Ok(_) => Ok(()),
                    Err(StoreError::Expectation { .. }) => Err(LedgerError::Conflict),
                    Err(error) => Err(error.into()),
                },
            };
            match committed {
                Err(LedgerError::Conflict) => {}
                done => return done.map(|()| settled),
            }
        }
        Err(LedgerError::Conflict)
    }

    fn put_settlement(&self, settlement: &Settlement<'_>, batch: &mut Batch) -> Result<Settled, LedgerError> {
        let Settlement { place, delivery, .. } = *settlement;
        let message = delivery.message;
        batch.delete(delivery.entry.key.to_vec());
        let Some(endpoint) = self.store.get(&place.endpoint())? else {
            if delivery.entry.is_line() {
                // The rest of the line is given up when this is looked at.
                settlement.put_line_due(settlement.now_unix_ms, batch);
            }
            return Ok(Settled {
                fate: Fate::Superseded,
                attempt: None,
                pause_ms: None,
                disabled: None,
                next_due_unix_ms: Some(settlement.now_unix_ms),
            });
        };
        let (before, record) = self.webhook_progress(place, message)?;
        let verdict = Verdict::of(settlement.attempted);
        let (after, fate) = settlement.judge(before, verdict);
        batch
            .expect(place.progress(message), record)
            .put(place.progress(message), after.encode());
        let next_due_unix_ms = settlement.put_next(after.stage, batch);
        let disabled = self.put_health(settlement, verdict, &endpoint, batch)?;
        let attempt = settlement.put_attempt(after, verdict, batch);
        let pause_ms = match verdict {
            Verdict::Failed { pause_ms, .. } => pause_ms,
            Verdict::Delivered | Verdict::Gone => None,
        };
        Ok(Settled {
            fate,
            attempt: Some(attempt),
            pause_ms,
            disabled,
            next_due_unix_ms,
        })
    }

    /// Keeps since when an endpoint fails, and disables it when it wants no more or has failed for too long.
    fn put_health(
        &self,
        settlement: &Settlement<'_>,
        verdict: Verdict,
        endpoint: &Bytes,
        batch: &mut Batch,
    ) -> Result<Option<DisabledReason>, LedgerError> {
        let (key, now) = (settlement.place.failing(), settlement.now_unix_ms);
        let record = self.store.get(&key)?;
        let reason = match (verdict, &record) {
            (Verdict::Gone, _) => DisabledReason::Gone,
            (Verdict::Delivered, None) => return Ok(None),
            (Verdict::Delivered, Some(_)) => {
                batch.delete(key);
                return Ok(None);
            }
            (Verdict::Failed { .. }, None) => {
                batch.put(key, failing_since(now));
                return Ok(None);
            }
            (Verdict::Failed { .. }, Some(record)) => {
                let since = read_failing(record).map_err(LedgerError::damaged("the health of a webhook"))?;
                if now < since.saturating_add(WEBHOOK_FAILING_MS) {
                    return Ok(None);
                }
                // A success that comes in between saves it.
                batch.expect(key, Some(record.clone()));
                DisabledReason::Failing
            }
        };
        let mut disabled = Endpoint::decode(endpoint).map_err(LedgerError::damaged("a webhook"))?;
        if !disabled.is_active {
            return Ok(None);
        }
        disabled.is_active = false;
        disabled.disabled_reason = Some(reason);
        disabled.updated_unix_ms = now;
        let place = settlement.place;
        batch
            .expect(place.endpoint(), Some(endpoint.clone()))
            .put(place.endpoint(), disabled.encode());
        let request = Request {
            actor: Actor::System,
            now_unix_ms: now,
            entropy: settlement.name(),
        };
        let detail = format!("{}: {}", detail(&disabled), reason.as_str());
        request.note(batch, place.account, "webhook.disabled", &detail);
        Ok(Some(reason))
    }

    /// Since when an endpoint has answered nothing but failures, in milliseconds since the epoch; none when the last answer
    /// was a success, or there was none yet.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn webhook_failing_since(&self, endpoint: &Endpoint) -> Result<Option<u64>, LedgerError> {
        let place = Place::new(endpoint.account, endpoint.id);
        let record = self.store.get(&place.failing())?;
        let since = record.map(|record| read_failing(&record)).transpose();
        since.map_err(LedgerError::damaged("the health of a webhook"))
    }
}

impl Settlement<'_> {
    /// The progress after the attempt, and what that means for the message.
    fn judge(&self, before: Progress, verdict: Verdict) -> (Progress, Fate) {
        let mut after = Progress {
            attempts: before.attempts.saturating_add(1),
            ..before
        };
        if before.stage != Stage::Waiting(self.delivery.due_unix_ms) {
            return (after, Fate::Superseded);
        }
        after.step = before.step.saturating_add(1);
        let chance = u32::from_be_bytes(self.split().1);
        let delay = match verdict {
            Verdict::Delivered => {
                after.stage = Stage::Delivered;
                return (after, Fate::Delivered);
            }
            Verdict::Gone => None,
            Verdict::Failed { not_before_ms, .. } => delay_ms(after.step, not_before_ms, chance),
        };
        let Some(delay) = delay else {
            after.stage = Stage::GivenUp;
            return (after, Fate::GivenUp);
        };
        let at = self.now_unix_ms.saturating_add(delay);
        after.stage = Stage::Waiting(at);
        (after, Fate::Waiting(at))
    }

    /// Puts the entry of the due index that takes the place of the one that was taken: every line gets one, since others may
    /// have been dismissed meanwhile.
    fn put_next(&self, stage: Stage, batch: &mut Batch) -> Option<u64> {
        let (place, message) = (self.place, self.delivery.message);
        match (stage, self.delivery.entry.is_line()) {
            (Stage::Waiting(at), true) => {
                self.put_line_due(at, batch);
                Some(at)
            }
            (Stage::Waiting(at), false) => {
                batch.put(place.due(at, Some(message)), Bytes::new());
                Some(at)
            }
            (Stage::Delivered | Stage::GivenUp, true) => {
                batch.delete(place.in_line(message));
                self.put_line_due(self.now_unix_ms, batch);
                Some(self.now_unix_ms)
            }
            (Stage::Delivered | Stage::GivenUp, false) => None,
        }
    }

    fn put_line_due(&self, unix_ms: u64, batch: &mut Batch) {
        self.place
            .put_line_due(unix_ms, LineCause::Settled, &self.entropy, batch);
    }

    fn put_attempt(&self, after: Progress, verdict: Verdict, batch: &mut Batch) -> AttemptId {
        let Self {
            delivery, attempted, ..
        } = self;
        let (status, error, body) = match &attempted.result {
            Ok(response) => (Some(response.status), None, response.excerpt.as_str()),
            Err(error) => (None, Some(excerpt(error).to_owned()), ""),
        };
        let attempt = Attempt {
            id: AttemptId::new(attempted.started_unix_ms, self.name()),
            message: delivery.message,
            event_type: delivery.payload.event_type().to_owned(),
            number: after.attempts,
            started_unix_ms: attempted.started_unix_ms,
            duration_ms: attempted.duration_ms,
            status,
            error,
            excerpt: excerpt(body).to_owned(),
            delivered: verdict == Verdict::Delivered,
            will_retry_unix_ms: match after.stage {
                Stage::Waiting(at) => Some(at),
                Stage::Delivered | Stage::GivenUp => None,
            },
        };
        batch.put(self.place.attempt(attempt.id), attempt.encode());
        attempt.id
    }

    fn split(&self) -> ([u8; 10], [u8; 4]) {
        let [name @ .., a, b, c, d] = self.entropy;
        (name, [a, b, c, d])
    }

    fn name(&self) -> [u8; 10] {
        self.split().0
    }
}

fn failing_since(unix_ms: u64) -> Bytes {
    let mut out = RecordWriter::new(FAILING_VERSION, 12);
    out.number(unix_ms);
    out.finish()
}

fn read_failing(record: &[u8]) -> Result<u64, RecordError> {
    let mut input = RecordReader::new(record, FAILING_VERSION)?;
    let since = input.number()?;
    input.end()?;
    Ok(since)
}
