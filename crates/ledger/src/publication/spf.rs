//! The record that says who may send (RFC 7208), followed through what it includes.
//!
//! Read as a receiver reads it that checks mail from our host and asks for no addresses: terms in their order until one
//! matches. Unlike a receiver it counts on after our host has matched, because mail from elsewhere needs the rest.
//!
//! RFC 7208 §4.6.4 also bounds look-ups that find nothing at two. An include or redirect that finds nothing is a
//! permanent error by itself (§5.2, §6.1), and other names are not looked up here, so the first is reported already.

mod term;
mod walk;

use super::found::{quoted, squeezed};
use super::verdict::Verdict;
pub(super) use walk::Walk;

/// Look-ups that one check may need, at most (RFC 7208 §4.6.4).
pub const SPF_LOOKUPS_MAX: usize = 10;

/// The SPF records among `records`: those that begin with the version and nothing else (RFC 7208 §4.5).
fn select(records: &[String]) -> impl Iterator<Item = &str> {
    records
        .iter()
        .map(String::as_str)
        .filter(|record| terms_of(record).is_some())
}

/// What stands behind the version.
fn terms_of(record: &str) -> Option<&str> {
    let (version, rest) = record.split_at_checked("v=spf1".len())?;
    let ends = rest.is_empty() || rest.starts_with(' ');
    (version.eq_ignore_ascii_case("v=spf1") && ends).then_some(rest)
}

/// Whether a record is meant to be SPF.
pub(super) fn is_near(record: &str) -> bool {
    let found = squeezed(record);
    found.starts_with("v=spf") || found.starts_with("spf") || found.contains("v=spf1")
}

/// Begins to follow the record of `domain`.
pub(super) fn begin(domain: &str, hostname: &str, records: &[String]) -> Result<Walk, Verdict> {
    let mut selected = select(records);
    match (selected.next(), selected.next()) {
        (Some(record), None) => Walk::begin(domain, hostname, record),
        (Some(_), Some(_)) => Err(Verdict::Wrong(format!(
            "There are two SPF records, which is a permanent error to receivers (RFC 7208 §4.5). Merge them into one, with `a:{hostname}` in it."
        ))),
        (None, _) => Err(match records.iter().find(|record| is_near(record)) {
            Some(record) => Verdict::Wrong(format!(
                "{} does not begin with `v=spf1` and a space, so receivers ignore it. Correct its beginning, without quotes.",
                quoted(record)
            )),
            None => Verdict::Absent("No SPF record is among the TXT records here. Add ours.".to_owned()),
        }),
    }
}
