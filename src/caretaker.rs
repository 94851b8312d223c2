//! What has to be done from time to time: held mail is let go, domains are looked up again, health is scored, old records
//! are removed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ledger::{AccountId, Actor, DkimState, Domain, DomainStatus, Ledger, LedgerError, Swept};
use tokio::time::{MissedTickBehavior, interval};

use crate::clock;
use crate::desk::Desk;
use crate::lifecycle::Lifecycle;
use crate::verification::Verifier;

/// How often it is looked what there is to do.
const ROUND: Duration = Duration::from_secs(60);
/// How often a domain is looked up again: soon while its owner waits, seldom once it is verified.
const PENDING_EVERY_MS: u64 = 10 * 60 * 1000;
const PENDING_OLD_EVERY_MS: u64 = 6 * 60 * 60 * 1000;
const VERIFIED_EVERY_MS: u64 = 6 * 60 * 60 * 1000;
/// After this a domain that was never verified is looked up seldom.
const PENDING_OLD_MS: u64 = 3 * 24 * 60 * 60 * 1000;
/// Domains read at once.
const DOMAINS_AT_ONCE: usize = 100;
/// Accounts read at once.
const ACCOUNTS_AT_ONCE: usize = 100;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Runs until the program ends.
pub(crate) async fn run(desk: Arc<Desk>, verifier: Arc<Verifier>, lifecycle: Lifecycle) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut scored = None;
    let mut judged = BTreeSet::new();
    let stopped = lifecycle.stopped();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = &mut stopped => return,
        }
        match desk.release_held().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(emails = count, "held mail was released"),
            Err(error) => tracing::error!(%error, "held mail cannot be released"),
        }
        if let Err(error) = look_up_domains(&desk.ledger, &verifier).await {
            tracing::error!(%error, "domains cannot be looked up again");
        }
        if let Err(error) = judge(&desk.ledger, &mut judged).await {
            tracing::error!(%error, "accounts whose mail bounces cannot be judged");
        }
        let today = clock::now().unix_ms() / DAY_MS;
        if scored != Some(today) {
            match score_health(&desk.ledger).await {
                Ok(()) => scored = Some(today),
                Err(error) => tracing::error!(%error, "health scores cannot be kept"),
            }
        }
        if let Err(error) = sweep(&desk.ledger).await {
            tracing::error!(%error, "old records cannot be removed");
        }
    }
}

async fn look_up_domains(ledger: &Ledger, verifier: &Verifier) -> Result<(), LedgerError> {
    let mut after = None;
    loop {
        let domains = ledger.all_domains(after, DOMAINS_AT_ONCE)?;
        let Some(last) = domains.last() else { return Ok(()) };
        after = Some((last.account, last.id));
        for domain in domains
            .iter()
            .filter(|domain| is_due(domain, clock::now().unix_ms()))
        {
            match verifier.verify(domain.account, domain.id).await {
                // It was removed meanwhile.
                Ok(_) | Err(LedgerError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_due(domain: &Domain, now_unix_ms: u64) -> bool {
    let waits = domain.status != DomainStatus::Verified
        || domain.dkim.iter().any(|key| key.state == DkimState::Next)
        || domain.missing_since_unix_ms.is_some();
    let old = now_unix_ms.saturating_sub(domain.created_unix_ms) > PENDING_OLD_MS;
    let every = match (waits, old && domain.verified_unix_ms.is_none()) {
        (true, false) => PENDING_EVERY_MS,
        (true, true) => PENDING_OLD_EVERY_MS,
        (false, _) => VERIFIED_EVERY_MS,
    };
    let last = domain.last_checked_unix_ms.unwrap_or(domain.created_unix_ms);
    now_unix_ms.saturating_sub(last) >= every
}

/// Stops accounts whose mail bounced or was complained about too much. What is in `before` was under way when it was looked at
/// in the last round.
async fn judge(ledger: &Ledger, before: &mut BTreeSet<AccountId>) -> Result<(), LedgerError> {
    let fresh = ledger.take_suspects();
    let suspects = std::mem::replace(before, fresh.clone());
    for account in suspects.union(&fresh) {
        if let Some(verdict) = ledger.judge(*account, &clock::request(Actor::System)).await? {
            tracing::warn!(%account, action = verdict.kind.as_str(), reason = verdict.reason, "an account is stopped");
        }
    }
    Ok(())
}

/// The health score of each account that sent something, once a day.
async fn score_health(ledger: &Ledger) -> Result<(), LedgerError> {
    let mut after = None;
    loop {
        let accounts = ledger.accounts(after, ACCOUNTS_AT_ONCE)?;
        let Some(last) = accounts.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for account in &accounts {
            ledger
                .refresh_health(account.id, &clock::request(Actor::System))
                .await?;
        }
    }
}

async fn sweep(ledger: &Ledger) -> Result<(), LedgerError> {
    while ledger.sweep_events(clock::now().unix_ms()).await? > 0 {
        tokio::task::yield_now().await;
    }
    while ledger.sweep(clock::now().unix_ms()).await? != Swept::default() {
        tokio::task::yield_now().await;
    }
    Ok(())
}
