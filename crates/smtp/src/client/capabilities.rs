//! What a peer offers in its reply to EHLO (RFC 5321 §4.1.1.1). Nothing is offered in a reply to HELO.

use super::reply_reader::Reply;

/// The extensions this client makes use of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    /// RFC 2920.
    pub(super) pipelining: bool,
    /// RFC 3207.
    pub(super) starttls: bool,
    /// RFC 6152.
    pub(super) eight_bit_mime: bool,
    /// RFC 6531.
    pub(super) smtputf8: bool,
    /// RFC 1870.
    pub(super) size: SizeLimit,
}

/// What a peer says about the size of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SizeLimit {
    /// Nothing: it does not know the parameter either.
    #[default]
    NotOffered,
    /// It wants to know the size but names no limit, or names 0 (RFC 1870 §4).
    Unlimited,
    /// At most so many octets.
    Octets(u64),
}

impl Capabilities {
    /// Reads the reply to EHLO. Keywords are compared without case; unknown ones are passed over.
    pub(super) fn of_reply(reply: &Reply) -> Self {
        let mut offered = Self::default();
        // The first line is the peer's name and greeting.
        for line in reply.lines().skip(1) {
            let (keyword, parameters) = line.split_once(' ').unwrap_or((line, ""));
            offered.add(keyword, parameters.trim());
        }
        offered
    }

    fn add(&mut self, keyword: &str, parameters: &str) {
        let is = |name: &str| keyword.eq_ignore_ascii_case(name);
        if is("PIPELINING") {
            self.pipelining = true;
        } else if is("STARTTLS") {
            self.starttls = true;
        } else if is("8BITMIME") {
            self.eight_bit_mime = true;
        } else if is("SMTPUTF8") {
            self.smtputf8 = true;
        } else if is("SIZE") {
            self.size = SizeLimit::of_parameter(parameters);
        }
    }
}

impl SizeLimit {
    // Up to 20 digits fit the grammar but not u64: what we cannot count is no limit to us.
    fn of_parameter(text: &str) -> Self {
        match text.parse() {
            Ok(0) | Err(_) => Self::Unlimited,
            Ok(octets) => Self::Octets(octets),
        }
    }
}
