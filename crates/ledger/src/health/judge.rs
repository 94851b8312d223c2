//! Acting on a verdict: who bounces too much is paused, who is complained about too much is suspended.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::{Evidence, Verdict, VerdictKind, verdict};
use crate::account::Status;
use crate::audit::Actor;
use crate::error::LedgerError;
use crate::id::AccountId;
use crate::ledger::{Ledger, Request};
use crate::limits::CACHE_ENTRIES_MAX;
use crate::standing::Stop;

/// Accounts with a bounce or a complaint that nobody has judged yet. Memory alone: who starts the program judges all.
#[derive(Debug, Default)]
pub(crate) struct Suspects(Mutex<BTreeSet<AccountId>>);

impl Suspects {
    /// Beyond the bound one is left out; its next bounce names it again.
    pub(crate) fn note(&self, account: AccountId) {
        let mut suspects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if suspects.len() < CACHE_ENTRIES_MAX {
            suspects.insert(account);
        }
    }
}

impl Ledger {
    /// The accounts whose mail bounced or was complained about since this was last asked, as far as it was put into batches:
    /// what is not committed yet is seen by who judges them once more a while later.
    pub fn take_suspects(&self) -> BTreeSet<AccountId> {
        std::mem::take(&mut *self.suspects.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops an account if what was counted says so and it is not stopped yet; the verdict, if it did.
    ///
    /// # Errors
    /// The store's.
    pub async fn judge(&self, account: AccountId, request: &Request) -> Result<Option<Verdict>, LedgerError> {
        let (evidence, reinstated) = self.evidence_since(account, request.now_unix_ms)?;
        self.act(account, &evidence, reinstated, request).await
    }

    /// `reinstated` is what was known when the evidence was read: whoever is let go meanwhile is not stopped by it.
    pub(super) async fn act(
        &self,
        account: AccountId,
        evidence: &Evidence,
        reinstated: Option<u64>,
        request: &Request,
    ) -> Result<Option<Verdict>, LedgerError> {
        let Some(verdict) = verdict::speak(evidence) else {
            return Ok(None);
        };
        let stop = Stop {
            since_unix_ms: request.now_unix_ms,
            reason: verdict.reason.clone(),
        };
        let action = match verdict.kind {
            VerdictKind::Pause => "account.paused",
            VerdictKind::Suspend => "account.suspended",
        };
        let request = Request {
            actor: Actor::System,
            ..request.clone()
        };
        let acted = std::sync::atomic::AtomicBool::new(false);
        let altered = self.alter_if(account, &request, (action, &verdict.reason), |account, _| {
            let is_due = account.status == Status::Active
                && account.reinstated_unix_ms == reinstated
                && account.halt(verdict.kind, &stop);
            acted.store(is_due, std::sync::atomic::Ordering::Relaxed);
            is_due
        });
        match altered.await {
            Ok(_) => Ok(acted.into_inner().then_some(verdict)),
            // An account whose record is gone sends nothing.
            Err(LedgerError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
