//! Makes a message (RFC 5322, RFC 2045) out of the pieces of a request.
//!
//! **Promise.** The same pieces give the same octets, always: what the format leaves open (boundaries) is derived from
//! the Message-ID, the Date is an argument. Lines end in CRLF alone and have at most 998 octets (RFC 5322 §2.1.1); all
//! octets are 7-bit, except those of an address that cannot be written in ASCII ([`Address::needs_smtputf8`]).
//! Nothing of a blind copy is ever in the message: there is no place to say it.
//!
//! **What is changed.** Text parts: any line end becomes CRLF and the last line gets one. Subject: each run of control
//! characters becomes a space. Nothing else: text that ASCII cannot hold is encoded, and reads back as it was.
//!
//! **Structure.** `multipart/mixed` (attachments) around `multipart/alternative` (text, then HTML) around
//! `multipart/related` (HTML and what it shows); a level with one member is left out.
//!
//! **Failures.** Composing cannot fail: [`Address`], [`ExtraFields`] and [`Attachment`] exist only when they are sound.
//!
//! The writing is mail-builder's, with three exceptions that stand in `encoding`: subjects, the `name=` of an
//! attachment, and the transfer encoding of bodies.

use mail_builder::MessageBuilder;
use mail_builder::headers::address as builder;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;

pub use address::{Address, AddressError};
pub use attachment::{Attachment, AttachmentError};
pub use encoding::one_line;
pub use header::{ExtraFields, FieldError};
pub use plain::text_of_html;
pub use smtp::address::Mailbox;

pub mod address;
pub mod attachment;
mod encoding;
pub mod header;
pub mod plain;
mod structure;

/// The pieces of a message.
#[derive(Debug, Clone, Copy)]
pub struct Composition<'a> {
    /// The author (RFC 5322 §3.6.2).
    pub from: &'a Address,
    /// The primary recipients; without any the field is left out.
    pub to: &'a [Address],
    /// The others; without any the field is left out.
    pub cc: &'a [Address],
    /// Where answers go. Takes precedence over a `Reply-To` among `extra_fields`.
    pub reply_to: Option<&'a Address>,
    /// The subject, as it is to be read.
    pub subject: &'a str,
    /// The HTML part.
    pub html: Option<&'a str>,
    /// The text part. If there is only HTML it is made from that ([`text_of_html`]).
    pub text: Option<&'a str>,
    /// Fields of the caller's own.
    pub extra_fields: &'a ExtraFields,
    /// Those with a Content-ID go beside the HTML, if there is HTML.
    pub attachments: &'a [Attachment<'a>],
    /// `left@right`, without angle brackets (RFC 5322 §3.6.4). Unique: the boundaries depend on it too.
    pub message_id: &'a str,
    /// When it was written, in seconds since 1970; shown in UTC.
    pub date_unix_s: i64,
}

/// Writes the message.
pub fn compose(composition: &Composition<'_>) -> Vec<u8> {
    let mut message = MessageBuilder::new().header("From", mailbox(composition.from));
    for (name, list) in [("To", composition.to), ("Cc", composition.cc)] {
        if !list.is_empty() {
            message = message.header(name, mailbox_list(list));
        }
    }
    if let Some(reply_to) = composition.reply_to {
        message = message.header("Reply-To", mailbox(reply_to));
    }
    let subject = one_line(composition.subject);
    message = message
        .header("Subject", Raw::new(encoding::unstructured("Subject", &subject)))
        // mail-builder writes this date in UTC, as `+0000` (RFC 5322 §3.3).
        .header("Date", Date::new(composition.date_unix_s))
        .header("Message-ID", Raw::new(format!("<{}>", composition.message_id)));
    for (name, value) in own_fields(composition) {
        message = message.header(name, Raw::new(header::encoded(name, value)));
    }
    let mut octets = Vec::new();
    message.body(structure::body(composition)).serialize(&mut octets);
    octets
}

/// Octets that a subject has in the message: encoded, without folding.
pub fn subject_length(subject: &str) -> usize {
    let subject = one_line(subject);
    encoding::unstructured("Subject", &subject)
        .bytes()
        .filter(|octet| !matches!(octet, b'\r' | b'\n'))
        .count()
}

/// A message has one Reply-To at most (RFC 5322 §3.6).
fn own_fields<'a>(composition: &Composition<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let answered = composition.reply_to.is_some();
    composition
        .extra_fields
        .iter()
        .filter(move |(name, _)| !(answered && name.eq_ignore_ascii_case("Reply-To")))
}

fn mailbox_list(list: &[Address]) -> builder::Address<'_> {
    builder::Address::new_list(list.iter().map(mailbox).collect())
}

fn mailbox(address: &Address) -> builder::Address<'_> {
    builder::Address::new_address(address.name(), address.addr_spec())
}
