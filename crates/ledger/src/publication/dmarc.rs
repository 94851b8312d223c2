//! The record that says what becomes of mail that is not the domain's (RFC 9989).

use psl::Psl as _;

use super::found::{quoted, squeezed};
use super::tags::Tags;
use super::verdict::Verdict;

/// Names above a domain that are asked.
pub(super) const ABOVE_MAX: usize = 5;

/// Whether there is one sound policy among `records`.
pub(super) fn judge(records: &[String]) -> Verdict {
    let mut policies = records.iter().filter(|record| is_policy(record));
    match (policies.next(), policies.next()) {
        (Some(policy), None) => match fault(policy) {
            Some(reason) => Verdict::Wrong(reason),
            None => Verdict::Valid,
        },
        (Some(_), Some(_)) => Verdict::Wrong(
            "There are two DMARC records, and receivers then take none. Remove all but one.".to_owned(),
        ),
        (None, _) => match records.iter().find(|record| is_near(record)) {
            Some(record) => Verdict::Wrong(format!(
                "{} does not begin with `v=DMARC1;`, in this case and without quotes, so receivers ignore it. Correct its beginning.",
                quoted(record)
            )),
            None => Verdict::Absent(
                "There are TXT records here, but none is a DMARC policy. Add ours, or one of your own."
                    .to_owned(),
            ),
        },
    }
}

/// Names above `domain` that are asked for a policy when it has none of its own, nearest first: the owner's, of those that
/// the tree walk of RFC 9989 visits.
pub(super) fn above(domain: &str) -> Vec<String> {
    let owned = psl::List.domain(domain.as_bytes());
    let owned = owned.map_or(domain.len(), |owned| owned.as_bytes().len());
    let mut names = Vec::new();
    let mut name = domain;
    while name.len() > owned
        && let Some((_, parent)) = name.split_once('.')
    {
        names.push(format!("_dmarc.{parent}"));
        name = parent;
    }
    // A name has few labels; of one with many the shortest count.
    let skipped = names.len().saturating_sub(ABOVE_MAX);
    names.split_off(skipped)
}

/// Whether a record is meant to be a policy.
pub(super) fn is_near(record: &str) -> bool {
    let found = squeezed(record);
    found.contains("dmarc")
        || ["none", "quarantine", "reject"].iter().any(|policy| {
            found
                .strip_prefix("p=")
                .is_some_and(|rest| rest.starts_with(policy))
        })
}

/// RFC 9989: the version comes first, and its value is compared with regard to case.
fn is_policy(record: &str) -> bool {
    let version = record.split(';').next().and_then(|tag| tag.split_once('='));
    version.is_some_and(|(name, value)| name.trim_end() == "v" && value.trim() == "DMARC1")
}

fn fault(record: &str) -> Option<String> {
    let tags = match Tags::parse(record) {
        Ok(tags) => tags,
        Err(fault) => return Some(format!("The record cannot be read: {fault}. Correct it.")),
    };
    tags.iter().find_map(|(name, value)| fault_of_tag(name, value))
}

/// Tags that are not named here are ignored, as RFC 9989 asks; of those are `pct`, `rf` and `ri`, which it removed.
fn fault_of_tag(name: &str, value: &str) -> Option<String> {
    let one_of = |allowed: &[&str]| {
        let sound = allowed.iter().any(|allowed| value.eq_ignore_ascii_case(allowed));
        (!sound).then(|| {
            let allowed = allowed.join("`, `");
            format!(
                "{} is not a value of `{name}=`. Use one of `{allowed}`.",
                quoted(value)
            )
        })
    };
    match name.to_ascii_lowercase().as_str() {
        "p" | "sp" | "np" => one_of(&["none", "quarantine", "reject"]),
        "adkim" | "aspf" => one_of(&["r", "s"]),
        "t" => one_of(&["y", "n"]),
        "psd" => one_of(&["y", "n", "u"]),
        "fo" => {
            let sound = |option: &str| ["0", "1", "d", "s"].contains(&option.trim().to_ascii_lowercase().as_str());
            (!value.split(':').all(sound))
                .then(|| "`fo=` takes `0`, `1`, `d` and `s`, with colons between. Correct it.".to_owned())
        }
        name @ ("rua" | "ruf") => (!value.split(',').all(is_report_address)).then(|| {
            format!(
                "`{name}=` takes addresses with `mailto:` before each and commas between, not {}. Correct it.",
                quoted(value)
            )
        }),
        _ => None,
    }
}

fn is_report_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.trim().split_once(':') else {
        return false;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "mailto" => rest
            .split_once('@')
            .is_some_and(|(local_part, domain)| !local_part.is_empty() && !domain.is_empty()),
        // Other schemes are for receivers to know.
        scheme => !scheme.is_empty() && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric()),
    }
}
