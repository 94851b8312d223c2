//! One mailbox with the name of its owner (RFC 5322 §3.4), as callers of an API write it: `a@b`, `<a@b>`,
//! `Name <a@b>` or `"Name, quoted" <a@b>`.
//!
//! Exactly one: lists, groups and comments are refused with an error that says so. Nothing is decoded; a name is text.

use std::borrow::Cow;

use smtp::address::{Domain, Mailbox};
use thiserror::Error;

/// Octets of a display name. A field's encoded form is about four times as long at most.
pub const NAME_OCTETS_MAX: usize = 256;

/// Octets of the text given to [`Address::parse`]: a quoted name, each octet with a backslash, and the longest path.
pub const TEXT_OCTETS_MAX: usize = 2 * NAME_OCTETS_MAX + smtp::limits::PATH_MAX + 16;

/// A mailbox and the name of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    name: Option<String>,
    mailbox: Mailbox,
}

/// Why a text is not one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing but white space.
    #[error("the address is empty")]
    Empty,
    /// More than [`TEXT_OCTETS_MAX`] octets in all.
    #[error("the address is longer than {TEXT_OCTETS_MAX} octets")]
    TextLength,
    /// More than [`NAME_OCTETS_MAX`] octets of name.
    #[error("the name before the address is longer than {NAME_OCTETS_MAX} octets")]
    NameLength,
    /// CR, LF, NUL or another control character.
    #[error("the address contains the control character U+{:04X}", u32::from(*.0))]
    Control(char),
    /// A comma: a list.
    #[error("only one address may be given here; a name with a comma must be put in double quotes")]
    Several,
    /// A colon or semicolon: a group.
    #[error("a group is not an address; a name with a colon or semicolon must be put in double quotes")]
    Group,
    /// A parenthesis: a comment.
    #[error("comments are not accepted; a name with parentheses must be put in double quotes")]
    Comment,
    /// Another character with a meaning of its own.
    #[error("a name with {0:?} must be put in double quotes")]
    Special(char),
    /// A double quote, and no second one.
    #[error("the double quote before the address is not closed")]
    Quote,
    /// `<`, and no `>`.
    #[error("the angle bracket is not closed")]
    Bracket,
    /// Text behind the `>`.
    #[error("nothing may follow the closing angle bracket")]
    Trailing,
    /// A name that is encoded already (RFC 2047); it would be read as the name it encodes by some, by others not.
    #[error("the name is encoded already; give the name itself, in UTF-8")]
    EncodedWord,
    /// What should be the mailbox is none.
    #[error(transparent)]
    Mailbox(#[from] smtp::address::AddressError),
}

impl Address {
    /// A mailbox, with a name or without. White space around the name goes, within it each run becomes one space.
    ///
    /// # Errors
    /// [`AddressError::NameLength`], [`AddressError::Control`] or [`AddressError::EncodedWord`].
    pub fn new(name: Option<&str>, mailbox: Mailbox) -> Result<Self, AddressError> {
        let name = name
            .map(checked_name)
            .transpose()?
            .filter(|name| !name.is_empty());
        Ok(Self { name, mailbox })
    }

    /// Reads one address.
    ///
    /// # Errors
    /// Any [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > TEXT_OCTETS_MAX {
            return Err(AddressError::TextLength);
        }
        refuse_controls(text)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        // First as a whole: what is special in a name may be part of a mailbox, as in `a@[IPv6:::1]`.
        let fault = match Mailbox::parse(text) {
            Ok(mailbox) => return Self::new(None, mailbox),
            Err(fault) => fault,
        };
        let (name, path) = split_at_bracket(text)?.ok_or(AddressError::Mailbox(fault))?;
        Self::new(Some(&name), Mailbox::parse(inside_brackets(path)?.trim())?)
    }

    /// The name, if there is one; never empty.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The mailbox.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The mailbox as it stands in a header.
    ///
    /// RFC 6532 lets an address be UTF-8, but then every relay must know that (SMTPUTF8). If only the domain is not
    /// ASCII it has another form that all understand, its A-labels (RFC 5891 §4.4), and that is used.
    pub fn addr_spec(&self) -> Cow<'_, str> {
        match self.ascii_domain() {
            Some(domain) => format!("{}@{domain}", self.mailbox.local_part()).into(),
            None => self.mailbox.as_str().into(),
        }
    }

    /// Whether the address cannot be written in ASCII.
    pub fn needs_smtputf8(&self) -> bool {
        !self.addr_spec().is_ascii()
    }

    // `None` as well when the domain is ASCII anyway, or is no internationalized name at all.
    fn ascii_domain(&self) -> Option<Domain> {
        let domain = self.mailbox.domain();
        if domain.is_ascii() || !self.mailbox.local_part().is_ascii() {
            return None;
        }
        let name = idna::domain_to_ascii(domain.as_str()).ok()?;
        Domain::parse(&name).ok()
    }
}

fn checked_name(name: &str) -> Result<String, AddressError> {
    refuse_controls(name)?;
    let spaced: Vec<&str> = name.split_ascii_whitespace().collect();
    let name = spaced.join(" ");
    if name.len() > NAME_OCTETS_MAX {
        return Err(AddressError::NameLength);
    }
    if name.contains("=?") {
        return Err(AddressError::EncodedWord);
    }
    Ok(name)
}

fn refuse_controls(text: &str) -> Result<(), AddressError> {
    match text.chars().find(|char| char.is_control() && *char != '\t') {
        Some(control) => Err(AddressError::Control(control)),
        None => Ok(()),
    }
}

/// The name before the first `<` outside quotes, and everything from there on. `None` if there is no `<`.
fn split_at_bracket(text: &str) -> Result<Option<(String, &str)>, AddressError> {
    let mut name = String::new();
    let mut special = None;
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '<' => {
                let path = text.get(at..).unwrap_or_default();
                return special.map_or(Ok(Some((name, path))), |char| Err(AddressError::Special(char)));
            }
            '"' => push_quoted(&mut chars, &mut name)?,
            ',' => return Err(AddressError::Several),
            ':' | ';' => return Err(AddressError::Group),
            '(' | ')' => return Err(AddressError::Comment),
            // Kept for later: without a `<` this is a mailbox with a fault of its own.
            '>' | '@' | '[' | ']' | '\\' => special = special.or(Some(char)),
            plain => name.push(plain),
        }
    }
    Ok(None)
}

/// The content of a quoted-string (RFC 5322 §3.2.4) whose first quote has been read.
fn push_quoted(chars: &mut std::str::CharIndices<'_>, name: &mut String) -> Result<(), AddressError> {
    loop {
        match chars.next().ok_or(AddressError::Quote)?.1 {
            '"' => return Ok(()),
            '\\' => name.push(chars.next().ok_or(AddressError::Quote)?.1),
            plain => name.push(plain),
        }
    }
}

/// What stands between the brackets, which must be all there is.
fn inside_brackets(path: &str) -> Result<&str, AddressError> {
    let mut ignored = String::new();
    let mut chars = path.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => push_quoted(&mut chars, &mut ignored)?,
            '>' => {
                return match chars.as_str().trim_start().chars().next() {
                    None => Ok(path.get(1..at).unwrap_or_default()),
                    Some(',' | ';') => Err(AddressError::Several),
                    Some('(') => Err(AddressError::Comment),
                    Some(_) => Err(AddressError::Trailing),
                };
            }
            _ => {}
        }
    }
    Err(AddressError::Bracket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smtp::address::AddressError as MailboxError;

    #[test]
    fn one_address_is_read() {
        let table: &[(&str, Option<&str>, &str)] = &[
            ("joe@example.com", None, "joe@example.com"),
            ("  joe@Example.COM ", None, "joe@example.com"),
            ("<joe@example.com>", None, "joe@example.com"),
            ("Joe <joe@example.com>", Some("Joe"), "joe@example.com"),
            ("Joe<joe@example.com>", Some("Joe"), "joe@example.com"),
            (
                "Joe \t Q.  Public < joe@example.com >",
                Some("Joe Q. Public"),
                "joe@example.com",
            ),
            (
                "\"Public, Joe: (the <one>)\" <joe@example.com>",
                Some("Public, Joe: (the <one>)"),
                "joe@example.com",
            ),
            (
                r#""Joe \"J\\\" Public" <joe@example.com>"#,
                Some(r#"Joe "J\" Public"#),
                "joe@example.com",
            ),
            ("\"\" <joe@example.com>", None, "joe@example.com"),
            ("J\u{f6}rg <j@example.com>", Some("J\u{f6}rg"), "j@example.com"),
            ("\"a, b\"@example.com", None, "\"a, b\"@example.com"),
            ("X <\"a> b\"@example.com>", Some("X"), "\"a> b\"@example.com"),
            ("a@[IPv6:2001:db8::1]", None, "a@[IPv6:2001:db8::1]"),
            (
                "j\u{f6}rg@b\u{fc}cher.example",
                None,
                "j\u{f6}rg@b\u{fc}cher.example",
            ),
        ];
        for (text, name, mailbox) in table {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.name(), address.mailbox().as_str()),
                (*name, *mailbox),
                "{text:?}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let long = format!("{} <a@b.example>", "n".repeat(NAME_OCTETS_MAX + 1));
        let endless = "n".repeat(TEXT_OCTETS_MAX + 1);
        let table: &[(&str, AddressError)] = &[
            ("", AddressError::Empty),
            (" \t ", AddressError::Empty),
            ("a@b.example, c@d.example", AddressError::Several),
            ("A <a@b.example>, C <c@d.example>", AddressError::Several),
            ("Public, Joe <a@b.example>", AddressError::Several),
            ("friends: a@b.example;", AddressError::Group),
            ("friends:;", AddressError::Group),
            ("a@b.example (Joe)", AddressError::Comment),
            ("Joe (boss) <a@b.example>", AddressError::Comment),
            ("<a@b.example> (Joe)", AddressError::Comment),
            ("joe@home <a@b.example>", AddressError::Special('@')),
            ("joe\\ <a@b.example>", AddressError::Special('\\')),
            ("\"Joe <a@b.example>", AddressError::Quote),
            ("\"Joe\\", AddressError::Quote),
            ("Joe <a@b.example", AddressError::Bracket),
            ("<a@b.example> x", AddressError::Trailing),
            ("=?utf-8?q?Joe?= <a@b.example>", AddressError::EncodedWord),
            ("Joe\r\nBcc: x <a@b.example>", AddressError::Control('\r')),
            ("Joe\n<a@b.example>", AddressError::Control('\n')),
            ("a@b.example\0", AddressError::Control('\0')),
            ("\u{85}a@b.example", AddressError::Control('\u{85}')),
            ("joe", AddressError::Mailbox(MailboxError::LocalPart)),
            ("a@b@c.example", AddressError::Mailbox(MailboxError::Domain)),
            ("<>", AddressError::Mailbox(MailboxError::LocalPart)),
            (
                "<@relay.example,b@c.example>",
                AddressError::Mailbox(MailboxError::LocalPart),
            ),
            (&long, AddressError::NameLength),
            (&endless, AddressError::TextLength),
        ];
        for (text, expected) in table {
            assert_eq!(Address::parse(text), Err(*expected), "{text:?}");
        }
    }

    #[test]
    fn a_domain_alone_that_is_not_ascii_goes_as_a_labels() {
        let table: &[(&str, &str, bool)] = &[
            ("joe@example.com", "joe@example.com", false),
            ("joe@b\u{fc}cher.example", "joe@xn--bcher-kva.example", false),
            (
                "j\u{f6}rg@b\u{fc}cher.example",
                "j\u{f6}rg@b\u{fc}cher.example",
                true,
            ),
            ("j\u{f6}rg@example.com", "j\u{f6}rg@example.com", true),
            // No name that IDNA knows: a label that begins with a combining mark.
            ("joe@\u{301}x.example", "joe@\u{301}x.example", true),
        ];
        for (text, expected, smtputf8) in table {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.addr_spec(), *expected, "{text:?}");
            assert_eq!(address.needs_smtputf8(), *smtputf8, "{text:?}");
        }
    }
}
