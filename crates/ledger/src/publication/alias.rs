//! CNAME records.

use super::found::quoted;
use super::host;
use super::verdict::Verdict;

/// Whether `records` lead to `target`.
pub(super) fn judge(target: &str, domain: &str, records: &[String]) -> Verdict {
    let found: Vec<String> = records.iter().map(|record| host(record)).collect();
    if found.iter().any(|found| found == target) {
        return Verdict::Valid;
    }
    if found.contains(&format!("{target}.{domain}")) {
        return Verdict::Wrong(format!(
            "The domain was appended to the target. Write it with a dot at its end: `{target}.`"
        ));
    }
    let found = found.first().map_or("", String::as_str);
    Verdict::Wrong(format!(
        "The CNAME leads to {}. Make it lead to `{target}`.",
        quoted(found)
    ))
}
