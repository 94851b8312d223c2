//! Where the parts of an address end, and whether they are well-formed.

use super::AddressError;
use crate::limits::{DOMAIN_MAX, LABEL_MAX};

/// The local part at the beginning of a mailbox.
pub(super) struct LocalPart {
    /// Octets up to the `@`, which is there.
    pub(super) length: usize,
    /// The canonical form, where it differs: a quoted-string with as little quoting as it can have.
    pub(super) canonical: Option<String>,
}

/// The length of the path at the beginning of `text`, brackets included. A `>` within a quoted-string does not end it.
pub(crate) fn path_length(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate();
    bytes.next().filter(|&(_, byte)| byte == b'<')?;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => {
                bytes.next();
            }
            b'>' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What stands between the brackets of a path, behind its source route.
pub(super) fn inside_path(path: &str) -> Result<&str, AddressError> {
    let inside = path.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let inside = inside.ok_or(AddressError::Brackets)?;
    if inside.starts_with('@') {
        behind_source_route(inside)
    } else {
        Ok(inside)
    }
}

// RFC 5321 Appendix C: `@one,@two:` is accepted and ignored.
fn behind_source_route(mut text: &str) -> Result<&str, AddressError> {
    loop {
        text = text.strip_prefix('@').ok_or(AddressError::SourceRoute)?;
        // Colons and commas within an address literal end nothing.
        let literal = if text.starts_with('[') {
            text.find(']').unwrap_or(text.len())
        } else {
            0
        };
        let (_, rest) = text.split_at_checked(literal).ok_or(AddressError::SourceRoute)?;
        let end = literal + rest.find([',', ':']).ok_or(AddressError::SourceRoute)?;
        let (hop, rest) = text.split_at_checked(end).ok_or(AddressError::SourceRoute)?;
        super::Domain::parse(hop).map_err(|_| AddressError::SourceRoute)?;
        match rest.strip_prefix(':') {
            Some("") => return Err(AddressError::SourceRoute),
            Some(mailbox) => return Ok(mailbox),
            None => text = rest.get(1..).unwrap_or_default(),
        }
    }
}

/// Reads the local part of a mailbox, up to the `@` that must follow it.
pub(super) fn local_part(text: &str) -> Result<LocalPart, AddressError> {
    if text.starts_with('"') {
        return quoted_string(text);
    }
    let length = text.find('@').ok_or(AddressError::LocalPart)?;
    let local = text.get(..length).unwrap_or_default();
    if !is_dot_string(local) {
        return Err(AddressError::LocalPart);
    }
    Ok(LocalPart {
        length,
        canonical: None,
    })
}

// `"a b"@…`: RFC 5321 §4.1.2 Quoted-string. The quotes are not part of the name: `"joe"` is `joe`.
fn quoted_string(text: &str) -> Result<LocalPart, AddressError> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    let end = loop {
        match chars.next().ok_or(AddressError::LocalPart)? {
            (at, '"') => break at + 1,
            (_, '\\') => match chars.next() {
                Some((_, pair @ ' '..='~')) => content.push(pair),
                _ => return Err(AddressError::LocalPart),
            },
            (_, plain) if plain.is_control() => return Err(AddressError::LocalPart),
            (_, plain) => content.push(plain),
        }
    };
    if !text.get(end..).is_some_and(|rest| rest.starts_with('@')) {
        return Err(AddressError::LocalPart);
    }
    Ok(LocalPart {
        length: end,
        canonical: Some(least_quoted(content)),
    })
}

fn least_quoted(content: String) -> String {
    if is_dot_string(&content) {
        return content;
    }
    let mut quoted = String::with_capacity(content.len() + 2);
    quoted.push('"');
    for char in content.chars() {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

fn is_dot_string(text: &str) -> bool {
    let mut after_dot = true;
    for byte in text.bytes() {
        match byte {
            b'.' if after_dot => return false,
            b'.' => after_dot = true,
            byte if is_atext(byte) => after_dot = false,
            _ => return false,
        }
    }
    !after_dot && (text.is_ascii() || !text.chars().any(char::is_control))
}

fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Whether `text` has the form of a domain name or of something in square brackets.
pub(super) fn check_domain(text: &str) -> Result<(), AddressError> {
    if text.len() > DOMAIN_MAX {
        return Err(AddressError::DomainLength);
    }
    if text.starts_with('[') {
        return Ok(()); // what is inside is read by `parse_literal`
    }
    let mut last = "";
    for label in text.split('.') {
        check_label(label)?;
        last = label;
    }
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Domain);
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), AddressError> {
    let in_place = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte >= 0x80;
    if label.is_empty() || label.starts_with('-') || label.ends_with('-') || !label.bytes().all(in_place) {
        return Err(AddressError::Domain);
    }
    if !label.is_ascii()
        && label
            .chars()
            .any(|char| char.is_control() || char.is_whitespace())
    {
        return Err(AddressError::Domain);
    }
    // The bound is that of the A-label, which is never shorter in characters than the U-label.
    if label.chars().count() > LABEL_MAX {
        return Err(AddressError::DomainLength);
    }
    Ok(())
}
