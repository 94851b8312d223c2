//! What the ledger keeps of each attempt, in the commit that settles it.

use std::sync::Arc;

use ledger::{AccountId, EmailId, Ledger, Outcome, OutcomeKind};
use queue::{Finish, Owner, RecipientState, SettledDelivery, Timestamp, Witness};
use store::Batch;

/// Writes the ends of recipients into the ledger.
pub(crate) struct LedgerWitness(pub(crate) Arc<Ledger>);

impl Witness for LedgerWitness {
    fn settled(&self, settled: &SettledDelivery, now: Timestamp, batch: &mut Batch) {
        let (message, state) = (&settled.message, &settled.state);
        let Some(Owner(account)) = message.handling.owner else {
            return;
        };
        let email = EmailId::from_bytes(message.id.to_bytes());
        let mut canceled = false;
        for recipient in settled
            .attempted
            .iter()
            .filter_map(|at| state.recipients.get(*at))
        {
            let kind = match recipient.state {
                RecipientState::Waiting => continue,
                RecipientState::Delivered => OutcomeKind::Delivered,
                RecipientState::Failed => OutcomeKind::Failed,
                RecipientState::Canceled => OutcomeKind::Canceled,
            };
            canceled |= kind == OutcomeKind::Canceled;
            let outcome = Outcome {
                address: recipient.forward_path.as_str().to_owned(),
                kind,
                attempts: state.attempts,
                last_reply: recipient.last_reply.as_deref().map(str::to_owned),
                at_unix_ms: now.unix_ms(),
            };
            self.0.outcome(email, &outcome, batch);
        }
        if canceled {
            self.0.unhold(AccountId::from_bytes(account), email, batch);
        }
        // A copy of a bulk mail has one recipient, and so one delivery.
        if let Finish::Render(template) = message.handling.finish
            && state.waiting() == 0
        {
            self.0
                .template_left(EmailId::from_bytes(template.to_bytes()), batch);
        }
    }
}
