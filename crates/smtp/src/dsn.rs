//! Failure notices: what the sender of a message is told about recipients that will not get it (RFC 3464, RFC 6522).
//!
//! **Promise.** The notice is a whole message: CRLF lines of at most 998 octets, no bare CR or LF, whatever the texts
//! of a peer and the header of the original hold. It has a text for people, a delivery-status for machines and the
//! original's header. A notice goes to a [`Mailbox`]: nobody is told about a message with a null reverse-path
//! (RFC 5321 §6.1), and the type leaves no way to.
//!
//! **Choices.** Where the original needed SMTPUTF8, so may its notice: parts that hold UTF-8 then are of the `global`
//! types of RFC 6533. Else the notice's own words are ASCII: addresses in the escaped form of RFC 6533 §3, other
//! characters as `?`; only the original's header keeps its octets. Runs of white space in texts become one space.
//! RFC 3834 §5: `Auto-Submitted` keeps answering machines from answering.

use crate::address::{ForwardPath, Mailbox};
use crate::client::EnhancedCode;

mod header;
mod text;

use text::{Charset, Field, address_text, wrap};

/// What a failure notice says.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The name of this server.
    pub reporting_mta: String,
    /// What this server called the message.
    pub original_id: String,
    /// When it came, as RFC 5322 §3.3 writes dates.
    pub arrival_date: String,
    /// Its reverse-path: who is told.
    pub recipient: Mailbox,
    /// Who will not get it; at least one.
    pub failed: Vec<FailedRecipient>,
    /// Its header, up to the empty line.
    pub original_header: Vec<u8>,
    /// When the notice is made, as RFC 5322 §3.3 writes dates.
    pub date: String,
    /// The notice's own message id, without angle brackets.
    pub message_id: String,
    /// A MIME boundary (RFC 2046 §5.1.1): up to 70 characters that need no care. No line of the notice can begin with
    /// it by accident, since none of the parts has lines that begin with `--`.
    pub boundary: String,
    /// Whether the notice may need SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
}

/// A recipient that will not get the message.
#[derive(Clone, Debug)]
pub struct FailedRecipient {
    /// Who.
    pub recipient: ForwardPath,
    /// The enhanced code (RFC 3463), such as `5.1.1`. What is no such code becomes `5.0.0`.
    pub status: String,
    /// The peer's reply, or our own words.
    pub diagnostic: String,
    /// The host that was spoken to, if one was.
    pub remote_mta: Option<String>,
}

/// Writes the notice.
///
/// # Panics
/// Without failed recipients: there would be nothing to tell.
pub fn failure_notice(notice: &Notice) -> Vec<u8> {
    assert!(
        !notice.failed.is_empty(),
        "a failure notice is about at least one recipient"
    );
    let charset = if notice.smtputf8 {
        Charset::Utf8
    } else {
        Charset::Ascii
    };
    let parts = [
        text_part(notice, charset),
        status_part(notice, charset),
        header::part(&notice.original_header, charset),
    ];
    let mut out = Vec::with_capacity(1024 + parts.iter().map(|part| part.lines.len() + 256).sum::<usize>());
    write_header(notice, encoding(parts.iter()), &mut out);
    for part in &parts {
        write_part(notice, part, &mut out);
    }
    out.extend_from_slice(format!("--{}--\r\n", notice.boundary).as_bytes());
    out
}

/// A part of the notice: its type and its lines.
struct Part {
    content_type: &'static str,
    lines: Vec<u8>,
}

fn write_header(notice: &Notice, encoding: &str, out: &mut Vec<u8>) {
    let host = &notice.reporting_mta;
    let mut field = Field {
        charset: Charset::Utf8,
        out,
    };
    field.write("From", &format!("Mail Delivery System <mailer-daemon@{host}>"));
    field.write("To", &format!("<{}>", notice.recipient));
    field.write("Subject", "Your message could not be delivered");
    field.write("Date", &notice.date);
    field.write("Message-ID", &format!("<{}>", notice.message_id));
    field.write("Auto-Submitted", "auto-replied");
    field.write("MIME-Version", "1.0");
    let boundary = &notice.boundary;
    field.write(
        "Content-Type",
        &format!("multipart/report; report-type=delivery-status; boundary=\"{boundary}\""),
    );
    field.write("Content-Transfer-Encoding", encoding);
    out.extend_from_slice(b"\r\n");
}

fn write_part(notice: &Notice, part: &Part, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("--{}\r\n", notice.boundary).as_bytes());
    let mut field = Field {
        charset: Charset::Ascii,
        out,
    };
    field.write("Content-Type", part.content_type);
    field.write("Content-Transfer-Encoding", encoding([part].into_iter()));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&part.lines);
    // This line end belongs to the boundary (RFC 2046 §5.1.1).
    out.extend_from_slice(b"\r\n");
}

// For people (RFC 6522 §3, first part).
fn text_part(notice: &Notice, charset: Charset) -> Part {
    let mut lines = Vec::new();
    let introduction = format!(
        "This is the mail system at {}. Your message could not be delivered to the recipients below, and no further \
         attempt will be made. The header of your message is attached.",
        notice.reporting_mta
    );
    wrap(&introduction, "", charset, &mut lines);
    for failed in &notice.failed {
        lines.extend_from_slice(b"\r\n");
        wrap(&failed.recipient.to_string(), "", charset, &mut lines);
        let said = match &failed.remote_mta {
            Some(host) if is_reply(&failed.diagnostic) => format!("{host} said: {}", failed.diagnostic),
            _ => failed.diagnostic.clone(),
        };
        wrap(&said, "    ", charset, &mut lines);
    }
    let content_type = if lines.is_ascii() {
        "text/plain; charset=us-ascii"
    } else {
        "text/plain; charset=utf-8"
    };
    Part { content_type, lines }
}

// For machines (RFC 3464 §2; RFC 6533 §4).
fn status_part(notice: &Notice, charset: Charset) -> Part {
    let mut lines = Vec::new();
    let mut field = Field {
        charset,
        out: &mut lines,
    };
    field.write("Reporting-MTA", &format!("dns; {}", notice.reporting_mta));
    field.write("X-Postrider-Id", &notice.original_id);
    field.write("Arrival-Date", &notice.arrival_date);
    for failed in &notice.failed {
        write_recipient(failed, charset, &mut lines);
    }
    let content_type = if lines.is_ascii() {
        "message/delivery-status"
    } else {
        "message/global-delivery-status"
    };
    Part { content_type, lines }
}

fn write_recipient(failed: &FailedRecipient, charset: Charset, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
    let mut field = Field { charset, out };
    field.write("Final-Recipient", &address_text(&failed.recipient, charset));
    field.write("Action", "failed");
    let status = EnhancedCode::parse(&failed.status).filter(|code| code.class != 2);
    field.write(
        "Status",
        &status.unwrap_or(EnhancedCode::new(5, 0, 0)).to_string(),
    );
    if let Some(host) = &failed.remote_mta {
        field.write("Remote-MTA", &format!("dns; {host}"));
    }
    // RFC 3464 §2.3.6: `smtp` promises a reply of the peer; our own words are of a type of our own.
    let diagnostic_type = if is_reply(&failed.diagnostic) {
        "smtp"
    } else {
        "x-postrider"
    };
    field.write(
        "Diagnostic-Code",
        &format!("{diagnostic_type}; {}", failed.diagnostic),
    );
}

fn is_reply(diagnostic: &str) -> bool {
    matches!(
        diagnostic.as_bytes(),
        [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', b' ', ..]
    )
}

// RFC 2045 §6.4: a composite says of itself what is true of any of its parts.
fn encoding<'a>(mut parts: impl Iterator<Item = &'a Part>) -> &'static str {
    if parts.all(|part| part.lines.is_ascii()) {
        "7bit"
    } else {
        "8bit"
    }
}

#[cfg(test)]
mod tests;
