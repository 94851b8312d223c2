//! The section `[bounces]`.

use super::super::Bounces;
use super::super::file::{Entry, Reader};

pub(super) fn bounces(entry: &Entry, reader: &mut Reader) -> Option<Bounces> {
    let rules = reader.optional(entry, "rules");
    Some(Bounces { rules: rules? })
}
