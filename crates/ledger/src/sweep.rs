//! What time removes: replies a day old, records of e-mails past their retention, templates that nobody needs, suppressions
//! whose time is over.
//!
//! Each step is bounded; whoever sweeps calls again while something was removed.

use store::{Batch, StoreError};

use crate::error::LedgerError;
use crate::id::EmailId;
use crate::keys::{self, Span};
use crate::ledger::Ledger;
use crate::limits::{
    AUDIT_RETENTION_MS, EMAIL_RETENTION_MS, IDEMPOTENCY_MS, SWEEP_BATCH, TEMPLATE_GRACE_MS,
    WEBHOOK_FETCH_RETENTION_MS, WEBHOOK_RETENTION_MS,
};
use crate::strikes::Strikes;
use crate::suppressions;

/// How long is kept what an operator decides about, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// E-mails, their events and where their links lead.
    pub events_ms: u64,
    /// Payloads of webhooks, and what came of each attempt.
    pub logs_ms: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events_ms: EMAIL_RETENTION_MS,
            logs_ms: WEBHOOK_RETENTION_MS,
        }
    }
}

/// What one sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Replies to idempotency keys.
    pub replies: usize,
    /// Records of e-mails.
    pub emails: usize,
    /// Contents of templates.
    pub templates: usize,
    /// Entries of the audit log.
    pub audit_entries: usize,
    /// Suppressions whose time is over, and what counted against addresses.
    pub suppressions: usize,
    /// Payloads of webhooks, and what was kept of their attempts.
    pub webhooks: usize,
}

impl Ledger {
    /// One bounded sweep.
    ///
    /// # Errors
    /// The store's, and damage.
    pub async fn sweep(&self, now_unix_ms: u64) -> Result<Swept, LedgerError> {
        let mut batch = Batch::new();
        batch.patient();
        let Retention { events_ms, logs_ms } = self.retention;
        let emails_until = now_unix_ms.saturating_sub(events_ms);
        let logs_until = now_unix_ms.saturating_sub(logs_ms);
        let fetched_until = now_unix_ms.saturating_sub(logs_ms.min(WEBHOOK_FETCH_RETENTION_MS));
        let swept = Swept {
            replies: self.sweep_replies(now_unix_ms.saturating_sub(IDEMPOTENCY_MS), &mut batch)?,
            emails: self.sweep_emails(emails_until, &mut batch)?,
            templates: self.sweep_contents(now_unix_ms.saturating_sub(TEMPLATE_GRACE_MS), &mut batch)?
                + self.sweep_heads(emails_until, &mut batch)?,
            audit_entries: self.sweep_audit(now_unix_ms.saturating_sub(AUDIT_RETENTION_MS), &mut batch)?,
            suppressions: self.sweep_suppressions(now_unix_ms).await?,
            webhooks: self.sweep_webhooks((logs_until, fetched_until), &mut batch)?,
        };
        if swept != Swept::default() {
            self.store.commit(batch).await?;
        }
        Ok(swept)
    }

    fn sweep_replies(&self, until_unix_ms: u64, batch: &mut Batch) -> Result<usize, LedgerError> {
        let span = keys::reply_ages_until(until_unix_ms);
        let ages = self.store.scan(&span.from, &span.to, SWEEP_BATCH)?;
        for (age, _) in &ages {
            // time 8, account 16, digest 32
            let reply = [b"I", age.get(9..).unwrap_or_default()].concat();
            // A key that was used again after its time has a younger reply, and a place of its own in this index.
            if !self.is_younger(&reply, until_unix_ms)? {
                let Span { from, to } = keys::span(reply);
                for (piece, _) in self.store.scan(&from, &to, usize::from(u8::MAX))? {
                    batch.delete(piece.to_vec());
                }
            }
            batch.delete(age.to_vec());
        }
        Ok(ages.len())
    }

    fn is_younger(&self, reply: &[u8], than_unix_ms: u64) -> Result<bool, LedgerError> {
        let first = self.store.get(&[reply, &[0]].concat())?;
        let at = first.and_then(|first| crate::idempotency::at_unix_ms(&first));
        Ok(at.is_some_and(|at| at >= than_unix_ms))
    }

    fn sweep_emails(&self, until_unix_ms: u64, batch: &mut Batch) -> Result<usize, LedgerError> {
        let span = keys::emails();
        let rows = self.store.scan(&span.from, &span.to, SWEEP_BATCH)?;
        let mut count = 0;
        for (key, _) in &rows {
            let Some(id) = keys::id_at(key, 1).map(EmailId::from_bytes) else {
                continue;
            };
            if id.unix_ms() >= until_unix_ms {
                break;
            }
            for Span { from, to } in [keys::outcomes(id), keys::links_of(id)] {
                for (row, _) in self.store.scan(&from, &to, usize::from(u16::MAX))? {
                    batch.delete(row.to_vec());
                }
            }
            batch.delete(key.to_vec());
            count += 1;
        }
        Ok(count)
    }

    /// The content goes with the last copy. One that is about to get its copies has none yet either, hence `until_unix_ms`.
    fn sweep_contents(&self, until_unix_ms: u64, batch: &mut Batch) -> Result<usize, LedgerError> {
        let mut count = 0;
        let counters = keys::templates_with_copies();
        // One row for each bulk mail under way.
        for (key, copies) in self.store.scan(&counters.from, &counters.to, usize::MAX)? {
            let id = keys::id_at(&key, 1).map(EmailId::from_bytes);
            let over = |id: &EmailId| copies.as_ref() == [0; 8] && id.unix_ms() < until_unix_ms;
            let Some(id) = id.filter(over) else {
                continue;
            };
            let pieces = self.template_head(id)?.map_or(0, |(_, pieces)| pieces);
            (0..pieces).for_each(|piece| {
                batch.delete(keys::template_piece(id, piece));
            });
            batch.delete(key.to_vec());
            count += 1;
        }
        Ok(count)
    }

    /// The head goes with the records of the copies.
    fn sweep_heads(&self, until_unix_ms: u64, batch: &mut Batch) -> Result<usize, LedgerError> {
        let mut count = 0;
        let heads = keys::templates();
        for (key, _) in self.store.scan(&heads.from, &heads.to, SWEEP_BATCH)? {
            let Some(id) = keys::id_at(&key, 1).map(EmailId::from_bytes) else {
                continue;
            };
            if id.unix_ms() >= until_unix_ms {
                break;
            }
            if self.store.get(&keys::template_copies(id))?.is_none() {
                batch.delete(key.to_vec());
                count += 1;
            }
        }
        Ok(count)
    }

    /// In a commit of its own, which fails when one of them is put anew meanwhile: then the next sweep has it.
    async fn sweep_suppressions(&self, now_unix_ms: u64) -> Result<usize, LedgerError> {
        let span = keys::expiries_until(now_unix_ms);
        let rows = self.store.scan(&span.from, &span.to, SWEEP_BATCH)?;
        let mut batch = Batch::new();
        batch.patient();
        for (index, _) in &rows {
            let target = keys::expiry_target(index);
            if let Some(record) = self.store.get(target)?
                && is_over(target, &record, now_unix_ms)?
            {
                batch.expect(target, Some(record)).delete(target);
            }
            batch.delete(index.to_vec());
        }
        match self.store.commit(batch).await {
            Ok(_) => Ok(rows.len()),
            Err(StoreError::Expectation { .. }) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn sweep_audit(&self, until_unix_ms: u64, batch: &mut Batch) -> Result<usize, LedgerError> {
        let (from, to) = (keys::audits().from, keys::audit_from(until_unix_ms));
        let rows = self.store.scan(&from, &to, SWEEP_BATCH)?;
        rows.iter().for_each(|(key, _)| {
            batch.delete(key.to_vec());
        });
        Ok(rows.len())
    }
}

/// Whether the time of a suppression, or of what counts against an address, is over.
fn is_over(key: &[u8], record: &[u8], now_unix_ms: u64) -> Result<bool, LedgerError> {
    if key.first() == Some(&b'x') {
        let strikes =
            Strikes::decode(record).map_err(LedgerError::damaged("what counts against an address"))?;
        return Ok(strikes.is_over(now_unix_ms));
    }
    Ok(!suppressions::decode(record)?.is_live(now_unix_ms))
}
