//! Bounces written for people alone: qmail's (QSBMF), Exim's, old Sendmail's and Postfix's, Exchange's, and the many
//! that put a reply like `550 5.1.1 …` behind an address.
//!
//! **What is believed.** Text alone never makes a bounce, since people quote bounces: it takes the words that qmail begins
//! with, Exim's `X-Failed-Recipients`, or a sender and a subject of mail systems. Then a recipient is an address that
//! begins a line or stands in one with a reply, and it has failed only if a reply or one of the first two says so.
//! What follows the line that introduces the original message is not read.

use super::limits::{LINES_MAX, RECIPIENTS_MAX, VALUE_OCTETS_MAX};
use super::value::{bare, field, reply_class, status, text};
use super::{Action, Recipient};
use crate::header::fields;

/// How lines begin, in lower case and without dashes, that introduce the original message.
const ORIGINALS: [&str; 6] = [
    "below this line is a copy",
    "this is a copy of",
    "original message",
    "message headers follow",
    "unsent message",
    "original headers",
];

/// What subjects of bounces say, in lower case.
const SUBJECTS: [&str; 11] = [
    "undeliver",
    "delivery status",
    "delivery fail",
    "delivery has failed",
    "failure notice",
    "returned mail",
    "returned to sender",
    "mail delivery",
    "could not send message",
    "non remis",
    "unzustellbar",
];

const DELAYS: [&str; 4] = ["warning", "delay", "still being", "will be retried"];

/// The recipients that a text tells of; none if it is no bounce.
pub(super) fn read(head: &[u8], body: &[u8]) -> Vec<Recipient> {
    let named = failed_recipients(head);
    let is_qmail = body.trim_ascii_start().starts_with(b"Hi. This is the ");
    let subject = field(head, "Subject").unwrap_or_default().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| subject.contains(word));
    let is_certain = is_qmail || !named.is_empty();
    let is_bounce = is_certain || (is_from_system(head) && says(&SUBJECTS));
    if !is_bounce {
        return Vec::new();
    }
    let action = match !is_certain && says(&DELAYS) {
        true => Action::Delayed,
        false => Action::Failed,
    };
    let mut found = Found {
        recipients: named.iter().map(|name| recipient(name, action)).collect(),
        current: None,
        action,
        is_closed: !named.is_empty(),
    };
    let lines = body.split(|&octet| octet == b'\n').take(LINES_MAX);
    for line in lines.map(text) {
        let plain = line.trim_start_matches(['-', ' ']).to_ascii_lowercase();
        if ORIGINALS.iter().any(|begin| plain.starts_with(begin)) {
            break;
        }
        found.line(&line);
    }
    let mut recipients = found.recipients;
    for recipient in &mut recipients {
        recipient.status = recipient.diagnostic.as_deref().and_then(status);
    }
    recipients.retain(|recipient| {
        let diagnostic = recipient.diagnostic.as_deref();
        is_certain || recipient.status.is_some() || diagnostic.and_then(reply_class).is_some()
    });
    recipients
}

struct Found {
    recipients: Vec<Recipient>,
    /// The one that the last line was about.
    current: Option<usize>,
    action: Action,
    /// All that failed are known already.
    is_closed: bool,
}

impl Found {
    fn line(&mut self, line: &str) {
        let has_reply = status(line).is_some() || reply_class(line).is_some();
        if line.is_empty() {
            return;
        }
        let leading = leading_address(line);
        let address = leading.or_else(|| bracketed(line).filter(|_| has_reply));
        if let Some(address) = address {
            self.current = self.place(address);
        }
        let Some(recipient) = self.current.and_then(|at| self.recipients.get_mut(at)) else {
            return;
        };
        if leading.is_some_and(|address| line.len() <= address.len() + 3) {
            return;
        }
        // A reply counts for more than the words before it.
        let is_better = recipient
            .diagnostic
            .as_deref()
            .is_none_or(|known| has_reply && status(known).is_none() && reply_class(known).is_none());
        if is_better {
            recipient.diagnostic = Some(line.to_owned());
        }
    }

    fn place(&mut self, address: &str) -> Option<usize> {
        let known = self
            .recipients
            .iter()
            .position(|recipient| recipient.final_recipient.eq_ignore_ascii_case(address));
        if known.is_some() || self.is_closed || self.recipients.len() >= RECIPIENTS_MAX {
            return known;
        }
        self.recipients.push(recipient(address, self.action));
        Some(self.recipients.len() - 1)
    }
}

fn recipient(address: &str, action: Action) -> Recipient {
    Recipient {
        final_recipient: address.to_owned(),
        original_recipient: None,
        action,
        status: None,
        diagnostic: None,
        remote_mta: None,
    }
}

/// `<a@example.com>` or `a@example.com` at the beginning of a line, and nothing but a colon or white space after it.
fn leading_address(line: &str) -> Option<&str> {
    let word = line.split(' ').next()?;
    let word = word.split("<mailto:").next()?;
    let word = bare(word.trim_end_matches([':', ',']));
    is_address(word).then_some(word)
}

fn bracketed(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once('<')?;
    let (address, _) = rest.split_once('>')?;
    is_address(address).then_some(address)
}

fn is_address(word: &str) -> bool {
    word.len() <= 320
        && !word.contains([' ', '<', '>', '"', '(', ')', ',', ';', ':', '/'])
        && word
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// Exim names them in the header, between commas, in one field or several.
fn failed_recipients(head: &[u8]) -> Vec<String> {
    fields(head)
        .filter(|field| field.is("X-Failed-Recipients"))
        .flat_map(|field| field.value.split(|&octet| octet == b','))
        .filter(|value| value.len() <= VALUE_OCTETS_MAX)
        .map(|value| bare(&text(value)).to_owned())
        .filter(|address| is_address(address))
        .take(RECIPIENTS_MAX)
        .collect()
}

fn is_from_system(head: &[u8]) -> bool {
    let is_null = |value: String| value == "<>";
    field(head, "Return-Path").is_some_and(is_null)
        || field(head, "From").is_some_and(|from| {
            let from = from.to_ascii_lowercase();
            [
                "mailer-daemon",
                "postmaster",
                "microsoftexchange",
                "mail delivery",
            ]
            .iter()
            .any(|name| from.contains(name))
        })
}
