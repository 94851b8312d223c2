//! Templates: subject, HTML and text with `{{ variable }}` in them, read once and filled in for each recipient.
//!
//! **Promise.** Only `{{ name }}` is special; whatever else is in a template, `{%` and CSS such as
//! `@media{#id{color:red}}` included, stays as it is, and so do braces in a value. `{{ order.items.0.name }}` reaches into
//! objects and lists. A value is text, a number or a boolean. In the HTML part its characters `& < > " '` are escaped.
//!
//! **Why no template engine.** Its language is what a hostile template attacks: of the engine that was tried, a long
//! chain of operators overflowed the stack, which ends the process. What is here has no recursion and no loops; time and
//! memory are those of the result, which is bounded.
//!
//! **Failures.** A template with a fault is refused when it is read, with the part and the line ([`TemplateError`]).
//! What is missing for a recipient, null included, is said by name and concerns that recipient alone ([`RenderError`]).
//!
//! A rendered subject is one line: each run of control characters becomes a space ([`one_line`]).

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::mime::one_line;
use source::{Escape, Source};

mod source;

/// Octets of one part of a template.
pub const PART_OCTETS_MAX: usize = 2 * 1024 * 1024;

/// Places in one part where a value goes.
pub const PLACES_MAX: usize = 10_000;

/// Octets between the braces.
pub const NAME_OCTETS_MAX: usize = 256;

/// Octets of one part, filled in.
pub const RENDERED_OCTETS_MAX: usize = 8 * 1024 * 1024;

/// Octets of a subject, filled in: what RFC 5322 §2.1.1 allows in a line.
pub const SUBJECT_OCTETS_MAX: usize = 998;

/// One of the three parts of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// The HTML part.
    Html,
    /// The text part.
    Text,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Subject => "subject",
            Part::Html => "html",
            Part::Text => "text",
        })
    }
}

/// Why a template is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{part}, line {line}: {message}")]
pub struct TemplateError {
    /// Where the fault is.
    pub part: Part,
    /// In which line of it, from 1.
    pub line: usize,
    /// What the fault is.
    pub message: Fault,
}

/// A fault in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// `{{`, and no `}}`.
    #[error("{{{{ without }}}}")]
    Open,
    /// Something else than a name, or more than [`NAME_OCTETS_MAX`] octets of it.
    #[error(
        "between {{{{ and }}}} goes the name of a variable: letters, digits, _ and -, with dots to reach into it"
    )]
    Name,
    /// More than [`PLACES_MAX`].
    #[error("more than {PLACES_MAX} variables")]
    Places,
    /// More than [`PART_OCTETS_MAX`].
    #[error("longer than {PART_OCTETS_MAX} octets")]
    Length,
}

/// Why a template cannot be filled in with these values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    /// Variables that are not given, or are null.
    #[error("no value for {}", .names.join(", "))]
    Missing {
        /// Their names as they stand in the template, each once, in order.
        names: Vec<String>,
    },
    /// A list or an object where text should be.
    #[error("the value of {name} is a list or an object; text, a number or a boolean can be shown")]
    NotText {
        /// Its name as it stands in the template.
        name: String,
    },
    /// The part has more than [`RENDERED_OCTETS_MAX`] octets.
    #[error("{part}: the result would be longer than {RENDERED_OCTETS_MAX} octets")]
    Length {
        /// Which part.
        part: Part,
    },
    /// The subject has more than [`SUBJECT_OCTETS_MAX`] octets.
    #[error("the subject would be longer than {SUBJECT_OCTETS_MAX} octets")]
    SubjectLength,
}

/// A message's parts, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, in one line.
    pub subject: String,
    /// The HTML part, if the template has one.
    pub html: Option<String>,
    /// The text part, if the template has one.
    pub text: Option<String>,
}

/// A template that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    subject: Source,
    html: Option<Source>,
    text: Option<Source>,
    required: BTreeSet<String>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The first fault in it.
    pub fn parse(subject: &str, html: Option<&str>, text: Option<&str>) -> Result<Self, TemplateError> {
        let read = |part, source| {
            Source::parse(source).map_err(|(line, message)| TemplateError { part, line, message })
        };
        let subject = read(Part::Subject, subject)?;
        let html = html.map(|source| read(Part::Html, source)).transpose()?;
        let text = text.map(|source| read(Part::Text, source)).transpose()?;
        let sources = [Some(&subject), html.as_ref(), text.as_ref()];
        let names = sources.into_iter().flatten().flat_map(Source::variables);
        Ok(Self {
            required: names.map(str::to_owned).collect(),
            subject,
            html,
            text,
        })
    }

    /// The names of all variables in the template, without what is reached within them. All must have a value.
    pub fn required(&self) -> &BTreeSet<String> {
        &self.required
    }

    /// Fills the template in.
    ///
    /// # Errors
    /// Any [`RenderError`].
    pub fn render(&self, vars: &Map<String, Value>) -> Result<Rendered, RenderError> {
        self.check(vars)?;
        let render =
            |part, source: &Source, escape| source.render(vars, escape).ok_or(RenderError::Length { part });
        let html = self
            .html
            .as_ref()
            .map(|source| render(Part::Html, source, Escape::Html));
        let text = self
            .text
            .as_ref()
            .map(|source| render(Part::Text, source, Escape::Nothing));
        let subject = render(Part::Subject, &self.subject, Escape::Nothing)?;
        let subject = one_line(&subject).into_owned();
        if subject.len() > SUBJECT_OCTETS_MAX {
            return Err(RenderError::SubjectLength);
        }
        Ok(Rendered {
            subject,
            html: html.transpose()?,
            text: text.transpose()?,
        })
    }

    /// Whether the template can be filled in with `vars`, short of the lengths of what comes out. All that is missing is
    /// told at once, so that it can be mended at once.
    ///
    /// # Errors
    /// [`RenderError::Missing`] and [`RenderError::NotText`].
    pub fn check(&self, vars: &Map<String, Value>) -> Result<(), RenderError> {
        let sources = [Some(&self.subject), self.html.as_ref(), self.text.as_ref()];
        let mut missing = BTreeSet::new();
        for place in sources.into_iter().flatten().flat_map(Source::places) {
            match place.value(vars) {
                None | Some(Value::Null) => {
                    missing.insert(place.name());
                }
                Some(Value::Array(_) | Value::Object(_)) => {
                    let name = place.name().to_owned();
                    return Err(RenderError::NotText { name });
                }
                Some(_) => {}
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let names = missing.into_iter().map(str::to_owned).collect();
        Err(RenderError::Missing { names })
    }
}

#[cfg(test)]
mod tests;
