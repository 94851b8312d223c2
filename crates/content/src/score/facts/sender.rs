//! The author of a message, as far as can be made out.

use crate::mime::{Address, AddressError};

/// An author.
#[derive(Debug)]
pub(in crate::score) struct Sender {
    /// As it was given.
    pub(in crate::score) raw: String,
    /// Why it is not one address.
    pub(in crate::score) fault: Option<AddressError>,
    /// The text before the address, without quotes; `None` if there is none.
    pub(in crate::score) name: Option<String>,
    pub(in crate::score) local_part: String,
    /// In lower case.
    pub(in crate::score) domain: String,
}

impl Sender {
    pub(super) fn of(raw: &str) -> Self {
        let fault = Address::parse(raw).err();
        let (name, address) = match raw.rsplit_once('<') {
            Some((name, address)) => (Some(name), address.split('>').next().unwrap_or_default()),
            None => (None, raw),
        };
        let (local_part, domain) = address.trim().rsplit_once('@').unwrap_or((address.trim(), ""));
        let bare = |name: &str| name.trim().trim_matches('"').trim().to_owned();
        Self {
            raw: raw.to_owned(),
            fault,
            name: name.filter(|name| !name.trim().is_empty()).map(bare),
            local_part: local_part.to_owned(),
            domain: domain.to_lowercase(),
        }
    }
}
