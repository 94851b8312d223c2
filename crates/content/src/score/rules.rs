//! The rules: what each check is called, what it weighs and what is said about it. They are data, so that an operator
//! can weigh differently; what a check looks for is code.
//!
//! **The file** is TOML: `version`, `threshold`, and a `[[rule]]` each with `id`, `category`, `severity`, `message` and
//! `fix`; `points` (0–1000, thousandths count) and `advice` (0–100) are 0 when left out. `limit` and `list` belong to the
//! checks that take them. A check without a rule does not run.
//!
//! **Failures.** The first fault in the file, with its line ([`RulesError`]).

mod file;

use std::collections::BTreeSet;

use thiserror::Error;

use super::checks::Check;
use super::limits::RULES_OCTETS_MAX;
use super::phrases::Phrases;

/// What is wrong with a file of rules, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct RulesError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub fault: RulesFault,
}

/// A fault in a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RulesFault {
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// Longer than [`RULES_OCTETS_MAX`].
    #[error("longer than {RULES_OCTETS_MAX} octets")]
    Length,
    /// No check has this name.
    #[error("there is no check {0:?}")]
    UnknownId(String),
    /// Two rules for one check.
    #[error("a second rule for {0:?}")]
    SecondRule(String),
    /// A key that means nothing here.
    #[error("{0:?} is not a key here")]
    UnknownKey(String),
    /// A key that must be there.
    #[error("{0:?} is missing")]
    Missing(&'static str),
    /// A value of another kind, or out of bounds.
    #[error("{key:?} must be {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What its value must be.
        expected: &'static str,
    },
}

/// What an issue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Which parts there are.
    Structure,
    /// Header fields.
    Headers,
    /// The author and where answers go.
    Sender,
    /// The subject.
    Subject,
    /// What a template left behind.
    Template,
    /// The words.
    Text,
    /// The markup.
    Html,
    /// Links.
    Links,
    /// Images.
    Images,
    /// What law and mailbox providers ask for.
    Compliance,
}

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Costs something.
    Warning,
    /// Stands in the way of delivery.
    Critical,
}

/// A check with its weights and words.
#[derive(Debug, Clone)]
pub struct Rule {
    check: &'static Check,
    category: Category,
    severity: Severity,
    points_milli: u32,
    advice: u32,
    message: String,
    fix: String,
    limit: usize,
    list: BTreeSet<String>,
}

/// Rules, in the order of their file.
#[derive(Debug, Clone)]
pub struct Rules {
    version: String,
    threshold_milli: u32,
    rules: Vec<Rule>,
    phrases: Phrases,
}

impl Rules {
    /// The text of the rules that come with the program.
    pub const TEXT: &'static str = include_str!("rules.toml");

    /// Reads a file of rules.
    ///
    /// # Errors
    /// The first fault in it.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        file::read(text).map_err(|(offset, fault)| RulesError {
            line: 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count(),
            fault,
        })
    }

    /// What they are called; a report repeats it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rules.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The spam score from which a message is spam, in thousandths; not 0.
    pub(super) fn threshold_milli(&self) -> u32 {
        self.threshold_milli
    }

    pub(super) fn phrases(&self) -> &Phrases {
        &self.phrases
    }
}

impl Rule {
    /// The name of its check.
    pub fn id(&self) -> &'static str {
        self.check.id
    }

    /// What it is about.
    pub fn category(&self) -> Category {
        self.category
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What it adds to the spam score.
    pub fn points(&self) -> f64 {
        f64::from(self.points_milli) / 1000.0
    }

    /// What it takes away from the score beside the points.
    pub fn advice(&self) -> u32 {
        self.advice
    }

    /// What is wrong where it finds something.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn fix(&self) -> &str {
        &self.fix
    }

    /// The number its check compares with; 0 if it takes none.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The words its check knows, in lower case.
    pub(super) fn list(&self) -> &BTreeSet<String> {
        &self.list
    }

    pub(super) fn check(&self) -> &'static Check {
        self.check
    }
}

impl Category {
    /// As it is written in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Headers => "headers",
            Self::Sender => "sender",
            Self::Subject => "subject",
            Self::Template => "template",
            Self::Text => "text",
            Self::Html => "html",
            Self::Links => "links",
            Self::Images => "images",
            Self::Compliance => "compliance",
        }
    }

    const ALL: [Self; 10] = [
        Self::Structure,
        Self::Headers,
        Self::Sender,
        Self::Subject,
        Self::Template,
        Self::Text,
        Self::Html,
        Self::Links,
        Self::Images,
        Self::Compliance,
    ];
}

impl Severity {
    /// As it is written in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];
}

#[cfg(test)]
mod tests;
