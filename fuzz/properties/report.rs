//! Reading a report: whatever comes, nothing panics, and what is given back is within its bounds and safe to print.

use content::report::limits::{HEADER_OCTETS_MAX, RECIPIENTS_MAX, VALUE_OCTETS_MAX};
use content::report::{Original, Report, read};

/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let original = match read(octets) {
        Report::Bounce(delivery) | Report::Notice(delivery) => {
            assert!((1..=RECIPIENTS_MAX).contains(&delivery.recipients.len()));
            for recipient in &delivery.recipients {
                is_fit_to_print(&recipient.final_recipient);
                let values = [
                    &recipient.original_recipient,
                    &recipient.status,
                    &recipient.diagnostic,
                    &recipient.remote_mta,
                ];
                values
                    .into_iter()
                    .flatten()
                    .for_each(|value| is_fit_to_print(value));
            }
            delivery
                .envelope_id
                .iter()
                .for_each(|value| is_fit_to_print(value));
            delivery.original
        }
        Report::Complaint(complaint) => {
            assert!(complaint.original_recipients.len() <= RECIPIENTS_MAX);
            is_fit_to_print(&complaint.feedback_type);
            complaint
                .original_recipients
                .iter()
                .for_each(|value| is_fit_to_print(value));
            let values = [
                &complaint.user_agent,
                &complaint.arrival_date,
                &complaint.source_ip,
            ];
            values
                .into_iter()
                .flatten()
                .for_each(|value| is_fit_to_print(value));
            complaint.original
        }
        Report::AutoReply { .. } | Report::Other => None,
    };
    original.iter().for_each(is_bounded);
}

fn is_bounded(original: &Original) {
    assert!(original.header.len() <= HEADER_OCTETS_MAX);
    let values = [&original.message_id, &original.from, &original.to];
    values
        .into_iter()
        .flatten()
        .for_each(|value| is_fit_to_print(value));
}

/// An octet that is no text becomes three.
fn is_fit_to_print(value: &str) {
    assert!(!value.contains(char::is_control), "{value:?}");
    assert!(value.len() <= 3 * VALUE_OCTETS_MAX);
}
