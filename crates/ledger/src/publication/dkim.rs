//! The record that publishes a signing key (RFC 6376 §3.6.1, RFC 8463 §4).

use super::found::{nearly, squeezed};
use super::tags::Tags;
use super::verdict::Verdict;

/// Whether the key in `expected` is published, and nothing else that could be taken for it.
pub(super) fn judge(expected: &str, records: &[String]) -> Verdict {
    let mut keys = records.iter().filter(|record| is_near(expected, record));
    let Some(first) = keys.next() else {
        return Verdict::Absent("There are TXT records here, but none with a key. Add ours.".to_owned());
    };
    // RFC 6376 §3.6.2.2: with several records the result is undefined.
    if keys.next().is_some() {
        return Verdict::Wrong(
            "There is more than one key under this selector, and receivers take any of them. Remove all but ours."
                .to_owned(),
        );
    }
    match fault(expected, first) {
        Some(reason) => Verdict::Wrong(reason),
        None => Verdict::Valid,
    }
}

/// Whether a record is meant to be a key.
pub(super) fn is_near(expected: &str, record: &str) -> bool {
    let found = squeezed(record);
    let wanted = squeezed(&key(expected));
    let has_key = |tag: &str| tag.starts_with("p=") || (!wanted.is_empty() && tag.contains(&wanted));
    found.starts_with("v=dkim") || found.split(';').any(has_key)
}

fn fault(expected: &str, record: &str) -> Option<String> {
    if record.contains(['"', '\'', '\\', '“', '”']) {
        return Some("There are quotes or backslashes in the value. Publish it without them.".to_owned());
    }
    let tags = match Tags::parse(record) {
        Ok(tags) => tags,
        Err(fault) => {
            return Some(format!(
                "The record cannot be read: {fault}. Copy the value again."
            ));
        }
    };
    if !tags.begin_with("v", "DKIM1") {
        // RFC 6376 §3.6.1 lets it be missing, but not every receiver does.
        return Some("The value does not begin with `v=DKIM1`. Copy all of it again.".to_owned());
    }
    fault_of_key(expected, record).or_else(|| fault_of_use(expected, &tags))
}

fn fault_of_key(expected: &str, record: &str) -> Option<String> {
    let (wanted, found) = (key(expected), key(record));
    let reason = if found.is_empty() {
        // RFC 6376 §3.6.1: an empty `p=` revokes the key.
        "`p=` is empty or missing: that revokes the key. Publish the whole value."
    } else if found == wanted {
        return None;
    } else if wanted.starts_with(&found) {
        "The key is cut off. Publish the whole value; where a string may have 255 characters only, in several strings."
    } else if found.eq_ignore_ascii_case(&wanted) {
        "Upper and lower case of the key were changed. Copy it again as it is."
    } else if nearly(&found, &wanted) {
        "The key is mistyped. Copy the whole value again."
    } else {
        "Another key is published under this selector. Replace it with the value given here."
    };
    Some(reason.to_owned())
}

fn fault_of_use(expected: &str, tags: &Tags<'_>) -> Option<String> {
    let lists = |name, wanted: &[&str]| {
        tags.value(name)
            .is_none_or(|list| list.split(':').any(|entry| wanted.contains(&entry.trim())))
    };
    let algorithm = Tags::parse(expected)
        .ok()
        .and_then(|tags| tags.value("k"))
        .unwrap_or(ALGORITHM);
    if tags.value("k").unwrap_or(ALGORITHM) != algorithm {
        return Some(format!(
            "`k=` names another algorithm. It must be `k={algorithm}`."
        ));
    }
    if !lists("h", &["sha256"]) {
        return Some("`h=` does not allow sha256, with which mail is signed. Remove it.".to_owned());
    }
    if !lists("s", &["*", "email"]) {
        return Some("`s=` does not allow e-mail. Remove it.".to_owned());
    }
    None
}

/// The key of a record; folding white space inside it means nothing (RFC 6376 §3.6.1).
fn key(record: &str) -> String {
    let tags = Tags::parse(record);
    let key = tags.ok().and_then(|tags| tags.value("p")).unwrap_or_default();
    key.split_ascii_whitespace().collect()
}

/// RFC 6376 §3.6.1: the default of `k=`.
const ALGORITHM: &str = "rsa";
