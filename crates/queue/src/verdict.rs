//! What an attempt meant: data, not an error.

/// What an attempt meant for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The next hop took responsibility.
    Delivered {
        /// Its reply.
        reply: String,
    },
    /// Not now; try again until the message expires.
    Deferred(Reason),
    /// Never; the sender is told.
    Refused(Reason),
    /// An operator took it out; nobody is told.
    Canceled,
    /// It may not leave now: it waits until somebody [releases](crate::Queue::release) it. This was no attempt.
    Held,
    /// Nobody wants it there any more; nobody is told. This was no attempt.
    Unwanted {
        /// In a few words.
        why: String,
    },
    /// Nothing was tried, because of what became of other recipients of its delivery: it is due as it was.
    Untried,
}

impl Verdict {
    /// Whether an attempt was made at all.
    pub(crate) fn is_of_attempt(&self) -> bool {
        !matches!(self, Self::Held | Self::Unwanted { .. } | Self::Untried)
    }
}

/// Why a recipient was not delivered to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: String,
    /// The next hop's reply, or our own words.
    pub text: String,
}

/// What became of one recipient in a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The next hop took it.
    Delivered,
    /// It will be tried again.
    Deferred {
        /// Enhanced status code.
        status: String,
    },
    /// It was refused for good.
    Refused {
        /// Enhanced status code.
        status: String,
    },
    /// It was deferred once more, and the message is too old to be tried again.
    Expired {
        /// Enhanced status code.
        status: String,
    },
    /// It was taken out.
    Canceled,
    /// It was not tried, and waits until somebody releases it.
    Held,
    /// It was not tried, and is not to be any more.
    Unwanted {
        /// In a few words.
        why: String,
    },
}

impl Fate {
    /// Whether an attempt was made at all.
    pub fn is_of_attempt(&self) -> bool {
        !matches!(self, Self::Held | Self::Unwanted { .. })
    }
}
