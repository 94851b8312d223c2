//! A mail transaction as it is handed to the client, and its commands as they are sent.

use super::capabilities::{Capabilities, SizeLimit};
use super::outcome::Why;
use crate::address::{ForwardPath, ReversePath};

/// What is to be sent, except the message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The argument of MAIL.
    pub reverse_path: ReversePath,
    /// The arguments of RCPT; at least one.
    pub recipients: Vec<ForwardPath>,
    /// Octets of the message before dot-stuffing, its final CRLF included (RFC 1870 §5).
    pub size: u64,
    /// Whether the body holds octets above 127.
    pub eight_bit: bool,
    /// Whether the header needs SMTPUTF8. Addresses that need it are noticed without this.
    pub smtputf8: bool,
}

/// The caller's name for a transaction. The client does not look into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

impl Transaction {
    /// Why a peer with these capabilities need not be asked.
    pub(super) fn obstacle(&self, offered: &Capabilities) -> Option<Why> {
        if self.needs_smtputf8() && !offered.smtputf8 {
            return Some(Why::NoSmtputf8);
        }
        match offered.size {
            SizeLimit::Octets(max) if self.size > max => Some(Why::TooLarge { size: self.size, max }),
            _ => None,
        }
    }

    /// Appends MAIL with the parameters that the peer understands.
    ///
    /// An 8-bit body goes out as it is even where 8BITMIME is not offered: converting it would break its signatures,
    /// and peers without 8BITMIME that mind are a thing of the past.
    pub(super) fn write_mail(&self, offered: &Capabilities, out: &mut Vec<u8>) {
        out.extend_from_slice(b"MAIL FROM:<");
        out.extend_from_slice(self.reverse_path.as_str().as_bytes());
        out.push(b'>');
        if offered.size != SizeLimit::NotOffered {
            out.extend_from_slice(b" SIZE=");
            out.extend_from_slice(self.size.to_string().as_bytes());
        }
        if self.eight_bit && offered.eight_bit_mime {
            out.extend_from_slice(b" BODY=8BITMIME");
        }
        if self.needs_smtputf8() {
            out.extend_from_slice(b" SMTPUTF8");
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Appends RCPT for the recipient with this index.
    pub(super) fn write_rcpt(&self, index: usize, out: &mut Vec<u8>) {
        let Some(recipient) = self.recipients.get(index) else {
            return;
        };
        out.extend_from_slice(b"RCPT TO:<");
        out.extend_from_slice(recipient.as_str().as_bytes());
        out.extend_from_slice(b">\r\n");
    }

    fn needs_smtputf8(&self) -> bool {
        self.smtputf8 || !self.reverse_path.is_ascii() || !self.recipients.iter().all(ForwardPath::is_ascii)
    }
}
