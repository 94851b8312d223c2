//! What an operator sees of the queue and may change in it.

use std::collections::BTreeMap;

use smtp::address::{Domain, ReversePath};
use store::Batch;

use crate::delivery::{Delivery, DeliveryState, Recipient};
use crate::id::{DeliveryId, QueueId};
use crate::keys::{self, DueKey};
use crate::limits::CHANGE_BATCH;
use crate::message::MessageFacts;
use crate::queue::{Queue, QueueError};
use crate::record::encode_message;
use crate::settle::{Attempt, SettleContext, Witness};
use crate::submit::put_delivery;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// One delivery, as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// Which delivery.
    pub id: DeliveryId,
    /// When the message was accepted.
    pub received: Timestamp,
    /// When it will be given up.
    pub expires: Timestamp,
    /// Who hears of a failure.
    pub reverse_path: ReversePath,
    /// Octets of the message as received.
    pub size: u64,
    /// The domain it goes to.
    pub domain: Domain,
    /// Attempts made.
    pub attempts: u32,
    /// When the next attempt is due.
    pub next_attempt: Timestamp,
    /// The recipients and what became of each.
    pub recipients: Vec<Recipient>,
    /// In memory: ready or being attempted.
    pub active: bool,
}

/// All waiting deliveries to one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSummary {
    /// The domain.
    pub domain: Domain,
    /// Deliveries waiting.
    pub deliveries: u64,
    /// Recipients waiting.
    pub recipients: u64,
    /// When the oldest of their messages was accepted.
    pub oldest: Timestamp,
    /// The earliest next attempt.
    pub next_attempt: Timestamp,
}

/// Which deliveries are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Every delivery of one message.
    Message(QueueId),
    /// Every delivery to one domain.
    Domain(Domain),
    /// The whole queue.
    All,
}

impl Selector {
    fn admits(&self, state: &DeliveryState) -> bool {
        match self {
            Self::Domain(domain) => state.domain == *domain,
            Self::Message(_) | Self::All => true,
        }
    }
}

/// A bounded part of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    /// In order of acceptance.
    pub deliveries: Vec<DeliveryView>,
    /// What to pass as `after` for the next page; none at the end.
    pub next: Option<DeliveryId>,
}

impl Queue {
    /// At most `limit` of the selected deliveries, in order of acceptance, behind `after`.
    ///
    /// # Errors
    /// The store's, and records that cannot be read.
    pub fn list(
        &self,
        selector: &Selector,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<DeliveryPage, QueueError> {
        let mut page = DeliveryPage::default();
        self.walk(selector, after, |id, state| {
            if page.deliveries.len() == limit {
                page.next = page.deliveries.last().map(|view| view.id);
                return Ok(Walk::Stop);
            }
            if let Some(facts) = self.message_facts(id.message)? {
                page.deliveries.push(self.view(id, state, facts));
            }
            Ok(Walk::Continue)
        })?;
        Ok(page)
    }

    /// The waiting deliveries by domain, most first.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn summary(&self) -> Result<Vec<DomainSummary>, QueueError> {
        let mut domains: BTreeMap<String, DomainSummary> = BTreeMap::new();
        self.walk(&Selector::All, None, |id, state| {
            let received = id.message.received();
            let waiting = state.waiting() as u64;
            let entry = domains
                .entry(state.domain.as_str().to_owned())
                .or_insert_with(|| DomainSummary {
                    domain: state.domain.clone(),
                    deliveries: 0,
                    recipients: 0,
                    oldest: received,
                    next_attempt: state.due,
                });
            entry.deliveries += 1;
            entry.recipients += waiting;
            entry.oldest = entry.oldest.min(received);
            entry.next_attempt = entry.next_attempt.min(state.due);
            Ok(Walk::Continue)
        })?;
        let mut summaries: Vec<DomainSummary> = domains.into_values().collect();
        summaries.sort_by_key(|summary| std::cmp::Reverse(summary.deliveries));
        Ok(summaries)
    }

    /// Makes the selected deliveries due now that wait for another attempt. Those in memory are being attempted anyway;
    /// those that wait for their first time, and those that are held, are not an operator's to hurry. Returns how many changed
    /// and the earliest place in the due index that did.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn retry(
        &self,
        selector: &Selector,
        now: Timestamp,
    ) -> Result<(u64, Option<DueKey>), QueueError> {
        let mut changed = (0, None);
        let tried =
            |state: &DeliveryState| state.due != Timestamp::NEVER && (state.attempts > 0 || state.due <= now);
        for chunk in self.selected(selector, tried)?.chunks(CHANGE_BATCH) {
            let claimed = self.claim_waiting(chunk)?;
            let mut batch = Batch::new();
            for delivery in &claimed {
                let state = DeliveryState {
                    due: now,
                    ..delivery.state.clone()
                };
                batch.delete(delivery.due_key().encode());
                put_delivery(&mut batch, delivery.id(), &state);
                let key = DueKey {
                    due: now,
                    id: delivery.id(),
                };
                changed.0 += 1;
                changed.1 = Some(changed.1.map_or(key, |seen: DueKey| seen.min(key)));
            }
            let committed = self.store.commit(batch).await;
            self.release_all(&claimed);
            committed?;
        }
        Ok(changed)
    }

    /// Makes held messages due at their times, and `with` true in the same commit: all of them or none. Their clock starts
    /// then.
    /// Returns the earliest place in the due index.
    ///
    /// # Errors
    /// As [`Self::list`], and what `with` expects.
    pub async fn release(
        &self,
        messages: &[(QueueId, Timestamp)],
        with: Batch,
    ) -> Result<Option<DueKey>, QueueError> {
        let mut claimed = Vec::new();
        let released = self.put_released(messages, with, &mut claimed);
        let committed = match released {
            Ok((batch, earliest)) => match self.store.commit(batch).await {
                Ok(_) => Ok(earliest),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        self.release_all(&claimed);
        committed
    }

    /// Adds to `batch` what [`Self::release`] commits. What it claims is in `claimed`, whatever the outcome.
    fn put_released(
        &self,
        messages: &[(QueueId, Timestamp)],
        mut batch: Batch,
        claimed: &mut Vec<Delivery>,
    ) -> Result<(Batch, Option<DueKey>), QueueError> {
        let mut earliest = None;
        for (message, due) in messages {
            let held = |state: &DeliveryState| state.due == Timestamp::NEVER;
            let deliveries = self.claim_waiting(&self.selected(&Selector::Message(*message), held)?)?;
            for delivery in &deliveries {
                let state = DeliveryState {
                    due: *due,
                    ..delivery.state.clone()
                };
                let key = DueKey {
                    due: *due,
                    id: delivery.id(),
                };
                batch.delete(delivery.due_key().encode());
                put_delivery(&mut batch, delivery.id(), &state);
                earliest = Some(earliest.map_or(key, |seen: DueKey| seen.min(key)));
            }
            if let Some(delivery) = deliveries.first() {
                let facts = MessageFacts {
                    expires: due.after(self.config.retry.expire),
                    ..(**delivery.message).clone()
                };
                batch.put(keys::message(*message), encode_message(&facts));
            }
            claimed.extend(deliveries);
        }
        Ok((batch, earliest))
    }

    /// Takes the selected deliveries out of the queue; no failure notice is sent. One that is being attempted right now
    /// is taken out only if the attempt does not end it first. Returns how many were taken out or marked.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn cancel(
        &self,
        selector: &Selector,
        now: Timestamp,
        witness: &(dyn Witness + Sync),
    ) -> Result<u64, QueueError> {
        let mut canceled = 0;
        for chunk in self.selected(selector, |_| true)?.chunks(CHANGE_BATCH) {
            canceled += chunk.iter().filter(|id| self.live.cancel(**id)).count() as u64;
            let claimed = self.claim_waiting(chunk)?.into_iter();
            let attempts: Vec<_> = claimed
                .map(|delivery| Attempt::uniform(delivery, &Verdict::Canceled, None))
                .collect();
            canceled += attempts.len() as u64;
            let notice_id = &mut || unreachable!("nobody is told of a cancellation");
            let context = SettleContext {
                now,
                notice_id,
                chance: &mut || 0.0,
                witness,
            };
            self.settle(attempts, context).await?;
        }
        Ok(canceled)
    }

    fn claim_waiting(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, QueueError> {
        let mut claimed = Vec::new();
        for id in ids.iter().copied().filter(|id| self.live.claim(*id)) {
            match self.read_delivery(id)? {
                Some(delivery) => claimed.push(delivery),
                None => self.live.release(id),
            }
        }
        Ok(claimed)
    }

    fn selected(
        &self,
        selector: &Selector,
        wanted: impl Fn(&DeliveryState) -> bool,
    ) -> Result<Vec<DeliveryId>, QueueError> {
        let mut ids = Vec::new();
        self.walk(selector, None, |id, state| {
            if wanted(&state) {
                ids.push(id);
            }
            Ok(Walk::Continue)
        })?;
        Ok(ids)
    }

    /// Visits the selected deliveries in order of acceptance, a bounded number in memory at a time.
    fn walk(
        &self,
        selector: &Selector,
        after: Option<DeliveryId>,
        mut visit: impl FnMut(DeliveryId, DeliveryState) -> Result<Walk, QueueError>,
    ) -> Result<(), QueueError> {
        let mut span = match selector {
            Selector::Message(id) => keys::deliveries_of(*id),
            Selector::Domain(_) | Selector::All => keys::deliveries(),
        };
        if let Some(after) = after {
            span.from = keys::behind(&keys::delivery(after));
        }
        loop {
            let rows = self.store.scan(&span.from, &span.to, CHANGE_BATCH)?;
            for (key, record) in &rows {
                let Some(id) = keys::decode_delivery(key) else {
                    continue;
                };
                let state = crate::record::decode_delivery(record).map_err(|error| QueueError::Damaged {
                    key: format!("delivery {id}"),
                    error,
                })?;
                if selector.admits(&state) && matches!(visit(id, state)?, Walk::Stop) {
                    return Ok(());
                }
            }
            match rows.last() {
                Some((key, _)) if rows.len() == CHANGE_BATCH => span.from = keys::behind(key),
                _ => return Ok(()),
            }
        }
    }

    fn view(&self, id: DeliveryId, state: DeliveryState, facts: MessageFacts) -> DeliveryView {
        DeliveryView {
            id,
            received: facts.received,
            expires: facts.expires,
            reverse_path: facts.reverse_path,
            size: facts.size,
            domain: state.domain,
            attempts: state.attempts,
            next_attempt: state.due,
            recipients: state.recipients,
            active: self.live.contains(id),
        }
    }
}

enum Walk {
    Continue,
    Stop,
}
