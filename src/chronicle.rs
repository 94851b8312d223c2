//! What becomes of accounts' mail, written down where it happens: events, counters, the ends of recipients, and addresses
//! that are not to get mail again. All of it goes into the very batch that makes it true.
//!
//! **Failures.** What cannot be read for an event is told in the log, and the event is missing; the settlement of the
//! message never fails because of it. A store that cannot be read ends the program with its next commit.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use ledger::bounce::{Class, OwnReason, Reply, Rules, Severity};
use ledger::{
    AccountId, Email, EmailContext, EmailId, EventKind, Ledger, LedgerError, NewEvent, Outcome, OutcomeKind,
    RecipientStatus, Tally,
};
use queue::{Fate, Finish, Owner, Recipient, SettledDelivery, Timestamp, Witness};
use smtp::address::ForwardPath;
use store::Batch;

use crate::webhooks::Kick;

mod consequence;
mod contexts;
mod held;
mod telling;
mod turns;
mod wanted;

pub(crate) use consequence::Ended;
use contexts::Contexts;
use turns::Turns;

/// Keeps the records of accounts' mail.
pub(crate) struct Chronicle {
    pub(crate) ledger: Arc<Ledger>,
    simulator_domain: String,
    contexts: Mutex<Contexts>,
    turns: Turns,
    /// By which refusals are read.
    rules: ArcSwap<Rules>,
    /// Of who sends webhooks.
    kick: Kick,
}

/// One recipient of an attempt.
struct Attempted<'a> {
    context: EmailContext,
    address: &'a str,
    reply: &'a str,
    host: Option<&'a str>,
    attempts: u32,
    next_attempt: Option<Timestamp>,
    now: u64,
}

impl Chronicle {
    pub(crate) fn new(ledger: Arc<Ledger>, simulator_domain: String, rules: Rules, kick: Kick) -> Self {
        Self {
            ledger,
            simulator_domain,
            contexts: Mutex::default(),
            turns: Turns::default(),
            rules: ArcSwap::from_pointee(rules),
            kick,
        }
    }

    /// Whether mail to this address goes nowhere and counts for nothing.
    pub(crate) fn is_simulated(&self, forward_path: &ForwardPath) -> bool {
        forward_path.domain().as_str() == self.simulator_domain
    }

    /// Puts into `batch` that an e-mail was accepted for a recipient, or is not sent to one.
    pub(crate) fn admitted(
        &self,
        (context, email): (&EmailContext, &Email),
        (recipient, kind): (&ForwardPath, EventKind),
        now_unix_ms: u64,
        tally: &mut Tally,
        batch: &mut Batch,
    ) {
        let new = NewEvent {
            at_unix_ms: now_unix_ms,
            recipient: recipient.as_str().to_owned(),
            before: RecipientStatus::Queued,
            kind,
        };
        let context = self.counting(context, recipient.as_str());
        let event = self.ledger.record(&context, new, tally, batch);
        self.tell(&event, (&context, Some(email)), batch);
    }

    /// Puts an event of an e-mail in the store into `batch`, and says in which state its recipient is then: the way of all
    /// events but those of acceptance.
    pub(crate) fn write(
        &self,
        context: &EmailContext,
        new: NewEvent,
        tally: &mut Tally,
        batch: &mut Batch,
    ) -> RecipientStatus {
        let event = self.ledger.record(context, new, tally, batch);
        self.tell(&event, (context, None), batch);
        event.status
    }

    /// Whose an e-mail is, and to whom it was sent.
    pub(crate) fn addressees(
        &self,
        email: EmailId,
    ) -> Result<Option<(EmailContext, Vec<String>)>, LedgerError> {
        let Some(email) = self.ledger.find_email(email)? else {
            return Ok(None);
        };
        Ok(Some((self.ledger.context_of(&email)?, email.to)))
    }

    /// E-mails that were accepted just now: their first attempt comes soon, and need not read them.
    pub(crate) fn remember(&self, context: EmailContext) {
        self.contexts().keep(context);
    }

    /// Mail to the simulator has events and is not counted.
    pub(crate) fn counting(&self, context: &EmailContext, recipient: &str) -> EmailContext {
        let domain = recipient.rsplit_once('@').map(|(_, domain)| domain);
        EmailContext {
            sandbox: context.sandbox || domain == Some(&self.simulator_domain),
            ..*context
        }
    }

    fn context(&self, account: AccountId, email: EmailId) -> Result<Option<EmailContext>, LedgerError> {
        if let Some(context) = self.contexts().find(email) {
            return Ok(Some(context));
        }
        let context = self.ledger.email_context(account, email)?;
        // Who asks whether it may leave asks again when it has left.
        context.into_iter().for_each(|context| self.remember(context));
        Ok(context)
    }

    fn contexts(&self) -> std::sync::MutexGuard<'_, Contexts> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle_recipient(
        &self,
        attempted: &Attempted<'_>,
        fate: &Fate,
        tally: &mut Tally,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let email = attempted.context.email;
        // A report may have told the end already. One that cannot be read keeps nothing from being told; the commit will say
        // what ails the store.
        let ended = self.ledger.recipient_status(email, attempted.address);
        let ended = ended.ok().flatten();
        let attempts_before = attempted.attempts.saturating_sub(u32::from(fate.is_of_attempt()));
        let mut before = ended.unwrap_or(match attempts_before {
            0 => RecipientStatus::Queued,
            _ => RecipientStatus::Deferred,
        });
        if attempted.attempts == 1 && fate.is_of_attempt() && *fate != Fate::Canceled {
            let kind = EventKind::Sent {
                mx: attempted.host.map(str::to_owned),
                attempts: attempted.attempts,
            };
            before = self.record(attempted, before, kind, tally, batch);
        }
        let meaning = self.meaning(attempted, fate);
        let (kind, end) = self.reading(attempted, (fate, meaning));
        self.record(attempted, before, kind, tally, batch);
        if let Some(kind) = end {
            let outcome = Outcome {
                address: attempted.address.to_owned(),
                kind,
                attempts: attempted.attempts,
                last_reply: (!attempted.reply.is_empty()).then(|| attempted.reply.to_owned()),
                at_unix_ms: attempted.now,
            };
            self.ledger.outcome_after(ended, (email, &outcome), batch);
        }
        if attempted.context.sandbox {
            return Ok(());
        }
        self.draw_consequences(attempted, (fate, meaning), batch)
    }

    fn record(
        &self,
        attempted: &Attempted<'_>,
        before: RecipientStatus,
        kind: EventKind,
        tally: &mut Tally,
        batch: &mut Batch,
    ) -> RecipientStatus {
        let new = NewEvent {
            at_unix_ms: attempted.now,
            recipient: attempted.address.to_owned(),
            before,
            kind,
        };
        self.write(&attempted.context, new, tally, batch)
    }

    /// What the fate of a recipient is as an event, and as an end if it is one.
    fn reading(
        &self,
        attempted: &Attempted<'_>,
        (fate, (class, severity)): (&Fate, (Class, Severity)),
    ) -> (EventKind, Option<OutcomeKind>) {
        let reply = attempted.reply.to_owned();
        let attempts = attempted.attempts;
        match fate {
            Fate::Delivered => {
                let mx = attempted.host.map(str::to_owned);
                let kind = EventKind::Delivered { reply, mx, attempts };
                (kind, Some(OutcomeKind::Delivered))
            }
            Fate::Deferred { .. } => {
                let kind = EventKind::Deferred {
                    reply,
                    class: class.as_str().to_owned(),
                    attempts,
                    next_attempt_unix_ms: attempted.next_attempt.map(Timestamp::unix_ms),
                };
                (kind, None)
            }
            Fate::Refused { .. } => match class {
                Class::Policy => (EventKind::Failed { why: reply }, Some(OutcomeKind::Failed)),
                class => {
                    let kind = EventKind::Bounced {
                        reply,
                        class: class.as_str().to_owned(),
                        hard: severity == Severity::Hard,
                        report: false,
                    };
                    (kind, Some(OutcomeKind::Bounced))
                }
            },
            Fate::Expired { .. } => {
                let why = format!("given up after {attempts} attempts; the last was answered: {reply}");
                (EventKind::Failed { why }, Some(OutcomeKind::Failed))
            }
            Fate::Canceled => (EventKind::Canceled, Some(OutcomeKind::Canceled)),
            Fate::Unwanted { why } => {
                let reason = why.clone();
                (EventKind::Suppressed { reason }, Some(OutcomeKind::Suppressed))
            }
            Fate::Held => (
                EventKind::Queued {
                    hold: self.hold_of(attempted.context.account),
                },
                None,
            ),
        }
    }

    /// What the last thing that was said means; of what was no refusal, nothing.
    fn meaning(&self, attempted: &Attempted<'_>, fate: &Fate) -> (Class, Severity) {
        let (Fate::Deferred { status } | Fate::Refused { status } | Fate::Expired { status }) = fate else {
            return (Class::Unclassified, Severity::None);
        };
        self.classify(&Reply {
            own: attempted.own_reason(status),
            enhanced: Some(status),
            text: attempted.reply,
            mx: attempted.host,
            domain: attempted.address.rsplit_once('@').map(|(_, domain)| domain),
            ..Reply::default()
        })
    }

    /// What follows for the address.
    fn draw_consequences(
        &self,
        attempted: &Attempted<'_>,
        (fate, meaning): (&Fate, (Class, Severity)),
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let ended = Ended {
            context: &attempted.context,
            address: attempted.address,
            evidence: attempted.reply,
            now_unix_ms: attempted.now,
        };
        match fate {
            Fate::Refused { .. } => self.refused(&ended, meaning, batch)?,
            Fate::Expired { .. } => self.expired(&ended, meaning.0, batch)?,
            Fate::Delivered | Fate::Deferred { .. } | Fate::Canceled | Fate::Held | Fate::Unwanted { .. } => {
            }
        }
        Ok(())
    }
}

impl Attempted<'_> {
    /// Where nobody was spoken to, and no reply is quoted, the words and the status are our own.
    fn own_reason(&self, status: &str) -> Option<OwnReason> {
        let quoted = self.reply.as_bytes().first_chunk::<3>();
        if self.host.is_some() || quoted.is_some_and(|code| code.iter().all(u8::is_ascii_digit)) {
            return None;
        }
        Some(match status {
            "5.1.2" => OwnReason::NoSuchDomain,
            "5.1.10" => OwnReason::NullMx,
            "4.4.3" | "5.4.3" => OwnReason::LookupFailed,
            "5.4.6" => OwnReason::Loop,
            _ if status.starts_with("4.4.") => OwnReason::ConnectionFailed,
            _ => OwnReason::Policy,
        })
    }
}

impl Witness for Chronicle {
    fn settled(&self, settled: &SettledDelivery, now: Timestamp, batch: &mut Batch) {
        let (message, state) = (&settled.message, &settled.state);
        let Some(Owner(account)) = message.handling.owner else {
            return;
        };
        let (account, email) = (
            AccountId::from_bytes(account),
            EmailId::from_bytes(message.id.to_bytes()),
        );
        let context = self.context(account, email).unwrap_or_else(|error| {
            tracing::error!(%email, %error, "the events of an e-mail are lost: its record cannot be read");
            None
        });
        let mut tally = Tally::new();
        let recipients = settled.attempted.iter().zip(&settled.fates);
        let recipients = recipients.filter_map(|(at, fate)| Some((state.recipients.get(*at)?, fate)));
        for (recipient, fate) in recipients {
            let Recipient {
                forward_path,
                last_reply,
                ..
            } = recipient;
            let Some(context) = &context else { break };
            let attempted = Attempted {
                context: self.counting(context, forward_path.as_str()),
                address: forward_path.as_str(),
                reply: last_reply.as_deref().unwrap_or_default(),
                host: settled.host.as_deref(),
                attempts: state.attempts,
                next_attempt: Some(state.due),
                now: now.unix_ms(),
            };
            if let Err(error) = self.settle_recipient(&attempted, fate, &mut tally, batch) {
                tracing::error!(%email, %error, "what becomes of an address is lost");
            }
        }
        tally.put(batch);
        if settled.fates.contains(&Fate::Held) {
            self.keep_hold(settled, account, now, batch);
        }
        // What is held of other recipients stays so.
        if settled.fates.contains(&Fate::Canceled) && message.is_settled() {
            self.ledger.unhold(account, email, batch);
        }
        // A copy of a bulk mail has one recipient, and so one delivery.
        if let Finish::Render(template) = message.handling.finish
            && state.waiting() == 0
        {
            self.ledger
                .template_left(EmailId::from_bytes(template.to_bytes()), batch);
        }
    }
}
