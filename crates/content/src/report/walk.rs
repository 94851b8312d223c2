//! The leaves of a message: its parts that are no multiparts, each with its body as it lies there.
//!
//! A message within the message is a leaf too, and never looked into: a bounce that somebody forwards is no bounce.

use std::borrow::Cow;
use std::ops::Range;

use encodify::{base64, qp};

use super::limits::{CONTENT_TYPE_OCTETS_MAX, DEPTH_MAX, PARTS_MAX};
use crate::header::{self, fields};
use crate::tracking::parts::{TransferEncoding, delimited, structured, transfer_encoding};

#[derive(Debug)]
pub(super) struct Leaf<'a> {
    /// In lower case, `text/plain` if it says nothing.
    pub(super) kind: String,
    pub(super) body: Cow<'a, [u8]>,
}

/// Those of a message, in order.
pub(super) fn leaves(message: &[u8]) -> Vec<Leaf<'_>> {
    let mut leaves = Vec::new();
    let mut seen = 0;
    entity(message, 0..message.len(), DEPTH_MAX, &mut seen, &mut leaves);
    leaves
}

/// The header of a message; all of it, if it never ends.
pub(super) fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    let length = header::block_length(entity).unwrap_or(entity.len());
    entity.split_at_checked(length).unwrap_or((entity, &[]))
}

fn entity<'a>(
    message: &'a [u8],
    range: Range<usize>,
    depth: usize,
    seen: &mut usize,
    leaves: &mut Vec<Leaf<'a>>,
) {
    *seen += 1;
    if *seen > PARTS_MAX {
        return;
    }
    let octets = message.get(range.clone()).unwrap_or_default();
    let (head, body) = split(octets);
    let content_type = fields(head)
        .find(|field| field.is("Content-Type"))
        .filter(|field| field.value.len() <= CONTENT_TYPE_OCTETS_MAX)
        .and_then(|field| structured(&field));
    let kind = content_type.as_ref().map_or_else(
        || "text/plain".to_owned(),
        |kind| {
            let subtype = kind.subtype().unwrap_or_default();
            format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
        },
    );
    let boundary = content_type
        .as_ref()
        .and_then(|kind| kind.attribute("boundary"))
        .map(str::trim_end)
        .filter(|boundary| !boundary.is_empty());
    if let (true, Some(boundary)) = (kind.starts_with("multipart/"), boundary) {
        if depth > 0 {
            for part in delimited(message, range.start + head.len()..range.end, boundary) {
                entity(message, part, depth - 1, seen, leaves);
            }
        }
        return;
    }
    let encoding = fields(head)
        .find(|field| field.is("Content-Transfer-Encoding"))
        .and_then(|field| transfer_encoding(field.value));
    leaves.push(Leaf {
        kind,
        body: decoded(body, encoding),
    });
}

fn decoded(body: &[u8], encoding: Option<TransferEncoding>) -> Cow<'_, [u8]> {
    match encoding {
        Some(TransferEncoding::QuotedPrintable) => qp::BODY.decode(body).unwrap_or(Cow::Borrowed(body)),
        Some(TransferEncoding::Base64) => base64::MIME.decode(body).map_or(Cow::Borrowed(body), Cow::from),
        Some(TransferEncoding::Identity) | None => Cow::Borrowed(body),
    }
}
