//! The failure notice (RFC 3464) as a message of its own: from nobody, to the reverse-path, never for a null one.

use bytes::Bytes;
use smtp::address::{ForwardPath, ReversePath};
use smtp::dsn::{self, FailedRecipient, Notice};

use crate::delivery::Delivery;
use crate::id::QueueId;
use crate::limits::NOTICE_HEADER_BYTES_MAX;
use crate::message::{Body, Handling, Submission};
use crate::time::Timestamp;
use crate::verdict::Reason;

/// A recipient that will not be delivered to.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    forward_path: ForwardPath,
    reason: Reason,
}

impl Failure {
    /// The next hop refused it.
    pub(crate) fn refused(forward_path: ForwardPath, reason: Reason) -> Self {
        Self { forward_path, reason }
    }

    /// It was deferred until the message expired: RFC 3463 X.4.7, delivery time expired.
    pub(crate) fn expired(forward_path: ForwardPath, reason: Reason) -> Self {
        let text = format!("delivery time expired; last attempt: {}", reason.text);
        Self {
            forward_path,
            reason: Reason {
                status: "5.4.7".into(),
                text,
            },
        }
    }

    fn recipient(&self, remote_mta: Option<&str>) -> FailedRecipient {
        FailedRecipient {
            recipient: self.forward_path.clone(),
            status: self.reason.status.clone(),
            diagnostic: self.reason.text.clone(),
            remote_mta: remote_mta.map(str::to_owned),
        }
    }
}

/// What a notice tells, and who tells it.
pub(crate) struct About<'a> {
    pub(crate) reporting_mta: &'a str,
    pub(crate) delivery: &'a Delivery,
    pub(crate) failures: &'a [Failure],
    pub(crate) remote_mta: Option<&'a str>,
    pub(crate) original_header: &'a [u8],
    pub(crate) id: QueueId,
    pub(crate) now: Timestamp,
}

/// The notice, or nothing when the message itself has a null reverse-path: a notice about a notice would never end
/// (RFC 5321 §6.1).
pub(crate) fn compose(about: About<'_>) -> Option<Submission> {
    let About {
        reporting_mta,
        delivery,
        id,
        now,
        ..
    } = about;
    let ReversePath::Mailbox(sender) = &delivery.message.reverse_path else {
        return None;
    };
    let notice = Notice {
        reporting_mta: reporting_mta.to_owned(),
        original_id: delivery.message.id.to_string(),
        arrival_date: delivery.message.received.rfc5322(),
        recipient: sender.clone(),
        failed: about
            .failures
            .iter()
            .map(|failure| failure.recipient(about.remote_mta))
            .collect(),
        original_header: about.original_header.to_vec(),
        date: now.rfc5322(),
        message_id: format!("{id}@{reporting_mta}"),
        boundary: format!("=_{}", id.to_string().replace('-', "")),
        smtputf8: delivery.message.smtputf8,
    };
    let octets = Bytes::from(dsn::failure_notice(&notice));
    Some(Submission {
        id,
        received: now,
        reverse_path: ReversePath::Null,
        recipients: vec![ForwardPath::from(sender.clone())],
        eight_bit: !octets.is_ascii(),
        smtputf8: delivery.message.smtputf8,
        head: Bytes::new(),
        body: Body::whole(octets),
        due: now,
        handling: Handling::default(),
    })
}

/// The header block of a message: what we put before it, and its own fields up to the empty line, bounded.
pub(crate) fn header_of(head: &[u8], first_piece: &[u8]) -> Vec<u8> {
    let end = first_piece
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(first_piece.len(), |at| at + 2);
    let mut header = head.to_vec();
    header.extend_from_slice(first_piece.get(..end).unwrap_or(first_piece));
    if header.len() > NOTICE_HEADER_BYTES_MAX {
        let cut = header.get(..NOTICE_HEADER_BYTES_MAX).unwrap_or(&header);
        let line_end = cut
            .windows(2)
            .rposition(|window| window == b"\r\n")
            .map_or(0, |at| at + 2);
        header.truncate(line_end);
    }
    header
}
