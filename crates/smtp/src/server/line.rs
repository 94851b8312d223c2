//! Command lines: whole ones where they lie, split ones put together.

use crate::limits::AUTH_LINE_MAX;
use crate::reply::Line;

/// A line up to its LF, before anything is known of it.
#[derive(Clone, Copy)]
pub(super) struct RawLine<'a> {
    octets: &'a [u8],
    too_long: bool,
}

impl<'a> RawLine<'a> {
    /// A line that lies whole in the input, LF included.
    pub(super) fn of(octets: &'a [u8]) -> Self {
        Self {
            octets,
            too_long: octets.len() > AUTH_LINE_MAX,
        }
    }

    /// The line without its CRLF. A LF alone ends a line too, but no line that means anything: a client that ends its
    /// lines so is told at once instead of waiting for ever.
    pub(super) fn text(self) -> Result<&'a [u8], Line> {
        if self.too_long {
            return Err(Line::TooLong);
        }
        self.octets.strip_suffix(b"\r\n").ok_or(Line::BareLineFeed)
    }
}

/// The beginning of a line whose end has not arrived. Of a line longer than any may be, nothing is kept.
#[derive(Debug, Default)]
pub(super) struct PartialLine {
    octets: Vec<u8>,
    too_long: bool,
}

impl PartialLine {
    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty() && !self.too_long
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        if self.too_long || self.octets.len() + octets.len() > AUTH_LINE_MAX {
            self.too_long = true;
            self.octets = Vec::new();
        } else {
            self.octets.extend_from_slice(octets);
        }
    }

    pub(super) fn line(&self) -> RawLine<'_> {
        RawLine {
            octets: &self.octets,
            too_long: self.too_long,
        }
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.too_long = false;
    }
}
