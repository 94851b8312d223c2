//! `message/delivery-status` (RFC 3464 §2): a group of fields for the message, and one for each recipient.

use super::limits::RECIPIENTS_MAX;
use super::value::{bare, field, status, untyped};
use super::{Action, Recipient};

/// The recipients, and the envelope id that the sender gave.
pub(super) fn read(body: &[u8]) -> (Vec<Recipient>, Option<String>) {
    let mut recipients = Vec::new();
    let mut envelope_id = None;
    let mut rest = body;
    while !rest.is_empty() && recipients.len() < RECIPIENTS_MAX {
        if let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
            continue;
        }
        let end = memchr::memmem::find(rest, b"\r\n\r\n").map_or(rest.len(), |at| at + 2);
        let (group, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after;
        match recipient(group) {
            Some(recipient) => recipients.push(recipient),
            None => envelope_id = envelope_id.or_else(|| field(group, "Original-Envelope-Id")),
        }
    }
    (recipients, envelope_id)
}

fn recipient(group: &[u8]) -> Option<Recipient> {
    let address = |name| field(group, name).map(|value| bare(untyped(&value)).to_owned());
    let original_recipient = address("Original-Recipient");
    let final_recipient = address("Final-Recipient").or_else(|| original_recipient.clone())?;
    let diagnostic = field(group, "Diagnostic-Code").map(|value| untyped(&value).to_owned());
    let status = field(group, "Status")
        .and_then(|value| status(&value))
        .or_else(|| diagnostic.as_deref().and_then(status));
    let action = field(group, "Action");
    Some(Recipient {
        action: action
            .and_then(|value| Action::named(&value))
            .unwrap_or_else(|| Action::of_class(status.as_deref())),
        remote_mta: field(group, "Remote-MTA").map(|value| untyped(&value).to_owned()),
        final_recipient,
        original_recipient,
        status,
        diagnostic,
    })
}
