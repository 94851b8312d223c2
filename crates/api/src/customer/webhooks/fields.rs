//! The fields of a webhook, read so that every fault of a request is told at once.

use ledger::DomainId;
use ledger::webhook::EventFilter;
use ledger::webhook::destination::{Destination, DestinationError};

use super::super::caller::Caller;
use super::super::profile::plain;
use super::super::wire::told_events;
use crate::platform::Platform;
use crate::problem::{Fault, Problem};

/// Reads fields and keeps the faults.
pub(super) struct Fields<'a> {
    platform: &'a dyn Platform,
    caller: &'a Caller,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(platform: &'a dyn Platform, caller: &'a Caller) -> Self {
        Self {
            platform,
            caller,
            faults: Vec::new(),
        }
    }

    pub(super) fn destination(&mut self, url: &str) -> Option<Destination> {
        let destination = destination(self.platform, url, "/url");
        destination.map_err(|fault| self.faults.push(fault)).ok()
    }

    pub(super) fn name(&mut self, name: &str) -> String {
        plain(name, "/name").unwrap_or_else(|problem| {
            self.faults.extend(problem.faults);
            String::new()
        })
    }

    /// The schema has seen that there are such kinds. All of them are the same as none.
    pub(super) fn events(&mut self, names: Vec<String>) -> EventFilter {
        let all = told_events().all(|(_, name)| names.iter().any(|given| given == name));
        let filter = EventFilter::new(if all { Vec::new() } else { names });
        filter.unwrap_or_else(|error| {
            self.faults
                .push(Fault::new("/events", "not_an_option", error.to_string()));
            EventFilter::default()
        })
    }

    pub(super) fn domains(&mut self, ids: &[String]) -> Vec<DomainId> {
        let mut found = Vec::new();
        for (at, text) in ids.iter().enumerate() {
            let id: Option<DomainId> = text.parse().ok();
            let own = self.caller.domains.iter().find(|domain| Some(domain.id) == id);
            match own {
                Some(domain) if !found.contains(&domain.id) => found.push(domain.id),
                Some(_) => {}
                None => {
                    let message = "no domain of this account has this id";
                    self.faults
                        .push(Fault::new(format!("/domain_ids/{at}"), "unknown_domain", message));
                }
            }
        }
        found
    }

    /// What only a webhook has that is sent.
    pub(super) fn not_sent(&mut self, url: bool, ordered: bool) {
        let message = "the messages of this webhook are fetched; add another one for a URL";
        for (field, given) in [("/url", url), ("/ordered", ordered)] {
            if given {
                self.faults.push(Fault::new(field, "not_applicable", message));
            }
        }
    }

    pub(super) fn hold(self) -> Result<(), Problem> {
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::validation(self.faults)),
        }
    }
}

/// Where requests may go, or why they may not go there.
pub(super) fn destination(platform: &dyn Platform, url: &str, field: &str) -> Result<Destination, Fault> {
    let policy = &platform.settings().webhooks;
    Destination::parse(url, policy).map_err(|error| {
        let code = match error {
            DestinationError::Syntax => "not_a_url",
            DestinationError::TooLong => "too_long",
            DestinationError::Scheme => "not_https",
            DestinationError::User => "has_user",
            DestinationError::Port => "forbidden_port",
            DestinationError::Host => "forbidden_host",
        };
        Fault::new(field, code, error.to_string())
    })
}
