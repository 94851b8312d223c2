//! Messages of an endpoint without a URL: they wait in its line until its owner has fetched them and said so. That is how
//! a program that nobody can reach from outside hears of events, and loses none.

use store::Batch;

use super::keys::{self, Place};
use super::{Endpoint, MessageId, Payload};
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::limits::WEBHOOK_FETCH_MAX;

impl Ledger {
    /// The messages that wait to be fetched from `endpoint`, oldest first, at most [`WEBHOOK_FETCH_MAX`]. They stay where
    /// they are: until they are [settled](Self::settle_fetched) they are fetched again.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn fetch_webhooks(&self, endpoint: &Endpoint) -> Result<Vec<(MessageId, Payload)>, LedgerError> {
        if !endpoint.is_fetched() {
            return Ok(Vec::new());
        }
        let place = Place::new(endpoint.account, endpoint.id);
        let span = place.line();
        let line = self.store.scan(&span.from, &span.to, WEBHOOK_FETCH_MAX)?;
        let messages = line.iter().filter_map(|(key, _)| keys::message(key));
        messages
            .filter_map(|message| {
                let payload = self.webhook_payload(place, message).transpose()?;
                Some(payload.map(|payload| (message, payload)))
            })
            .collect()
    }

    /// Removes messages that were fetched; those that are not there any more do not matter.
    ///
    /// # Errors
    /// The store's.
    pub async fn settle_fetched(
        &self,
        endpoint: &Endpoint,
        messages: &[MessageId],
    ) -> Result<(), LedgerError> {
        if messages.is_empty() || !endpoint.is_fetched() {
            return Ok(());
        }
        let place = Place::new(endpoint.account, endpoint.id);
        let mut batch = Batch::new();
        for message in messages {
            batch
                .delete(place.in_line(*message))
                .delete(place.payload(*message));
        }
        self.store.commit(batch).await?;
        Ok(())
    }
}
