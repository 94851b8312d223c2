//! What is known of e-mails that were accepted lately. The first attempt comes moments later and asks for it; without this
//! it would be read back from the store.

use std::collections::HashMap;

use ledger::{EmailContext, EmailId};

/// Contexts kept in memory, about 128 octets each: as many as are accepted in a few seconds.
const CONTEXTS_MAX: usize = 50_000;

/// The younger half, and the older.
#[derive(Default)]
pub(super) struct Contexts {
    young: HashMap<EmailId, EmailContext>,
    old: HashMap<EmailId, EmailContext>,
}

impl Contexts {
    pub(super) fn keep(&mut self, context: EmailContext) {
        if self.young.len() >= CONTEXTS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(context.email, context);
    }

    pub(super) fn find(&self, email: EmailId) -> Option<EmailContext> {
        self.young.get(&email).or_else(|| self.old.get(&email)).copied()
    }
}
