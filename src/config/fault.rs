//! What is wrong with a configuration file, told so that it can be repaired.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Whether a configuration with this fault can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but probably it is not what was meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether the configuration can be used nevertheless.
    pub severity: Severity,
    /// The line, from 1, where there is one to point at.
    pub line: Option<usize>,
    /// The section and key, as in `server.hostname`; empty when it is the file as a whole.
    pub place: String,
    /// What is wrong and what to do about it.
    pub what: String,
}

/// Everything that is wrong with one file, in the order of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct Faults {
    file: Option<PathBuf>,
    list: Vec<Fault>,
}

impl Faults {
    /// The faults themselves.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// The same faults, known to be those of the file at `path`.
    #[must_use]
    pub fn of(self, path: &Path) -> Self {
        Self {
            file: Some(path.to_owned()),
            ..self
        }
    }

    /// The one fault that the file at `path` cannot be read.
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "; `postrider init` writes one",
            _ => "",
        };
        let fault = Fault {
            severity: Severity::Error,
            line: None,
            place: String::new(),
            what: format!("cannot read the configuration: {error}{remedy}"),
        };
        Self {
            file: Some(path.to_owned()),
            list: vec![fault],
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.list.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            match (&self.file, fault.line) {
                (Some(file), Some(line)) => write!(f, "{}:{line}: ", file.display())?,
                (Some(file), None) => write!(f, "{}: ", file.display())?,
                (None, Some(line)) => write!(f, "line {line}: ")?,
                (None, None) => {}
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.what)
    }
}

/// Collects the faults of one text while it is read.
pub(super) struct Report<'t> {
    text: &'t str,
    list: Vec<Fault>,
}

impl<'t> Report<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            list: Vec::new(),
        }
    }

    /// Notes a fault of what stands at `offset` of the text.
    pub(super) fn error(&mut self, offset: Option<usize>, place: impl Into<String>, what: impl Into<String>) {
        self.note(Severity::Error, offset, place.into(), what.into());
    }

    /// Notes what is allowed but probably not meant.
    pub(super) fn warning(
        &mut self,
        offset: Option<usize>,
        place: impl Into<String>,
        what: impl Into<String>,
    ) {
        self.note(Severity::Warning, offset, place.into(), what.into());
    }

    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Everything noted, in the order of the lines.
    pub(super) fn finish(mut self) -> Faults {
        self.list.sort_by_key(|fault| fault.line);
        Faults {
            file: None,
            list: self.list,
        }
    }

    fn note(&mut self, severity: Severity, offset: Option<usize>, place: String, what: String) {
        let line = offset.map(|offset| {
            let before = self.text.as_bytes().iter().take(offset);
            before.filter(|&&byte| byte == b'\n').count() + 1
        });
        self.list.push(Fault {
            severity,
            line,
            place,
            what,
        });
    }
}
