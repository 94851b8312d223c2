//! The rules: what each check is called, what it weighs and what is said about it. They are data, so that an operator
//! can weigh differently; what a check looks for is code.
//!
//! **The file** is TOML: `version`, `threshold`, and a `[[rule]]` each with `id`, `category`, `severity`, `message` and
//! `fix`; `points` (0–1000, thousandths count) and `advice` (0–100) are 0 when left out. `limit` and `list` belong to the
//! checks that take them. A check without a rule does not run.
//!
//! **Failures.** The first fault in the file, with its line ([`RulesError`]).

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::checks::{self, Check, Takes};
use super::limits::{ADVICE_MAX, LIST_WORDS_MAX, MILLI_POINTS_MAX, RULES_OCTETS_MAX};
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
        read(text).map_err(|(offset, fault)| RulesError {
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

/// A fault, and at which octet.
type Faulty<T> = Result<T, (usize, RulesFault)>;

fn read(text: &str) -> Faulty<Rules> {
    if text.len() > RULES_OCTETS_MAX {
        return Err((0, RulesFault::Length));
    }
    let file = DeTable::parse(text).map_err(|fault| {
        let offset = fault.span().map_or(0, |span| span.start);
        (offset, RulesFault::Syntax(fault.message().to_owned()))
    })?;
    let file = Entry {
        offset: 0,
        table: file.get_ref(),
    };
    file.refuse_others(&["version", "threshold", "rule"])?;
    let version = file.text("version")?;
    let threshold_milli = file
        .milli("threshold")?
        .ok_or((0, RulesFault::Missing("threshold")))?;
    if threshold_milli == 0 {
        return Err(file.wrong("threshold", "more than 0"));
    }
    let mut rules = Vec::new();
    let mut seen = BTreeMap::new();
    for entry in file.entries("rule")? {
        let rule = read_rule(&entry)?;
        if seen.insert(rule.id(), ()).is_some() {
            return Err((
                entry.offset_of("id"),
                RulesFault::SecondRule(rule.id().to_owned()),
            ));
        }
        rules.push(rule);
    }
    let phrases = Phrases::of(rules.iter().map(|rule| match rule.check.takes {
        Takes::Phrases => Some(&rule.list),
        _ => None,
    }));
    Ok(Rules {
        version,
        threshold_milli,
        rules,
        phrases: phrases.ok_or((0, RulesFault::Length))?,
    })
}

fn read_rule(entry: &Entry<'_>) -> Faulty<Rule> {
    let id = entry.text("id")?;
    let check = checks::named(&id).ok_or((entry.offset_of("id"), RulesFault::UnknownId(id)))?;
    let own: &[&str] = match check.takes {
        Takes::Nothing => &[],
        Takes::Limit => &["limit"],
        Takes::List => &["list"],
        Takes::Phrases => &["list", "limit"],
    };
    let keys = ["id", "category", "severity", "points", "advice", "message", "fix"];
    entry.refuse_others(&[&keys, own].concat())?;
    Ok(Rule {
        check,
        category: entry.one_of("category", &Category::ALL, Category::as_str)?,
        severity: entry.one_of("severity", &Severity::ALL, Severity::as_str)?,
        points_milli: entry.milli("points")?.unwrap_or(0),
        advice: entry.advice()?,
        message: entry.text("message")?,
        fix: entry.text("fix")?,
        limit: if own.contains(&"limit") { entry.limit()? } else { 0 },
        list: if own.contains(&"list") {
            entry.list()?
        } else {
            BTreeSet::new()
        },
    })
}

/// A table of the file, and where it stands.
struct Entry<'f> {
    offset: usize,
    table: &'f DeTable<'f>,
}

impl<'f> Entry<'f> {
    fn refuse_others(&self, keys: &[&str]) -> Faulty<()> {
        let other = self
            .table
            .keys()
            .find(|key| !keys.contains(&key.get_ref().as_ref()));
        match other {
            None => Ok(()),
            Some(key) => Err((
                key.span().start,
                RulesFault::UnknownKey(key.get_ref().to_string()),
            )),
        }
    }

    fn offset_of(&self, key: &str) -> usize {
        let key = self.table.get_key_value(key);
        key.map_or(self.offset, |(key, _)| key.span().start)
    }

    fn wrong(&self, key: &'static str, expected: &'static str) -> (usize, RulesFault) {
        (self.offset_of(key), RulesFault::Value { key, expected })
    }

    fn value(&self, key: &'static str) -> Faulty<&'f DeValue<'f>> {
        let value = self.table.get(key).map(Spanned::get_ref);
        value.ok_or((self.offset, RulesFault::Missing(key)))
    }

    fn text(&self, key: &'static str) -> Faulty<String> {
        let text = self.value(key)?.as_str().filter(|text| !text.trim().is_empty());
        text.map(str::to_owned)
            .ok_or_else(|| self.wrong(key, "text, and not empty"))
    }

    fn one_of<T: Copy>(&self, key: &'static str, all: &[T], name: fn(T) -> &'static str) -> Faulty<T> {
        let text = self.text(key)?;
        let found = all.iter().copied().find(|one| name(*one) == text);
        found.ok_or_else(|| {
            self.wrong(
                key,
                match key {
                    "severity" => "info, warning or critical",
                    _ => "one of the categories: structure, headers, sender, subject, template, text, html, links, images, compliance",
                },
            )
        })
    }

    /// Points, in thousandths.
    fn milli(&self, key: &'static str) -> Faulty<Option<u32>> {
        let Some(value) = self.table.get(key).map(Spanned::get_ref) else {
            return Ok(None);
        };
        let points = match value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|whole| whole as f64),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let milli = points.map(|points| (points * 1000.0).round());
        let within = milli.filter(|milli| (0.0..=f64::from(MILLI_POINTS_MAX)).contains(milli));
        let milli = within.ok_or_else(|| self.wrong(key, "a number from 0 to 1000"))?;
        Ok(Some(milli as u32))
    }

    fn advice(&self) -> Faulty<u32> {
        if !self.table.contains_key("advice") {
            return Ok(0);
        }
        let advice = self.whole("advice").and_then(|number| u32::try_from(number).ok());
        advice
            .filter(|advice| *advice <= ADVICE_MAX)
            .ok_or_else(|| self.wrong("advice", "a whole number from 0 to 100"))
    }

    fn limit(&self) -> Faulty<usize> {
        self.value("limit")?;
        let limit = self
            .whole("limit")
            .and_then(|number| usize::try_from(number).ok());
        limit.ok_or_else(|| self.wrong("limit", "a whole number, 0 or more"))
    }

    fn whole(&self, key: &str) -> Option<i64> {
        match self.table.get(key)?.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }

    fn list(&self) -> Faulty<BTreeSet<String>> {
        let expected = "a list of 1 to 10000 texts, none empty";
        let list = self
            .value("list")?
            .as_array()
            .filter(|list| (1..=LIST_WORDS_MAX).contains(&list.len()));
        let list = list.ok_or_else(|| self.wrong("list", expected))?;
        let words = list.iter().map(|word| {
            word.get_ref()
                .as_str()
                .map(str::trim)
                .filter(|word| !word.is_empty())
        });
        let words: Option<BTreeSet<String>> = words.map(|word| word.map(str::to_lowercase)).collect();
        words.ok_or_else(|| self.wrong("list", expected))
    }

    fn entries(&self, key: &'static str) -> Faulty<Vec<Entry<'f>>> {
        let list = self.value(key)?.as_array();
        let entry = |value: &'f Spanned<DeValue<'f>>| {
            Some(Entry {
                offset: value.span().start,
                table: value.get_ref().as_table()?,
            })
        };
        let entries = list.and_then(|list| list.iter().map(entry).collect());
        entries.ok_or_else(|| self.wrong(key, "tables; write [[rule]]"))
    }
}

#[cfg(test)]
mod tests;
