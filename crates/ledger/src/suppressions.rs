//! Suppressions: how they are asked, put, taken back and listed.
//!
//! **The question at acceptance and when due** is one scan of the few rows of one address, which stand together: mostly
//! none. An address with very many domain-wide rows costs a second scan, of the rows of the domain in question.
//!
//! **Writers.** What comes of a bounce or a complaint is put blindly into the batch that settles it: it must not make
//! that batch fail. What somebody asks for is a compare and swap, so that of two at once one hears that it is there.
//!
//! **Lists** read all rows of the account, in steps, and keep the newest in question: totals are exact, and there is no
//! second index that a blind writer could leave behind. [`Ledger::suppressions_after`] reads a list of any size in the
//! order of the addresses, each step at its own cost alone.

use store::{Batch, StoreError};

use crate::error::LedgerError;
use crate::id::{AccountId, DomainId};
use crate::keys;
use crate::ledger::{Ledger, Request};
use crate::limits::{CONFLICTS_MAX, SUPPRESS_BATCH};
use crate::suppression::{Scope, Suppression, SuppressionKind, fold};

mod list;

pub use list::{Paging, SuppressionFilter, SuppressionPage};

/// Rows of one address read at once.
const ROWS_AT_ONCE: usize = 16;

/// What may be changed of a suppression; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuppressionChange {
    /// Why, in somebody's words.
    pub reason: Option<Option<String>>,
    /// When it ends, in milliseconds since the epoch.
    pub expires_unix_ms: Option<Option<u64>>,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Suppressions that are new.
    pub added: usize,
    /// That were there already, and stay as they were.
    pub known: usize,
}

impl Ledger {
    /// Why mail of `account` from `domain` does not go to `address`, if so. Without a domain only what holds for the
    /// whole account counts.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn suppressed(
        &self,
        account: AccountId,
        address: &str,
        domain: Option<DomainId>,
        now_unix_ms: u64,
    ) -> Result<Option<Suppression>, LedgerError> {
        let Some(address) = fold(address) else {
            return Ok(None);
        };
        let span = keys::suppressions_of(account, &address);
        let mut rows = self.store.scan(&span.from, &span.to, ROWS_AT_ONCE)?;
        if rows.len() == ROWS_AT_ONCE
            && let Some(domain) = domain
        {
            // What holds for the account stands first, and is among these.
            let span = keys::suppressions_in(account, &address, Scope::Domain(domain));
            rows.extend(
                self.store
                    .scan(&span.from, &span.to, SuppressionKind::ALL.len())?,
            );
        }
        let mut weightiest: Option<Suppression> = None;
        for (_, record) in rows {
            let found = decode(&record)?;
            let holds = match found.scope {
                Scope::Account => true,
                Scope::Domain(id) => domain == Some(id),
            };
            let first = weightiest.as_ref().is_none_or(|other| found.kind < other.kind);
            if holds && first && found.is_live(now_unix_ms) {
                weightiest = Some(found);
            }
        }
        Ok(weightiest)
    }

    /// Puts a suppression into `batch`, in the place of one of the same address, kind and scope; but one that ends is
    /// not put where one holds for longer.
    ///
    /// # Errors
    /// [`LedgerError::Limit`] for what is no address; the store's.
    pub fn suppress(&self, suppression: &Suppression, batch: &mut Batch) -> Result<(), LedgerError> {
        let key = key_of(suppression)?;
        if let (Some(expires), Some(old)) = (suppression.expires_unix_ms, self.store.get(&key)?)
            && decode(&old)?.is_live(expires)
        {
            return Ok(());
        }
        put(suppression, key, batch);
        Ok(())
    }

    /// Adds a suppression that somebody asks for.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] if there is one of the same address, kind and scope; [`LedgerError::Limit`] for what is no
    /// address; the store's.
    pub async fn add_suppression(
        &self,
        suppression: &Suppression,
        request: &Request,
    ) -> Result<(), LedgerError> {
        let key = key_of(suppression)?;
        for _ in 0..CONFLICTS_MAX {
            let old = self.store.get(&key)?;
            if let Some(old) = &old
                && decode(old)?.is_live(request.now_unix_ms)
            {
                return Err(LedgerError::Taken(suppression.email.clone()));
            }
            let mut batch = Batch::new();
            batch.admitting().expect(key.clone(), old);
            put(suppression, key.clone(), &mut batch);
            let action = format!("{}.added", suppression.kind.as_str());
            request.note(&mut batch, suppression.account, &action, &suppression.email);
            if let Some(done) = swapped(self.store.commit(batch).await) {
                return done;
            }
        }
        Err(LedgerError::Conflict)
    }

    /// Adds those of `suppressions` that are not there yet, [`SUPPRESS_BATCH`] to a commit.
    ///
    /// # Errors
    /// As [`Self::add_suppression`], with those before it added.
    pub async fn import_suppressions(
        &self,
        suppressions: &[Suppression],
        now_unix_ms: u64,
    ) -> Result<Imported, LedgerError> {
        let mut imported = Imported::default();
        for chunk in suppressions.chunks(SUPPRESS_BATCH) {
            let mut seen = std::collections::BTreeSet::new();
            let mut batch = Batch::new();
            batch.admitting();
            for suppression in chunk {
                let key = key_of(suppression)?;
                let known = self.store.get(&key)?.map(|old| decode(&old)).transpose()?;
                if known.is_some_and(|old| old.is_live(now_unix_ms)) || !seen.insert(key.clone()) {
                    imported.known += 1;
                } else {
                    put(suppression, key, &mut batch);
                    imported.added += 1;
                }
            }
            self.store.commit(batch).await?;
        }
        Ok(imported)
    }

    /// Every reason why `address` gets no mail of `account`, or of one of its domains.
    ///
    /// # Errors
    /// As [`Self::suppressed`].
    pub fn suppressions_of(
        &self,
        account: AccountId,
        address: &str,
        now_unix_ms: u64,
    ) -> Result<Vec<Suppression>, LedgerError> {
        let mut rows = self.rows_of(account, address)?;
        rows.retain(|found| found.is_live(now_unix_ms));
        Ok(rows)
    }

    /// Takes back what is known of `address`, of one kind and scope or of all, and says what that was. With a bounce go
    /// what counts against the address and might have led to the next.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if there is none; the store's.
    pub async fn remove_suppressions(
        &self,
        account: AccountId,
        address: &str,
        (kind, scope): (Option<SuppressionKind>, Option<Scope>),
        request: &Request,
    ) -> Result<Vec<Suppression>, LedgerError> {
        let mut rows = self.suppressions_of(account, address, request.now_unix_ms)?;
        rows.retain(|found| {
            kind.is_none_or(|kind| found.kind == kind) && scope.is_none_or(|scope| found.scope == scope)
        });
        if rows.is_empty() {
            return Err(LedgerError::NotFound);
        }
        let mut batch = Batch::new();
        for found in &rows {
            batch.delete(key_of(found)?);
            if let (SuppressionKind::Bounce, Some(address)) = (found.kind, fold(address)) {
                batch.delete(keys::strikes(account, &address));
            }
        }
        let kinds: Vec<&str> = rows.iter().map(|found| found.kind.as_str()).collect();
        let detail = format!("{address} ({})", kinds.join(", "));
        request.note(&mut batch, account, "suppression.removed", &detail);
        self.store.commit(batch).await?;
        Ok(rows)
    }

    /// Changes a suppression.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if there is none; the store's.
    pub async fn change_suppression(
        &self,
        account: AccountId,
        address: &str,
        (kind, scope): (SuppressionKind, Scope),
        change: &SuppressionChange,
        request: &Request,
    ) -> Result<Suppression, LedgerError> {
        let folded = fold(address).ok_or(LedgerError::NotFound)?;
        let key = keys::suppression(account, &folded, scope, kind);
        for _ in 0..CONFLICTS_MAX {
            let old = self.store.get(&key)?.ok_or(LedgerError::NotFound)?;
            let mut found = decode(&old)?;
            if !found.is_live(request.now_unix_ms) {
                return Err(LedgerError::NotFound);
            }
            if let Some(reason) = &change.reason {
                found.reason.clone_from(reason);
            }
            if let Some(expires) = change.expires_unix_ms {
                found.expires_unix_ms = expires;
            }
            let mut batch = Batch::new();
            batch.expect(key.clone(), Some(old));
            put(&found, key.clone(), &mut batch);
            request.note(&mut batch, account, "suppression.changed", address);
            if let Some(done) = swapped(self.store.commit(batch).await) {
                return done.map(|()| found);
            }
        }
        Err(LedgerError::Conflict)
    }

    fn rows_of(&self, account: AccountId, address: &str) -> Result<Vec<Suppression>, LedgerError> {
        let Some(address) = fold(address) else {
            return Ok(Vec::new());
        };
        let span = keys::suppressions_of(account, &address);
        let rows = self.store.scan(&span.from, &span.to, SUPPRESS_BATCH)?;
        rows.iter().map(|(_, record)| decode(record)).collect()
    }
}

pub(crate) fn decode(record: &[u8]) -> Result<Suppression, LedgerError> {
    Suppression::decode(record).map_err(LedgerError::damaged("a suppression"))
}

fn key_of(suppression: &Suppression) -> Result<Vec<u8>, LedgerError> {
    let Some(address) = fold(&suppression.email) else {
        return Err(LedgerError::Limit("this is not an e-mail address".to_owned()));
    };
    let Suppression {
        account, scope, kind, ..
    } = suppression;
    Ok(keys::suppression(*account, &address, *scope, *kind))
}

fn put(suppression: &Suppression, key: Vec<u8>, batch: &mut Batch) {
    if let Some(expires) = suppression.expires_unix_ms {
        batch.put(keys::expiry(expires, &key), Vec::new());
    }
    batch.put(key, suppression.encode());
}

/// How a compare and swap ended; none if another writer was faster.
fn swapped<T>(committed: Result<T, StoreError>) -> Option<Result<(), LedgerError>> {
    match committed {
        Ok(_) => Some(Ok(())),
        Err(StoreError::Expectation { .. }) => None,
        Err(error) => Some(Err(error.into())),
    }
}
