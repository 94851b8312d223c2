//! What a refusal means: each reply that is no success gets a [`Class`], and the class says whose fault it is and what
//! becomes of the address.
//!
//! **Promise.** The same reply and the same [`Rules`] give the same [`Verdict`], and the verdict names the rule that
//! spoke. Time is linear in the reply, and of a reply no more than [`crate::limits::REPLY_TEXT_BYTES_MAX`] octets are
//! read, whatever it holds.
//!
//! **Order.** Our own reason, if there is one ([`OwnReason`]); then rules with texts of one provider, rules with texts
//! of anybody, rules of enhanced codes (RFC 3463), of reply codes (RFC 5321 §4.2), and last the stage at which it was
//! said. Texts go before codes because providers give one code to very different things: `5.7.1` may be a
//! listed address, spam, or a mailbox that takes no mail from strangers.
//!
//! **Invariants.**
//! - A block of an address, a domain or a message never suppresses a recipient ([`Class::action`]).
//! - A rule that can never speak is a defect: the tests show a reply for each.
//!
//! **Failures.** Only reading a file of rules can fail ([`RulesError`]).

mod class;
mod effect;
mod file;
mod own;
mod phrase;
mod rule;
mod rules;
mod said;

pub use class::Class;
pub use effect::{Action, Scope, Severity};
pub use file::{RulesError, RulesFault};
pub use own::OwnReason;
pub use rule::{Author, Place, Stage};
pub use rules::Rules;

/// What is known of one refusal or deferral. What is not known is left empty: [`Default`] knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    /// Why it went wrong without a word from anybody else; nothing else counts then.
    pub own: Option<OwnReason>,
    /// The reply code. If there is none, one at the beginning of `text` counts.
    pub code: Option<u16>,
    /// The enhanced code. If there is none, or only `x.0.0`, one in `text` counts.
    pub enhanced: Option<&'a str>,
    /// What was said, on any number of lines, with codes or without: a reply, or the Diagnostic-Code of a notice.
    pub text: &'a str,
    /// The name of the host that said it.
    pub mx: Option<&'a str>,
    /// The domain of the recipient.
    pub domain: Option<&'a str>,
    /// To what it was the answer.
    pub stage: Option<Stage>,
}

/// What a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<'r> {
    /// What happened.
    pub class: Class,
    /// How bad it is: what its class says, but a hard class is soft where the reply is temporary (4yz).
    pub severity: Severity,
    /// The rule that spoke: the id of one in [`Rules`], `own-…` for our own reason, or `unclassified`.
    pub rule_id: &'r str,
    /// Where that rule is written, if it is one in [`Rules`].
    pub place: Option<Place>,
}

#[cfg(test)]
mod tests;
