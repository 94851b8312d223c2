//! The record that shows whose a domain is.

use super::found::{nearly, quoted, squeezed};
use super::verdict::Verdict;

/// What stands before the token.
pub(super) const PREFIX: &str = "postrider-verification=";

/// Whether `expected` is among `records`. Tokens are hexadecimal, so their case means nothing.
pub(super) fn judge(expected: &str, records: &[String]) -> Verdict {
    if records.iter().any(|record| record.eq_ignore_ascii_case(expected)) {
        return Verdict::Valid;
    }
    match records.iter().find_map(|record| slip(expected, record)) {
        Some(reason) => Verdict::Wrong(reason),
        None => Verdict::Absent("There are TXT records here, but ours is not among them. Add it.".to_owned()),
    }
}

/// Whether a record is meant to be ours.
pub(super) fn is_near(expected: &str, record: &str) -> bool {
    slip(expected, record).is_some()
}

fn slip(expected: &str, record: &str) -> Option<String> {
    let (expected, found) = (expected.to_ascii_lowercase(), squeezed(record));
    let token = expected.strip_prefix(PREFIX).unwrap_or(&expected);
    let reason = if found == expected {
        "The value has quotes or white space in it. Publish it without them.".to_owned()
    } else if found == token {
        format!("`{PREFIX}` is missing before the token. Publish the whole value.")
    } else if found
        .strip_prefix(PREFIX)
        .is_some_and(|found| nearly(found, token))
    {
        "The token is cut off or mistyped. Copy the whole value again.".to_owned()
    } else if found.starts_with(PREFIX) {
        "The token is another one: of an earlier attempt, or of another account. Replace it with the value given here."
            .to_owned()
    } else if found.contains("postrider") || found.contains(token) {
        format!(
            "{} looks like our record and is not. Copy the value again.",
            quoted(record)
        )
    } else {
        return None;
    };
    Some(reason)
}
