//! Looking up what a domain is to publish: questions out, answers in, a report at the end.
//!
//! Call [`Verification::poll_question`] and hand its answer to [`Verification::handle_answer`] until there is no
//! question any more, then [`Verification::finish`]. Who stops earlier gets the rest as not looked up.
//!
//! For each record: the record itself; when it is surely not there, whether a CNAME is in the place of a TXT record, and
//! whether it was published with the domain appended twice, which many control panels do. An SPF record is followed, and
//! so is a CNAME; a DMARC policy may be that of a domain above.

use super::found::{bounded, kept, quoted};
use super::verdict::Verdict;
use super::{Expected, Plan, Purpose, RecordType, alias, dkim, dmarc, expected, host, ownership, spf};
use crate::{RecordFinding, RecordState};

/// Questions about one record, besides those that follow an SPF record.
pub const QUESTIONS_PER_RECORD_MAX: usize = 3 + dmarc::ABOVE_MAX;

/// Octets of a name in text, without the root's dot (RFC 1035 §2.3.4).
pub(super) const NAME_OCTETS_MAX: usize = 253;

/// What is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Records of this type.
    pub kind: RecordType,
    /// Of this name, without the root's dot.
    pub name: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The records: of a TXT record its strings joined, of a CNAME its target.
    Records(Vec<String>),
    /// The name exists and has no such record.
    NoRecord,
    /// The name does not exist.
    NoName,
    /// It could not be found out.
    Failed(String),
}

/// What was found of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of each record, in the order of [`expected`].
    pub findings: Vec<RecordFinding>,
    /// Every required record is as it should be.
    pub verified: bool,
    /// A required record is surely absent or wrong.
    pub required_missing: bool,
    /// Of some required record nothing is known.
    pub undecided: bool,
}

/// The look-ups of one domain.
pub struct Verification {
    domain: String,
    hostname: String,
    checks: Vec<Check>,
}

struct Check {
    expected: Expected,
    found: Vec<String>,
    step: Step,
}

/// What is looked up of a record.
enum Step {
    /// The record itself.
    Itself,
    /// What its SPF record includes.
    Included(Box<spf::Walk>),
    /// Where its CNAME leads.
    Linked(alias::Chain),
    /// It is not there, for this reason; whether a CNAME is.
    Alias(String),
    /// It is not there, for this reason; whether it is with the domain appended twice.
    Doubled(String),
    /// It is not there, for this reason; whether a name above has one. The next is the last.
    Above(String, Vec<String>),
    /// Nothing more.
    Settled(Verdict),
}

impl Verification {
    /// Begins.
    pub fn new(plan: &Plan<'_>) -> Self {
        let check = |expected| Check {
            expected,
            found: Vec::new(),
            step: Step::Itself,
        };
        Self {
            domain: plan.domain.to_owned(),
            hostname: host(plan.hostname),
            checks: expected(plan).into_iter().map(check).collect(),
        }
    }

    /// What is to be looked up next: the same until it is answered.
    pub fn poll_question(&mut self) -> Option<Question> {
        self.checks.iter().find_map(|check| check.question(&self.domain))
    }

    /// The answer to the last question.
    pub fn handle_answer(&mut self, answer: Answer) {
        let open = |check: &&mut Check| !matches!(check.step, Step::Settled(_));
        let Some(check) = self.checks.iter_mut().find(open) else {
            return;
        };
        let answer = match answer {
            Answer::Records(records) => match bounded(records) {
                records if records.is_empty() => Answer::NoRecord,
                records => Answer::Records(records),
            },
            answer => answer,
        };
        let step = std::mem::replace(&mut check.step, Step::Itself);
        check.step = check.next(step, answer, &self.domain, &self.hostname);
    }

    /// What was found.
    pub fn finish(self) -> Report {
        let mut report = Report {
            findings: Vec::with_capacity(self.checks.len()),
            verified: true,
            required_missing: false,
            undecided: false,
        };
        for check in self.checks {
            if check.expected.required {
                match &check.step {
                    Step::Settled(Verdict::Valid) => {}
                    Step::Settled(Verdict::Undecided(_))
                    | Step::Itself
                    | Step::Included(_)
                    | Step::Linked(_) => {
                        report.undecided = true;
                    }
                    Step::Settled(Verdict::Absent(_) | Verdict::Wrong(_))
                    | Step::Alias(_)
                    | Step::Doubled(_)
                    | Step::Above(..) => {
                        report.required_missing = true;
                    }
                }
            }
            report.findings.push(check.into_finding());
        }
        let valid = |finding: &RecordFinding| !finding.required || finding.state == RecordState::Valid;
        report.verified = report.findings.iter().all(valid);
        report
    }
}

impl Check {
    fn question(&self, domain: &str) -> Option<Question> {
        let Expected { kind, name, .. } = &self.expected;
        let (kind, name) = match &self.step {
            Step::Itself => (*kind, name.clone()),
            Step::Included(walk) => (RecordType::Txt, walk.question().to_owned()),
            Step::Linked(chain) => (RecordType::Cname, chain.question().to_owned()),
            Step::Alias(_) => (RecordType::Cname, name.clone()),
            Step::Doubled(_) => (*kind, doubled(name, domain)),
            Step::Above(_, names) => (*kind, names.last()?.clone()),
            Step::Settled(_) => return None,
        };
        Some(Question { kind, name })
    }

    fn next(&mut self, step: Step, answer: Answer, domain: &str, hostname: &str) -> Step {
        match step {
            Step::Itself => self.after_itself(answer, domain, hostname),
            Step::Included(walk) => match walk.handle_answer(answer) {
                Ok(walk) => Step::Included(Box::new(walk)),
                Err(verdict) => Step::Settled(verdict),
            },
            Step::Linked(chain) => match answer {
                Answer::Records(records) => self.linked(chain, &records, domain),
                Answer::Failed(_) => Step::Settled(self.nothing(answer)),
                Answer::NoRecord | Answer::NoName => Step::Settled(chain.elsewhere(&self.expected.value)),
            },
            Step::Alias(reason) => match answer {
                Answer::Records(targets) => self.aliased(&targets),
                _ => self.absent(reason, domain),
            },
            Step::Doubled(reason) => match answer {
                Answer::Records(records) if self.is_ours(&records, domain) => self.appended(domain),
                _ => self.above(reason, domain),
            },
            Step::Above(reason, names) => self.after_above(reason, names, answer),
            Step::Settled(verdict) => Step::Settled(verdict),
        }
    }

    fn after_itself(&mut self, answer: Answer, domain: &str, hostname: &str) -> Step {
        let verdict = match answer {
            Answer::Records(records) => {
                self.found = self.shown(&records);
                if self.expected.kind == RecordType::Cname {
                    return self.linked(alias::Chain::new(), &records, domain);
                }
                match self.judge(&records, domain, hostname) {
                    Ok(walk) => return Step::Included(Box::new(walk)),
                    Err(verdict) => verdict,
                }
            }
            answer => self.nothing(answer),
        };
        match verdict {
            Verdict::Absent(reason) if self.expected.kind == RecordType::Txt => Step::Alias(reason),
            Verdict::Absent(reason) => self.absent(reason, domain),
            verdict => Step::Settled(verdict),
        }
    }

    /// A verdict, or an SPF record to be followed to one.
    fn judge(&self, records: &[String], domain: &str, hostname: &str) -> Result<spf::Walk, Verdict> {
        let value = &self.expected.value;
        Err(match self.expected.purpose {
            Purpose::Ownership => ownership::judge(value, records),
            Purpose::Dkim => dkim::judge(value, records),
            Purpose::Spf => return spf::begin(domain, hostname, records),
            Purpose::Dmarc => dmarc::judge(records),
            Purpose::ReturnPath | Purpose::Tracking => {
                match alias::Chain::new().follow(value, domain, records) {
                    alias::Next::Settled(verdict) => verdict,
                    alias::Next::Follow(chain) => chain.elsewhere(value),
                }
            }
        })
    }

    fn linked(&self, chain: alias::Chain, records: &[String], domain: &str) -> Step {
        match chain.follow(&self.expected.value, domain, records) {
            alias::Next::Follow(chain) => Step::Linked(chain),
            alias::Next::Settled(verdict) => Step::Settled(verdict),
        }
    }

    fn above(&self, reason: String, domain: &str) -> Step {
        let mut names = match self.expected.purpose {
            Purpose::Dmarc => dmarc::above(domain),
            _ => Vec::new(),
        };
        names.reverse();
        match names.is_empty() {
            true => Step::Settled(Verdict::Absent(reason)),
            false => Step::Above(reason, names),
        }
    }

    /// RFC 9989: the nearest policy above holds.
    fn after_above(&mut self, reason: String, mut names: Vec<String>, answer: Answer) -> Step {
        names.pop();
        match answer {
            Answer::Records(records) if dmarc::judge(&records) == Verdict::Valid => {
                self.found = self.shown(&records);
                Step::Settled(Verdict::Valid)
            }
            _ if names.is_empty() => Step::Settled(Verdict::Absent(reason)),
            _ => Step::Above(reason, names),
        }
    }

    /// What no records mean.
    fn nothing(&self, answer: Answer) -> Verdict {
        let kind = self.expected.kind.as_str();
        match answer {
            Answer::Failed(text) => Verdict::Undecided(format!(
                "The name could not be looked up: {}. It is tried again; if it goes on, see whether the name servers of the domain answer.",
                quoted(&text)
            )),
            Answer::NoName => Verdict::Absent(format!(
                "The name does not exist yet. Add the {kind} record, with this name exactly; what was just added takes a while to be seen."
            )),
            Answer::Records(_) | Answer::NoRecord if self.expected.kind == RecordType::Cname => {
                Verdict::Absent(format!(
                    "The name exists without a {kind} record. Add it, in the place of what else has this name; a record that your provider proxies counts as something else."
                ))
            }
            Answer::Records(_) | Answer::NoRecord => Verdict::Absent(format!(
                "There is no {kind} record here yet. Add it; what was just added takes a while to be seen."
            )),
        }
    }

    /// RFC 1034 §3.6.2: where a CNAME is, nothing else can be.
    fn aliased(&mut self, targets: &[String]) -> Step {
        self.found = kept(targets.iter());
        let target = targets.first().map_or("", String::as_str);
        Step::Settled(Verdict::Wrong(format!(
            "There is a CNAME to {} in the place of the TXT record, and ours is not where it leads. Replace it by the TXT record.",
            quoted(target)
        )))
    }

    fn absent(&self, reason: String, domain: &str) -> Step {
        // Of a name that is not below the domain nobody can say what a control panel would append.
        let is_below = self.expected.name.ends_with(domain);
        if !is_below || doubled(&self.expected.name, domain).len() > NAME_OCTETS_MAX {
            return self.above(reason, domain);
        }
        Step::Doubled(reason)
    }

    fn is_ours(&self, records: &[String], domain: &str) -> bool {
        match self.expected.purpose {
            Purpose::Spf => records.iter().any(|record| spf::is_near(record)),
            _ => matches!(self.judge(records, domain, ""), Err(Verdict::Valid)),
        }
    }

    fn appended(&self, domain: &str) -> Step {
        let name = &self.expected.name;
        let short = name
            .strip_suffix(domain)
            .map_or("", |label| label.trim_end_matches('.'));
        let short = if short.is_empty() { "@" } else { short };
        Step::Settled(Verdict::Wrong(format!(
            "The record stands under `{}`: the domain was appended a second time. Enter `{short}` as its name.",
            doubled(name, domain)
        )))
    }

    /// What is kept of records: what is meant to be ours first. A domain's own TXT records are those of many others, so
    /// only SPF is shown of them.
    fn shown(&self, records: &[String]) -> Vec<String> {
        let near = |record: &&String| match self.expected.purpose {
            Purpose::Ownership => ownership::is_near(&self.expected.value, record),
            Purpose::Dkim => dkim::is_near(&self.expected.value, record),
            Purpose::Spf => spf::is_near(record),
            Purpose::Dmarc => dmarc::is_near(record),
            Purpose::ReturnPath | Purpose::Tracking => true,
        };
        let others = |record: &&String| self.expected.purpose != Purpose::Spf && !near(record);
        kept(records.iter().filter(near).chain(records.iter().filter(others)))
    }

    fn into_finding(self) -> RecordFinding {
        let finding = self.expected.unseen();
        match self.step {
            Step::Settled(verdict) => RecordFinding {
                found: self.found,
                state: verdict.state(),
                reason: verdict.into_reason(),
                ..finding
            },
            Step::Alias(reason) | Step::Doubled(reason) | Step::Above(reason, _) => RecordFinding {
                found: self.found,
                reason,
                ..finding
            },
            Step::Itself | Step::Included(_) | Step::Linked(_) => finding,
        }
    }
}

/// The name that a control panel makes when it appends the domain to a name that has it already.
fn doubled(name: &str, domain: &str) -> String {
    format!("{name}.{domain}")
}
