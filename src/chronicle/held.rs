//! Mail that comes due while its account may not send: it is put aside, and leaves when the account may send again.

use ledger::{AccountId, EmailId, HoldReason};
use queue::{Message, Owner, SettledDelivery, Timestamp};
use store::Batch;

use super::Chronicle;

impl Chronicle {
    /// Why a message may not leave now, if so.
    pub(crate) fn held(&self, message: &Message) -> Option<HoldReason> {
        let Owner(account) = message.handling.owner?;
        self.hold_of(AccountId::from_bytes(account))
    }

    /// Why mail of an account may not leave now, if so. An account that cannot be read stops nothing: the store that fails
    /// will say so when the attempt is settled.
    pub(super) fn hold_of(&self, account: AccountId) -> Option<HoldReason> {
        let account = self.ledger.account(account).ok().flatten()?;
        account.hold()
    }

    /// Puts into `batch` that what was put aside is to be let go. The account may be free again by now: then the next round
    /// of letting go finds it.
    pub(super) fn keep_hold(
        &self,
        settled: &SettledDelivery,
        account: AccountId,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let email = EmailId::from_bytes(settled.message.id.to_bytes());
        let reason = self.hold_of(account).unwrap_or(HoldReason::Paused);
        let mark = (settled.part, now.unix_ms());
        if let Err(error) = self.ledger.put_aside((account, email), reason, mark, batch) {
            tracing::error!(%email, %error, "the record of an e-mail that is held cannot be changed");
        }
    }
}
