//! Sending domains: how they are read and changed.

use std::sync::Arc;

use store::Batch;

use crate::account::Account;
use crate::domain::Domain;
use crate::error::LedgerError;
use crate::id::{AccountId, DomainId};
use crate::keys;
use crate::ledger::{Ledger, Request};
use crate::limits::{CONFLICTS_MAX, DOMAINS_MAX};

impl Ledger {
    /// Adds a domain to an account.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] if the account has it already, [`LedgerError::Limit`] if it has as many as it may.
    pub async fn add_domain(
        &self,
        account: &Account,
        domain: Domain,
        request: &Request,
    ) -> Result<Arc<Domain>, LedgerError> {
        for _ in 0..CONFLICTS_MAX {
            let record = self.store.get(&keys::account(account.id))?;
            let domains = self.domains(account.id)?;
            if domains.iter().any(|other| other.name == domain.name) {
                return Err(LedgerError::Taken(domain.name));
            }
            let limit = account.max_domains.min(DOMAINS_MAX as u64);
            if domains.len() as u64 >= limit {
                return Err(LedgerError::Limit(format!(
                    "the account may have {limit} domains, and has them"
                )));
            }
            let mut batch = Batch::new();
            // Whoever adds a domain writes the account too, so that two at once cannot pass the limit together.
            batch.expect(keys::account(account.id), record.clone());
            batch.expect(keys::domain_name(account.id, &domain.name), None);
            if let Some(record) = record {
                batch.put(keys::account(account.id), record);
            }
            batch
                .put(
                    keys::domain_name(account.id, &domain.name),
                    domain.id.to_bytes().to_vec(),
                )
                .put(keys::domain(account.id, domain.id), domain.encode());
            request.note(&mut batch, account.id, "domain.added", &domain.name);
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => return done.map(|()| Arc::new(domain)),
            }
        }
        Err(LedgerError::Conflict)
    }

    /// The domains of an account, in the order in which they were added.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn domains(&self, account: AccountId) -> Result<Arc<[Arc<Domain>]>, LedgerError> {
        let read = || -> Result<_, LedgerError> {
            let span = keys::domains(account);
            let rows = self.store.scan(&span.from, &span.to, DOMAINS_MAX)?;
            let domains = rows
                .iter()
                .map(|(_, record)| Domain::decode(record).map(Arc::new));
            let domains: Vec<_> = domains
                .collect::<Result<_, _>>()
                .map_err(LedgerError::damaged("a domain"))?;
            Ok(Some(Arc::from(domains)))
        };
        let domains: Option<Arc<[Arc<Domain>]>> = self.cache.get(account, read)?;
        Ok(domains.unwrap_or_else(|| Arc::from([])))
    }

    /// A domain of an account.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if the account has none of this id.
    pub fn domain(&self, account: AccountId, id: DomainId) -> Result<Arc<Domain>, LedgerError> {
        let domains = self.domains(account)?;
        let domain = domains.iter().find(|domain| domain.id == id);
        domain.cloned().ok_or(LedgerError::NotFound)
    }

    /// Changes a domain of an account: `alter` is called again when another writer was faster.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn update_domain(
        &self,
        account: AccountId,
        id: DomainId,
        alter: impl Fn(&mut Domain),
        action: Option<&str>,
        request: &Request,
    ) -> Result<Arc<Domain>, LedgerError> {
        let key = keys::domain(account, id);
        for _ in 0..CONFLICTS_MAX {
            let old = self.store.get(&key)?.ok_or(LedgerError::NotFound)?;
            let mut domain = Domain::decode(&old).map_err(LedgerError::damaged("a domain"))?;
            alter(&mut domain);
            let mut batch = Batch::new();
            batch
                .expect(key.clone(), Some(old))
                .put(key.clone(), domain.encode());
            if let Some(action) = action {
                request.note(&mut batch, account, action, &domain.name);
            }
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => return done.map(|()| Arc::new(domain)),
            }
        }
        Err(LedgerError::Conflict)
    }

    /// Removes a domain of an account, with its keys.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn delete_domain(
        &self,
        account: AccountId,
        id: DomainId,
        request: &Request,
    ) -> Result<(), LedgerError> {
        let domain = self.domain(account, id)?;
        let mut batch = Batch::new();
        batch
            .delete(keys::domain(account, id))
            .delete(keys::domain_name(account, &domain.name));
        request.note(&mut batch, account, "domain.deleted", &domain.name);
        self.change(batch).await
    }

    /// At most `limit` domains of all accounts behind `after`.
    ///
    /// # Errors
    /// As [`Self::domains`].
    pub fn all_domains(
        &self,
        after: Option<(AccountId, DomainId)>,
        limit: usize,
    ) -> Result<Vec<Domain>, LedgerError> {
        let mut span = keys::all_domains();
        if let Some((account, id)) = after {
            span.from = keys::behind(&keys::domain(account, id));
        }
        let rows = self.store.scan(&span.from, &span.to, limit)?;
        rows.iter()
            .map(|(_, record)| Domain::decode(record).map_err(LedgerError::damaged("a domain")))
            .collect()
    }
}
