//! The attempts of an endpoint, for whoever looks for the fault.

use super::attempt::Attempt;
use super::keys::{self, Kind, Place};
use super::{AttemptId, WebhookId};
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys::behind;
use crate::ledger::Ledger;
use crate::limits::LIST_WINDOW_MAX;
use crate::suppressions::Paging;

/// Attempts, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptPage {
    /// Those of the page.
    pub items: Vec<Attempt>,
    /// How many there are from the place where the page was looked for, as far as [`LIST_WINDOW_MAX`].
    pub total: u64,
    /// There are more than were counted.
    pub truncated: bool,
    /// Where the next page begins, if there is one.
    pub next: Option<Vec<u8>>,
}

impl Ledger {
    /// Attempts of an endpoint, `limit` to a page.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if the account has no such endpoint; [`LedgerError::Limit`] for a page more than
    /// [`LIST_WINDOW_MAX`] rows from the first: a cursor gets there. The store's, and damage.
    pub fn list_webhook_attempts(
        &self,
        account: AccountId,
        endpoint: WebhookId,
        (paging, limit): (&Paging, usize),
    ) -> Result<AttemptPage, LedgerError> {
        let (skipped, before) = match paging {
            Paging::Page(page) => (page.saturating_sub(1).saturating_mul(limit), None),
            // What is no id is behind nothing that there is.
            Paging::Behind(rank) => {
                let id = rank.as_slice().try_into().unwrap_or([0; 16]);
                (0, Some(AttemptId::from_bytes(id)))
            }
        };
        if skipped.saturating_add(limit) > LIST_WINDOW_MAX {
            let fault = format!("a page ends within the first {LIST_WINDOW_MAX}; go on by cursor");
            return Err(LedgerError::Limit(fault));
        }
        let mut found = self.webhook_attempts(account, endpoint, before, LIST_WINDOW_MAX + 1)?;
        let truncated = found.len() > LIST_WINDOW_MAX;
        found.truncate(LIST_WINDOW_MAX);
        let total = found.len();
        let items: Vec<Attempt> = found.into_iter().skip(skipped).take(limit).collect();
        let more = truncated || skipped.saturating_add(items.len()) < total;
        Ok(AttemptPage {
            next: items
                .last()
                .filter(|_| more)
                .map(|last| last.id.to_bytes().to_vec()),
            items,
            total: total as u64,
            truncated,
        })
    }

    /// At most `limit` attempts of an endpoint that were made before `before`, newest first.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if the account has no such endpoint; the store's, and damage.
    pub fn webhook_attempts(
        &self,
        account: AccountId,
        endpoint: WebhookId,
        before: Option<AttemptId>,
        limit: usize,
    ) -> Result<Vec<Attempt>, LedgerError> {
        self.webhook(account, endpoint)?;
        let place = Place::new(account, endpoint);
        let mut span = place.all(Kind::Attempt);
        if let Some(before) = before {
            span.from = behind(&place.attempt(before));
        }
        let rows = self.store.scan(&span.from, &span.to, limit)?;
        rows.iter()
            .filter_map(|(key, record)| Some((keys::attempt_id(key)?, record)))
            .map(|(id, record)| {
                Attempt::decode(id, record).map_err(LedgerError::damaged("an attempt of a webhook"))
            })
            .collect()
    }

    /// An attempt of an endpoint.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if there is none of this id, or not any more; the store's, and damage.
    pub fn webhook_attempt(
        &self,
        account: AccountId,
        endpoint: WebhookId,
        id: AttemptId,
    ) -> Result<Attempt, LedgerError> {
        self.webhook(account, endpoint)?;
        let record = self.store.get(&Place::new(account, endpoint).attempt(id))?;
        let record = record.ok_or(LedgerError::NotFound)?;
        Attempt::decode(id, &record).map_err(LedgerError::damaged("an attempt of a webhook"))
    }
}
