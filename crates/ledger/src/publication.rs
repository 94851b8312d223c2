//! What a sending domain publishes in DNS, and what its owner is told about what is there.
//!
//! **Promise.** [`expected`] names every record with its reason below; [`Verification`] asks for each and says of each
//! what was found, and in a sentence or two what is wrong and what to do. It ends after at most
//! [`QUESTIONS_PER_RECORD_MAX`] questions for each record and [`SPF_LOOKUPS_MAX`] more, whatever the answers are.
//!
//! - **ownership** (required): without it anybody could send as a domain whose keys happen to be published. A name of
//!   its own, because the domain itself has TXT records of many others.
//! - **dkim** (required, one for each key): the signature by which receivers know the domain (RFC 6376); with it alone
//!   mail passes DMARC.
//! - **spf** (recommended): the reverse-path is below `bounce.`, so a receiver asks there; what the domain itself says is
//!   asked by receivers that look at the header's domain, and by people. `a:` and our host, so that our addresses can
//!   change; `~all`, because forwarding breaks SPF. Any record that allows our host will do.
//! - **dmarc** (recommended): large receivers want one of whoever sends much. `p=none` changes nothing for mail from
//!   elsewhere. Any sound record will do. Tags that RFC 9989 removed (`pct`, `rf`, `ri`) are never recommended.
//! - **return_path** (recommended): with a reverse-path below the domain SPF is aligned too (RFC 9989), and bounces
//!   come back to us. A CNAME, so that its MX and SPF are ours to change.
//! - **tracking** (optional): links that are counted lead through a host of the domain's owner, not through a name its
//!   readers do not know: filters look askance at a link that shows one domain and leads to another.
//!
//! **Invariants.** A failed look-up proves nothing: its record is pending, and the domain keeps the status it has. What
//! is kept of an answer is bounded ([`FOUND_ENTRIES_MAX`], [`FOUND_CHARACTERS_MAX`]) and has no control characters.
//!
//! Absent on purpose: a resolver. Questions go out, answers come in.

mod alias;
mod dkim;
mod dmarc;
mod found;
mod ownership;
mod sending_domain;
mod spf;
mod tags;
mod tracking_host;
mod verdict;
mod verification;

pub use found::{ANSWER_OCTETS_MAX, FOUND_CHARACTERS_MAX, FOUND_ENTRIES_MAX};
pub use sending_domain::{DOMAIN_OCTETS_MAX, DomainFault, sending_domain};
pub use spf::SPF_LOOKUPS_MAX;
pub(crate) use tracking_host::usual_host;
pub use tracking_host::{TrackingHostFault, tracking_host};
pub use verification::{Answer, QUESTIONS_PER_RECORD_MAX, Question, Report, Verification};

use crate::{RecordFinding, RecordState};

/// What is known of a domain that is to publish its records.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The domain, as [`sending_domain`] returned it.
    pub domain: &'a str,
    /// What shows that it is its account's.
    pub ownership_token: &'a str,
    /// Each key's selector, and the value that publishes it.
    pub dkim: Vec<(&'a str, &'a str)>,
    /// The host that sends its mail and takes its bounces.
    pub hostname: &'a str,
    /// Through which host the links of its mail lead.
    pub tracking_host: &'a str,
    /// The host that answers those links.
    pub tracking_target: &'a str,
}

/// The type of a DNS record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// Text.
    Txt,
    /// An alias.
    Cname,
    /// A host that takes mail.
    Mx,
}

impl RecordType {
    /// Its name, as control panels show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Txt => "TXT",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
        }
    }
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The domain is its account's.
    Ownership,
    /// A key that verifies signatures.
    Dkim,
    /// Who may send.
    Spf,
    /// What becomes of mail that is not the domain's.
    Dmarc,
    /// Where bounces go.
    ReturnPath,
    /// Where links that are counted lead.
    Tracking,
}

impl Purpose {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ownership => "ownership",
            Self::Dkim => "dkim",
            Self::Spf => "spf",
            Self::Dmarc => "dmarc",
            Self::ReturnPath => "return_path",
            Self::Tracking => "tracking",
        }
    }
}

/// A record that a domain is to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is for.
    pub purpose: Purpose,
    /// Its type.
    pub kind: RecordType,
    /// Its name, without the root's dot.
    pub name: String,
    /// What we recommend it to say.
    pub value: String,
    /// Whether the domain is verified only with it.
    pub required: bool,
}

/// Every record that a domain is to publish, the required ones first.
pub fn expected(plan: &Plan<'_>) -> Vec<Expected> {
    let Plan { domain, .. } = plan;
    let host = self::host(plan.hostname);
    let record = |purpose, kind, name: String, value: String| Expected {
        purpose,
        kind,
        name,
        value,
        required: matches!(purpose, Purpose::Ownership | Purpose::Dkim),
    };
    let txt = |purpose, name, value| record(purpose, RecordType::Txt, name, value);
    let cname = |purpose, name, target| record(purpose, RecordType::Cname, name, target);
    let ownership = format!("{}{}", ownership::PREFIX, plan.ownership_token);
    let mut records = vec![txt(Purpose::Ownership, format!("_postrider.{domain}"), ownership)];
    records.extend(plan.dkim.iter().map(|(selector, value)| {
        let name = format!("{selector}._domainkey.{domain}");
        txt(Purpose::Dkim, name, (*value).to_owned())
    }));
    records.extend([
        txt(
            Purpose::Spf,
            (*domain).to_owned(),
            format!("v=spf1 a:{host} ~all"),
        ),
        txt(
            Purpose::Dmarc,
            format!("_dmarc.{domain}"),
            "v=DMARC1; p=none".to_owned(),
        ),
        cname(Purpose::ReturnPath, format!("bounce.{domain}"), host),
        cname(
            Purpose::Tracking,
            plan.tracking_host.to_owned(),
            self::host(plan.tracking_target),
        ),
    ]);
    records
}

impl Plan<'_> {
    /// What is to be published, for a domain that was never looked up.
    pub fn unseen(&self) -> Vec<RecordFinding> {
        expected(self).into_iter().map(Expected::unseen).collect()
    }
}

impl Expected {
    /// Before anything was looked up.
    fn unseen(self) -> RecordFinding {
        RecordFinding {
            purpose: self.purpose.as_str().to_owned(),
            kind: self.kind.as_str().to_owned(),
            name: self.name,
            value: self.value,
            required: self.required,
            state: RecordState::Pending,
            found: Vec::new(),
            reason: "not looked up yet".to_owned(),
        }
    }
}

/// A host's name in the form in which names are compared (RFC 4343: without regard to case).
fn host(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
