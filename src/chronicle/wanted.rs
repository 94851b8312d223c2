//! Addresses to which mail is not wanted. That is asked when mail is taken over, and again when it is about to leave: in
//! between, days may have passed, in which somebody unsubscribed or another e-mail bounced.

use std::time::Duration;

use ledger::{AccountId, EmailContext, EmailId, LedgerError};
use queue::{Delivery, Owner, Timestamp, Verdict};
use smtp::address::ForwardPath;

use super::Chronicle;

/// The answer given when a message was taken over holds for this long.
const ANSWER_HOLDS: Duration = Duration::from_secs(1);

impl Chronicle {
    /// Why the address gets no mail of this, if so.
    ///
    /// # Errors
    /// The store's, and damage.
    pub(crate) fn unwanted(
        &self,
        context: &EmailContext,
        forward_path: &ForwardPath,
        now_unix_ms: u64,
    ) -> Result<Option<String>, LedgerError> {
        if self.is_simulated(forward_path) {
            let local_part = forward_path.as_str().split(['@', '+']).next().unwrap_or_default();
            let refuses = local_part.eq_ignore_ascii_case("suppressed");
            return Ok(refuses.then(|| "simulated".to_owned()));
        }
        let address = forward_path.as_str();
        let found = self
            .ledger
            .suppressed(context.account, address, context.domain, now_unix_ms)?;
        Ok(found.map(|suppression| suppression.kind.as_str().to_owned()))
    }

    /// What becomes of the recipients of a delivery that is about to leave, where some of them want no mail any more: the
    /// others are due as they were. None where all may get it.
    ///
    /// # Errors
    /// As [`Self::unwanted`].
    pub(crate) fn unwanted_by_now(
        &self,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Option<Vec<Verdict>>, LedgerError> {
        let message = &delivery.message;
        let Some(Owner(account)) = message.handling.owner else {
            return Ok(None);
        };
        if now.since(message.received) < ANSWER_HOLDS {
            return Ok(None);
        }
        let (account, email) = (
            AccountId::from_bytes(account),
            EmailId::from_bytes(message.id.to_bytes()),
        );
        let Some(context) = self.context(account, email)? else {
            return Ok(None);
        };
        let mut verdicts = Vec::new();
        for recipient in delivery.waiting() {
            let why = self.unwanted(&context, &recipient.forward_path, now.unix_ms())?;
            verdicts.push(why.map_or(Verdict::Untried, |why| Verdict::Unwanted { why }));
        }
        let all_may = verdicts.iter().all(|verdict| *verdict == Verdict::Untried);
        Ok((!all_may).then_some(verdicts))
    }
}
