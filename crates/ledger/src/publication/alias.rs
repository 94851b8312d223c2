//! CNAME records, and the chains that they make.

use super::found::quoted;
use super::host;
use super::verdict::Verdict;

/// Links of a chain that are followed. Resolvers follow a few more; a chain as long as this is a mistake.
pub(super) const LINKS_MAX: usize = 4;

/// Where a chain has led so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// The names that it leads to, the last one last.
    links: Vec<String>,
}

/// Where a record leads.
pub(super) enum Next {
    /// To another name, which may be an alias itself.
    Follow(Chain),
    /// To an end.
    Settled(Verdict),
}

impl Chain {
    /// Before anything was followed.
    pub(super) fn new() -> Self {
        Self { links: Vec::new() }
    }

    /// The name whose CNAME is asked for next.
    pub(super) fn question(&self) -> &str {
        self.links.last().map_or("", String::as_str)
    }

    /// Follows `records`, the CNAME records of one name, towards `target`.
    pub(super) fn follow(mut self, target: &str, domain: &str, records: &[String]) -> Next {
        let [record] = records else {
            return Next::Settled(Verdict::Wrong(
                "There are several CNAME records at one name, where there can be one (RFC 2181 §10.1). Remove all but ours."
                    .to_owned(),
            ));
        };
        let link = host(record);
        if link == target {
            return Next::Settled(Verdict::Valid);
        }
        if link == format!("{target}.{domain}") {
            return Next::Settled(Verdict::Wrong(format!(
                "The domain was appended to the target. Write it with a dot at its end: `{target}.`"
            )));
        }
        if self.links.contains(&link) {
            return Next::Settled(Verdict::Wrong(format!(
                "The CNAME leads in a circle by way of {}. Make it lead to `{target}`.",
                quoted(&link)
            )));
        }
        let ends = link.is_empty();
        self.links.push(link);
        match self.links.len() {
            _ if ends => Next::Settled(self.elsewhere(target)),
            LINKS_MAX => Next::Settled(self.elsewhere(target)),
            _ => Next::Follow(self),
        }
    }

    /// What it means that the chain ends where it is.
    pub(super) fn elsewhere(&self, target: &str) -> Verdict {
        let end = match self.links.as_slice() {
            [] | [_] => quoted(self.question()),
            [first, .., last] => format!("{}, and in the end to {}", quoted(first), quoted(last)),
        };
        Verdict::Wrong(format!("The CNAME leads to {end}. Make it lead to `{target}`."))
    }
}
