//! Reads a file of rules: what it may hold stands at the head of `rules.toml`.
//!
//! A file is read as a whole or not at all. A mistake is told with its line.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::class::Class;
use super::phrase::Phrase;
use super::rule::{Author, CodePattern, EnhancedPattern, Place, Rule, Stage};
use crate::limits::{RULE_LIST_MAX, RULE_TEXT_BYTES_MAX, RULES_BYTES_MAX, RULES_MAX};

/// Why a file of rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct RulesError {
    /// Where, counted from one.
    pub line: usize,
    /// What is wrong.
    pub fault: RulesFault,
}

/// What can be wrong with a file of rules.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulesFault {
    /// Not TOML.
    #[error("{0}")]
    Syntax(String),
    /// Larger than [`RULES_BYTES_MAX`] octets.
    #[error("the file has more than {RULES_BYTES_MAX} octets")]
    FileTooLong,
    /// More than [`RULES_MAX`] rules or providers.
    #[error("there are more than {RULES_MAX} rules or providers")]
    TooMany,
    /// A list of more than [`RULE_LIST_MAX`] members.
    #[error("the list has more than {RULE_LIST_MAX} members")]
    ListTooLong,
    /// A text of more than [`RULE_TEXT_BYTES_MAX`] octets.
    #[error("the text has more than {RULE_TEXT_BYTES_MAX} octets")]
    TextTooLong,
    /// A key that the format does not have.
    #[error(
        "\"{0}\" is no key of a file of rules; it has [providers], and in each [[rule]] id, class, provider, code, \
         enhanced, stage, text and example"
    )]
    UnknownKey(String),
    /// A key that must be there.
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    /// A value of the wrong type.
    #[error("\"{0}\" must be {1}")]
    Type(String, &'static str),
    /// An id that cannot be one.
    #[error("an id has lower-case letters, digits, points and hyphens: \"{0}\"")]
    Id(String),
    /// Two rules of one file have the same id.
    #[error("two rules are called \"{0}\"; give each an id of its own")]
    SameId(String),
    /// No such class.
    #[error("\"{0}\" is no class; one of these is: {names}", names = class_names())]
    Class(String),
    /// No such provider, here or among those built in.
    #[error("\"{0}\" is no provider; [providers] says which host names are its")]
    Provider(String),
    /// A pattern or name that cannot be read.
    #[error("\"{0}\" is no {1}")]
    Pattern(String, &'static str),
    /// A rule that would speak on everything.
    #[error("the rule has no condition; give it a provider, code, enhanced, stage or text")]
    NoCondition,
}

fn class_names() -> String {
    Class::ALL.map(Class::as_str).join(", ")
}

/// What a file holds, read and checked.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    /// Under each name, in lower case, the domains that its hosts and its mailboxes are in.
    pub(super) providers: BTreeMap<String, Vec<String>>,
    pub(super) rules: Vec<Rule>,
}

/// A value with where it is written.
type Value<'a> = Spanned<DeValue<'a>>;

/// Reads a file of `author`. `known` are the providers that it may name without saying who they are.
pub(super) fn read(
    text: &str,
    author: Author,
    known: &BTreeMap<String, Vec<String>>,
) -> Result<File, RulesError> {
    Reader { text, author, known }.file()
}

struct Reader<'t> {
    text: &'t str,
    author: Author,
    known: &'t BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn file(&self) -> Result<File, RulesError> {
        if self.text.len() > RULES_BYTES_MAX {
            return Err(self.error(0, RulesFault::FileTooLong));
        }
        let document = DeTable::parse(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, RulesFault::Syntax(error.message().to_owned()))
        })?;
        let mut file = File::default();
        let mut rules: &[Value<'_>] = &[];
        for (key, value) in document.get_ref() {
            match key.get_ref().as_ref() {
                "providers" => file.providers = self.providers(value)?,
                "rule" => {
                    rules = value
                        .get_ref()
                        .as_array()
                        .ok_or_else(|| self.wrong_type(value, "rule", "written [[rule]]"))?;
                }
                other => return Err(self.error(key.span().start, RulesFault::UnknownKey(other.to_owned()))),
            }
        }
        if rules.len().max(file.providers.len()) > RULES_MAX {
            return Err(self.error(0, RulesFault::TooMany));
        }
        let mut ids = BTreeSet::new();
        for value in rules {
            let rule = self.rule(value, &file.providers)?;
            if !ids.insert(rule.id.clone()) {
                return Err(self.error(value.span().start, RulesFault::SameId(rule.id)));
            }
            file.rules.push(rule);
        }
        Ok(file)
    }

    fn providers(&self, value: &Value<'_>) -> Result<BTreeMap<String, Vec<String>>, RulesError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_type(value, "providers", "a table"))?;
        let mut providers = BTreeMap::new();
        for (name, value) in table {
            let domain = |domain: &str| {
                let domain = domain.trim_matches('.').to_ascii_lowercase();
                (!domain.is_empty()).then_some(domain)
            };
            let domains = self.list(name.get_ref(), value, "domain", domain)?;
            providers.insert(name.get_ref().clone().into_owned(), domains);
        }
        Ok(providers)
    }

    fn rule(&self, value: &Value<'_>, providers: &BTreeMap<String, Vec<String>>) -> Result<Rule, RulesError> {
        let start = value.span().start;
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_type(value, "rule", "written [[rule]]"))?;
        let mut rule = Rule {
            id: String::new(),
            place: Place {
                author: self.author,
                line: self.line(start),
            },
            class: Class::Unclassified,
            providers: Vec::new(),
            codes: Vec::new(),
            enhanced: Vec::new(),
            stages: Vec::new(),
            texts: Vec::new(),
            examples: Vec::new(),
        };
        let (mut has_id, mut has_class) = (false, false);
        for (key, value) in table {
            let at = value.span().start;
            match key.get_ref().as_ref() {
                "id" => {
                    let id = self.string("id", value)?;
                    let letter = |byte: u8| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
                    };
                    if id.is_empty() || !id.bytes().all(letter) {
                        return Err(self.error(at, RulesFault::Id(id.to_owned())));
                    }
                    (rule.id, has_id) = (id.to_owned(), true);
                }
                "class" => {
                    let name = self.string("class", value)?;
                    rule.class = Class::from_str(name)
                        .ok_or_else(|| self.error(at, RulesFault::Class(name.to_owned())))?;
                    has_class = true;
                }
                "provider" => {
                    rule.providers =
                        self.list("provider", value, "provider", |name| Some(name.to_owned()))?;
                    let unknown =
                        |name: &&String| !providers.contains_key(*name) && !self.known.contains_key(*name);
                    if let Some(name) = rule.providers.iter().find(unknown) {
                        return Err(self.error(at, RulesFault::Provider(name.clone())));
                    }
                }
                "code" => rule.codes = self.list("code", value, "reply code", CodePattern::parse)?,
                "enhanced" => {
                    rule.enhanced = self.list("enhanced", value, "enhanced code", EnhancedPattern::parse)?;
                }
                "stage" => rule.stages = self.list("stage", value, "stage", Stage::parse)?,
                "text" => {
                    let phrase = |text: &str| Phrase::parse(text).map(|_| text.to_owned());
                    rule.texts = self.list("text", value, "text to look for", phrase)?;
                }
                "example" => {
                    rule.examples = self.list("example", value, "example", |text| Some(text.to_owned()))?
                }
                other => return Err(self.error(key.span().start, RulesFault::UnknownKey(other.to_owned()))),
            }
        }
        let fault = match (has_id, has_class) {
            (false, _) => RulesFault::Missing("id"),
            (_, false) => RulesFault::Missing("class"),
            _ if rule.has_no_condition() => RulesFault::NoCondition,
            _ => return Ok(rule),
        };
        Err(self.error(start, fault))
    }

    /// One string or a list of them, each read by `parse`.
    fn list<T>(
        &self,
        key: &str,
        value: &Value<'_>,
        what: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, RulesError> {
        let members = match value.get_ref().as_array() {
            Some(array) => array.as_ref(),
            None => std::slice::from_ref(value),
        };
        if members.len() > RULE_LIST_MAX {
            return Err(self.error(value.span().start, RulesFault::ListTooLong));
        }
        let member = |value: &Value<'_>| {
            let text = self.string(key, value)?;
            parse(text)
                .ok_or_else(|| self.error(value.span().start, RulesFault::Pattern(text.to_owned(), what)))
        };
        members.iter().map(member).collect()
    }

    fn string<'v>(&self, key: &str, value: &'v Value<'_>) -> Result<&'v str, RulesError> {
        let text = value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong_type(value, key, "a string or a list of strings"))?;
        if text.len() > RULE_TEXT_BYTES_MAX {
            return Err(self.error(value.span().start, RulesFault::TextTooLong));
        }
        Ok(text)
    }

    fn wrong_type(&self, value: &Value<'_>, key: &str, wanted: &'static str) -> RulesError {
        self.error(value.span().start, RulesFault::Type(key.to_owned(), wanted))
    }

    fn error(&self, at: usize, fault: RulesFault) -> RulesError {
        let line = self.line(at);
        RulesError { line, fault }
    }

    /// The line of an octet, counted from one.
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        before.filter(|&&byte| byte == b'\n').count() + 1
    }
}
