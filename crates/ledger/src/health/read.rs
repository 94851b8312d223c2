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
        Ok(measure(&self.evidence_since(account, now_unix_ms)?.0))
    }

    /// The same, kept as the score of the day, and acted upon: see [`Self::judge`]. The score is no change of configuration,
    /// and not in the audit log; a stop is.
    ///
    /// # Errors
    /// The store's.
    pub async fn refresh_health(
        &self,
        account: AccountId,
        request: &Request,
    ) -> Result<Option<Health>, LedgerError> {
        let (evidence, reinstated) = self.evidence_since(account, request.now_unix_ms)?;
        let Some(health) = measure(&evidence) else {
            return Ok(None);
        };
        let mut batch = Batch::new();
        Snapshot::of(&health, &evidence, request.now_unix_ms).put(account, &mut batch);
        self.store.commit(batch).await?;
        self.act(account, &evidence, reinstated, request).await?;
        Ok(Some(health))
    }

    /// What was counted in both windows, and since when the account is judged anew, if it was stopped once.
    pub(super) fn evidence_since(
        &self,
        account: AccountId,
        now_unix_ms: u64,
    ) -> Result<(Evidence, Option<u64>), LedgerError> {
        let reinstated = self
            .account(account)?
            .and_then(|account| account.reinstated_unix_ms);
        let baseline = self.baseline(account)?;
        let counted = |days: u64| {
            let from = now_unix_ms.saturating_sub(days.saturating_mul(DAY_MS));
            let whole = |from| self.totals(account, &StatisticsFilter::default(), (from, now_unix_ms));
            match &baseline {
                Some(baseline) if baseline.at_unix_ms / DAY_MS >= from / DAY_MS => {
                    Ok::<_, LedgerError>(whole(baseline.at_unix_ms)?.less(&baseline.counts))
                }
                _ => whole(from),
            }
        };
        let evidence = Evidence {
            fast: counted(FAST_DAYS)?,
            slow: counted(SLOW_DAYS)?,
            authentication: self.authentication(account)?,
        };
        Ok((evidence, reinstated))
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
