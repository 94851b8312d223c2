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
}

/// Why a recipient was not delivered to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: String,
    /// The next hop's reply, or our own words.
    pub text: String,
}
