//! What messages at a listener for reports were, for the count of them.

use content::report::{Action, Delivery, Report};

use super::news::Happened;

/// What a message was. One that says two things is counted once, as the first that it has here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportKind {
    /// Somebody wrote to the address in List-Unsubscribe.
    Unsubscribe,
    /// A message came back.
    Bounce,
    /// It was called spam, or worse.
    Complaint,
    /// It is not delivered yet.
    Delay,
    /// No person wrote this (RFC 3834).
    AutoReply,
    /// Taken, and none of these: news of a delivery, a feedback report that is no complaint, a person's answer.
    Other,
    /// Not a report, and its author was told so.
    Refused,
}

impl ReportKind {
    /// What a report is by its form, whatever comes of it.
    pub(super) fn of(report: &Report) -> Self {
        match report {
            Report::Bounce(_) => Self::Bounce,
            Report::Notice(delivery) if is_delay(delivery) => Self::Delay,
            Report::Complaint(complaint) if Happened::complaint(&complaint.feedback_type).is_some() => {
                Self::Complaint
            }
            Report::AutoReply { .. } => Self::AutoReply,
            Report::Notice(_) | Report::Complaint(_) | Report::Other => Self::Other,
        }
    }

    /// Its name in the metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribe => "unsubscribe",
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::Delay => "delay",
            Self::AutoReply => "auto_reply",
            Self::Other => "other",
            Self::Refused => "refused",
        }
    }
}

fn is_delay(delivery: &Delivery) -> bool {
    let mut recipients = delivery.recipients.iter();
    recipients.any(|recipient| recipient.action == Action::Delayed)
}
