//! Who changed what: one entry for each change of configuration, in the commit of the change.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter};

use crate::error::LedgerError;
use crate::id::{AccountId, Id};
use crate::keys;
use crate::ledger::Ledger;

const VERSION: u8 = 1;

/// Where an account's id stands in a record: no account.
const NOBODY: [u8; 16] = [0; 16];

/// Who asks for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with the operator token.
    Operator,
    /// Somebody with a key of the account.
    Customer,
    /// The program itself.
    System,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, in milliseconds since the epoch.
    pub at_unix_ms: u64,
    /// Who asked.
    pub actor: Actor,
    /// The account that it concerns; none: it concerns all of them.
    pub account: Option<AccountId>,
    /// What was done, such as `key.rotated`.
    pub action: String,
    /// To what in particular, or with which values; never a secret.
    pub detail: String,
}

impl AuditEntry {
    /// Puts the entry into the batch of the change. `entropy` keeps entries of one millisecond apart.
    pub(crate) fn put(&self, batch: &mut Batch, entropy: [u8; 10]) {
        let id = Id::<Self>::new(self.at_unix_ms, entropy);
        let mut out = RecordWriter::new(VERSION, 64 + self.detail.len());
        out.byte(match self.actor {
            Actor::Operator => 0,
            Actor::Customer => 1,
            Actor::System => 2,
        })
        .array(&self.account.map_or(NOBODY, AccountId::to_bytes))
        .text(&self.action)
        .text(&self.detail);
        batch.put(keys::audit(id.to_bytes()), out.finish());
    }

    pub(crate) fn decode(key: &[u8], record: &Bytes) -> Result<Self, RecordError> {
        let id = keys::id_at(key, 1).map(Id::<Self>::from_bytes);
        let mut input = RecordReader::new(record, VERSION)?;
        let entry = Self {
            at_unix_ms: id.ok_or(RecordError::Value("key"))?.unix_ms(),
            actor: match input.byte()? {
                0 => Actor::Operator,
                1 => Actor::Customer,
                2 => Actor::System,
                _ => return Err(RecordError::Value("actor")),
            },
            account: Some(input.array()?)
                .filter(|id| *id != NOBODY)
                .map(AccountId::from_bytes),
            action: input.text()?.to_owned(),
            detail: input.text()?.to_owned(),
        };
        input.end()?;
        Ok(entry)
    }
}

impl Ledger {
    /// At most `limit` entries of the audit log from `from_unix_ms` on, oldest first.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn audit(&self, from_unix_ms: u64, limit: usize) -> Result<Vec<AuditEntry>, LedgerError> {
        let from = keys::audit_from(from_unix_ms);
        let rows = self.store.scan(&from, &keys::audits().to, limit)?;
        rows.iter()
            .map(|(key, record)| {
                AuditEntry::decode(key, record).map_err(LedgerError::damaged("the audit log"))
            })
            .collect()
    }
}
