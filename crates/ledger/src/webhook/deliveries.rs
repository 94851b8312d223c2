//! Messages on their way: recorded with their event, found when they are due, taken to be attempted.

use std::sync::Arc;

use bytes::Bytes;
use store::{Batch, StoreError};

use super::keys::{self, Place};
use super::progress::{Progress, Stage};
use super::{Endpoint, MessageId, Payload, WebhookId};
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys::behind;
use crate::ledger::Ledger;
use crate::limits::WEBHOOK_DROP_BATCH;

/// An entry of the due index: a message, or the line of an ordered endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DueEntry {
    pub(super) key: Bytes,
    /// Of a line: who put it there. Another one may put it there again in the same millisecond.
    value: Bytes,
    pub(super) place: Place,
    pub(super) message: Option<MessageId>,
    /// When it is due, in milliseconds since the epoch.
    pub due_unix_ms: u64,
}

/// A part of what is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// In due order.
    pub entries: Vec<DueEntry>,
    /// What comes behind them.
    pub next: Next,
}

/// What comes behind a part of the due index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// More, perhaps due already.
    More,
    /// Nothing before this time, in milliseconds since the epoch.
    At(u64),
    /// Nothing.
    Nothing,
}

/// A message to be attempted now. Whoever has it settles it, or leaves it to be found again after a restart.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub(super) entry: DueEntry,
    /// When the progress said that it is due.
    pub(super) due_unix_ms: u64,
    /// To whom.
    pub endpoint: Arc<Endpoint>,
    /// Which message.
    pub message: MessageId,
    /// What it says.
    pub payload: Payload,
    /// Which attempt this is, from 1, replays included.
    pub number: u32,
}

impl DueEntry {
    /// Whose endpoint.
    pub fn account(&self) -> AccountId {
        self.place.account
    }

    /// Which endpoint.
    pub fn endpoint(&self) -> WebhookId {
        self.place.endpoint
    }

    /// Whether this is the line of an ordered endpoint: then at most one delivery may be taken from it at a time. A line
    /// has an entry for each time when somebody should look; while a delivery from it is under way, the others can be
    /// [dismissed](Ledger::dismiss_webhook), because its settlement puts a new one.
    pub fn is_line(&self) -> bool {
        self.message.is_none()
    }

    /// Puts into `tidy` that the entry goes: of a line only if nobody has put it there again since it was read, since
    /// whoever did so has something new in the line.
    fn remove(&self, tidy: &mut Batch) {
        if self.is_line() {
            tidy.expect(self.key.to_vec(), Some(self.value.clone()));
        }
        tidy.delete(self.key.to_vec());
    }
}

/// Why a line is to be looked at: with what is unique to the occasion, the value of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineCause {
    Recorded,
    Settled,
    Replayed,
    NotYet,
}

impl Place {
    /// Puts into `batch` that the line is to be looked at. `occasion` tells this from all others of its cause.
    pub(super) fn put_line_due(self, unix_ms: u64, cause: LineCause, occasion: &[u8], batch: &mut Batch) {
        let cause = match cause {
            LineCause::Recorded => 0,
            LineCause::Settled => 1,
            LineCause::Replayed => 2,
            LineCause::NotYet => 3,
        };
        let value = [&[cause], occasion].concat();
        batch.put(self.due(unix_ms, None), value);
    }
}

impl Delivery {
    /// The entry that it was taken from.
    pub fn entry(&self) -> &DueEntry {
        &self.entry
    }
}

impl Ledger {
    /// Puts a message for `endpoint` into the batch that records its event. The id is the event's: putting the same message
    /// twice is putting it once.
    pub fn enqueue_webhook(
        &self,
        endpoint: &Endpoint,
        message: MessageId,
        payload: &Payload,
        batch: &mut Batch,
    ) {
        let place = Place::new(endpoint.account, endpoint.id);
        batch.put(place.payload(message), payload.encode());
        if endpoint.is_fetched() {
            batch.put(place.in_line(message), Bytes::new());
        } else if endpoint.ordered {
            batch.put(place.in_line(message), Bytes::new());
            place.put_line_due(message.unix_ms(), LineCause::Recorded, &message.to_bytes(), batch);
        } else {
            batch.put(place.due(message.unix_ms(), Some(message)), Bytes::new());
        }
    }

    /// Puts a message for `endpoint` on its way that tells of no event: a test.
    ///
    /// # Errors
    /// The store's.
    pub async fn send_webhook(
        &self,
        endpoint: &Endpoint,
        message: MessageId,
        payload: &Payload,
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        self.enqueue_webhook(endpoint, message, payload, &mut batch);
        self.store.commit(batch).await?;
        Ok(())
    }

    /// At most `limit` entries that are due between `from_unix_ms` and `now_unix_ms`, both included, behind `after`. Looking
    /// from zero on finds everything; whoever looks often begins behind what it has dealt with.
    ///
    /// # Errors
    /// The store's.
    pub fn due_webhooks(
        &self,
        from_unix_ms: u64,
        after: Option<&DueEntry>,
        now_unix_ms: u64,
        limit: usize,
    ) -> Result<Due, LedgerError> {
        let mut span = keys::due_from(from_unix_ms);
        if let Some(after) = after {
            span.from = behind(&after.key);
        }
        let rows = self.store.scan(&span.from, &span.to, limit)?;
        let full = rows.len() >= limit;
        let mut entries = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let Some((due_unix_ms, place, message)) = keys::read_due(&key) else {
                continue;
            };
            if due_unix_ms > now_unix_ms {
                let next = Next::At(due_unix_ms);
                return Ok(Due { entries, next });
            }
            entries.push(DueEntry {
                key,
                value,
                place,
                message,
                due_unix_ms,
            });
        }
        let next = if full { Next::More } else { Next::Nothing };
        Ok(Due { entries, next })
    }

    /// The delivery that an entry stands for. None when there is nothing to attempt: the endpoint is gone or disabled, the
    /// message has been dealt with, the first of the line is not due yet. What then has to be put right is put into
    /// `tidy`, for [`Self::tidy_webhooks`].
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn take_webhook(
        &self,
        entry: &DueEntry,
        now_unix_ms: u64,
        tidy: &mut Batch,
    ) -> Result<Option<Delivery>, LedgerError> {
        let place = entry.place;
        // It may have been settled since it was read, and what took its place dismissed on its account.
        if entry.is_line() && self.store.get(&entry.key)?.is_none() {
            return Ok(None);
        }
        let endpoint = match self.webhook(place.account, place.endpoint) {
            Ok(endpoint) => Some(endpoint),
            Err(LedgerError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_active) else {
            self.abandon(entry, tidy)?;
            return Ok(None);
        };
        let message = match entry.message {
            Some(message) => Some(message),
            None => self.first_in_line(place)?,
        };
        let Some(message) = message else {
            entry.remove(tidy);
            return Ok(None);
        };
        let (progress, record) = self.webhook_progress(place, message)?;
        let due_unix_ms = match progress.stage {
            Stage::Waiting(due) if entry.is_line() && due > now_unix_ms => {
                entry.remove(tidy);
                place.put_line_due(due, LineCause::NotYet, &[], tidy);
                return Ok(None);
            }
            Stage::Waiting(due) if entry.is_line() || due == entry.due_unix_ms => due,
            // Left over: it was replayed, postponed or dealt with meanwhile. A line may have more behind it.
            Stage::Waiting(_) | Stage::Delivered | Stage::GivenUp => {
                tidy.expect(place.progress(message), record);
                if entry.is_line() {
                    tidy.delete(place.in_line(message));
                } else {
                    entry.remove(tidy);
                }
                return Ok(None);
            }
        };
        let Some(payload) = self.webhook_payload(place, message)? else {
            self.give_up(place, message, tidy)?;
            if !entry.is_line() {
                entry.remove(tidy);
            }
            return Ok(None);
        };
        Ok(Some(Delivery {
            entry: entry.clone(),
            due_unix_ms,
            endpoint,
            message,
            payload,
            number: progress.attempts.saturating_add(1),
        }))
    }

    /// Puts into `tidy` that an entry is to be looked at again at `until_unix_ms`: its endpoint is busy, or asked to be left
    /// alone.
    ///
    /// # Errors
    /// As [`Self::take_webhook`].
    pub fn postpone_webhook(
        &self,
        entry: &DueEntry,
        until_unix_ms: u64,
        tidy: &mut Batch,
    ) -> Result<(), LedgerError> {
        let place = entry.place;
        entry.remove(tidy);
        let Some(message) = entry.message else {
            place.put_line_due(until_unix_ms, LineCause::NotYet, &[], tidy);
            return Ok(());
        };
        let (progress, record) = self.webhook_progress(place, message)?;
        if progress.stage == Stage::Waiting(entry.due_unix_ms) {
            let later = Progress {
                stage: Stage::Waiting(until_unix_ms),
                ..progress
            };
            tidy.expect(place.progress(message), record)
                .put(place.progress(message), later.encode())
                .put(place.due(until_unix_ms, Some(message)), Bytes::new());
        }
        Ok(())
    }

    /// Puts into `tidy` that an entry is not needed: only for a line from which a delivery is under way.
    pub fn dismiss_webhook(&self, entry: &DueEntry, tidy: &mut Batch) {
        if entry.is_line() {
            entry.remove(tidy);
        }
    }

    /// Commits what was put right. When somebody else was faster nothing of it is, and the entries are found again.
    ///
    /// # Errors
    /// The store's.
    pub async fn tidy_webhooks(&self, tidy: Batch) -> Result<(), LedgerError> {
        match self.store.commit(tidy).await {
            Ok(_) | Err(StoreError::Expectation { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// How far a message has come, and the record of that if there is one.
    pub(super) fn webhook_progress(
        &self,
        place: Place,
        message: MessageId,
    ) -> Result<(Progress, Option<Bytes>), LedgerError> {
        let record = self.store.get(&place.progress(message))?;
        let progress = match &record {
            Some(record) => {
                Progress::decode(record).map_err(LedgerError::damaged("the progress of a webhook"))?
            }
            None => Progress::fresh(message),
        };
        Ok((progress, record))
    }

    pub(super) fn webhook_payload(
        &self,
        place: Place,
        message: MessageId,
    ) -> Result<Option<Payload>, LedgerError> {
        let record = self.store.get(&place.payload(message))?;
        let payload = record.map(|record| Payload::decode(&record)).transpose();
        payload.map_err(LedgerError::damaged("the payload of a webhook"))
    }

    fn first_in_line(&self, place: Place) -> Result<Option<MessageId>, LedgerError> {
        let span = place.line();
        let rows = self.store.scan(&span.from, &span.to, 1)?;
        Ok(rows.first().and_then(|(key, _)| keys::message(key)))
    }

    /// What waits for an endpoint that is gone or disabled is given up: a replay brings it back. Of a long line only a part
    /// at a time; its entry then stays.
    fn abandon(&self, entry: &DueEntry, tidy: &mut Batch) -> Result<(), LedgerError> {
        let place = entry.place;
        if let Some(message) = entry.message {
            entry.remove(tidy);
            return self.give_up(place, message, tidy);
        }
        let span = place.line();
        let line = self.store.scan(&span.from, &span.to, WEBHOOK_DROP_BATCH)?;
        for message in line.iter().filter_map(|(key, _)| keys::message(key)) {
            self.give_up(place, message, tidy)?;
        }
        if line.len() < WEBHOOK_DROP_BATCH {
            entry.remove(tidy);
        }
        Ok(())
    }

    fn give_up(&self, place: Place, message: MessageId, tidy: &mut Batch) -> Result<(), LedgerError> {
        let (progress, record) = self.webhook_progress(place, message)?;
        if matches!(progress.stage, Stage::Waiting(_)) {
            let ended = Progress {
                stage: Stage::GivenUp,
                ..progress
            };
            tidy.expect(place.progress(message), record)
                .put(place.progress(message), ended.encode());
        }
        tidy.delete(place.in_line(message));
        Ok(())
    }
}
