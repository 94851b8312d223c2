//! Header fields that callers add to their messages: which they may set, and what may be in them.
//!
//! **Invariant.** What is in [`ExtraFields`] can be written: no field that the composer or a relay owns, no line break,
//! no word that would not fit in a line, not more than a receiver will take.

use std::borrow::Cow;

use thiserror::Error;

use super::encoding;

/// Octets of a field's name. The longest name in the IANA register has 44.
pub const NAME_OCTETS_MAX: usize = 76;

/// Octets of a field's value, as given.
pub const VALUE_OCTETS_MAX: usize = 8 * 1024;

/// Octets of a word with the white space before it: a line may be broken only there, and together with the name it
/// must stay under the 998 of RFC 5322 §2.1.1.
pub const WORD_OCTETS_MAX: usize = 900;

/// Fields added to one message.
pub const FIELDS_MAX: usize = 50;

/// Octets of all fields added to one message, names included. Some receivers refuse headers of more than 64 KiB, and
/// non-ASCII text nearly doubles when it is encoded.
pub const OCTETS_MAX: usize = 24 * 1024;

/// Fields that a caller may not set: each has a place of its own in a request, or belongs to those who carry the mail.
const RESERVED: &[&str] = &[
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "DKIM-Signature",
    "Received",
    "Return-Path",
    "MIME-Version",
];

/// Families of such fields.
const RESERVED_PREFIXES: &[&str] = &["Content-", "X-Postrider-"];

/// Why a field is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FieldError {
    /// Empty, or something else than printable ASCII without a colon (RFC 5322 §2.2).
    #[error("a header name consists of printable ASCII characters other than the colon")]
    Name,
    /// More than [`NAME_OCTETS_MAX`].
    #[error("the header name is longer than {NAME_OCTETS_MAX} octets")]
    NameLength,
    /// CR, LF, NUL or another control character in the name.
    #[error("the header name contains the control character U+{:04X}", u32::from(*.0))]
    NameControl(char),
    /// CR, LF, NUL or another control character but the tab in the value.
    #[error("the header value contains the control character U+{:04X}", u32::from(*.0))]
    ValueControl(char),
    /// One of those that callers may not set.
    #[error("this header is set by Postrider and may not be given")]
    Reserved,
    /// The name is there already, in whatever case.
    #[error("this header is given twice")]
    Twice,
    /// More than [`VALUE_OCTETS_MAX`].
    #[error("the header value is longer than {VALUE_OCTETS_MAX} octets")]
    ValueLength,
    /// More than [`WORD_OCTETS_MAX`] without white space.
    #[error(
        "the header value has a word longer than {WORD_OCTETS_MAX} octets; lines are broken at spaces only"
    )]
    WordLength,
    /// More than [`FIELDS_MAX`].
    #[error("more than {FIELDS_MAX} headers")]
    Fields,
    /// More than [`OCTETS_MAX`].
    #[error("the headers together have more than {OCTETS_MAX} octets")]
    Octets,
}

/// Fields that a caller adds to a message, each name once, in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraFields {
    fields: Vec<(String, String)>,
    octets: usize,
}

impl ExtraFields {
    /// Adds a field. White space around the value goes.
    ///
    /// # Errors
    /// Any [`FieldError`]; then nothing is added.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), FieldError> {
        check_name(name)?;
        let value = value.trim_matches([' ', '\t']);
        check_value(value)?;
        if self.contains(name) {
            return Err(FieldError::Twice);
        }
        let octets = self.octets + name.len() + value.len();
        if octets > OCTETS_MAX {
            return Err(FieldError::Octets);
        }
        if self.fields.len() >= FIELDS_MAX {
            return Err(FieldError::Fields);
        }
        self.octets = octets;
        self.fields.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Name and value of each field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is a field of this name, in whatever case.
    pub fn contains(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Whether a caller may not set this field.
pub fn is_reserved(name: &str) -> bool {
    let begins_with = |prefix: &&str| {
        name.get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    RESERVED.iter().any(|field| field.eq_ignore_ascii_case(name)) || RESERVED_PREFIXES.iter().any(begins_with)
}

/// A value as it is written. ASCII goes as it is, since the field may have a structure (`List-Unsubscribe`,
/// `References`) that encoded words would destroy; other text can only be unstructured.
pub(super) fn encoded<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_ascii() {
        Cow::Borrowed(value)
    } else {
        encoding::unstructured(name, value)
    }
}

fn check_name(name: &str) -> Result<(), FieldError> {
    if let Some(control) = name.chars().find(|char| char.is_control()) {
        return Err(FieldError::NameControl(control));
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(FieldError::Name);
    }
    if name.len() > NAME_OCTETS_MAX {
        return Err(FieldError::NameLength);
    }
    if is_reserved(name) {
        return Err(FieldError::Reserved);
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), FieldError> {
    if let Some(control) = value.chars().find(|char| char.is_control() && *char != '\t') {
        return Err(FieldError::ValueControl(control));
    }
    if value.len() > VALUE_OCTETS_MAX {
        return Err(FieldError::ValueLength);
    }
    if longest_word(value) > WORD_OCTETS_MAX {
        return Err(FieldError::WordLength);
    }
    Ok(())
}

/// The octets of the longest word with the white space before it. Text that is encoded has no words of its own.
fn longest_word(value: &str) -> usize {
    if !value.is_ascii() {
        return 0;
    }
    let (mut longest, mut length, mut in_word) = (0, 0, false);
    for byte in value.bytes() {
        let is_space = matches!(byte, b' ' | b'\t');
        length = if is_space && in_word { 1 } else { length + 1 };
        in_word = !is_space;
        longest = longest.max(length);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_may_set() {
        for (name, value) in [
            ("X-Campaign", "spring"),
            ("List-Unsubscribe", "<https://example.com/u>"),
            ("Reply-To", "joe@example.com"),
            ("Sender", "joe@example.com"),
            ("Contents", "not Content-"),
            ("X-Empty", ""),
            ("X-Tab", "a\tb"),
            ("X-Unicode", "gr\u{fc}n"),
            ("!#$%&'*+-.^_`|~", "odd, but a name"),
        ] {
            let mut fields = ExtraFields::default();
            assert_eq!(fields.push(name, value), Ok(()), "{name}: {value:?}");
            assert_eq!(fields.iter().collect::<Vec<_>>(), [(name, value)]);
        }
    }

    #[test]
    fn what_a_caller_may_not_set() {
        let word = "x".repeat(WORD_OCTETS_MAX + 1);
        let spaces = format!("a{}b", " ".repeat(WORD_OCTETS_MAX));
        let long = "x ".repeat(VALUE_OCTETS_MAX);
        let long_name = "x".repeat(NAME_OCTETS_MAX + 1);
        let table: &[(&str, &str, FieldError)] = &[
            ("From", "a@b.example", FieldError::Reserved),
            ("to", "a@b.example", FieldError::Reserved),
            ("CC", "a@b.example", FieldError::Reserved),
            ("Bcc", "a@b.example", FieldError::Reserved),
            ("SUBJECT", "x", FieldError::Reserved),
            ("Date", "x", FieldError::Reserved),
            ("message-id", "x", FieldError::Reserved),
            ("DKIM-Signature", "x", FieldError::Reserved),
            ("Received", "x", FieldError::Reserved),
            ("Return-Path", "x", FieldError::Reserved),
            ("mime-version", "x", FieldError::Reserved),
            ("Content-Type", "x", FieldError::Reserved),
            ("content-anything", "x", FieldError::Reserved),
            ("x-postrider-tag", "x", FieldError::Reserved),
            ("", "x", FieldError::Name),
            ("X Y", "x", FieldError::Name),
            ("X:Y", "x", FieldError::Name),
            ("X-\u{fc}", "x", FieldError::Name),
            ("X-A\r\nBcc", "x", FieldError::NameControl('\r')),
            ("X\0", "x", FieldError::NameControl('\0')),
            ("X\t", "x", FieldError::NameControl('\t')),
            ("X-A", "x\r\nBcc: y", FieldError::ValueControl('\r')),
            ("X-A", "x\ny", FieldError::ValueControl('\n')),
            ("X-A", "x\0y", FieldError::ValueControl('\0')),
            ("X-A", "x\u{7f}", FieldError::ValueControl('\u{7f}')),
            ("X-A", &word, FieldError::WordLength),
            ("X-A", &spaces, FieldError::WordLength),
            ("X-A", &long, FieldError::ValueLength),
            (&long_name, "x", FieldError::NameLength),
            ("x-THERE", "x", FieldError::Twice),
        ];
        for (name, value, expected) in table {
            let mut fields = ExtraFields::default();
            fields.push("X-There", "1").unwrap();
            assert_eq!(fields.push(name, value), Err(*expected), "{name:?}: {value:?}");
            assert_eq!(fields.iter().count(), 1, "a field that is refused is not kept");
        }
    }

    #[test]
    fn all_fields_together_are_bounded() {
        let mut fields = ExtraFields::default();
        for number in 0..FIELDS_MAX {
            fields.push(&format!("X-{number}"), "x").unwrap();
        }
        assert_eq!(fields.push("X-Last", "x"), Err(FieldError::Fields));

        let mut fields = ExtraFields::default();
        let value = "word ".repeat(VALUE_OCTETS_MAX / 5);
        let refused = (0..FIELDS_MAX).find_map(|number| fields.push(&format!("X-{number}"), &value).err());
        assert_eq!(refused, Some(FieldError::Octets));
    }
}
