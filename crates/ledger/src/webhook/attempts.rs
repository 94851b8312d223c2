//! The attempts of an endpoint, for whoever looks for the fault.

use super::attempt::Attempt;
use super::keys::{self, Kind, Place};
use super::{AttemptId, WebhookId};
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys::behind;
use crate::ledger::Ledger;

impl Ledger {
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
