//! Events on their way to an account's webhooks: put into the batch that records them, so that none is told that did not
//! happen, and none that happened is forgotten.

use ledger::{Email, EmailContext, Event, LedgerError};
use store::Batch;

use super::Chronicle;

impl Chronicle {
    /// Puts into `batch` what webhooks are told of `event`. `email` is its e-mail where that is not in the store yet.
    pub(super) fn tell(
        &self,
        event: &Event,
        (context, email): (&EmailContext, Option<&Email>),
        batch: &mut Batch,
    ) {
        match self.enqueue(event, (context, email), batch) {
            Ok(false) => {}
            Ok(true) => self.kick.kick(),
            Err(error) => {
                tracing::error!(email = %event.email, %error, "webhooks are not told of an event");
            }
        }
    }

    /// Says whether anybody is told.
    fn enqueue(
        &self,
        event: &Event,
        (context, email): (&EmailContext, Option<&Email>),
        batch: &mut Batch,
    ) -> Result<bool, LedgerError> {
        let Some(name) = event.event_type().webhook_name() else {
            return Ok(false);
        };
        let endpoints = self.ledger.webhooks_for(event.account, name, context.domain)?;
        let account = match endpoints.is_empty() {
            true => None,
            false => self.ledger.account(event.account)?,
        };
        if !account.is_some_and(|account| account.event_tracking) {
            return Ok(false);
        }
        let read;
        let email = match email {
            Some(email) => email,
            None => match self.ledger.find_email(event.email)? {
                Some(found) => {
                    read = found;
                    &read
                }
                None => return Ok(false),
            },
        };
        let payload = match api::webhook_payload(name, event, email) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(email = %event.email, %error, "webhooks are not told of an event");
                return Ok(false);
            }
        };
        let message = ledger::webhook::MessageId::from_bytes(event.id().to_bytes());
        for endpoint in &endpoints {
            self.ledger.enqueue_webhook(endpoint, message, &payload, batch);
        }
        Ok(true)
    }
}
