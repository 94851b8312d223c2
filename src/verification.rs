//! Looks up the DNS records of sending domains, and keeps what was found.
//!
//! What is to be asked and what the answers mean is the ledger's (`publication`); here it is asked.

use std::sync::Arc;
use std::time::Duration;

use ledger::publication::{Answer, Plan, Report, Verification};
use ledger::{
    AccountId, Actor, DkimState, Domain, DomainId, DomainStatus, Ledger, LedgerError, RecordFinding, Request,
};

use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::dns::Dns;
use crate::tracking::hosts::Hosts;

/// A verified domain whose records are gone for this long is verified no more.
const GRACE_MS: u64 = 72 * 60 * 60 * 1000;
/// How long the records of keys that sign no more are to stay: mail that they signed may still be on its way.
const RETIREMENT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// How long all look-ups of one domain may take together: somebody waits for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// Verifies domains.
pub(crate) struct Verifier {
    ledger: Arc<Ledger>,
    dns: Arc<Dns>,
    hostname: String,
    hosts: Arc<Hosts>,
}

impl Verifier {
    pub(crate) fn new(ledger: Arc<Ledger>, dns: Arc<Dns>, hostname: String, hosts: Arc<Hosts>) -> Self {
        Self {
            ledger,
            dns,
            hostname,
            hosts,
        }
    }

    /// How the links of a domain's mail begin now.
    pub(crate) fn tracking_url(&self, domain: &Domain) -> Option<String> {
        self.hosts.base(domain)
    }

    /// Looks up every record of a domain now and keeps what was found.
    pub(crate) async fn verify(&self, account: AccountId, id: DomainId) -> Result<Arc<Domain>, LedgerError> {
        let domain = self.ledger.domain(account, id)?;
        let report = self.look_up(&domain).await;
        let now = clock::now().unix_ms();
        let request = Request {
            actor: Actor::System,
            now_unix_ms: now,
            entropy: clock::entropy(),
        };
        let before = domain.status;
        let mut after = (*domain).clone();
        apply(&mut after, &report, now);
        let action = match (before, after.status) {
            (before, after) if before == after => None,
            (_, DomainStatus::Verified) => Some("domain.verified"),
            (_, DomainStatus::Failed) => Some("domain.failed"),
            (_, DomainStatus::Pending) => None,
        };
        if let Some(action) = action {
            tracing::info!(domain = domain.name, action, "a domain has another status");
        }
        let alter = |domain: &mut Domain| apply(domain, &report, now);
        self.ledger
            .update_domain(account, id, alter, action, &request)
            .await
    }

    /// What a domain publishes: as found, or as it is to be where that was not looked up yet.
    pub(crate) fn records(&self, domain: &Domain) -> Vec<RecordFinding> {
        let host = domain.tracking_host_name();
        let found = |unseen: RecordFinding| {
            let is_it = |found: &&RecordFinding| {
                (&found.purpose, &found.name, &found.value) == (&unseen.purpose, &unseen.name, &unseen.value)
            };
            domain.findings.iter().find(is_it).cloned().unwrap_or(unseen)
        };
        let unseen = self.plan(domain, &host).unseen();
        unseen.into_iter().map(found).collect()
    }

    async fn look_up(&self, domain: &Domain) -> Report {
        let host = domain.tracking_host_name();
        let mut verification = Verification::new(&self.plan(domain, &host));
        let deadline = Instant::now() + PATIENCE;
        while let Some(question) = verification.poll_question() {
            let answer = timeout_at(deadline, self.dns.published(question.kind, &question.name)).await;
            verification
                .handle_answer(answer.unwrap_or_else(|_| Answer::Failed("no answer in time".to_owned())));
        }
        verification.finish()
    }

    fn plan<'a>(&'a self, domain: &'a Domain, tracking_host: &'a str) -> Plan<'a> {
        let published = domain
            .dkim
            .iter()
            .filter(|key| !matches!(key.state, DkimState::Retiring { .. }));
        Plan {
            domain: &domain.name,
            ownership_token: &domain.ownership_token,
            dkim: published
                .map(|key| (key.selector.as_str(), key.record.as_str()))
                .collect(),
            hostname: &self.hostname,
            tracking_host,
            tracking_target: self.hosts.target(),
        }
    }
}

/// What follows from a report.
fn apply(domain: &mut Domain, report: &Report, now_unix_ms: u64) {
    domain.last_checked_unix_ms = Some(now_unix_ms);
    domain.findings.clone_from(&report.findings);
    let seen = |selector: &str| {
        report.findings.iter().any(|finding| {
            finding.purpose == "dkim"
                && finding.name.starts_with(&format!("{selector}._domainkey."))
                && finding.state == ledger::RecordState::Valid
        })
    };
    let mut next = domain
        .dkim
        .iter()
        .filter(|key| key.state == DkimState::Next)
        .peekable();
    let rotated = next.peek().is_some() && next.all(|key| seen(&key.selector));
    for key in &mut domain.dkim {
        match key.state {
            DkimState::Active if rotated => {
                key.state = DkimState::Retiring {
                    since_unix_ms: now_unix_ms,
                };
            }
            DkimState::Next if rotated => key.state = DkimState::Active,
            DkimState::Active | DkimState::Next | DkimState::Retiring { .. } => {}
        }
    }
    domain.dkim.retain(|key| match key.state {
        DkimState::Retiring { since_unix_ms } => now_unix_ms.saturating_sub(since_unix_ms) < RETIREMENT_MS,
        DkimState::Active | DkimState::Next => true,
    });
    // New keys that are not seen yet cost a domain nothing: the old ones sign.
    let signing = || domain.signing_keys().all(|key| seen(&key.selector));
    let owned = report
        .findings
        .iter()
        .filter(|finding| finding.required && finding.purpose != "dkim")
        .all(|finding| finding.state == ledger::RecordState::Valid);
    if report.verified || (owned && signing()) {
        domain.status = DomainStatus::Verified;
        domain.verified_unix_ms.get_or_insert(now_unix_ms);
        domain.missing_since_unix_ms = None;
    } else if domain.status == DomainStatus::Verified && report.required_missing {
        let since = *domain.missing_since_unix_ms.get_or_insert(now_unix_ms);
        if now_unix_ms.saturating_sub(since) >= GRACE_MS {
            domain.status = DomainStatus::Failed;
            domain.verified_unix_ms = None;
        }
    }
}

#[cfg(test)]
mod tests;
