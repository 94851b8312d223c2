//! What happened to a recipient after the e-mail had left, and how that is written down.

use content::report::Recipient;
use ledger::bounce::{Class, Reply, Severity};
use ledger::{
    EmailContext, EventKind, EventType, LedgerError, NewEvent, Outcome, OutcomeKind, RecipientStatus, Tally,
    UnsubscribeSource,
};
use store::Batch;

use super::Homecoming;
use crate::chronicle::Ended;
use crate::clock;

/// What happened, and to whom.
pub(super) struct News {
    /// How the report calls the recipient, the surest name first; none: it does not say.
    pub(super) called: Vec<String>,
    pub(super) happened: Happened,
}

/// What happened.
#[derive(Clone, Debug)]
pub(super) enum Happened {
    /// The message was taken, and came back.
    Bounced(Bounce),
    /// It was called spam, or worse.
    Complained {
        /// `abuse`, `fraud`, `virus` or `other` (RFC 5965 §7.3).
        feedback_type: String,
    },
    /// No more is wanted.
    Unsubscribed(UnsubscribeSource),
}

/// Why a message came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounce {
    /// What the host said, or somebody about it.
    pub(super) said: String,
    /// The enhanced code (RFC 3463).
    pub(super) status: Option<String>,
    /// The host.
    pub(super) mx: Option<String>,
    /// How bad it is, where whoever tells it knows better than the words.
    pub(super) severity: Option<Severity>,
}

impl News {
    /// What a report says of one recipient.
    pub(super) fn of_bounce(recipient: &Recipient) -> Self {
        let names = recipient
            .original_recipient
            .iter()
            .chain([&recipient.final_recipient]);
        let said = recipient.diagnostic.as_ref().or(recipient.status.as_ref());
        Self {
            called: names.cloned().collect(),
            happened: Happened::Bounced(Bounce {
                said: said.cloned().unwrap_or_default(),
                status: recipient.status.clone(),
                mx: recipient.remote_mta.clone(),
                severity: None,
            }),
        }
    }
}

impl Happened {
    /// A feedback report of this type, if that is a complaint: `not-spam` and authentication failures are none.
    pub(super) fn complaint(feedback_type: &str) -> Option<Self> {
        let feedback_type = feedback_type.to_ascii_lowercase();
        matches!(&*feedback_type, "abuse" | "fraud" | "virus" | "other")
            .then_some(Self::Complained { feedback_type })
    }

    fn event_type(&self) -> EventType {
        match self {
            Self::Bounced(_) => EventType::Bounced,
            Self::Complained { .. } => EventType::Complained,
            Self::Unsubscribed(_) => EventType::Unsubscribed,
        }
    }
}

impl Homecoming {
    /// Puts into `batch` what happened to a recipient of an e-mail, unless that is known.
    pub(super) fn write(
        &self,
        context: &EmailContext,
        address: &str,
        happened: &Happened,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let (chronicle, email) = (&self.chronicle, context.email);
        let context = &chronicle.counting(context, address);
        if let Happened::Unsubscribed(source) = happened {
            return chronicle.unsubscribed(context, address, *source, batch);
        }
        if self.is_known(context, address, happened.event_type())? {
            return Ok(());
        }
        let known = chronicle.ledger.outcomes(email)?;
        let known = known.into_iter().find(|outcome| outcome.address == address);
        let now = clock::now().unix_ms();
        let ended = |evidence| Ended {
            context,
            address,
            evidence,
            now_unix_ms: now,
        };
        let mut outcome = Outcome {
            address: address.to_owned(),
            kind: OutcomeKind::Complained,
            attempts: known.as_ref().map_or(1, |known| known.attempts),
            last_reply: known.as_ref().and_then(|known| known.last_reply.clone()),
            at_unix_ms: now,
        };
        let kind = match happened {
            Happened::Bounced(bounce) => {
                let (class, severity) = self.meaning(address, bounce);
                if !context.sandbox {
                    chronicle.refused(&ended(&bounce.said), (class, severity), batch)?;
                }
                outcome.kind = OutcomeKind::Bounced;
                outcome.last_reply = Some(bounce.said.clone());
                tracing::info!(%email, class = class.as_str(), "an e-mail came back");
                EventKind::Bounced {
                    reply: bounce.said.clone(),
                    class: class.as_str().to_owned(),
                    hard: severity == Severity::Hard,
                    report: true,
                }
            }
            Happened::Complained { feedback_type } => {
                if !context.sandbox {
                    chronicle.complained(&ended(""), feedback_type, batch)?;
                }
                tracing::info!(%email, feedback_type, "somebody complained about an e-mail");
                EventKind::Complained {
                    feedback_type: feedback_type.clone(),
                }
            }
            Happened::Unsubscribed(_) => unreachable!("written above"),
        };
        let new = NewEvent {
            at_unix_ms: now,
            recipient: address.to_owned(),
            // A report says at least that it left.
            before: known.map_or(RecipientStatus::Sent, |known| known.kind.into()),
            kind,
        };
        let mut tally = Tally::new();
        chronicle.write(context, new, &mut tally, batch);
        tally.put(batch);
        chronicle.ledger.outcome(email, &outcome, batch);
        Ok(())
    }

    fn meaning(&self, address: &str, bounce: &Bounce) -> (Class, Severity) {
        let (class, severity) = self.chronicle.classify(&Reply {
            enhanced: bounce.status.as_deref(),
            text: &bounce.said,
            mx: bounce.mx.as_deref(),
            domain: address.rsplit_once('@').map(|(_, domain)| domain),
            ..Reply::default()
        });
        match (bounce.severity, class) {
            // Without a word of why, hard means that the address is bad.
            (Some(Severity::Hard), Class::Unclassified) => (Class::InvalidRecipient, Severity::Hard),
            (Some(severity), class) => (class, severity),
            (None, class) => (class, severity),
        }
    }

    /// A recipient bounces once and complains once for one e-mail, however often that is told.
    fn is_known(
        &self,
        context: &EmailContext,
        address: &str,
        event_type: EventType,
    ) -> Result<bool, LedgerError> {
        let events = self
            .chronicle
            .ledger
            .email_events(context.account, context.email)?;
        let is_same = |event: &ledger::Event| event.event_type() == event_type && event.recipient == address;
        Ok(events.is_some_and(|events| events.iter().any(is_same)))
    }
}
