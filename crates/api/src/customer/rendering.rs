//! Bulk mail: the template as it is stored, and the copies that are made of it when they are due.
//!
//! What is stored is what was asked for, in JSON with a version. A copy adds whom it is for, its date and its variables.
//! The same two make the same octets, always.

use std::collections::BTreeMap;

use content::mime::{self, Address, Composition, ExtraFields};
use content::template::Template;
use queue::QueueId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::compose::{self, Faults};
use super::wire::AttachmentRequest;

const VERSION: u32 = 1;

/// A template as it is stored.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct TemplateSource {
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

/// What a copy has of its own.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Copy {
    /// Whom it is for.
    pub(super) to: String,
    /// When it was written, in seconds since the epoch.
    pub(super) date: i64,
    /// Its variables.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) vars: Map<String, Value>,
}

impl TemplateSource {
    /// A template without anything optional.
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

    /// The template, ready to make copies.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn prepare(self) -> Result<Rendering, String> {
        let address = |text: &str| Address::parse(text).map_err(|error| format!("{text}: {error}"));
        let template = Template::parse(&self.subject, self.html.as_deref(), self.text.as_deref());
        let mut headers = ExtraFields::default();
        for (name, value) in &self.headers {
            headers
                .push(name, value)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Rendering {
            from: address(&self.from)?,
            reply_to: self.reply_to.as_deref().map(address).transpose()?,
            template: template.map_err(|error| error.to_string())?,
            contents: compose::contents(&self.attachments, &mut Faults::default()),
            headers,
            source: self,
        })
    }
}

/// A template that makes copies. It is read once for many of them.
pub struct Rendering {
    from: Address,
    reply_to: Option<Address>,
    template: Template,
    headers: ExtraFields,
    contents: Vec<Vec<u8>>,
    source: TemplateSource,
}

impl Rendering {
    /// Reads a template as it is stored.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(stored: &[u8]) -> Result<Self, String> {
        let source: TemplateSource = serde_json::from_slice(stored).map_err(|error| error.to_string())?;
        match source.version {
            VERSION => source.prepare(),
            version => Err(format!(
                "the template has version {version}, this program reads {VERSION}"
            )),
        }
    }

    /// The copy of the name `id`, of what is stored with it.
    ///
    /// # Errors
    /// A variable is missing, or what is stored cannot be read.
    pub fn render(&self, id: QueueId, copy: &[u8]) -> Result<Vec<u8>, String> {
        let Copy { to, date, vars } = serde_json::from_slice(copy).map_err(|error| error.to_string())?;
        let to = [Address::parse(&to).map_err(|error| error.to_string())?];
        let rendered = self.template.render(&vars).map_err(|error| error.to_string())?;
        let attachments =
            compose::attachments(&self.source.attachments, &self.contents, &mut Faults::default());
        Ok(mime::compose(&Composition {
            from: &self.from,
            to: &to,
            cc: &[],
            reply_to: self.reply_to.as_ref(),
            subject: &rendered.subject,
            html: rendered.html.as_deref(),
            text: rendered.text.as_deref(),
            extra_fields: &self.headers,
            attachments: &attachments,
            message_id: &message_id(&id.to_string(), &self.source.domain),
            date_unix_s: date,
        }))
    }

    /// Whether a copy with these variables can be made.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(super) fn check(&self, vars: &Map<String, Value>) -> Result<(), String> {
        self.template.check(vars).map_err(|error| error.to_string())
    }
}

/// The Message-ID of an e-mail, without angle brackets.
pub(super) fn message_id(id: &str, domain: &str) -> String {
    format!("{id}@{domain}")
}
