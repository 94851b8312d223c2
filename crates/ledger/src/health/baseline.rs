//! What had been counted when an account was let go again: it counts no more.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter};

use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys;
use crate::ledger::Ledger;
use crate::statistics::{Counts, StatisticsFilter};

const VERSION: u8 = 1;

/// Classes of bounces in one record: there are some 30.
const CLASSES_MAX: u64 = 1_000;

/// The moment from which an account's mail is judged, and what had been counted until then on its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Baseline {
    pub(crate) at_unix_ms: u64,
    pub(crate) counts: Counts,
}

impl Baseline {
    pub(crate) fn put(&self, account: AccountId, batch: &mut Batch) {
        batch.put(keys::baseline(account), self.encode());
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 128);
        out.number(self.at_unix_ms);
        let mut counts = self.counts.clone();
        for slot in counts.slots_mut() {
            out.number(*slot);
        }
        out.number(counts.bounced_as.len() as u64);
        for (class, count) in &counts.bounced_as {
            out.text(class).number(*count);
        }
        out.finish()
    }

    pub(super) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let at_unix_ms = input.number()?;
        let mut counts = Counts::default();
        for slot in counts.slots_mut() {
            *slot = input.number()?;
        }
        let classes = input.number()?;
        if classes > CLASSES_MAX {
            return Err(RecordError::Value("classes"));
        }
        for _ in 0..classes {
            let class = input.text()?.to_owned();
            counts.bounced_as.insert(class, input.number()?);
        }
        input.end()?;
        Ok(Self { at_unix_ms, counts })
    }
}

impl Ledger {
    /// The baseline of an account that is let go now.
    pub(crate) fn baseline_now(&self, account: AccountId, now_unix_ms: u64) -> Result<Baseline, LedgerError> {
        let today = (now_unix_ms, now_unix_ms);
        Ok(Baseline {
            at_unix_ms: now_unix_ms,
            counts: self.totals(account, &StatisticsFilter::default(), today)?,
        })
    }

    pub(super) fn baseline(&self, account: AccountId) -> Result<Option<Baseline>, LedgerError> {
        let record = self.store.get(&keys::baseline(account))?;
        let baseline = record.map(|record| Baseline::decode(&record)).transpose();
        baseline.map_err(LedgerError::damaged("the baseline of a health score"))
    }
}
