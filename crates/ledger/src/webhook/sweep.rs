//! What time removes of webhooks: payloads, progress and attempts past their retention, and all that is left of endpoints
//! that were removed.

use store::Batch;

use super::keys::{self, Kind, PLACE_END, Place};
use crate::error::LedgerError;
use crate::keys::{Span, span};
use crate::ledger::Ledger;
use crate::limits::SWEEP_BATCH;

impl Ledger {
    /// Puts into `batch` that what is from before the first time goes, or before the second where it waited to be fetched: as
    /// much as one sweep may remove, and counts it. One look for each endpoint and kind, however much there is of it.
    pub(crate) fn sweep_webhooks(
        &self,
        (until_unix_ms, fetched_until_unix_ms): (u64, u64),
        batch: &mut Batch,
    ) -> Result<usize, LedgerError> {
        let mut room = SWEEP_BATCH;
        for kind in [Kind::Payload, Kind::Progress, Kind::Attempt] {
            let Span { mut from, to } = kind.span();
            while room > 0 {
                let first = self.store.scan(&from, &to, 1)?;
                let Some((key, place)) = first.first().and_then(|(key, _)| Some((key, Place::of(key)?)))
                else {
                    break;
                };
                let old = match self.webhook(place.account, place.endpoint) {
                    Ok(endpoint) if endpoint.is_fetched() => place.before(kind, fetched_until_unix_ms),
                    Ok(_) => place.before(kind, until_unix_ms),
                    Err(LedgerError::NotFound) => place.all(kind),
                    Err(error) => return Err(error),
                };
                let rows = self.store.scan(&old.from, &old.to, room)?;
                for (key, _) in &rows {
                    batch.delete(key.to_vec());
                    if let (Kind::Payload, Some(message)) = (kind, keys::message(key)) {
                        // Without its payload it waits for nothing.
                        batch.delete(place.in_line(message));
                    }
                }
                room -= rows.len();
                from = span(key.get(..PLACE_END).unwrap_or_default().to_vec()).to;
            }
        }
        Ok(SWEEP_BATCH - room)
    }
}
