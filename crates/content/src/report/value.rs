//! Values of fields, made fit to be given back: unfolded, bounded, text.

use super::limits::VALUE_OCTETS_MAX;
use crate::header::fields;

/// The first field of this name, if it says anything.
pub(super) fn field(block: &[u8], name: &str) -> Option<String> {
    fields(block)
        .find(|field| field.is(name))
        .map(|field| text(field.value))
        .filter(|value| !value.is_empty())
}

/// Without line breaks and other control characters, white space at once one space.
pub(super) fn text(octets: &[u8]) -> String {
    let octets = octets.get(..VALUE_OCTETS_MAX).unwrap_or(octets);
    let mut text = String::new();
    for word in String::from_utf8_lossy(octets)
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// What stands after the type of an address or a diagnostic (`rfc822; a@example.com`, RFC 3464 §2.1.2).
pub(super) fn untyped(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.contains(['@', ' ']) => rest.trim(),
        _ => value.trim(),
    }
}

/// An address without angle brackets around it.
pub(super) fn bare(address: &str) -> &str {
    let address = address.trim();
    address
        .strip_prefix('<')
        .and_then(|rest| rest.split('>').next())
        .unwrap_or(address)
        .trim()
}

/// The first enhanced status code (RFC 3463) in a text, of class 2, 4 or 5.
pub(super) fn status(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|word| word.trim_end_matches('.'))
        .find(|word| is_status(word))
        .map(str::to_owned)
}

fn is_status(word: &str) -> bool {
    let mut numbers = word.split('.');
    let class = numbers
        .next()
        .is_some_and(|class| matches!(class, "2" | "4" | "5"));
    let number = |number: Option<&str>| number.is_some_and(|n| (1..=3).contains(&n.len()));
    class && number(numbers.next()) && number(numbers.next()) && numbers.next().is_none()
}

/// The class of the first reply code (RFC 5321 §4.2) that stands as a word of its own.
pub(super) fn reply_class(text: &str) -> Option<char> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .find(|word| {
            word.len() == 3
                && word.starts_with(['4', '5'])
                && word.get(1..2).is_some_and(|digit| "012345".contains(digit))
                && word.bytes().all(|octet| octet.is_ascii_digit())
        })
        .and_then(|word| word.chars().next())
}
