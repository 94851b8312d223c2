//! Accounts, their keys and their SMTP credentials: how they are read and changed.

use std::sync::Arc;

use store::Batch;

use crate::account::{self, Account, AccountChange, KeyReference, NewAccount};
use crate::api_key::ApiKey;
use crate::cache::Caller;
use crate::credential::Credential;
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys;
use crate::ledger::{Ledger, Request};
use crate::limits::{ADDRESS_BYTES_MAX, CONFLICTS_MAX};

impl Ledger {
    /// Makes an account, with its keys and the SMTP credential `credential`.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] if another account has its address.
    pub async fn create_account(
        &self,
        new: NewAccount,
        credential: &Credential,
        request: &Request,
    ) -> Result<Arc<Account>, LedgerError> {
        let keys = [&new.live_key, &new.test_key].map(|key| (key.digest(), key.mode()));
        let account = Account::new(new, request.now_unix_ms);
        let mut batch = Batch::new();
        batch
            .expect(keys::address(&account.email), None)
            .put(keys::address(&account.email), account.id.to_bytes().to_vec())
            .put(keys::account(account.id), account.encode())
            .put(keys::credential(account.id), credential.encode());
        for (digest, mode) in keys {
            batch.put(keys::api_key(&digest), account::encode_key(account.id, mode));
        }
        request.note(&mut batch, account.id, "account.created", &account.email);
        match self.change(batch).await {
            Err(LedgerError::Conflict) => Err(LedgerError::Taken(account.email)),
            done => done.map(|()| Arc::new(account)),
        }
    }

    /// The account of this id.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn account(&self, id: AccountId) -> Result<Option<Arc<Account>>, LedgerError> {
        self.cache.get(id, || {
            let record = self.store.get(&keys::account(id))?;
            let account = record.map(|record| Account::decode(&record)).transpose();
            Ok(account.map_err(LedgerError::damaged("an account"))?.map(Arc::new))
        })
    }

    /// The account of this e-mail address.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn account_of(&self, address: &str) -> Result<Option<Arc<Account>>, LedgerError> {
        if address.len() > ADDRESS_BYTES_MAX {
            return Ok(None);
        }
        let id = self.store.get(&keys::address(address))?;
        let id = id.and_then(|id| Some(AccountId::from_bytes(id.as_ref().try_into().ok()?)));
        id.map_or(Ok(None), |id| self.account(id))
    }

    /// At most `limit` accounts behind `after`, in the order in which they were made.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>, LedgerError> {
        let mut span = keys::accounts();
        if let Some(after) = after {
            span.from = keys::behind(&keys::account(after));
        }
        let rows = self.store.scan(&span.from, &span.to, limit)?;
        rows.iter()
            .map(|(_, record)| Account::decode(record).map_err(LedgerError::damaged("an account")))
            .collect()
    }

    /// Whose key this is, if it is good at `now_unix_ms`.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn authenticate(&self, key: &ApiKey, now_unix_ms: u64) -> Result<Option<Caller>, LedgerError> {
        let digest = key.digest();
        let found = self.cache.get(digest, || {
            let record = self.store.get(&keys::api_key(&digest))?;
            let found = record.map(|record| account::decode_key(&record)).transpose();
            found.map_err(LedgerError::damaged("an API key"))
        })?;
        let Some((id, mode)) = found else { return Ok(None) };
        let Some(account) = self.account(id)? else {
            return Ok(None);
        };
        let reference = account.key(mode);
        let expired = reference
            .expires_unix_ms
            .is_some_and(|expires| expires <= now_unix_ms);
        // The two records change in one commit, and are read one after the other.
        let current = reference.digest == digest;
        Ok((current && !expired).then_some(Caller { account, mode }))
    }

    /// Changes an account.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn update_account(
        &self,
        id: AccountId,
        change: &AccountChange,
        request: &Request,
    ) -> Result<Arc<Account>, LedgerError> {
        let detail = format!("{change:?}");
        let (now, baseline) = (request.now_unix_ms, self.baseline_now(id, request.now_unix_ms)?);
        self.alter(id, request, "account.changed", &detail, |account, batch| {
            let was = account.status;
            account.apply(change.clone());
            Self::status_changed(account, was, (&baseline, now), batch);
        })
        .await
    }

    /// Replaces the key of a mode by `key`: the old one is good no more when this returns.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn rotate_key(
        &self,
        id: AccountId,
        key: &ApiKey,
        expires_unix_ms: Option<u64>,
        request: &Request,
    ) -> Result<Arc<Account>, LedgerError> {
        let reference = KeyReference {
            expires_unix_ms,
            ..KeyReference::new(key, request.now_unix_ms)
        };
        self.alter(id, request, "key.rotated", &key.hint(), |account, batch| {
            let old = std::mem::replace(account.key_mut(key.mode()), reference.clone());
            batch.delete(keys::api_key(&old.digest));
            batch.put(
                keys::api_key(&reference.digest),
                account::encode_key(id, key.mode()),
            );
        })
        .await
    }

    /// The SMTP credential of an account.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn credential(&self, account: AccountId) -> Result<Option<Credential>, LedgerError> {
        let record = self.store.get(&keys::credential(account))?;
        let credential = record.map(|record| Credential::decode(&record)).transpose();
        credential.map_err(LedgerError::damaged("an SMTP credential"))
    }

    /// Replaces the SMTP credential of an account.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_credential(
        &self,
        account: AccountId,
        credential: &Credential,
        request: &Request,
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        batch.put(keys::credential(account), credential.encode());
        request.note(&mut batch, account, "smtp_password.rotated", "");
        self.change(batch).await
    }

    /// One change of an account: read, altered, and written if nobody else wrote it meanwhile.
    pub(crate) async fn alter(
        &self,
        id: AccountId,
        request: &Request,
        action: &str,
        detail: &str,
        alter: impl Fn(&mut Account, &mut Batch),
    ) -> Result<Arc<Account>, LedgerError> {
        self.alter_if(id, request, (action, detail), |account, batch| {
            alter(account, batch);
            true
        })
        .await
    }

    /// The same, where `alter` says false if there is nothing to change.
    pub(crate) async fn alter_if(
        &self,
        id: AccountId,
        request: &Request,
        (action, detail): (&str, &str),
        alter: impl Fn(&mut Account, &mut Batch) -> bool,
    ) -> Result<Arc<Account>, LedgerError> {
        for _ in 0..CONFLICTS_MAX {
            let Some(old) = self.store.get(&keys::account(id))? else {
                return Err(LedgerError::NotFound);
            };
            let mut account = Account::decode(&old).map_err(LedgerError::damaged("an account"))?;
            let mut batch = Batch::new();
            if !alter(&mut account, &mut batch) {
                return Ok(Arc::new(account));
            }
            batch.expect(keys::account(id), Some(old));
            batch.put(keys::account(id), account.encode());
            request.note(&mut batch, id, action, detail);
            match self.change(batch).await {
                Err(LedgerError::Conflict) => {}
                done => return done.map(|()| Arc::new(account)),
            }
        }
        Err(LedgerError::Conflict)
    }
}
