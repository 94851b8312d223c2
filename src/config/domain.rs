//! Which domains a route is for.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A set of domains, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainPattern {
    /// This domain alone, in lower case.
    Exact(String),
    /// Every domain below this one, at any depth, but not the domain itself; in lower case, without the `*.`.
    Below(String),
    /// Every domain.
    Any,
}

/// The text is not a domain pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a domain pattern; write example.org, *.example.org or *")]
pub struct PatternError;

impl DomainPattern {
    /// Whether `domain` belongs to the set.
    pub fn matches(&self, domain: &str) -> bool {
        match self {
            Self::Exact(name) => name.eq_ignore_ascii_case(domain),
            Self::Below(parent) => is_below(domain.as_bytes(), parent.as_bytes()),
            Self::Any => true,
        }
    }

    /// How narrow the pattern is: among the patterns that match a domain, the greatest says most about it.
    pub(super) fn specificity(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Below(parent) => parent.len(),
            Self::Any => 0,
        }
    }
}

fn is_below(domain: &[u8], parent: &[u8]) -> bool {
    let Some(dot) = domain.len().checked_sub(parent.len() + 1) else {
        return false;
    };
    let (label, tail) = domain.split_at(dot);
    match tail.split_first() {
        Some((b'.', rest)) => !label.is_empty() && rest.eq_ignore_ascii_case(parent),
        _ => false,
    }
}

impl FromStr for DomainPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (name, below) = match text.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (text, false),
        };
        if !is_host_name(name) {
            return Err(PatternError);
        }
        let name = name.to_ascii_lowercase();
        Ok(if below {
            Self::Below(name)
        } else {
            Self::Exact(name)
        })
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(parent) => write!(f, "*.{parent}"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// Whether `name` can be a host name: labels of letters, digits and inner hyphens (RFC 1123 §2.1), at most 63 octets
/// each and 253 in all. Underscores are taken too, because DKIM selectors may have them.
pub(super) fn is_host_name(name: &str) -> bool {
    const NAME_OCTETS_MAX: usize = 253;
    name.len() <= NAME_OCTETS_MAX && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    const LABEL_OCTETS_MAX: usize = 63;
    (1..=LABEL_OCTETS_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_domains_they_name() {
        let cases = [
            ("example.org", "example.org", true),
            ("example.org", "EXAMPLE.org", true),
            ("Example.ORG", "example.org", true),
            ("example.org", "www.example.org", false),
            ("*.example.org", "www.example.org", true),
            ("*.example.org", "a.b.Example.Org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", ".example.org", false),
            ("*.example.org", "badexample.org", false),
            ("*", "example.net", true),
        ];
        for (pattern, domain, matches) in cases {
            let parsed: DomainPattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(domain), matches, "{domain} by {pattern}");
        }
    }

    #[test]
    fn what_is_not_a_pattern_is_refused() {
        let long = format!("{}.org", "a".repeat(64));
        for text in [
            "",
            ".",
            "*.",
            "**",
            "a..b",
            "exa mple.org",
            "-a.org",
            "*.*.org",
            "münchen.de",
            &long,
        ] {
            assert_eq!(text.parse::<DomainPattern>(), Err(PatternError), "{text:?}");
        }
    }
}
