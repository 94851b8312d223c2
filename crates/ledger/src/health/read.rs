//! The score of an account in the ledger.

use store::Batch;

use super::{Authentication, Evidence, Health, Snapshot, measure};
use crate::domain::{DomainStatus, RecordState};
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::ledger::{Ledger, Request};
use crate::statistics::StatisticsFilter;

const DAY_MS: u64 = 86_400_000;

/// Days before today in each window.
const FAST_DAYS: u64 = 6;
const SLOW_DAYS: u64 = 29;

impl Ledger {
    /// How well the mail of an account is received, as counted up to now; none if nothing was sent in 30 days.
    ///
    /// # Errors
    /// The store's.
    pub fn health(&self, account: AccountId, now_unix_ms: u64) -> Result<Option<Health>, LedgerError> {
        Ok(measure(&self.evidence(account, now_unix_ms)?))
    }

    /// The same, kept as the score of the day. It is no change of configuration: nothing of it is in the audit log.
    ///
    /// # Errors
    /// The store's.
    pub async fn refresh_health(
        &self,
        account: AccountId,
        request: &Request,
    ) -> Result<Option<Health>, LedgerError> {
        let evidence = self.evidence(account, request.now_unix_ms)?;
        let Some(health) = measure(&evidence) else {
            return Ok(None);
        };
        let mut batch = Batch::new();
        Snapshot::of(&health, &evidence, request.now_unix_ms).put(account, &mut batch);
        self.store.commit(batch).await?;
        Ok(Some(health))
    }

    fn evidence(&self, account: AccountId, now_unix_ms: u64) -> Result<Evidence, LedgerError> {
        let counted = |days: u64| {
            let from = now_unix_ms.saturating_sub(days.saturating_mul(DAY_MS));
            self.totals(account, &StatisticsFilter::default(), (from, now_unix_ms))
        };
        Ok(Evidence {
            fast: counted(FAST_DAYS)?,
            slow: counted(SLOW_DAYS)?,
            authentication: self.authentication(account)?,
        })
    }

    /// Domains that were never verified send no mail, and their records say nothing of it.
    fn authentication(&self, account: AccountId) -> Result<Authentication, LedgerError> {
        let domains = self.domains(account)?;
        let used = domains
            .iter()
            .filter(|domain| domain.status != DomainStatus::Pending);
        let required = used
            .flat_map(|domain| &domain.findings)
            .filter(|finding| finding.required);
        Ok(
            required.fold(Authentication::default(), |facts, finding| Authentication {
                required: facts.required.saturating_add(1),
                valid: facts
                    .valid
                    .saturating_add(u64::from(finding.state == RecordState::Valid)),
            }),
        )
    }
}
