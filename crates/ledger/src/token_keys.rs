//! The secrets with which tokens in links, pictures and addresses are made. They are part of the data: a link in a mail
//! that was sent must lead on for as long as the mail is kept.

use store::{Batch, StoreError};

use crate::error::LedgerError;
use crate::keys;
use crate::ledger::{Ledger, Request};
use crate::limits::TOKEN_SECRETS_MAX;

/// Octets of a secret.
pub const TOKEN_SECRET_BYTES: usize = 32;

/// A secret and its name, which stands in every token made with it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret {
    /// Its name.
    pub id: u8,
    /// Random octets.
    pub octets: [u8; TOKEN_SECRET_BYTES],
}

impl Ledger {
    /// All secrets, the current one last. The first time there is none yet, and `fresh` becomes the first.
    ///
    /// # Errors
    /// The store's.
    pub async fn token_secrets(
        &self,
        fresh: [u8; TOKEN_SECRET_BYTES],
    ) -> Result<Vec<TokenSecret>, LedgerError> {
        let secrets = self.stored_secrets()?;
        if !secrets.is_empty() {
            return Ok(secrets);
        }
        let key = keys::token_secret(0);
        let mut batch = Batch::new();
        batch.expect(key.clone(), None).put(key, fresh.to_vec());
        match self.store.commit(batch).await {
            // Somebody else was first: theirs it is.
            Ok(_) | Err(StoreError::Expectation { .. }) => self.stored_secrets(),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes `fresh` the current secret. Tokens made with the others are still read. All secrets, the current one last.
    ///
    /// # Errors
    /// [`LedgerError::Limit`] when there are [`TOKEN_SECRETS_MAX`], or no name is left; [`LedgerError::Conflict`] if
    /// somebody else does the same; the store's.
    pub async fn rotate_token_secret(
        &self,
        fresh: [u8; TOKEN_SECRET_BYTES],
        request: &Request,
    ) -> Result<Vec<TokenSecret>, LedgerError> {
        let secrets = self.stored_secrets()?;
        if secrets.len() >= TOKEN_SECRETS_MAX {
            let fault = format!("there are {TOKEN_SECRETS_MAX} secrets of tokens: revoke the oldest first");
            return Err(LedgerError::Limit(fault));
        }
        let id = match secrets.last() {
            None => 0,
            Some(last) => last.id.checked_add(1).ok_or_else(|| {
                LedgerError::Limit("no name is left for a secret of tokens: all were given away".to_owned())
            })?,
        };
        let key = keys::token_secret(id);
        let mut batch = Batch::new();
        batch.expect(key.clone(), None).put(key, fresh.to_vec());
        request.note(&mut batch, None, "tokens.rotated", &format!("secret {id}"));
        self.committed(batch).await
    }

    /// Removes a secret that is not the current one: tokens made with it are forgeries from then on. The rest, the current
    /// one last.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; [`LedgerError::Limit`] for the current one; [`LedgerError::Conflict`] if somebody else
    /// does the same; the store's.
    pub async fn revoke_token_secret(
        &self,
        id: u8,
        request: &Request,
    ) -> Result<Vec<TokenSecret>, LedgerError> {
        let secrets = self.stored_secrets()?;
        let found = secrets.iter().find(|secret| secret.id == id);
        let found = found.ok_or(LedgerError::NotFound)?;
        if secrets.last() == Some(found) {
            let fault = "tokens are made with this secret: rotate first".to_owned();
            return Err(LedgerError::Limit(fault));
        }
        let key = keys::token_secret(id);
        let mut batch = Batch::new();
        batch.expect(key.clone(), Some(found.octets.to_vec().into()));
        batch.delete(key);
        request.note(&mut batch, None, "tokens.revoked", &format!("secret {id}"));
        self.committed(batch).await
    }

    async fn committed(&self, batch: Batch) -> Result<Vec<TokenSecret>, LedgerError> {
        match self.store.commit(batch).await {
            Ok(_) => self.stored_secrets(),
            Err(StoreError::Expectation { .. }) => Err(LedgerError::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    fn stored_secrets(&self) -> Result<Vec<TokenSecret>, LedgerError> {
        let span = keys::token_secrets();
        let rows = self.store.scan(&span.from, &span.to, usize::from(u8::MAX))?;
        let read = |(key, octets): &(bytes::Bytes, bytes::Bytes)| {
            let id = *key.last()?;
            let octets = octets.as_ref().try_into().ok()?;
            Some(TokenSecret { id, octets })
        };
        Ok(rows.iter().filter_map(read).collect())
    }
}

/// Shows no secret.
impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSecret")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use store::open_memory;

    use super::*;
    use crate::tests::{at_once, request};

    #[test]
    fn the_first_secret_stays() {
        let ledger = Ledger::new(open_memory());
        let first = at_once(ledger.token_secrets([7; 32])).unwrap();
        assert_eq!((first.len(), first[0].id, first[0].octets), (1, 0, [7; 32]));
        assert_eq!(at_once(ledger.token_secrets([8; 32])).unwrap(), first);
    }

    fn ids(secrets: &[TokenSecret]) -> Vec<u8> {
        secrets.iter().map(|secret| secret.id).collect()
    }

    #[test]
    fn secrets_follow_each_other_and_are_revoked_but_for_the_current() {
        let ledger = Ledger::new(open_memory());
        at_once(ledger.token_secrets([7; 32])).unwrap();
        let rotated = at_once(ledger.rotate_token_secret([8; 32], &request(1))).unwrap();
        assert_eq!((ids(&rotated), rotated[1].octets), (vec![0, 1], [8; 32]));
        let current = at_once(ledger.revoke_token_secret(1, &request(2)));
        assert!(matches!(current, Err(LedgerError::Limit(_))), "{current:?}");
        assert_eq!(
            ids(&at_once(ledger.revoke_token_secret(0, &request(3))).unwrap()),
            [1]
        );
        let again = at_once(ledger.revoke_token_secret(0, &request(4)));
        assert!(matches!(again, Err(LedgerError::NotFound)), "{again:?}");
        // A name is never given to another secret.
        let rotated = at_once(ledger.rotate_token_secret([9; 32], &request(5))).unwrap();
        assert_eq!(ids(&rotated), [1, 2]);
        let noted = ledger.audit(0, 10).unwrap();
        let noted: Vec<_> = noted
            .iter()
            .map(|entry| (entry.account, entry.action.as_str()))
            .collect();
        assert_eq!(
            noted,
            [
                (None, "tokens.rotated"),
                (None, "tokens.revoked"),
                (None, "tokens.rotated")
            ]
        );
    }

    #[test]
    fn there_is_an_end_of_secrets() {
        let ledger = Ledger::new(open_memory());
        at_once(ledger.token_secrets([7; 32])).unwrap();
        for _ in 1..TOKEN_SECRETS_MAX {
            at_once(ledger.rotate_token_secret([8; 32], &request(6))).unwrap();
        }
        let full = at_once(ledger.rotate_token_secret([8; 32], &request(7)));
        assert!(matches!(full, Err(LedgerError::Limit(_))), "{full:?}");
    }
}
