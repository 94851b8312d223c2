//! Turns: who asks the store whether something is news, and writes it down if it is, does so alone for one e-mail. What was
//! asked would otherwise not hold any more when it is committed, and the same news would be news twice.

use ledger::EmailId;
use tokio::sync::{Mutex, MutexGuard};

use super::Chronicle;

/// E-mails that may have their turn at once; two that share one wait for each other now and then.
const TURNS: usize = 64;

pub(super) struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Chronicle {
    /// The turn of an e-mail, to be kept until what was written down is committed. Reports and requests take it; attempts
    /// and hits do not, they ask nothing.
    pub(crate) async fn turn(&self, email: EmailId) -> MutexGuard<'_, ()> {
        let [.., last] = email.to_bytes();
        self.turns.0[usize::from(last) % TURNS].lock().await
    }
}
