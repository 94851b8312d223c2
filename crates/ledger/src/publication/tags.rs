//! `tag=value; tag=value`, in which DKIM keys (RFC 6376 §3.2) and DMARC policies (RFC 9989) are written.

use super::found::quoted;

/// Tags of one record; both RFCs together define about twenty.
const TAGS_MAX: usize = 32;

/// The tags of a record, in order.
pub(super) struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// Reads a record; else says what is wrong with it.
    pub(super) fn parse(record: &'a str) -> Result<Self, String> {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for part in record.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!("{} is not of the form tag=value", quoted(part)));
            };
            let (name, value) = (name.trim(), value.trim());
            if tags.iter().any(|(known, _)| *known == name) {
                return Err(format!("the tag {} is there twice", quoted(name)));
            }
            if tags.len() == TAGS_MAX {
                return Err(format!("there are more than {TAGS_MAX} tags"));
            }
            tags.push((name, value));
        }
        Ok(Self(tags))
    }

    /// The value of a tag.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Every tag with its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }

    /// Whether the first tag is this one: both RFCs want the version there.
    pub(super) fn begin_with(&self, name: &str, value: &str) -> bool {
        self.0.first() == Some(&(name, value))
    }
}
