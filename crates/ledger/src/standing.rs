//! Whether an account's mail may leave: what stops it and why, and what lets it go again.
//!
//! **Promise.** A stop is one change of the account, with its entry in the audit log; mail that is on its way is not looked
//! for, it meets the stop when it comes due. Who lets an account go has judged it: from then on only what happens
//! afterwards counts ([`Baseline`]), or the old rates would stop it again at once.

use std::sync::Arc;

use store::{RecordError, RecordReader, RecordWriter};

use crate::account::{Account, Status};
use crate::error::LedgerError;
use crate::health::{Baseline, VerdictKind};
use crate::hold::HoldReason;
use crate::id::AccountId;
use crate::ledger::{Ledger, Request};

/// Since when and why mail of an account does not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Since when, in milliseconds since the epoch.
    pub since_unix_ms: u64,
    /// Why, for the customer.
    pub reason: String,
}

impl Stop {
    pub(crate) fn write(stop: Option<&Self>, out: &mut RecordWriter) {
        out.optional_text(stop.map(|stop| stop.reason.as_str()))
            .number(stop.map_or(0, |stop| stop.since_unix_ms));
    }

    pub(crate) fn read(input: &mut RecordReader<'_>) -> Result<Option<Self>, RecordError> {
        let reason = input.optional_text()?.map(str::to_owned);
        let since_unix_ms = input.number()?;
        Ok(reason.map(|reason| Self {
            since_unix_ms,
            reason,
        }))
    }
}

impl Account {
    /// Why mail that was taken over may not leave, if so. An account that was active once and is pending again sends what it
    /// has.
    pub fn hold(&self) -> Option<HoldReason> {
        match self.status {
            Status::Suspended => Some(HoldReason::Suspended),
            Status::Active | Status::Pending => self.paused.as_ref().map(|_| HoldReason::Paused),
        }
    }

    /// Since when and why, as far as anybody said.
    pub fn stop(&self) -> Option<&Stop> {
        match self.hold()? {
            HoldReason::Suspended => self.suspended.as_ref(),
            _ => self.paused.as_ref(),
        }
    }

    /// Stops it; false if it is stopped so already.
    pub(crate) fn halt(&mut self, kind: VerdictKind, stop: &Stop) -> bool {
        let is_new = match kind {
            VerdictKind::Pause => self.paused.is_none(),
            VerdictKind::Suspend => self.status != Status::Suspended,
        };
        if is_new {
            match kind {
                VerdictKind::Pause => self.paused = Some(stop.clone()),
                VerdictKind::Suspend => {
                    self.status = Status::Suspended;
                    self.suspended = Some(stop.clone());
                }
            }
        }
        is_new
    }

    /// Lets it go; false if it was not stopped so. Whoever is reinstated may send, so a pause ends too.
    fn let_go(&mut self, kind: VerdictKind, now_unix_ms: u64) -> bool {
        let was_stopped = match kind {
            VerdictKind::Pause => self.paused.is_some(),
            VerdictKind::Suspend => self.status == Status::Suspended,
        };
        if was_stopped {
            self.paused = None;
            if kind == VerdictKind::Suspend {
                self.status = Status::Active;
                self.suspended = None;
            }
            self.reinstated_unix_ms = Some(now_unix_ms);
        }
        was_stopped
    }
}

impl Ledger {
    /// Pauses or suspends an account; one that is so already stays as it is, with its reason.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    pub async fn stop_account(
        &self,
        id: AccountId,
        kind: VerdictKind,
        reason: &str,
        request: &Request,
    ) -> Result<Arc<Account>, LedgerError> {
        let stop = Stop {
            since_unix_ms: request.now_unix_ms,
            reason: reason.to_owned(),
        };
        let action = match kind {
            VerdictKind::Pause => "account.paused",
            VerdictKind::Suspend => "account.suspended",
        };
        self.alter_if(id, request, (action, reason), |account, _| {
            account.halt(kind, &stop)
        })
        .await
    }

    /// Lets a paused account resume, or reinstates a suspended one, which ends a pause too; one that is not so stays as it
    /// is. What it did before counts no more.
    ///
    /// # Errors
    /// As [`Self::stop_account`].
    pub async fn let_account_go(
        &self,
        id: AccountId,
        kind: VerdictKind,
        request: &Request,
    ) -> Result<Arc<Account>, LedgerError> {
        let baseline = self.baseline_now(id, request.now_unix_ms)?;
        let action = match kind {
            VerdictKind::Pause => "account.resumed",
            VerdictKind::Suspend => "account.reinstated",
        };
        self.alter_if(id, request, (action, ""), |account, batch| {
            let is_free = account.let_go(kind, request.now_unix_ms);
            if is_free {
                baseline.put(id, batch);
            }
            is_free
        })
        .await
    }

    /// A change of status by other means is a stop, or the end of one, all the same.
    pub(crate) fn status_changed(
        account: &mut Account,
        was: Status,
        (baseline, now_unix_ms): (&Baseline, u64),
        batch: &mut store::Batch,
    ) {
        match (was, account.status) {
            (Status::Suspended, Status::Active) => {
                account.status = Status::Suspended;
                account.let_go(VerdictKind::Suspend, now_unix_ms);
                baseline.put(account.id, batch);
            }
            (Status::Suspended, Status::Suspended) | (Status::Active | Status::Pending, Status::Active) => {}
            (_, Status::Suspended) => {
                account.suspended = Some(Stop {
                    since_unix_ms: now_unix_ms,
                    reason: BY_OPERATOR.to_owned(),
                });
            }
            (_, Status::Pending) => account.suspended = None,
        }
    }
}

/// The reason where an operator gives none.
pub const BY_OPERATOR: &str = "stopped by the operator";
