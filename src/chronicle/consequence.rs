//! What follows for an address from what became of mail to it, whichever way that was heard: said at once by its host, or in
//! a report that came back.

use std::sync::Arc;

use ledger::bounce::{Action, Class, Reply, Rules, Severity};
use ledger::{
    EmailContext, EventKind, Id, LedgerError, NewEvent, RecipientStatus, Scope, Strike, Suppression,
    SuppressionKind, Tally, UnsubscribeSource,
};
use store::Batch;

use super::Chronicle;
use crate::clock;

/// A recipient for whom an e-mail came to its end, and what shows it.
pub(crate) struct Ended<'a> {
    pub(crate) context: &'a EmailContext,
    pub(crate) address: &'a str,
    /// What was said; empty if nothing was.
    pub(crate) evidence: &'a str,
    pub(crate) now_unix_ms: u64,
}

impl Ended<'_> {
    fn suppression(&self, kind: SuppressionKind, reason: Option<String>) -> Suppression {
        Suppression {
            id: Id::new(self.now_unix_ms, clock::entropy()),
            account: self.context.account,
            email: self.address.to_owned(),
            kind,
            scope: Scope::Account,
            source: None,
            reason,
            evidence: (!self.evidence.is_empty()).then(|| self.evidence.to_owned()),
            email_id: Some(self.context.email),
            expires_unix_ms: None,
        }
    }
}

impl Chronicle {
    /// Other rules say from now on what a refusal means.
    pub(crate) fn replace_rules(&self, rules: Rules) {
        self.rules.store(Arc::new(rules));
    }

    /// What a refusal means.
    pub(crate) fn classify(&self, reply: &Reply<'_>) -> (Class, Severity) {
        let rules = self.rules.load();
        let verdict = rules.classify(reply);
        (verdict.class, verdict.severity)
    }

    /// Puts into `batch` what follows from a refusal: an address that was refused for its own sake gets no more mail, at once
    /// or after some of them. What a class says of itself holds unless it was said for the time being.
    pub(crate) fn refused(
        &self,
        ended: &Ended<'_>,
        (class, severity): (Class, Severity),
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        if severity != class.severity() {
            return Ok(());
        }
        match class.action() {
            Action::SuppressNow => {
                let suppression = ended.suppression(SuppressionKind::Bounce, Some(class.as_str().to_owned()));
                self.ledger.suppress(&suppression, batch)
            }
            action => self.strike(ended, class, action, batch),
        }
    }

    /// Puts into `batch` what follows from a message that expired, after a last attempt of this class.
    pub(crate) fn expired(
        &self,
        ended: &Ended<'_>,
        class: Class,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        self.strike(ended, Class::Expired, class.action_when_expired(), batch)
    }

    fn strike(
        &self,
        ended: &Ended<'_>,
        class: Class,
        action: Action,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let strike = Strike {
            account: ended.context.account,
            address: ended.address,
            email_id: ended.context.email,
            class,
            evidence: (!ended.evidence.is_empty()).then_some(ended.evidence),
            entropy: clock::entropy(),
        };
        self.ledger
            .strike(&strike, action, ended.now_unix_ms, batch)
            .map(drop)
    }

    /// Puts into `batch` what follows from a complaint: whoever called one e-mail spam gets no other of the account.
    pub(crate) fn complained(
        &self,
        ended: &Ended<'_>,
        feedback_type: &str,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let suppression = ended.suppression(SuppressionKind::Complaint, Some(feedback_type.to_owned()));
        self.ledger.suppress(&suppression, batch)
    }

    /// Puts into `batch` that the recipient of an e-mail wants no more like it; nothing if that is known. Whoever calls this
    /// has the [turn](Self::turn) of the e-mail.
    pub(crate) fn unsubscribed(
        &self,
        context: &EmailContext,
        address: &str,
        source: UnsubscribeSource,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let now = clock::now().unix_ms();
        let scope = context.domain.map_or(Scope::Account, Scope::Domain);
        let known = self.ledger.suppressions_of(context.account, address, now)?;
        let is_same =
            |known: &Suppression| known.kind == SuppressionKind::Unsubscribe && known.scope == scope;
        if known.iter().any(is_same) {
            return Ok(());
        }
        let ended = Ended {
            context,
            address,
            evidence: "",
            now_unix_ms: now,
        };
        let suppression = Suppression {
            scope,
            source: Some(source),
            ..ended.suppression(SuppressionKind::Unsubscribe, None)
        };
        self.ledger.suppress(&suppression, batch)?;
        let before = self.ledger.recipient_status(context.email, address)?;
        let new = NewEvent {
            at_unix_ms: now,
            recipient: address.to_owned(),
            before: before.unwrap_or(RecipientStatus::Delivered),
            kind: EventKind::Unsubscribed {
                source: source.as_str().to_owned(),
            },
        };
        let mut tally = Tally::new();
        self.write(context, new, &mut tally, batch);
        tally.put(batch);
        Ok(())
    }
}
