//! A message as it is stored before it is composed: what was asked for, known to be sound.
//!
//! It is composed when it is due. The same source with the same name makes the same octets, always.

use std::borrow::Cow;
use std::collections::BTreeMap;

use content::mime::{self, Address, Composition, ExtraFields};
use content::tracking::with_unsubscribe_url;
use queue::QueueId;
use serde::{Deserialize, Serialize};

use super::compose::{self, Faults};
use super::wire::AttachmentRequest;

const VERSION: u32 = 1;

/// What a message says, whomever it is for.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Source {
    version: u32,
    pub(super) from: String,
    pub(super) domain: String,
    pub(super) reply_to: Option<String>,
    pub(super) subject: String,
    pub(super) html: Option<String>,
    pub(super) text: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) attachments: Vec<AttachmentRequest>,
}

/// A single e-mail: a source and whom it is for.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Letter {
    pub(super) source: Source,
    /// Whom it is for.
    pub(super) to: Vec<String>,
    /// The others.
    pub(super) cc: Vec<String>,
    /// When it was written, in seconds since the epoch.
    pub(super) date: i64,
}

/// What one message has of its own.
pub(super) struct Particulars<'a> {
    pub(super) id: QueueId,
    pub(super) to: &'a [Address],
    pub(super) cc: &'a [Address],
    pub(super) subject: &'a str,
    pub(super) html: Option<&'a str>,
    pub(super) text: Option<&'a str>,
    pub(super) date: i64,
}

impl Source {
    /// A source without anything optional.
    pub(super) fn new(from: String, domain: String, subject: String) -> Self {
        Self {
            version: VERSION,
            from,
            domain,
            reply_to: None,
            subject,
            html: None,
            text: None,
            headers: BTreeMap::new(),
            attachments: Vec::new(),
        }
    }
}

/// A source, read: ready to make messages.
pub(super) struct Frame {
    from: Address,
    reply_to: Option<Address>,
    headers: ExtraFields,
    contents: Vec<Vec<u8>>,
    pub(super) source: Source,
}

impl Frame {
    /// Reads a source.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(source: Source) -> Result<Self, String> {
        if source.version != VERSION {
            let version = source.version;
            return Err(format!(
                "what is stored has version {version}, this program reads {VERSION}"
            ));
        }
        let mut headers = ExtraFields::default();
        for (name, value) in &source.headers {
            headers
                .push(name, value)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self {
            from: address(&source.from)?,
            reply_to: source.reply_to.as_deref().map(address).transpose()?,
            headers,
            contents: compose::contents(&source.attachments, &mut Faults::default()),
            source,
        })
    }

    /// A message, with `edits`.
    pub(super) fn compose(&self, own: &Particulars<'_>, edits: Edits<'_>) -> Vec<u8> {
        // Of the HTML as it was given: what is put in is not for readers.
        let made = match own.text {
            Some(_) => None,
            None => own.html.and_then(mime::text_of_html),
        };
        let html = own.html.map(edits.html);
        let text = own.text.or(made.as_deref());
        let text = match (text, edits.unsubscribe_url) {
            (Some(text), Some(url)) => Some(with_unsubscribe_url(text, url)),
            (text, _) => text.map(Cow::Borrowed),
        };
        let attachments =
            compose::attachments(&self.source.attachments, &self.contents, &mut Faults::default());
        mime::compose(&Composition {
            from: &self.from,
            to: own.to,
            cc: own.cc,
            reply_to: self.reply_to.as_ref(),
            subject: own.subject,
            html: html.as_deref(),
            text: text.as_deref(),
            extra_fields: &self.headers,
            attachments: &attachments,
            message_id: &message_id(&own.id.to_string(), &self.source.domain),
            date_unix_s: own.date,
        })
    }
}

/// What is done to a message before it is composed.
pub struct Edits<'a> {
    /// Makes the HTML that is sent of the HTML that was given.
    pub html: &'a mut dyn FnMut(&str) -> String,
    /// What stands for `{{unsubscribe_url}}` in the text, if anything does.
    pub unsubscribe_url: Option<&'a str>,
}

/// Where the way to unsubscribe is wanted, in HTML and text.
pub(super) const UNSUBSCRIBE_URL: &str = "{{unsubscribe_url}}";

/// Composes the single e-mail of the name `id`, of what is stored of it, with `edits`.
///
/// # Errors
/// What is stored cannot be read, in words.
pub fn compose_stored(id: QueueId, stored: &[u8], edits: Edits<'_>) -> Result<Vec<u8>, String> {
    let letter: Letter = serde_json::from_slice(stored).map_err(|error| error.to_string())?;
    let frame = Frame::of(letter.source)?;
    let source = &frame.source;
    let own = Particulars {
        id,
        to: &addresses(&letter.to)?,
        cc: &addresses(&letter.cc)?,
        subject: &source.subject,
        html: source.html.as_deref(),
        text: source.text.as_deref(),
        date: letter.date,
    };
    Ok(frame.compose(&own, edits))
}

/// The Message-ID of an e-mail, without angle brackets.
pub(super) fn message_id(id: &str, domain: &str) -> String {
    format!("{id}@{domain}")
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| format!("{text}: {error}"))
}

fn addresses(list: &[String]) -> Result<Vec<Address>, String> {
    list.iter().map(|text| address(text)).collect()
}
