//! Mail that comes back: bounces, complaints and automatic answers, told from mail that people wrote.
//!
//! **Promise.** Reading cannot fail. Of the octets no more than [`limits::OCTETS_MAX`] are read, in time and memory that
//! grow with them; what is malformed or cut off says what could still be understood, or is [`Report::Other`].
//!
//! **In this order.** A complaint (RFC 5965), a delivery status (RFC 3464), a bounce written for people, an automatic
//! answer (RFC 3834). Bounces are automatic answers too, so those come last.
//!
//! **Not believed.** A message within the message is never taken for the report: who forwards a bounce sends none.
//! Everybody can write a report; whether it is about mail of ours is for the caller to find out, and so is whether its
//! envelope had the null sender.

pub mod limits;

mod auto_reply;
mod feedback;
mod plain;
mod status;
mod value;
mod walk;

use limits::{HEADER_OCTETS_MAX, OCTETS_MAX};
use value::{bare, field};
use walk::Leaf;

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// At least one recipient did not get the message, and will not. Only those are named.
    Bounce(Delivery),
    /// News of a delivery that has not failed: delayed, relayed, expanded, delivered.
    Notice(Delivery),
    /// A feedback report (RFC 5965).
    Complaint(Complaint),
    /// An answer that no person wrote (RFC 3834).
    AutoReply {
        /// What shows it.
        why: Evidence,
    },
    /// None of these: most likely written by a person.
    Other,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Never empty, and no more than [`limits::RECIPIENTS_MAX`].
    pub recipients: Vec<Recipient>,
    /// What the sender gave as `ENVID` (RFC 3461 §4.4).
    pub envelope_id: Option<String>,
    /// The message it is about, if it came back.
    pub original: Option<Original>,
}

/// One recipient. Each value has no more than about [`limits::VALUE_OCTETS_MAX`] octets and no line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Without type and angle brackets; what the reporter wrote, which need not be an address.
    pub final_recipient: String,
    /// What the sender gave as `ORCPT` (RFC 3461 §4.2), without type.
    pub original_recipient: Option<String>,
    /// What became of the message for this recipient.
    pub action: Action,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// Without its type.
    pub diagnostic: Option<String>,
    /// The host that said so, without type.
    pub remote_mta: Option<String>,
}

/// RFC 3464 §2.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Given up.
    Failed,
    /// Not yet delivered, still being tried.
    Delayed,
    /// In the mailbox.
    Delivered,
    /// Handed to a system that tells no more.
    Relayed,
    /// Delivered to a list, and sent on to its members.
    Expanded,
}

impl Action {
    fn named(value: &str) -> Option<Self> {
        let word = value.split([' ', '(', ';']).next()?;
        match &*word.to_ascii_lowercase() {
            "failed" | "failure" => Some(Self::Failed),
            "delayed" => Some(Self::Delayed),
            "delivered" => Some(Self::Delivered),
            "relayed" => Some(Self::Relayed),
            "expanded" => Some(Self::Expanded),
            _ => None,
        }
    }

    /// Where a report does not say.
    fn of_class(status: Option<&str>) -> Self {
        match status.and_then(|status| status.chars().next()) {
            Some('2') => Self::Delivered,
            Some('4') => Self::Delayed,
            _ => Self::Failed,
        }
    }
}

/// What somebody, or their provider, holds against a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// In lower case: `abuse`, `fraud`, `virus`, `other`, `not-spam`, `auth-failure`, … Not all of them complain.
    pub feedback_type: String,
    /// The software that wrote the report.
    pub user_agent: Option<String>,
    /// Often none, for the sake of privacy; no more than [`limits::RECIPIENTS_MAX`].
    pub original_recipients: Vec<String>,
    /// As it was written (RFC 5322 §3.3).
    pub arrival_date: Option<String>,
    /// Where the message came from; unchecked text.
    pub source_ip: Option<String>,
    /// The message it is about, if it came back.
    pub original: Option<Original>,
}

/// The message that a report is about, as far as it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// As written: encoded words are not decoded.
    pub from: Option<String>,
    /// As written: encoded words are not decoded.
    pub to: Option<String>,
    /// No more than [`limits::HEADER_OCTETS_MAX`].
    pub header: Vec<u8>,
}

impl Original {
    fn of(message: &[u8]) -> Self {
        let (header, _) = walk::split(message);
        let header = header.get(..HEADER_OCTETS_MAX).unwrap_or(header);
        Self {
            message_id: field(header, "Message-ID").map(|value| bare(&value).to_owned()),
            from: field(header, "From"),
            to: field(header, "To"),
            header: header.to_vec(),
        }
    }
}

/// What shows that no person wrote an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// `Auto-Submitted` (RFC 3834 §5), other than `no`.
    AutoSubmitted,
    /// `X-Autoreply`, `X-Autorespond` or `X-Autoreply-From`.
    XAutoreply,
    /// `X-Auto-Response-Suppress`, which Exchange sets.
    ResponseSuppress,
    /// `auto_reply`, or `bulk` or `junk` with a subject that says the same.
    Precedence,
}

/// Reads a message, header and body, lines ended by CRLF.
pub fn read(octets: &[u8]) -> Report {
    let octets = octets.get(..OCTETS_MAX).unwrap_or(octets);
    let (head, _) = walk::split(octets);
    let leaves = walk::leaves(octets);
    let original = leaves.iter().find(|leaf| is_original(leaf));
    let original = original.map(|leaf| Original::of(&leaf.body));
    let of_kind = |kinds: &[&str]| leaves.iter().find(|leaf| kinds.contains(&&*leaf.kind));

    let complaint = of_kind(&["message/feedback-report"])
        .and_then(|leaf| feedback::read(&leaf.body, original.clone()))
        .or_else(|| feedback::without_report(original.clone()));
    if let Some(complaint) = complaint {
        return Report::Complaint(complaint);
    }
    let status = of_kind(&["message/delivery-status", "message/global-delivery-status"]);
    let (mut recipients, envelope_id) = status.map_or_else(Default::default, |leaf| status::read(&leaf.body));
    let is_silent = |recipient: &Recipient| recipient.diagnostic.is_none();
    if (recipients.is_empty() || recipients.iter().any(is_silent))
        && let Some(text) = of_kind(&["text/plain"])
    {
        let told = plain::read(head, &text.body);
        match recipients.is_empty() {
            true => recipients = told,
            false => complete(&mut recipients, &told),
        }
    }
    if !recipients.is_empty() {
        return delivery(recipients, envelope_id, original);
    }
    auto_reply::evidence(head).map_or(Report::Other, |why| Report::AutoReply { why })
}

/// OpenSMTPD says `5.0.0` to programs, and the reply to people alone.
fn complete(recipients: &mut [Recipient], told: &[Recipient]) {
    for recipient in recipients.iter_mut().filter(|one| one.diagnostic.is_none()) {
        let name = &recipient.final_recipient;
        let same = told
            .iter()
            .find(|one| one.final_recipient.eq_ignore_ascii_case(name));
        let Some(same) = same else { continue };
        recipient.diagnostic.clone_from(&same.diagnostic);
        let is_vague = recipient
            .status
            .as_ref()
            .is_none_or(|status| status.ends_with(".0.0"));
        if is_vague && same.status.is_some() {
            recipient.status.clone_from(&same.status);
        }
    }
}

fn is_original(leaf: &Leaf<'_>) -> bool {
    matches!(
        &*leaf.kind,
        "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers"
    )
}

fn delivery(
    mut recipients: Vec<Recipient>,
    envelope_id: Option<String>,
    original: Option<Original>,
) -> Report {
    let has_failed = |recipient: &Recipient| recipient.action == Action::Failed;
    let is_bounce = recipients.iter().any(has_failed);
    if is_bounce {
        recipients.retain(has_failed);
    }
    let delivery = Delivery {
        recipients,
        envelope_id,
        original,
    };
    match is_bounce {
        true => Report::Bounce(delivery),
        false => Report::Notice(delivery),
    }
}
