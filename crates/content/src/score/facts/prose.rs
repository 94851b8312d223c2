//! How a text is written: in capitals, in long words, with characters nobody sees.

use super::super::limits::ISSUES_PER_RULE_MAX;
use super::beginning;
use super::script::{is_bidi_control, is_invisible, mixes_scripts};

/// Letters of a long word; German compounds have them too, but not one after the other.
const LONG_WORD_LETTERS: usize = 12;

/// Octets of a word that are kept.
const WORD_OCTETS_MAX: usize = 120;

/// The writing of a text.
#[derive(Debug, Default)]
pub(in crate::score) struct Prose {
    pub(in crate::score) words: usize,
    pub(in crate::score) letters: usize,
    pub(in crate::score) capitals: usize,
    /// The most empty lines in a row.
    pub(in crate::score) blank_lines: usize,
    /// The most exclamation marks in a row.
    pub(in crate::score) exclamations: usize,
    /// Signs of currencies.
    pub(in crate::score) currency_signs: usize,
    pub(in crate::score) emoji: usize,
    /// The most long words in a row, and the first of them.
    pub(in crate::score) long_words: (usize, String),
    /// Letters with gaps between them: `B U Y`, `b.u.y`; the most in a row, and where.
    pub(in crate::score) gappy: (usize, String),
    /// Words of two scripts that look alike.
    pub(in crate::score) mixed: Vec<String>,
    /// Words with something invisible between two of their letters.
    pub(in crate::score) split: Vec<String>,
    /// Words with a control character of direction.
    pub(in crate::score) turned: Vec<String>,
}

impl Prose {
    pub(in crate::score) fn of(text: &str) -> Self {
        let mut prose = Self::default();
        prose.count_chars(text);
        prose.count_blank_lines(text);
        prose.read_words(text);
        prose
    }

    fn count_chars(&mut self, text: &str) {
        let mut exclamations = 0;
        for char in text.chars() {
            exclamations = if char == '!' { exclamations + 1 } else { 0 };
            self.exclamations = self.exclamations.max(exclamations);
            match char {
                'a'..='z' => self.letters += 1,
                'A'..='Z' => {
                    self.letters += 1;
                    self.capitals += 1;
                }
                '$' | '\u{a3}' | '\u{a5}' | '\u{20a0}'..='\u{20bf}' => self.currency_signs += 1,
                '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b50}' => self.emoji += 1,
                char if char.is_alphabetic() => {
                    self.letters += 1;
                    self.capitals += usize::from(char.is_uppercase());
                }
                _ => {}
            }
        }
    }

    fn count_blank_lines(&mut self, text: &str) {
        let mut run = 0;
        for line in text.lines() {
            run = if line.trim().is_empty() { run + 1 } else { 0 };
            self.blank_lines = self.blank_lines.max(run);
        }
    }

    fn read_words(&mut self, text: &str) {
        let mut long = Run::default();
        let mut single = Run::default();
        for word in text.split_whitespace() {
            self.words += 1;
            let url = word.contains("://");
            let is_long = !url && letters_at_least(word, LONG_WORD_LETTERS);
            long.step(is_long, word, &mut self.long_words);
            single.step(is_single_letter(word), word, &mut self.gappy);
            let gaps = letters_with_gaps(word);
            if gaps > self.gappy.0 {
                self.gappy = (gaps, kept(word));
            }
            if !url && !word.is_ascii() {
                self.read_rare(word);
            }
        }
    }

    fn read_rare(&mut self, word: &str) {
        note(&mut self.mixed, word, mixes_scripts(word));
        note(&mut self.split, word, is_split(word));
        note(&mut self.turned, word, word.chars().any(is_bidi_control));
    }
}

/// Words of one kind in a row.
#[derive(Default)]
struct Run<'a> {
    words: usize,
    first: &'a str,
}

impl<'a> Run<'a> {
    fn step(&mut self, goes_on: bool, word: &'a str, longest: &mut (usize, String)) {
        if !goes_on {
            self.words = 0;
            return;
        }
        if self.words == 0 {
            self.first = word;
        }
        self.words += 1;
        if self.words > longest.0 {
            if longest.1 != self.first {
                longest.1 = kept(self.first);
            }
            longest.0 = self.words;
        }
    }
}

fn note(words: &mut Vec<String>, word: &str, found: bool) {
    if found && words.len() < ISSUES_PER_RULE_MAX {
        words.push(kept(word));
    }
}

fn kept(word: &str) -> String {
    beginning(word, WORD_OCTETS_MAX).to_owned()
}

fn letters_at_least(word: &str, letters: usize) -> bool {
    word.len() >= letters
        && word
            .chars()
            .all(|char| char.is_alphabetic() || matches!(char, ',' | '.'))
}

fn is_single_letter(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// How many single letters it is, with one sign between each two.
fn letters_with_gaps(word: &str) -> usize {
    let mut letters = 0;
    for (place, char) in word.chars().enumerate() {
        let fits = if place % 2 == 0 {
            char.is_alphabetic()
        } else {
            matches!(char, '.' | '-' | '_' | '*' | '|')
        };
        if !fits {
            return 0;
        }
        letters += usize::from(place % 2 == 0);
    }
    letters
}

/// Whether something invisible stands between two Latin letters. Soft hyphens may; other scripts need joiners.
fn is_split(word: &str) -> bool {
    let mut letter = false;
    let mut gap = false;
    for char in word.chars() {
        if is_invisible(char) && char != '\u{ad}' {
            gap = letter;
        } else {
            if gap && char.is_ascii_alphabetic() {
                return true;
            }
            gap = false;
            letter = char.is_ascii_alphabetic();
        }
    }
    false
}
