//! The rules together, in the order in which they are asked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::class::Class;
use super::effect::Severity;
use super::file::{self, File, RulesError, RulesFault};
use super::phrase::{Phrase, Phrases};
use super::rule::{Author, Place, Rule};
use super::said::Said;
use super::{Reply, Verdict};

static BUILTIN: LazyLock<Rules> = LazyLock::new(|| {
    // The tests read the very same text; it cannot be another at run time.
    Rules::read(include_str!("rules.toml"), Author::Program, &BTreeMap::new())
        .expect("the rules built in can be read")
});

/// What a rule is called that nobody wrote: it says that none of the others spoke.
const NO_RULE: &str = "unclassified";

/// Rules, ready to be asked.
#[derive(Clone, Debug)]
pub struct Rules {
    providers: BTreeMap<String, Vec<String>>,
    /// In the order in which they are asked, each with its phrases' places.
    rules: Vec<(Rule, Range<usize>)>,
    phrases: Phrases,
}

impl Rules {
    /// The rules that come with the program.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Reads a file of rules of an operator; the format is told at the head of `rules.toml`. It may name the providers of
    /// [`Self::builtin`].
    ///
    /// # Errors
    /// The first mistake in it, with its line.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        Self::read(text, Author::Operator, &Self::builtin().providers)
    }

    /// These rules with an operator's, which speak first: all of them before any of these. One with the id of one of
    /// these takes its place, and domains are added to those of a provider of the same name.
    ///
    /// # Errors
    /// When both together are more than can be had.
    pub fn extended_by(&self, operator: &Self) -> Result<Self, RulesError> {
        let mut providers = self.providers.clone();
        for (name, domains) in &operator.providers {
            providers
                .entry(name.clone())
                .or_default()
                .extend(domains.iter().cloned());
        }
        let replaced: BTreeSet<&str> = operator.ids().collect();
        let kept = self
            .rules
            .iter()
            .filter(|(rule, _)| !replaced.contains(rule.id.as_str()));
        let rules = operator
            .rules
            .iter()
            .chain(kept)
            .map(|(rule, _)| rule.clone())
            .collect();
        Self::in_order(providers, rules)
    }

    /// What a refusal or deferral means, and which rule says so.
    pub fn classify<'r>(&'r self, reply: &Reply<'_>) -> Verdict<'r> {
        if let Some(own) = reply.own {
            let class = own.class();
            return Verdict {
                class,
                severity: class.severity(),
                rule_id: own.rule_id(),
                place: None,
            };
        }
        let said = Said::of(reply);
        let heard = self.phrases.heard_in(&said.text);
        let providers = self.providers_of(reply);
        let speaks = |(rule, places): &&(Rule, Range<usize>)| {
            let heard = heard
                .get(places.clone())
                .is_some_and(|heard| heard.contains(&true));
            rule.speaks(&said, &providers, heard)
        };
        let (class, rule_id, place) = match self.rules.iter().find(speaks) {
            Some((rule, _)) => (rule.class, rule.id.as_str(), Some(rule.place)),
            None => (Class::Unclassified, NO_RULE, None::<Place>),
        };
        Verdict {
            class,
            severity: severity(class, &said),
            rule_id,
            place,
        }
    }

    /// The ids of the rules, in the order in which they are asked.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|(rule, _)| rule.id.as_str())
    }

    /// Replies that rules are said to decide: the rule's id, a host of its provider if it has one, and the reply.
    pub fn examples(&self) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
        self.rules.iter().flat_map(|(rule, _)| {
            let host = rule
                .providers
                .first()
                .and_then(|name| self.providers.get(name)?.first())
                .map(String::as_str);
            rule.examples
                .iter()
                .map(move |example| (rule.id.as_str(), host, example.as_str()))
        })
    }

    fn read(text: &str, author: Author, known: &BTreeMap<String, Vec<String>>) -> Result<Self, RulesError> {
        let File { providers, mut rules } = file::read(text, author, known)?;
        // Stable: within a turn the order of the file counts.
        rules.sort_by_key(Rule::turn);
        Self::in_order(providers, rules)
    }

    fn in_order(providers: BTreeMap<String, Vec<String>>, rules: Vec<Rule>) -> Result<Self, RulesError> {
        let mut phrases = Vec::new();
        let mut placed = Vec::with_capacity(rules.len());
        for rule in rules {
            let start = phrases.len();
            phrases.extend(rule.texts.iter().filter_map(|text| Phrase::parse(text)));
            placed.push((rule, start..phrases.len()));
        }
        let phrases = Phrases::new(phrases).ok_or(RulesError {
            line: 1,
            fault: RulesFault::TooMany,
        })?;
        Ok(Self {
            providers,
            rules: placed,
            phrases,
        })
    }

    /// The names of the providers that a reply may come from.
    fn providers_of(&self, reply: &Reply<'_>) -> Vec<&str> {
        let is_in = |host: Option<&str>, domain: &str| host.is_some_and(|host| is_within(host, domain));
        self.providers
            .iter()
            .filter(|(_, domains)| {
                domains
                    .iter()
                    .any(|domain| is_in(reply.mx, domain) || is_in(reply.domain, domain))
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// Whether a host is this domain or below it. `domain` is in lower case.
fn is_within(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(cut) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let (above, tail) = host.as_bytes().split_at(cut);
    tail.eq_ignore_ascii_case(domain.as_bytes()) && (above.is_empty() || above.ends_with(b"."))
}

/// How bad it is: nothing temporary is hard, and what nobody knows is as bad as its first digit says.
fn severity(class: Class, said: &Said) -> Severity {
    let permanent =
        said.code.is_some_and(|code| code >= 500) || said.enhanced.is_some_and(|code| code.class == 5);
    match class.severity() {
        Severity::Hard if said.is_temporary() => Severity::Soft,
        Severity::Soft if class == Class::Unclassified && permanent && !said.is_temporary() => Severity::Hard,
        severity => severity,
    }
}
