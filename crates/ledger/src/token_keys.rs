//! The secrets with which tokens in links, pictures and addresses are made. They are part of the data: a link in a mail
//! that was sent must lead on for as long as the mail is kept.

use store::{Batch, StoreError};

use crate::error::LedgerError;
use crate::keys;
use crate::ledger::Ledger;

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
    use crate::tests::at_once;

    #[test]
    fn the_first_secret_stays() {
        let ledger = Ledger::new(open_memory());
        let first = at_once(ledger.token_secrets([7; 32])).unwrap();
        assert_eq!((first.len(), first[0].id, first[0].octets), (1, 0, [7; 32]));
        assert_eq!(at_once(ledger.token_secrets([8; 32])).unwrap(), first);
    }
}
