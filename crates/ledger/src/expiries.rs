//! Messages that expired on their way to an address: three within 30 days, and it is left alone for 30 days.
//!
//! One small record for each such address says when. Two that expire in the same moment may count as one: the address is
//! then left alone a message later.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter};

use crate::error::LedgerError;
use crate::id::{AccountId, EmailId};
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::{EXPIRIES_MAX, EXPIRY_WINDOW_MS};
use crate::suppression::{Scope, Suppression, SuppressionId, SuppressionKind, fold};

const VERSION: u8 = 1;

/// A message that was given up because its time was over.
#[derive(Clone, Copy, Debug)]
pub struct ExpiredMessage<'a> {
    /// Whose it was.
    pub account: AccountId,
    /// To whom.
    pub address: &'a str,
    /// The e-mail.
    pub email_id: EmailId,
    /// The last thing heard of it.
    pub last_reply: Option<&'a str>,
    /// Names the suppression, should this lead to one.
    pub entropy: [u8; 10],
}

/// When messages to an address expired, oldest first, in milliseconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expiries(Vec<u64>);

impl Expiries {
    /// One more; true if that is one too many.
    fn add(&mut self, now_unix_ms: u64) -> bool {
        self.0
            .retain(|at| now_unix_ms.saturating_sub(*at) < EXPIRY_WINDOW_MS);
        self.0.push(now_unix_ms);
        self.0.len() >= EXPIRIES_MAX
    }

    /// Whether none of them counts any more.
    pub(crate) fn is_over(&self, now_unix_ms: u64) -> bool {
        self.0
            .iter()
            .all(|at| now_unix_ms.saturating_sub(*at) >= EXPIRY_WINDOW_MS)
    }

    fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 16);
        out.number(self.0.len() as u64);
        self.0.iter().for_each(|at| {
            out.number(*at);
        });
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let expiries = Self(input.list(RecordReader::number)?);
        input.end()?;
        Ok(expiries)
    }
}

impl Ledger {
    /// Puts into `batch` that a message has expired, and the suppression to which that leads, if it does.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn note_expired(
        &self,
        message: &ExpiredMessage<'_>,
        now_unix_ms: u64,
        batch: &mut Batch,
    ) -> Result<Option<Suppression>, LedgerError> {
        let Some(address) = fold(message.address) else {
            return Ok(None);
        };
        let key = keys::expiries(message.account, &address);
        let record = self.store.get(&key)?;
        let expiries = record.map(|record| Expiries::decode(&record)).transpose();
        let mut expiries = expiries
            .map_err(LedgerError::damaged("expired messages"))?
            .unwrap_or_default();
        if !expiries.add(now_unix_ms) {
            let over = now_unix_ms.saturating_add(EXPIRY_WINDOW_MS);
            batch.put(keys::expiry(over, &key), Vec::new());
            batch.put(key, expiries.encode());
            return Ok(None);
        }
        let suppression = Suppression {
            id: SuppressionId::new(now_unix_ms, message.entropy),
            account: message.account,
            email: message.address.to_owned(),
            kind: SuppressionKind::Bounce,
            scope: Scope::Account,
            source: None,
            reason: Some(format!("{EXPIRIES_MAX} messages expired within 30 days")),
            evidence: message.last_reply.map(str::to_owned),
            email_id: Some(message.email_id),
            expires_unix_ms: Some(now_unix_ms.saturating_add(EXPIRY_WINDOW_MS)),
        };
        batch.delete(key);
        self.suppress(&suppression, batch)?;
        Ok(Some(suppression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_within_the_window_is_one_too_many() {
        let day = 86_400_000;
        for (days, last) in [
            (&[0, 1, 2][..], true),
            (&[0, 1][..], false),
            (&[0, 1, 30][..], false),
            (&[0, 1, 30, 30][..], true),
            (&[0, 29, 60][..], false),
        ] {
            let mut expiries = Expiries::default();
            let verdicts: Vec<bool> = days.iter().map(|at| expiries.add(at * day)).collect();
            assert_eq!(verdicts.last(), Some(&last), "{days:?}");
            assert_eq!(Expiries::decode(&expiries.encode()), Ok(expiries));
        }
    }
}
