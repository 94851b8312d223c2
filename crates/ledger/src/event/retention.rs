//! Old events go with all that names them.

use store::Batch;

use super::list::read;
use super::record::index;
use crate::error::LedgerError;
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::SWEEP_BATCH;

impl Ledger {
    /// Removes events of e-mails that are older than the [`Retention`](crate::Retention) says, and what is kept of their links and firsts; says how many
    /// events went. One bounded step: whoever sweeps calls again while something was removed. Counters stay.
    ///
    /// The age is the e-mail's, not the event's: the events of an e-mail stand together, the oldest e-mails first, and go
    /// together, so that no timeline is ever half a timeline.
    ///
    /// # Errors
    /// The store's.
    pub async fn sweep_events(&self, now_unix_ms: u64) -> Result<usize, LedgerError> {
        let until_unix_ms = now_unix_ms.saturating_sub(self.retention.events_ms);
        let mut batch = Batch::new();
        batch.patient();
        let span = keys::events();
        let mut count = 0;
        let mut last = None;
        for (key, record) in self.store.scan(&span.from, &span.to, SWEEP_BATCH)? {
            let Some((email, _)) = keys::event_at(&key) else {
                continue;
            };
            if email.unix_ms() >= until_unix_ms {
                break;
            }
            // Of a damaged event the index cannot be told; readers pass over rows without an event.
            if let Some(Ok((event, tag))) = read(&key, &record) {
                index(&event, tag).for_each(|key| {
                    batch.delete(key);
                });
            }
            batch.delete(key.to_vec());
            count += 1;
            if last.replace(email) != Some(email) {
                self.forget_hits(email, &mut batch)?;
            }
        }
        if count > 0 {
            self.store.commit(batch).await?;
        }
        Ok(count)
    }

    fn forget_hits(&self, email: crate::EmailId, batch: &mut Batch) -> Result<(), LedgerError> {
        for span in [keys::hits(email), keys::clicks_of(email)] {
            for (key, _) in self.store.scan(&span.from, &span.to, usize::from(u16::MAX))? {
                batch.delete(key.to_vec());
            }
        }
        Ok(())
    }
}
