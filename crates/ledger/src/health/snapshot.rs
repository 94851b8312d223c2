//! What is kept of a day's score.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter};

use super::{Evidence, Health, Rates, VerdictKind};
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::HEALTH_DAYS_MAX;

const VERSION: u8 = 1;

const DAY_MS: u64 = 86_400_000;

/// A day's score, and the counts of 30 days that it was made of. Rates are divided anew when they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// When it was made, in milliseconds since the epoch. A day has one, the latest.
    pub made_unix_ms: u64,
    /// From 0 to 100.
    pub overall_score: u8,
    /// Which tables were used.
    pub rules_version: u32,
    /// Whether the account should have stopped.
    pub verdict: Option<VerdictKind>,
    /// Recipients whose mail left.
    pub sent: u64,
    /// Recipients whose mail the next hop took.
    pub delivered: u64,
    /// All bounces.
    pub bounced: u64,
    /// Called spam.
    pub complained: u64,
    /// E-mails that a human opened.
    pub opened: u64,
    /// E-mails in which a human followed a link.
    pub clicked: u64,
}

impl Snapshot {
    /// What is kept of `health`, made of `evidence` at `made_unix_ms`.
    pub fn of(health: &Health, evidence: &Evidence, made_unix_ms: u64) -> Self {
        let counts = &evidence.slow;
        Self {
            made_unix_ms,
            overall_score: health.overall_score,
            rules_version: health.rules_version,
            verdict: health.verdict.as_ref().map(|verdict| verdict.kind),
            sent: counts.sent,
            delivered: counts.delivered,
            bounced: counts.bounced(),
            complained: counts.complained,
            opened: counts.unique_opens.human,
            clicked: counts.unique_clicks.human,
        }
    }

    /// Its rates.
    pub fn rates(&self) -> Rates {
        Rates {
            delivery: super::percent(self.delivered, self.sent),
            open: super::percent(self.opened, self.delivered),
            click: super::percent(self.clicked, self.delivered),
            bounce: super::percent(self.bounced, self.sent),
            complaint: super::percent(self.complained, self.delivered),
        }
    }

    /// Keeps it as that of its day.
    pub(crate) fn put(&self, account: AccountId, batch: &mut Batch) {
        batch.put(keys::health(account, day(self.made_unix_ms)), self.encode());
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 64);
        out.number(self.made_unix_ms)
            .byte(self.overall_score)
            .number(u64::from(self.rules_version))
            .byte(match self.verdict {
                None => 0,
                Some(VerdictKind::Pause) => 1,
                Some(VerdictKind::Suspend) => 2,
            })
            .number(self.sent)
            .number(self.delivered)
            .number(self.bounced)
            .number(self.complained)
            .number(self.opened)
            .number(self.clicked);
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let snapshot = Self {
            made_unix_ms: input.number()?,
            overall_score: match input.byte()? {
                score @ 0..=100 => score,
                _ => return Err(RecordError::Value("score")),
            },
            rules_version: u32::try_from(input.number()?).map_err(|_| RecordError::Value("rules version"))?,
            verdict: match input.byte()? {
                0 => None,
                1 => Some(VerdictKind::Pause),
                2 => Some(VerdictKind::Suspend),
                _ => return Err(RecordError::Value("verdict")),
            },
            sent: input.number()?,
            delivered: input.number()?,
            bounced: input.number()?,
            complained: input.number()?,
            opened: input.number()?,
            clicked: input.number()?,
        };
        input.end()?;
        Ok(snapshot)
    }
}

impl Ledger {
    /// The scores kept of an account on the days from that of `from_unix_ms` to that of `to_unix_ms`, both included, the
    /// oldest first; the first [`HEALTH_DAYS_MAX`] of them.
    ///
    /// # Errors
    /// The store's.
    pub fn health_snapshots(
        &self,
        account: AccountId,
        (from_unix_ms, to_unix_ms): (u64, u64),
    ) -> Result<Vec<Snapshot>, LedgerError> {
        let from = keys::health(account, day(from_unix_ms));
        let to = keys::behind(&keys::health(account, day(to_unix_ms)));
        if from >= to {
            return Ok(Vec::new());
        }
        let rows = self.store.scan(&from, &to, HEALTH_DAYS_MAX)?;
        let snapshots = rows.iter().map(|(_, record)| Snapshot::decode(record));
        let snapshots: Result<_, _> = snapshots.collect();
        snapshots.map_err(LedgerError::damaged("a health score"))
    }

    /// The newest score kept of an account in the last [`HEALTH_DAYS_MAX`] days.
    ///
    /// # Errors
    /// The store's.
    pub fn latest_health_snapshot(
        &self,
        account: AccountId,
        now_unix_ms: u64,
    ) -> Result<Option<Snapshot>, LedgerError> {
        let days = (HEALTH_DAYS_MAX as u64).saturating_sub(1);
        let from = now_unix_ms.saturating_sub(days.saturating_mul(DAY_MS));
        let snapshots = self.health_snapshots(account, (from, now_unix_ms))?;
        Ok(snapshots.last().copied())
    }
}

fn day(unix_ms: u64) -> u32 {
    u32::try_from(unix_ms / DAY_MS).unwrap_or(u32::MAX)
}
