//! Reads a file of rules: every key is known, and every value is within its bounds.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::checks::{self, Takes};
use super::super::limits::{ADVICE_MAX, LIST_WORDS_MAX, MILLI_POINTS_MAX, RULES_OCTETS_MAX};
use super::super::phrases::Phrases;
use super::{Category, Rule, Rules, RulesFault, Severity};

/// A fault, and at which octet.
pub(super) type Faulty<T> = Result<T, (usize, RulesFault)>;

/// Reads the whole of it.
pub(super) fn read(text: &str) -> Faulty<Rules> {
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
