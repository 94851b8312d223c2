//! Which kinds of events a webhook is told of.

use thiserror::Error;

use crate::limits::{EVENT_TYPE_BYTES_MAX, WEBHOOK_EVENTS_MAX};

/// Names of kinds of events, such as `email.delivered`; without any, all kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

/// Why names are not a filter.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// A name that no kind of event can have.
    #[error("{0:?} is not the name of a kind of event: expected letters, digits, `_` and `.`")]
    Name(String),
    /// More than there are kinds.
    #[error("at most {WEBHOOK_EVENTS_MAX} kinds of events")]
    TooMany,
}

impl EventFilter {
    /// A filter that admits these kinds; all of them when there is none. Which kinds exist is for the caller to check.
    ///
    /// # Errors
    /// [`FilterError`].
    pub fn new(mut kinds: Vec<String>) -> Result<Self, FilterError> {
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() > WEBHOOK_EVENTS_MAX {
            return Err(FilterError::TooMany);
        }
        match kinds.iter().find(|kind| !is_event_type(kind)) {
            Some(bad) => Err(FilterError::Name(bad.clone())),
            None => Ok(Self(kinds)),
        }
    }

    /// Whether events of this kind are told.
    pub fn admits(&self, kind: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|admitted| admitted == kind)
    }

    /// The names, sorted; none for all kinds.
    pub fn kinds(&self) -> &[String] {
        &self.0
    }
}

/// Standard Webhooks 1.0: letters, digits and `_`, in parts separated by `.`.
pub(super) fn is_event_type(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
    };
    text.len() <= EVENT_TYPE_BYTES_MAX && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_admits_what_it_names_and_an_empty_one_everything() {
        let filter = |kinds: &[&str]| EventFilter::new(kinds.iter().map(|&kind| kind.to_owned()).collect());
        assert!(filter(&[]).unwrap().admits("email.opened"));
        let some = filter(&["email.sent", "email.delivered", "email.sent"]).unwrap();
        assert_eq!(some.kinds(), ["email.delivered", "email.sent"]);
        assert!(some.admits("email.sent") && !some.admits("email.opened"));
        for bad in ["", "email.", ".sent", "email sent", "email\"", &"x".repeat(65)] {
            assert_eq!(filter(&[bad]), Err(FilterError::Name(bad.into())), "{bad:?}");
        }
        let many: Vec<String> = (0..=WEBHOOK_EVENTS_MAX)
            .map(|number| format!("e{number}"))
            .collect();
        assert_eq!(EventFilter::new(many), Err(FilterError::TooMany));
    }
}
