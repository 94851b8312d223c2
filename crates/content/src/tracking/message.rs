//! Rewriting of messages that come as octets, by SMTP.
//!
//! **Promise.** Of the message only the body of a `text/html` part changes, or of a `text/plain` part that wants the URL to
//! unsubscribe, into quoted-printable, and the Content-Transfer-Encoding of that part says so. Every other octet, and every part in which nothing is to be put, is
//! as it was. Lines stay within 76 octets (RFC 2045 §6.7), and none begins like a delimiter.
//!
//! **Character sets.** UTF-8 and ASCII are read as such. In other sets in which an ASCII octet always is that character
//! where markup is concerned (ISO 8859, Windows, KOI8, EUC, GBK, Big5), and in what claims to be UTF-8 and is not, octets
//! above 127 are carried along unread; a URL with one of them is not tracked. Any other set (UTF-16, UTF-7, ISO 2022, an
//! unknown one) leaves the part untouched.

use std::borrow::Cow;
use std::ops::Range;

use encodify::{base64, qp};

use super::page::Charset;
use super::parts::{Kind, Parts, TextPart, TransferEncoding};
use super::place::with_unsubscribe_url;
use super::{Inserted, Plan, rewritten};
use crate::header::fields;

/// Why a message is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untouched {
    /// The plan is empty.
    NothingWanted,
    /// No text, or none outside of attachments and messages within the message.
    NoText,
    /// Text, but nothing in it to be rewritten.
    NothingFound,
    /// A signature covers what would change: `multipart/signed`, or a `DKIM-Signature` of the author's own.
    Signed,
    /// `multipart/encrypted`, S/MIME, or a PGP message in HTML.
    Encrypted,
    /// The part is written in a character set that is not read.
    Charset,
    /// The part has a transfer encoding that is not known, or is not what it says.
    TransferEncoding,
    /// The structure is not clear, too deep or in too many parts.
    Malformed,
}

/// A message with something put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRewritten {
    /// The message.
    pub octets: Vec<u8>,
    /// What was put in. Links are numbered through all parts; only one part has the picture.
    pub inserted: Inserted,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stays as it is. If several parts do for different reasons, the first.
    Unchanged(Untouched),
    /// Something was put in.
    Rewritten(MessageRewritten),
}

/// Puts into the HTML of a message what the plan wants.
pub fn rewrite_message(message: &[u8], plan: &Plan<'_>) -> Outcome {
    if plan.is_empty() {
        return Outcome::Unchanged(Untouched::NothingWanted);
    }
    if fields(message).any(|field| field.is("DKIM-Signature")) {
        return Outcome::Unchanged(Untouched::Signed);
    }
    let parts = Parts::of(message);
    let mut untouched = parts.untouched;
    if parts.text.is_empty() {
        return Outcome::Unchanged(untouched.unwrap_or(Untouched::NoText));
    }
    let mut inserted = Inserted::default();
    let mut edits = Vec::new();
    for part in &parts.text {
        match rewritten_part(message, part, plan, &mut inserted) {
            Ok(Some(body)) => push_edits(part, body, &mut edits),
            Ok(None) => {}
            Err(reason) => {
                untouched.get_or_insert(reason);
            }
        }
    }
    if edits.is_empty() {
        return Outcome::Unchanged(untouched.unwrap_or(Untouched::NothingFound));
    }
    let octets = edited(message, &edits);
    Outcome::Rewritten(MessageRewritten { octets, inserted })
}

/// The new body of a part, if it has one.
fn rewritten_part(
    message: &[u8],
    part: &TextPart,
    plan: &Plan<'_>,
    inserted: &mut Inserted,
) -> Result<Option<String>, Untouched> {
    let mut apply = |text: &str, charset| match (part.kind, plan.unsubscribe_url) {
        (Kind::Html, _) => changed(rewritten(text, plan, charset, inserted)),
        (Kind::Plain, Some(url)) => changed(with_unsubscribe_url(text, url)),
        (Kind::Plain, None) => None,
    };
    if part.kind == Kind::Plain && plan.unsubscribe_url.is_none() {
        return Ok(None);
    }
    let body = message.get(part.body.clone()).unwrap_or_default();
    let octets = decoded(body, part.encoding)?;
    if memchr::memmem::find(&octets, b"-----BEGIN PGP").is_some() {
        return Err(Untouched::Encrypted);
    }
    let charset = part.charset.as_deref();
    if is_unicode(charset)
        && let Ok(html) = std::str::from_utf8(&octets)
    {
        return Ok(apply(html, Charset::Unicode).map(|html| quoted_printable(html.as_bytes())));
    }
    if !is_unicode(charset) && !holds_ascii(charset.unwrap_or_default()) {
        return Err(Untouched::Charset);
    }
    let html: String = octets.iter().copied().map(char::from).collect();
    Ok(apply(&html, Charset::Octets).map(|html| quoted_printable(&as_octets(&html))))
}

/// A text, if it is not as it was.
fn changed(text: Cow<'_, str>) -> Option<String> {
    match text {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    }
}

fn decoded(body: &[u8], encoding: TransferEncoding) -> Result<Cow<'_, [u8]>, Untouched> {
    match encoding {
        TransferEncoding::Identity => Ok(Cow::Borrowed(body)),
        TransferEncoding::QuotedPrintable => qp::BODY.decode(body).map_err(|_| Untouched::TransferEncoding),
        TransferEncoding::Base64 => base64::MIME
            .decode(body)
            .map(Cow::from)
            .map_err(|_| Untouched::TransferEncoding),
    }
}

fn is_unicode(charset: Option<&str>) -> bool {
    matches!(charset, None | Some("utf-8" | "utf8" | "us-ascii" | "ascii" | ""))
}

/// Whether no octet of another character of this set is one that markup consists of.
fn holds_ascii(charset: &str) -> bool {
    [
        "iso-8859-",
        "iso8859-",
        "windows-125",
        "cp125",
        "koi8-",
        "euc-",
        "latin",
    ]
    .iter()
    .any(|family| charset.starts_with(family))
        || matches!(
            charset,
            "gb2312" | "gbk" | "gb18030" | "big5" | "tis-620" | "windows-874" | "macintosh"
        )
}

/// The reverse of reading each octet as a character. What was put in is ASCII.
fn as_octets(html: &str) -> Vec<u8> {
    html.chars()
        .map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?'))
        .collect()
}

/// Line ends that are none of a message (RFC 2046 §4.1.1) are written as octets, so that they come back as they were.
fn quoted_printable(octets: &[u8]) -> String {
    let ends = memchr::memmem::find_iter(octets, b"\r\n").count();
    let bare = memchr::memchr2_iter(b'\r', b'\n', octets).count() > 2 * ends;
    let encoded = if bare {
        qp::BINARY.encode(octets)
    } else {
        qp::BODY.encode(octets)
    };
    without_delimiters(encoded)
}

/// No line begins with two hyphens, as a delimiter does: the first of them is encoded, and the line ended softly, so
/// that it does not become too long.
fn without_delimiters(encoded: String) -> String {
    if !encoded.starts_with("--") && !encoded.contains("\n--") {
        return encoded;
    }
    let mut safe = String::with_capacity(encoded.len() + 64);
    for line in encoded.split_inclusive('\n') {
        let mut rest = line;
        while rest.starts_with("--") {
            safe.push_str("=2D=\r\n");
            rest = rest.get(1..).unwrap_or_default();
        }
        safe.push_str(rest);
    }
    safe
}

type Edit = (Range<usize>, Vec<u8>);

fn push_edits(part: &TextPart, body: String, edits: &mut Vec<Edit>) {
    match &part.encoding_value {
        Some(value) => edits.push((value.clone(), b"quoted-printable".to_vec())),
        None => {
            // Before the empty line.
            let at = part.body.start - 2;
            let field = b"Content-Transfer-Encoding: quoted-printable\r\n";
            edits.push((at..at, field.to_vec()));
        }
    }
    edits.push((part.body.clone(), body.into_bytes()));
}

/// The message with what comes in the place of what goes; in order, none within another.
fn edited(message: &[u8], edits: &[Edit]) -> Vec<u8> {
    let more: usize = edits.iter().map(|(_, octets)| octets.len()).sum();
    let mut edited = Vec::with_capacity(message.len() + more);
    let mut done = 0;
    for (range, octets) in edits {
        edited.extend_from_slice(message.get(done..range.start).unwrap_or_default());
        edited.extend_from_slice(octets);
        done = range.end;
    }
    edited.extend_from_slice(message.get(done..).unwrap_or_default());
    edited
}

#[cfg(test)]
mod tests;
