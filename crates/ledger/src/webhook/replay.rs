//! Sending again what was sent, or given up: one message, or all of a stretch of time. The `webhook-id` stays the same, the
//! schedule begins anew.

use bytes::Bytes;
use store::Batch;

use super::deliveries::LineCause;
use super::keys::{self, Place};
use super::progress::{Progress, Stage};
use super::{AttemptId, Endpoint, MessageId, WebhookId};
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys::behind;
use crate::ledger::{Ledger, Request};
use crate::limits::{CONFLICTS_MAX, WEBHOOK_REPLAY_BATCH};

/// Which messages of a stretch of time are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayScope {
    /// Those that were given up.
    GivenUp,
    /// Those that were delivered, too.
    All,
}

/// What a replay of a stretch of time has put back so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Messages put back in this step.
    pub messages: usize,
    /// Behind which message to go on; none at the end.
    pub after: Option<MessageId>,
}

impl Ledger {
    /// Sends the message of an attempt again. One that still waits is due at once.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] for an unknown attempt, or one whose payload is gone; [`LedgerError::Limit`] if the endpoint
    /// is disabled, or its messages are fetched; the store's.
    pub async fn replay_webhook(
        &self,
        account: AccountId,
        endpoint: WebhookId,
        attempt: AttemptId,
        request: &Request,
    ) -> Result<MessageId, LedgerError> {
        let message = self.webhook_attempt(account, endpoint, attempt)?.message;
        self.replay_webhook_message(account, endpoint, message, request)
            .await?;
        Ok(message)
    }

    /// Sends a message again. One that still waits is due at once.
    ///
    /// # Errors
    /// As [`Self::replay_webhook`].
    pub async fn replay_webhook_message(
        &self,
        account: AccountId,
        endpoint: WebhookId,
        message: MessageId,
        request: &Request,
    ) -> Result<(), LedgerError> {
        self.webhook(account, endpoint)?;
        let place = Place::new(account, endpoint);
        if self.webhook_payload(place, message)?.is_none() {
            return Err(LedgerError::NotFound);
        }
        for _ in 0..CONFLICTS_MAX {
            let endpoint = self.active_webhook(place)?;
            let mut batch = Batch::new();
            self.put_replay(&endpoint, message, request.now_unix_ms, &mut batch)?;
            request.note(
                &mut batch,
                account,
                "webhook.replayed",
                &format!("{} {message}", endpoint.id),
            );
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => return done,
            }
        }
        Err(LedgerError::Conflict)
    }

    /// Sends the messages of the events from `from_unix_ms` on, before `to_unix_ms`, again; those that still wait are left
    /// alone. Does one bounded step, behind `after`.
    ///
    /// # Errors
    /// As [`Self::replay_webhook`].
    pub async fn replay_webhooks(
        &self,
        (account, endpoint): (AccountId, WebhookId),
        (from_unix_ms, to_unix_ms): (u64, u64),
        scope: ReplayScope,
        after: Option<MessageId>,
        request: &Request,
    ) -> Result<Replayed, LedgerError> {
        let place = Place::new(account, endpoint);
        let mut span = place.payloads_between(from_unix_ms, to_unix_ms);
        if let Some(after) = after {
            span.from = span.from.max(behind(&place.payload(after)));
        }
        for _ in 0..CONFLICTS_MAX {
            let endpoint = self.active_webhook(place)?;
            let rows = match span.from < span.to {
                true => self.store.scan(&span.from, &span.to, WEBHOOK_REPLAY_BATCH)?,
                false => Vec::new(),
            };
            let messages: Vec<MessageId> = rows.iter().filter_map(|(key, _)| keys::message(key)).collect();
            let mut batch = Batch::new();
            let mut count = 0;
            for &message in &messages {
                let (progress, _) = self.webhook_progress(place, message)?;
                let chosen = match progress.stage {
                    Stage::Waiting(_) => false,
                    Stage::Delivered => scope == ReplayScope::All,
                    Stage::GivenUp => true,
                };
                if chosen {
                    self.put_replay(&endpoint, message, request.now_unix_ms, &mut batch)?;
                    count += 1;
                }
            }
            if count > 0 {
                let detail = format!("{} {count} messages", endpoint.id);
                request.note(&mut batch, account, "webhook.replayed", &detail);
            }
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => {
                    done?;
                    let full = messages.len() >= WEBHOOK_REPLAY_BATCH;
                    return Ok(Replayed {
                        messages: count,
                        after: messages.last().copied().filter(|_| full),
                    });
                }
            }
        }
        Err(LedgerError::Conflict)
    }

    fn active_webhook(&self, place: Place) -> Result<std::sync::Arc<Endpoint>, LedgerError> {
        let endpoint = self.webhook(place.account, place.endpoint)?;
        let why_not = match (endpoint.is_active, endpoint.is_fetched()) {
            (true, false) => return Ok(endpoint),
            (false, _) => "the webhook is not active; activate it first",
            (true, true) => "the messages of this webhook are fetched: none was sent",
        };
        Err(LedgerError::Limit(why_not.into()))
    }

    fn put_replay(
        &self,
        endpoint: &Endpoint,
        message: MessageId,
        now_unix_ms: u64,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let place = Place::new(endpoint.account, endpoint.id);
        let (progress, record) = self.webhook_progress(place, message)?;
        let waits_in_line = self.store.get(&place.in_line(message))?.is_some();
        // What waits stays where it waits.
        let in_line = match progress.stage {
            Stage::Waiting(due) => {
                if !waits_in_line {
                    batch.delete(place.due(due, Some(message)));
                }
                waits_in_line
            }
            Stage::Delivered | Stage::GivenUp => endpoint.ordered,
        };
        let anew = Progress {
            step: 0,
            stage: Stage::Waiting(now_unix_ms),
            ..progress
        };
        batch
            .expect(place.progress(message), record)
            .put(place.progress(message), anew.encode());
        if in_line {
            batch.put(place.in_line(message), Bytes::new());
            place.put_line_due(now_unix_ms, LineCause::Replayed, &message.to_bytes(), batch);
        } else {
            batch.put(place.due(now_unix_ms, Some(message)), Bytes::new());
        }
        Ok(())
    }
}
