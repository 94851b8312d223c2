//! The words of a message as phrases are looked for in them: lower case, one space between two, nothing invisible.

use super::script::is_invisible;

/// Subject and text.
#[derive(Debug)]
pub(in crate::score) struct Words {
    text: String,
    subject_octets: usize,
}

impl Words {
    pub(super) fn of(subject: &str, texts: &[&str]) -> Self {
        let mut words = Self {
            text: String::new(),
            subject_octets: 0,
        };
        words.add(subject);
        words.subject_octets = words.text.len();
        for text in texts {
            words.text.push('\n');
            words.add(text);
        }
        words
    }

    pub(in crate::score) fn text(&self) -> &str {
        &self.text
    }

    /// How much of it is the subject.
    pub(in crate::score) fn subject_octets(&self) -> usize {
        self.subject_octets
    }

    fn add(&mut self, text: &str) {
        self.text.reserve(text.len());
        for char in text.chars() {
            match char {
                'A'..='Z' => self.text.push(char.to_ascii_lowercase()),
                '!'..='~' => self.text.push(char),
                '\u{2018}' | '\u{2019}' => self.text.push('\''),
                char if char.is_whitespace() => {
                    if !self.text.ends_with([' ', '\n']) {
                        self.text.push(' ');
                    }
                }
                char if is_invisible(char) => {}
                char => self.text.extend(char.to_lowercase()),
            }
        }
    }
}
