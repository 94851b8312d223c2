//! Writing events.

use std::sync::Arc;

use store::Batch;

use super::kind::{EventKind, EventType};
use super::status::RecipientStatus;
use super::tag::TagDigest;
use super::{AccountId, EmailId, Event};
use crate::domain::Domain;
use crate::email::{Email, Stream};
use crate::error::LedgerError;
use crate::id::DomainId;
use crate::keys;
use crate::ledger::Ledger;
use crate::statistics::Tally;

/// What is known of an e-mail wherever one of its events is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailContext {
    /// The e-mail.
    pub email: EmailId,
    /// Whose it is.
    pub account: AccountId,
    /// The domain that it is from, if the account has it still.
    pub domain: Option<DomainId>,
    /// Which pool of addresses it leaves from.
    pub stream: Stream,
    /// Its tag.
    pub tag: TagDigest,
    /// It was sent to the sandbox: it has events and is not counted.
    pub sandbox: bool,
}

/// An event about to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happens, in milliseconds since the epoch, by this host's clock: what others say may lie anywhere, and would
    /// put all later sequence numbers behind it.
    pub at_unix_ms: u64,
    /// The recipient.
    pub recipient: String,
    /// The recipient's state before it.
    pub before: RecipientStatus,
    /// What happens.
    pub kind: EventKind,
}

impl EmailContext {
    /// That of `email`, which is from `domain`.
    pub fn of(email: &Email, domain: Option<DomainId>) -> Self {
        Self {
            email: email.id,
            account: email.account,
            domain,
            stream: email.stream,
            tag: TagDigest::of(email.tag.as_deref()),
            sandbox: email.sandbox,
        }
    }
}

impl Ledger {
    /// Puts an event into `batch`, counts it in `tally`, and returns it as it will be read. Nothing is read for it.
    pub fn record(&self, email: &EmailContext, new: NewEvent, tally: &mut Tally, batch: &mut Batch) -> Event {
        let mut event = Event {
            email: email.email,
            account: email.account,
            sequence: self.sequencer.next(email.email, new.at_unix_ms),
            at_unix_ms: new.at_unix_ms,
            status: new.before.advance(new.kind.event_type()),
            recipient: new.recipient,
            kind: new.kind,
        };
        event.cut();
        batch.put(keys::event(event.email, event.sequence), event.encode(email.tag));
        for key in index(&event, email.tag) {
            batch.put(key, Vec::new());
        }
        if !email.sandbox {
            tally.count(email, &event);
            if matches!(event.event_type(), EventType::Bounced | EventType::Complained) {
                self.suspects.note(event.account);
            }
        }
        event
    }

    /// The context of an e-mail whose record is in the store.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn email_context(
        &self,
        account: AccountId,
        id: EmailId,
    ) -> Result<Option<EmailContext>, LedgerError> {
        let email = self.email(account, id)?;
        email.map(|email| self.context_of(&email)).transpose()
    }

    /// The context of an e-mail.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn context_of(&self, email: &Email) -> Result<EmailContext, LedgerError> {
        let domain = self.domain_of(email)?;
        Ok(EmailContext::of(email, domain.map(|domain| domain.id)))
    }

    /// The domain that the author of an e-mail writes from, if the account has it still.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn domain_of(&self, email: &Email) -> Result<Option<Arc<Domain>>, LedgerError> {
        let name = email.from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let name = name.trim_end_matches([' ', '>']);
        let domains = self.domains(email.account)?;
        let own = domains
            .iter()
            .find(|domain| domain.name.eq_ignore_ascii_case(name));
        Ok(own.cloned())
    }

    /// The state of a recipient as far as it has an end; none while it waits.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn recipient_status(
        &self,
        email: EmailId,
        recipient: &str,
    ) -> Result<Option<RecipientStatus>, LedgerError> {
        Ok(self.ended(email, recipient)?.map(|(status, _)| status))
    }

    /// The same, and when it ended, in milliseconds since the epoch.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn ended(
        &self,
        email: EmailId,
        recipient: &str,
    ) -> Result<Option<(RecipientStatus, u64)>, LedgerError> {
        let outcome = self.outcome_of(email, recipient)?;
        Ok(outcome.map(|outcome| (outcome.kind.into(), outcome.at_unix_ms)))
    }
}

/// The keys under which `event` is found again.
pub(super) fn index(event: &Event, tag: TagDigest) -> impl Iterator<Item = Vec<u8>> {
    let (account, place) = (event.account, keys::Place::of(event));
    let kind = event.event_type();
    let tagged = (!tag.is_none()).then(|| keys::event_by_tag(account, tag, place, kind));
    [
        keys::event_by_type(account, kind, place),
        keys::event_by_recipient(account, &event.recipient, place, kind),
    ]
    .into_iter()
    .chain(tagged)
}
