//! Endpoints: how they are read and changed.

use std::sync::Arc;

use store::Batch;

use super::keys::{self, Place};
use super::{Endpoint, NewEndpoint, Secret, WebhookId};
use crate::account::Account;
use crate::error::LedgerError;
use crate::id::{AccountId, DomainId};
use crate::keys as ledger_keys;
use crate::ledger::{Ledger, Request};
use crate::limits::{CONFLICTS_MAX, WEBHOOKS_MAX};

impl Ledger {
    /// Adds an endpoint to an account.
    ///
    /// # Errors
    /// [`LedgerError::Limit`] if the account has as many as it may.
    pub async fn create_webhook(
        &self,
        account: &Account,
        new: NewEndpoint,
        request: &Request,
    ) -> Result<Arc<Endpoint>, LedgerError> {
        let endpoint = Endpoint::new(new, account.id, request.now_unix_ms);
        let place = Place::new(account.id, endpoint.id);
        for _ in 0..CONFLICTS_MAX {
            let record = self.store.get(&ledger_keys::account(account.id))?;
            if self.webhooks(account.id)?.len() >= WEBHOOKS_MAX {
                return Err(LedgerError::Limit(format!(
                    "an account may have {WEBHOOKS_MAX} webhooks, and has them"
                )));
            }
            let mut batch = Batch::new();
            // As with domains: two at once cannot pass the limit together.
            batch.expect(ledger_keys::account(account.id), record.clone());
            if let Some(record) = record {
                batch.put(ledger_keys::account(account.id), record);
            }
            batch
                .expect(place.endpoint(), None)
                .put(place.endpoint(), endpoint.encode());
            request.note(&mut batch, account.id, "webhook.created", &detail(&endpoint));
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => return done.map(|()| Arc::new(endpoint)),
            }
        }
        Err(LedgerError::Conflict)
    }

    /// The endpoints of an account, in the order in which they were added.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn webhooks(&self, account: AccountId) -> Result<Arc<[Arc<Endpoint>]>, LedgerError> {
        let read = || -> Result<_, LedgerError> {
            let span = keys::endpoints(account);
            let rows = self.store.scan(&span.from, &span.to, WEBHOOKS_MAX)?;
            let endpoints = rows
                .iter()
                .map(|(_, record)| Endpoint::decode(record).map(Arc::new));
            let endpoints: Vec<_> = endpoints
                .collect::<Result<_, _>>()
                .map_err(LedgerError::damaged("a webhook"))?;
            Ok(Some(Arc::from(endpoints)))
        };
        let endpoints: Option<Arc<[Arc<Endpoint>]>> = self.cache.get(account, read)?;
        Ok(endpoints.unwrap_or_else(|| Arc::from([])))
    }

    /// Those of an account's endpoints that are to be told of an event of this kind, of mail from `domain`. From memory,
    /// unless the configuration has just changed: cheap enough to ask for every event.
    ///
    /// # Errors
    /// As [`Self::webhooks`].
    pub fn webhooks_for(
        &self,
        account: AccountId,
        event_type: &str,
        domain: Option<DomainId>,
    ) -> Result<Vec<Arc<Endpoint>>, LedgerError> {
        let endpoints = self.webhooks(account)?;
        let wanting = endpoints
            .iter()
            .filter(|endpoint| endpoint.wants(event_type, domain));
        Ok(wanting.cloned().collect())
    }

    /// An endpoint of an account.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if the account has none of this id.
    pub fn webhook(&self, account: AccountId, id: WebhookId) -> Result<Arc<Endpoint>, LedgerError> {
        let endpoints = self.webhooks(account)?;
        let endpoint = endpoints.iter().find(|endpoint| endpoint.id == id);
        endpoint.cloned().ok_or(LedgerError::NotFound)
    }

    /// Changes an endpoint of an account: `alter` is called again when another writer was faster. One that is activated
    /// again starts without a past.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn update_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        alter: impl Fn(&mut Endpoint),
        request: &Request,
    ) -> Result<Arc<Endpoint>, LedgerError> {
        self.alter_webhook(Place::new(account, id), "webhook.changed", alter, request)
            .await
    }

    /// Gives an endpoint a new secret. The one before it signs on beside it for
    /// [`WEBHOOK_SECRET_OVERLAP_MS`](crate::limits::WEBHOOK_SECRET_OVERLAP_MS).
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn rotate_webhook_secret(
        &self,
        account: AccountId,
        id: WebhookId,
        secret: &Secret,
        request: &Request,
    ) -> Result<Arc<Endpoint>, LedgerError> {
        let rotate = |endpoint: &mut Endpoint| endpoint.rotate(secret.clone(), request.now_unix_ms);
        self.alter_webhook(Place::new(account, id), "webhook.secret_rotated", rotate, request)
            .await
    }

    /// Removes an endpoint. What waits for it is not sent any more; its payloads and attempts go with the next sweeps.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn delete_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        request: &Request,
    ) -> Result<(), LedgerError> {
        let endpoint = self.webhook(account, id)?;
        let place = Place::new(account, id);
        let mut batch = Batch::new();
        batch.delete(place.endpoint()).delete(place.failing());
        request.note(&mut batch, account, "webhook.deleted", &detail(&endpoint));
        self.change(batch).await
    }

    async fn alter_webhook(
        &self,
        place: Place,
        action: &str,
        alter: impl Fn(&mut Endpoint),
        request: &Request,
    ) -> Result<Arc<Endpoint>, LedgerError> {
        for _ in 0..CONFLICTS_MAX {
            let old = self.store.get(&place.endpoint())?.ok_or(LedgerError::NotFound)?;
            let mut endpoint = Endpoint::decode(&old).map_err(LedgerError::damaged("a webhook"))?;
            let was_active = endpoint.is_active;
            alter(&mut endpoint);
            endpoint.updated_unix_ms = request.now_unix_ms;
            let mut batch = Batch::new();
            if endpoint.is_active {
                endpoint.disabled_reason = None;
                if !was_active {
                    batch.delete(place.failing());
                }
            }
            batch
                .expect(place.endpoint(), Some(old))
                .put(place.endpoint(), endpoint.encode());
            request.note(&mut batch, place.account, action, &detail(&endpoint));
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => return done.map(|()| Arc::new(endpoint)),
            }
        }
        Err(LedgerError::Conflict)
    }
}

/// What the audit log says of an endpoint. A query may hold a secret of the receiver's.
pub(super) fn detail(endpoint: &Endpoint) -> String {
    let url = match endpoint.is_fetched() {
        true => "fetched",
        false => endpoint.url.split('?').next().unwrap_or_default(),
    };
    let state = if endpoint.is_active { "active" } else { "inactive" };
    format!("{} {url} {state}", endpoint.id)
}
