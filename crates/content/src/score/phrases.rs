//! Phrases in a text, all of them in one pass.
//!
//! **Promise.** Linear in the text, whatever the phrases are: one automaton holds them all. A phrase counts where it
//! stands as words, so `casino` is not in `occasion-casinos`.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};

use super::facts::Words;
use super::limits::PHRASE_HITS_MAX;

/// The phrases of all rules.
#[derive(Debug, Clone)]
pub(super) struct Phrases {
    automaton: AhoCorasick,
    /// Of each pattern, the place of its rule and its text.
    patterns: Vec<(usize, String)>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Hits<'r> {
    by_rule: BTreeMap<usize, Vec<&'r str>>,
    in_subject: Vec<&'r str>,
}

impl Phrases {
    /// The phrases of each rule, in the order of the rules. `None` if they are too many for an automaton.
    pub(super) fn of<'a>(rules: impl Iterator<Item = Option<&'a BTreeSet<String>>>) -> Option<Self> {
        let of_rule = |(place, list): (usize, Option<&'a BTreeSet<String>>)| {
            let phrases = list.into_iter().flatten();
            phrases
                .map(move |phrase| (place, phrase.clone()))
                .collect::<Vec<_>>()
        };
        let patterns: Vec<(usize, String)> = rules.enumerate().flat_map(of_rule).collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(patterns.iter().map(|(_, phrase)| phrase))
            .ok()?;
        Some(Self { automaton, patterns })
    }

    /// Those in `words`, each once, in the order of the text.
    pub(super) fn hits(&self, words: &Words) -> Hits<'_> {
        let mut hits = Hits::default();
        let text = words.text();
        let mut seen = BTreeSet::new();
        for found in self.automaton.find_overlapping_iter(text).take(PHRASE_HITS_MAX) {
            let Some((rule, phrase)) = self.patterns.get(found.pattern().as_usize()) else {
                continue;
            };
            if !stands_alone(text, found.start(), found.end()) {
                continue;
            }
            if found.end() <= words.subject_octets() && !hits.in_subject.contains(&phrase.as_str()) {
                hits.in_subject.push(phrase);
            }
            if seen.insert(found.pattern()) {
                hits.by_rule.entry(*rule).or_default().push(phrase);
            }
        }
        hits
    }
}

impl<'r> Hits<'r> {
    /// What the rule in this place found.
    pub(super) fn of(&self, rule: usize) -> &[&'r str] {
        self.by_rule.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// What any rule found in the subject.
    pub(super) fn in_subject(&self) -> &[&'r str] {
        &self.in_subject
    }
}

/// Whether no letter or digit touches it. An end that is none itself may touch one.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let (Some(before), Some(found), Some(behind)) =
        (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return false;
    };
    let touches = |a: Option<char>, b: Option<char>| {
        a.is_some_and(char::is_alphanumeric) && b.is_some_and(char::is_alphanumeric)
    };
    !touches(before.chars().next_back(), found.chars().next())
        && !touches(found.chars().next_back(), behind.chars().next())
}
