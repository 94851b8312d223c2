//! Bulk mail: the copies that are made of a stored template when they are due.
//!
//! A copy adds whom it is for, its date and its variables.

use content::template::Template;
use queue::QueueId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::source::{Edits, Frame, Particulars, Source, UNSUBSCRIBE_URL, address};

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

/// A template that makes copies. It is read once for many of them.
pub struct Rendering {
    frame: Frame,
    template: Template,
}

impl Rendering {
    /// A template, ready to make copies.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(source: Source) -> Result<Self, String> {
        let template = Template::parse(&source.subject, source.html.as_deref(), source.text.as_deref());
        Ok(Self {
            template: template.map_err(|error| error.to_string())?,
            frame: Frame::of(source)?,
        })
    }

    /// Reads a template as it is stored.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(stored: &[u8]) -> Result<Self, String> {
        Self::of(serde_json::from_slice(stored).map_err(|error| error.to_string())?)
    }

    /// The copy of the name `id`, of what is stored with it, with `edits`.
    ///
    /// # Errors
    /// A variable is missing, or what is stored cannot be read.
    pub fn render(&self, id: QueueId, copy: &[u8], edits: Edits<'_>) -> Result<Vec<u8>, String> {
        let Copy { to, date, vars } = serde_json::from_slice(copy).map_err(|error| error.to_string())?;
        let rendered = self
            .template
            .render(&completed(vars))
            .map_err(|error| error.to_string())?;
        let own = Particulars {
            id,
            to: &[address(&to)?],
            cc: &[],
            subject: &rendered.subject,
            html: rendered.html.as_deref(),
            text: rendered.text.as_deref(),
            date,
        };
        Ok(self.frame.compose(&own, edits))
    }

    /// Whether a copy with these variables can be made.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(super) fn check(&self, vars: &Map<String, Value>) -> Result<(), String> {
        self.template
            .check(&completed(vars.clone()))
            .map_err(|error| error.to_string())
    }
}

/// Variables with the one that everybody has: it comes out as it went in, to be replaced with the other edits.
pub(super) fn completed(mut vars: Map<String, Value>) -> Map<String, Value> {
    vars.entry("unsubscribe_url")
        .or_insert_with(|| UNSUBSCRIBE_URL.into());
    vars
}
