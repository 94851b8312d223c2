//! Complaints: `message/feedback-report` (RFC 5965 §3), and the older form of Outlook's programme, which forwards the
//! message with the recipient in a field of it.

use super::limits::RECIPIENTS_MAX;
use super::value::{bare, field, text, untyped};
use super::{Complaint, Original};
use crate::header::fields;

const OUTLOOK_RECIPIENT: &str = "X-HmXmrOriginalRecipient";

pub(super) fn read(body: &[u8], original: Option<Original>) -> Option<Complaint> {
    // Some put an empty line before the fields.
    let body = body.trim_ascii_start();
    let feedback_type = field(body, "Feedback-Type")?.to_ascii_lowercase();
    let mut original_recipients: Vec<String> = fields(body)
        .filter(|field| field.is("Original-Rcpt-To"))
        .take(RECIPIENTS_MAX)
        .map(|field| bare(untyped(&text(field.value))).to_owned())
        .collect();
    if original_recipients.is_empty() {
        original_recipients.extend(original.as_ref().and_then(outlook_recipient));
    }
    Some(Complaint {
        feedback_type,
        user_agent: field(body, "User-Agent"),
        original_recipients,
        arrival_date: field(body, "Arrival-Date").or_else(|| field(body, "Received-Date")),
        source_ip: field(body, "Source-IP"),
        original,
    })
}

/// One without a report, known by the field that the programme put into the original.
pub(super) fn without_report(original: Option<Original>) -> Option<Complaint> {
    let recipient = original.as_ref().and_then(outlook_recipient)?;
    Some(Complaint {
        feedback_type: "abuse".to_owned(),
        user_agent: None,
        original_recipients: vec![recipient],
        arrival_date: None,
        source_ip: None,
        original,
    })
}

fn outlook_recipient(original: &Original) -> Option<String> {
    field(&original.header, OUTLOOK_RECIPIENT).map(|value| bare(&value).to_owned())
}
