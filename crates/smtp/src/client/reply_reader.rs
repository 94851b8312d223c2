//! What a peer says: replies (RFC 5321 §4.2), read as their octets arrive.
//!
//! **Promise.** The same octets give the same replies however they were cut. Text is made safe to print once, here:
//! no control characters, valid UTF-8, at most [`REPLY_TEXT_MAX`] octets.
//!
//! **Choices.** A bare LF ends a reply line too: only the peer writes this stream, so nobody can smuggle anything into
//! it, and servers that do this exist. A line of three digits alone is accepted for the same reason. Lines of one
//! reply must agree on the code: a reply that says both 250 and 550 says nothing.
//!
//! **Failures.** [`ReplyError`]: the stream is no longer understood, and the reader must not be used any more.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::enhanced_code::EnhancedCode;
use crate::limits::{REPLY_LINE_READ_MAX, REPLY_LINES_MAX, REPLY_TEXT_MAX};

/// A reply of a peer. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: Option<EnhancedCode>,
    // Lines joined by LF, without their codes.
    text: Arc<str>,
}

/// The first digit of a reply code (RFC 5321 §4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyClass {
    /// 2yz: done.
    Completion,
    /// 3yz: go on.
    Intermediate,
    /// 4yz: not now.
    TransientFailure,
    /// 5yz: never.
    PermanentFailure,
}

/// Why what a peer says is not a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// A line that does not begin with a reply code.
    #[error("not a reply code")]
    Code,
    /// Lines of one reply with different codes.
    #[error("different codes in one reply")]
    CodeChanged,
    /// A line of more than [`REPLY_LINE_READ_MAX`] octets.
    #[error("a reply line of more than {REPLY_LINE_READ_MAX} octets")]
    LineTooLong,
    /// A reply of more than [`REPLY_LINES_MAX`] lines.
    #[error("a reply of more than {REPLY_LINES_MAX} lines")]
    TooManyLines,
}

/// Reads replies from a stream. Memory is bounded by one line and the kept text.
#[derive(Debug, Default)]
pub struct ReplyReader {
    // The beginning of a line whose end has not arrived.
    line: Vec<u8>,
    // The reply of which not every line has arrived. No lines, no reply.
    lines: usize,
    code: u16,
    enhanced: Option<EnhancedCode>,
    text: String,
}

impl Reply {
    /// The reply code, 200..=599.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// What its first digit means.
    pub fn class(&self) -> ReplyClass {
        match self.code {
            ..300 => ReplyClass::Completion,
            300..400 => ReplyClass::Intermediate,
            400..500 => ReplyClass::TransientFailure,
            500.. => ReplyClass::PermanentFailure,
        }
    }

    /// The enhanced code as the peer gave it; peers are known to contradict their reply code.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// The enhanced code, in the class of the reply code; `x.0.0` when the peer gave none (RFC 3463 §3.1).
    pub fn status(&self) -> EnhancedCode {
        let class = match self.class() {
            ReplyClass::Completion | ReplyClass::Intermediate => 2,
            ReplyClass::TransientFailure => 4,
            ReplyClass::PermanentFailure => 5,
        };
        self.enhanced
            .unwrap_or(EnhancedCode::new(class, 0, 0))
            .with_class(class)
    }

    /// The text without codes, one item a line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n')
    }
}

/// On one line, with its codes: `550 5.1.1 No such user`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        self.lines()
            .filter(|line| !line.is_empty())
            .try_for_each(|line| write!(f, " {line}"))
    }
}

impl ReplyReader {
    /// A reader at the beginning of a reply.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads up to the end of one reply and takes what it read off `input`. With `None` all of it was taken and the
    /// reply goes on in what is yet to arrive.
    ///
    /// # Errors
    /// Any [`ReplyError`].
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        while let Some(end) = memchr::memchr(b'\n', input) {
            let (line, rest) = input.split_at(end + 1);
            *input = rest;
            if self.take_line(line)? {
                return Ok(Some(self.finish()));
            }
        }
        let begun = std::mem::take(input);
        check_length(self.line.len() + begun.len())?;
        self.line.extend_from_slice(begun);
        Ok(None)
    }

    /// Whether nothing of a reply has been read.
    pub fn is_at_start(&self) -> bool {
        self.line.is_empty() && self.lines == 0
    }

    // True when it was the last of its reply.
    fn take_line(&mut self, line: &[u8]) -> Result<bool, ReplyError> {
        check_length(self.line.len() + line.len())?;
        if self.line.is_empty() {
            return self.parse_line(line);
        }
        let mut whole = std::mem::take(&mut self.line);
        whole.extend_from_slice(line);
        let is_last = self.parse_line(&whole);
        whole.clear();
        self.line = whole;
        is_last
    }

    // RFC 5321 §4.2: Reply-line.
    fn parse_line(&mut self, line: &[u8]) -> Result<bool, ReplyError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let [
            first @ b'2'..=b'5',
            second @ b'0'..=b'9',
            third @ b'0'..=b'9',
            rest @ ..,
        ] = line
        else {
            return Err(ReplyError::Code);
        };
        let code = [first, second, third]
            .iter()
            .fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
        let (is_last, text) = match rest {
            [] => (true, rest),
            [b' ', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            _ => return Err(ReplyError::Code),
        };
        if self.lines > 0 && self.code != code {
            return Err(ReplyError::CodeChanged);
        }
        if self.lines == REPLY_LINES_MAX {
            return Err(ReplyError::TooManyLines);
        }
        self.code = code;
        self.keep_text(text);
        self.lines += 1;
        Ok(is_last)
    }

    fn keep_text(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let code = EnhancedCode::split_from(&text);
        let text = match code {
            // Multi-line replies repeat the code on every line; once is enough.
            Some((code, rest)) if self.lines == 0 || self.enhanced == Some(code) => {
                self.enhanced = Some(code);
                rest
            }
            _ => &text,
        };
        if self.lines > 0 && self.text.len() < REPLY_TEXT_MAX {
            self.text.push('\n');
        }
        let room = REPLY_TEXT_MAX.saturating_sub(self.text.len());
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.text.push_str(text);
        } else {
            self.text.extend(text.chars().map(printable));
        }
    }

    fn finish(&mut self) -> Reply {
        let reply = Reply {
            code: self.code,
            enhanced: self.enhanced.take(),
            text: Arc::from(self.text.as_str()),
        };
        self.text.clear();
        self.lines = 0;
        reply
    }
}

fn check_length(length: usize) -> Result<(), ReplyError> {
    if length > REPLY_LINE_READ_MAX {
        Err(ReplyError::LineTooLong)
    } else {
        Ok(())
    }
}

// A replacement is never longer than what it replaces: the bound above holds.
fn printable(char: char) -> char {
    match char {
        '\t' => ' ',
        char if char.is_control() => '?',
        char => char,
    }
}

#[cfg(test)]
mod tests;
