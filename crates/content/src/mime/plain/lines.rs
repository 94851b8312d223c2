//! Words into lines: white space collapsed, never more than one empty line, none at the beginning or the end.
//!
//! Breaks and spaces are owed until a word follows them, so that any number of elements may ask for them.

/// Line ends that make an empty line; more are never owed.
const PARAGRAPH: usize = 2;

const NO_BREAK_SPACE: char = '\u{a0}';

const MARKER: &str = "- ";
const INDENT: &str = "  ";

/// Deeper lists are indented no further: a hostile document would otherwise grow with the square of its length.
const INDENTS_MAX: usize = 4;

/// A text in the making.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    /// Line ends owed, at most [`PARAGRAPH`].
    breaks: usize,
    /// Spaces owed.
    spaces: usize,
    /// The marker of an item owed: how far it is indented.
    marker: Option<usize>,
}

impl Lines {
    /// The text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Its length so far.
    pub(super) fn octets(&self) -> usize {
        self.text.len()
    }

    /// What was added after the text had so many octets.
    pub(super) fn since(&self, octets: usize) -> &str {
        self.text.get(octets..).unwrap_or_default().trim()
    }

    /// Adds text whose white space only parts words.
    pub(super) fn add(&mut self, text: &str) {
        let mut words = text.split(is_space);
        self.add_word(words.next().unwrap_or_default());
        for word in words {
            self.space();
            self.add_word(word);
        }
    }

    /// Adds text with a space around it, if there is any.
    pub(super) fn add_apart(&mut self, text: &str) {
        self.space();
        self.add(text);
        self.space();
    }

    /// Adds text as it is.
    pub(super) fn add_verbatim(&mut self, text: &str) {
        let text = text.replace(NO_BREAK_SPACE, " ");
        let mut lines = text.split('\n');
        self.add_line(lines.next().unwrap_or_default());
        for line in lines {
            self.break_once_more();
            self.add_line(line);
        }
    }

    /// Adds this in brackets to the last word.
    pub(super) fn append_in_brackets(&mut self, text: &str) {
        self.text.push_str(" (");
        self.text.push_str(text);
        self.text.push(')');
    }

    /// The next word is parted by a space, if it is on the same line.
    pub(super) fn space(&mut self) {
        self.spaces = self.spaces.max(1);
    }

    /// The next word begins a line.
    pub(super) fn part_line(&mut self) {
        self.owe_breaks(self.breaks.max(1));
    }

    /// The next word begins a line, after an empty one.
    pub(super) fn part_paragraph(&mut self) {
        self.owe_breaks(PARAGRAPH);
    }

    /// A line ends here, be it empty.
    pub(super) fn break_once_more(&mut self) {
        self.owe_breaks(PARAGRAPH.min(self.breaks + 1));
    }

    /// The next word begins an item of a list within so many lists, its own included.
    pub(super) fn begin_item(&mut self, lists: usize) {
        self.part_line();
        self.marker = Some(lists.saturating_sub(1).min(INDENTS_MAX));
    }

    /// An item ends, be it empty.
    pub(super) fn end_item(&mut self) {
        self.part_line();
        self.marker = None;
    }

    fn owe_breaks(&mut self, breaks: usize) {
        self.breaks = breaks;
        self.spaces = 0;
    }

    fn add_word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        if self.begin_line() {
            self.spaces = 0;
        }
        self.pay_spaces();
        self.text.push_str(word);
    }

    /// Spaces at its beginning count, those at its end only if something follows.
    fn add_line(&mut self, line: &str) {
        let words = line.trim_ascii_end();
        if !words.is_empty() {
            self.begin_line();
            self.pay_spaces();
            self.text.push_str(words);
        }
        self.spaces += line.len() - words.len();
    }

    /// Writes the breaks and the marker that are owed. Whether a line begins.
    fn begin_line(&mut self) -> bool {
        let begins = self.breaks > 0 || self.text.is_empty();
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', self.breaks));
        }
        self.breaks = 0;
        if let Some(indents) = self.marker.take() {
            self.text.extend(std::iter::repeat_n(INDENT, indents));
            self.text.push_str(MARKER);
        }
        begins
    }

    fn pay_spaces(&mut self) {
        self.text.extend(std::iter::repeat_n(' ', self.spaces));
        self.spaces = 0;
    }
}

fn is_space(char: char) -> bool {
    char.is_ascii_whitespace() || char == NO_BREAK_SPACE
}
