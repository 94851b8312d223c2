//! Phrases of rules, and which of them occur in a text.
//!
//! A phrase is found in any case and at the borders of words: `full` is not in `fully`. A `*` stands for any text, even
//! none: `mailbox * full`, and at an end it takes the border away: `blacklist*` is in `blacklisted`.
//!
//! All phrases are looked for in one pass: an automaton of the longest piece of each says which can be there at all,
//! and only those are compared in full.

use aho_corasick::AhoCorasick;

/// A phrase, ready to be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    pieces: Vec<Piece>,
}

/// What stands between two `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    // Whether a word must begin, or end, there.
    begins_word: bool,
    ends_word: bool,
}

impl Phrase {
    /// Reads a phrase. None if there is nothing in it to look for.
    pub(super) fn parse(source: &str) -> Option<Self> {
        let lower = normal(source);
        let cuts = lower.matches('*').count();
        let piece = |(at, text): (usize, &str)| {
            let trimmed = text.trim();
            (!trimmed.is_empty()).then(|| Piece {
                text: trimmed.to_owned(),
                begins_word: at == 0 || text.starts_with(' '),
                ends_word: at == cuts || text.ends_with(' '),
            })
        };
        let pieces: Vec<Piece> = lower.split('*').enumerate().filter_map(piece).collect();
        (!pieces.is_empty()).then_some(Self { pieces })
    }

    /// Whether it is in a text that [`normal`] made: its pieces one after the other.
    fn is_in(&self, text: &str) -> bool {
        let mut rest = 0;
        self.pieces.iter().all(|piece| match piece.end_in(text, rest) {
            Some(end) => {
                rest = end;
                true
            }
            None => false,
        })
    }

    fn longest_piece(&self) -> &str {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .max_by_key(|text| text.len())
            .unwrap_or_default()
    }
}

impl Piece {
    /// Where the first occurrence after `from` ends.
    fn end_in(&self, text: &str, from: usize) -> Option<usize> {
        let later = text.get(from..)?;
        later
            .match_indices(self.text.as_str())
            .map(|(at, found)| (from + at, from + at + found.len()))
            .find(|&(start, end)| {
                (!self.begins_word || is_border(text, start)) && (!self.ends_word || is_border(text, end))
            })
            .map(|(_, end)| end)
    }
}

/// Whether no word goes across this place.
fn is_border(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at..).and_then(|text| text.chars().next());
    let in_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    !(in_word(before) && in_word(after))
}

/// The form in which texts and phrases are compared: lower case, straight quotes, one space for any white space or
/// control characters.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{2018}' | '\u{2019}' | '`' | '\u{b4}' => out.push('\''),
            '\u{201c}' | '\u{201d}' => out.push('"'),
            blank if blank.is_whitespace() || blank.is_control() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            other => out.extend(other.to_lowercase()),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Many phrases, looked for together. A phrase is known by its place in the list that it was made of.
#[derive(Clone, Debug)]
pub(super) struct Phrases {
    phrases: Vec<Phrase>,
    automaton: AhoCorasick,
}

impl Phrases {
    /// Makes the automaton. None if it would be too large for its own numbering, which the bounds of files of rules
    /// keep far away.
    pub(super) fn new(phrases: Vec<Phrase>) -> Option<Self> {
        let automaton = AhoCorasick::new(phrases.iter().map(Phrase::longest_piece)).ok()?;
        Some(Self { phrases, automaton })
    }

    /// For each phrase, whether it is in a text that [`normal`] made.
    pub(super) fn heard_in(&self, text: &str) -> Vec<bool> {
        let mut possible = vec![false; self.phrases.len()];
        for found in self.automaton.find_overlapping_iter(text) {
            if let Some(flag) = possible.get_mut(found.pattern().as_usize()) {
                *flag = true;
            }
        }
        possible
            .iter()
            .zip(&self.phrases)
            .map(|(&possible, phrase)| possible && phrase.is_in(text))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrase: &str, text: &str) -> bool {
        let phrases = Phrases::new(vec![Phrase::parse(phrase).unwrap()]).unwrap();
        phrases.heard_in(&normal(text)) == [true]
    }

    #[test]
    fn a_phrase_is_found_at_the_borders_of_words() {
        for (phrase, text, expected) in [
            ("mailbox full", "Mailbox  FULL.", true),
            ("full", "fully booked, then full", true),
            ("full", "fully", false),
            ("rbl", "problem", false),
            ("5.7.1", "5.7.10", false),
            ("(s3150)", "blocked (S3150)", true),
            ("blacklist*", "blacklisted", true),
            ("*listed", "blacklisted", true),
            ("*listed", "blacklistedness", false),
            ("mailbox * full", "mailbox full", true),
            ("mailbox * full", "the mailbox of joe is full", true),
            ("mailbox * full", "full mailbox", false),
            ("mailbox * full", "mailboxes are full", false),
            ("recipient*unknown", "recipients unknown", true),
            ("user doesn't exist", "User doesn\u{2019}t exist", true),
            ("ящик переполнен", "Почтовый ЯЩИК переполнен", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(found(phrase, text), expected, "{phrase:?} in {text:?}");
        }
    }

    #[test]
    fn there_must_be_something_to_look_for() {
        for empty in ["", " ", "*", " * * "] {
            assert_eq!(Phrase::parse(empty), None, "{empty:?}");
        }
    }
}
