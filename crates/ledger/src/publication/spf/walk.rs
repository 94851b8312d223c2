//! Following an SPF record through what it includes and where it redirects to.
//!
//! **Promise.** Ends after at most [`SPF_LOOKUPS_MAX`] answers: each answers a term that was counted before it was asked
//! for.

use super::super::found::quoted;
use super::super::verdict::Verdict;
use super::super::verification::Answer;
use super::term::{Qualifier, Record, Term};
use super::{SPF_LOOKUPS_MAX, select, terms_of};

/// On the way; a record is to be looked up.
pub(in super::super) struct Walk {
    hostname: String,
    frames: Vec<Frame>,
    lookups: usize,
    /// What our host gets, once a term that names it was met.
    ours: Option<Qualifier>,
    /// A name with macros was met: it depends on the mail and cannot be followed.
    has_macros: bool,
    question: Question,
}

/// A record on the way, innermost last.
struct Frame {
    /// Its names: more than one when it was redirected to.
    names: Vec<String>,
    /// What a pass here means to the record that includes it; none for the outermost.
    included_as: Option<Qualifier>,
    terms: std::vec::IntoIter<Term>,
    redirect: Option<String>,
}

/// The record that is to be looked up.
struct Question {
    target: String,
    route: Route,
}

enum Route {
    Include(Qualifier),
    Redirect,
}

impl Walk {
    pub(super) fn begin(domain: &str, hostname: &str, record: &str) -> Result<Self, Verdict> {
        let record = parse(domain, record)?;
        let walk = Self {
            hostname: hostname.to_owned(),
            frames: vec![Frame {
                names: vec![domain.to_owned()],
                included_as: None,
                terms: record.terms.into_iter(),
                redirect: record.redirect,
            }],
            lookups: 0,
            ours: None,
            has_macros: false,
            question: Question {
                target: String::new(),
                route: Route::Redirect,
            },
        };
        walk.run()
    }

    /// The name whose TXT records are to be looked up.
    pub(in super::super) fn question(&self) -> &str {
        &self.question.target
    }

    /// Goes on with the records of [`Walk::question`].
    pub(in super::super) fn handle_answer(mut self, answer: Answer) -> Result<Self, Verdict> {
        let Question { target, route } = &self.question;
        let record = published(target, answer)?;
        match *route {
            Route::Include(qualifier) => self.frames.push(Frame {
                names: vec![target.clone()],
                included_as: Some(qualifier),
                terms: record.terms.into_iter(),
                redirect: record.redirect,
            }),
            Route::Redirect => {
                // RFC 7208 §6.1: the result is that of the target, as if it had been asked for.
                if let Some(frame) = self.frames.last_mut() {
                    frame.names.push(target.clone());
                    frame.terms = record.terms.into_iter();
                    frame.redirect = record.redirect;
                }
            }
        }
        self.run()
    }

    /// Until the next question, or the end.
    fn run(mut self) -> Result<Self, Verdict> {
        while let Some(frame) = self.frames.last_mut() {
            match frame.terms.next() {
                Some(Term::Include(qualifier, target)) => {
                    if self.wants(target, Route::Include(qualifier))? {
                        return Ok(self);
                    }
                }
                Some(Term::Host(qualifier, name)) => {
                    self.count()?;
                    if name == self.hostname {
                        self.ours = self.ours.or_else(|| self.result(qualifier));
                    }
                }
                Some(Term::Lookup) => self.count()?,
                Some(Term::Other) => {}
                Some(Term::All(qualifier)) => self.end_with(qualifier)?,
                None => match frame.redirect.take() {
                    Some(target) => {
                        if self.wants(target, Route::Redirect)? {
                            return Ok(self);
                        }
                    }
                    None => drop(self.frames.pop()),
                },
            }
        }
        Err(self.verdict(false))
    }

    fn count(&mut self) -> Result<(), Verdict> {
        if self.lookups == SPF_LOOKUPS_MAX {
            return Err(Verdict::Wrong(format!(
                "The record needs more than {SPF_LOOKUPS_MAX} DNS look-ups, which is a permanent error to receivers (RFC 7208 §4.6.4). Remove includes that are not needed any more."
            )));
        }
        self.lookups += 1;
        Ok(())
    }

    /// Whether the record of `target` is to be asked for.
    fn wants(&mut self, target: String, route: Route) -> Result<bool, Verdict> {
        self.count()?;
        if target.contains('%') {
            self.has_macros = true;
            return Ok(false);
        }
        if self.frames.iter().any(|frame| frame.names.contains(&target)) {
            return Err(Verdict::Wrong(format!(
                "The record comes back to {}, which is a permanent error to receivers. Remove the include or redirect that leads there.",
                quoted(&target)
            )));
        }
        self.question = Question { target, route };
        Ok(true)
    }

    /// What a match of the innermost record means to the outermost; none if nothing. RFC 7208 §5.2: an include matches
    /// when the included record passes, and only then.
    fn result(&self, qualifier: Qualifier) -> Option<Qualifier> {
        self.frames
            .iter()
            .rev()
            .map_while(|frame| frame.included_as)
            .try_fold(qualifier, |inner, outer| {
                (inner == Qualifier::Pass).then_some(outer)
            })
    }

    /// `all` matches: the innermost record ends, and with it those that include it if that is a match for them.
    fn end_with(&mut self, mut qualifier: Qualifier) -> Result<(), Verdict> {
        while let Some(frame) = self.frames.pop() {
            match frame.included_as {
                Some(outer) if qualifier == Qualifier::Pass => qualifier = outer,
                Some(_) => return Ok(()),
                None if qualifier == Qualifier::Pass => return Err(open()),
                // RFC 7208 §5.1: what is behind `all` is never tested.
                None => {
                    let hostname = &self.hostname;
                    let is_ours = |term: Term| matches!(term, Term::Host(_, name) if name == *hostname);
                    return Err(self.verdict(frame.terms.into_iter().any(is_ours)));
                }
            }
        }
        Ok(())
    }

    fn verdict(&self, behind_all: bool) -> Verdict {
        let host = &self.hostname;
        Verdict::Wrong(match self.ours {
            Some(Qualifier::Pass) => return Verdict::Valid,
            Some(_) => {
                format!("The record names `a:{host}` and does not let it pass. Remove the sign before it.")
            }
            None if behind_all => {
                format!(
                    "`a:{host}` stands behind `all`, where it is never looked at. Put it right after `v=spf1`."
                )
            }
            None if self.has_macros => format!(
                "The record does not name our host, and what it includes with macros cannot be followed. Put `a:{host}` right after `v=spf1`."
            ),
            None => format!(
                "The record does not allow our host. Put `a:{host}` right after `v=spf1` in it; do not add a second record."
            ),
        })
    }
}

fn open() -> Verdict {
    Verdict::Wrong(
        "The record allows everybody to send as this domain (`+all`). Replace `+all` by `~all`, or remove the include that leads to it."
            .to_owned(),
    )
}

fn published(target: &str, answer: Answer) -> Result<Record, Verdict> {
    let records = match answer {
        Answer::Records(records) => records,
        Answer::NoRecord | Answer::NoName => Vec::new(),
        Answer::Failed(text) => {
            return Err(Verdict::Undecided(format!(
                "{} could not be looked up, so nothing is known of what it allows ({}). It is tried again.",
                quoted(target),
                quoted(&text)
            )));
        }
    };
    let mut selected = select(&records);
    match (selected.next(), selected.next()) {
        (Some(record), None) => parse(target, record),
        (Some(_), Some(_)) => Err(Verdict::Wrong(format!(
            "{}, which the record includes, has two SPF records: a permanent error to receivers. Remove the include, or tell whoever runs that domain.",
            quoted(target)
        ))),
        (None, _) => Err(Verdict::Wrong(format!(
            "{}, which the record includes, has no SPF record: a permanent error to receivers (RFC 7208 §5.2). Correct or remove the include.",
            quoted(target)
        ))),
    }
}

fn parse(domain: &str, record: &str) -> Result<Record, Verdict> {
    Record::parse(domain, terms_of(record).unwrap_or_default()).map_err(|fault| {
        Verdict::Wrong(format!(
            "The SPF record of {} cannot be read: {fault}. Correct or remove it.",
            quoted(domain)
        ))
    })
}
