//! Query parameters, read so that all faults of a request are told at once.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::Id;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::problem::{Fault, Problem};

const DAY_MS: u64 = 86_400_000;
const DATE_BYTES: usize = "2024-03-15".len();

/// Which end of a day a date without a time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

/// The faults found so far.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

/// The query, or 400 with the name of what is unknown in it.
pub(super) fn read<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(error) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_query",
            error.body_text(),
        )),
    }
}

/// The variant of this name.
pub(super) fn named<T: DeserializeOwned>(name: &str) -> Result<T, Error> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name)
}

impl Faults {
    pub(super) fn add(&mut self, field: &'static str, code: &'static str, message: String) {
        self.0.push(Fault::new(field, code, message));
    }

    /// One of several names.
    pub(super) fn choice<T: DeserializeOwned>(
        &mut self,
        field: &'static str,
        text: Option<&str>,
    ) -> Option<T> {
        match named(text?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, "not_allowed", error.to_string());
                None
            }
        }
    }

    pub(super) fn id<T>(&mut self, field: &'static str, text: Option<&str>) -> Option<Id<T>> {
        let id = text?.parse().ok();
        if id.is_none() {
            self.add(field, "not_an_id", "is not a UUID".to_owned());
        }
        id
    }

    /// A number from 1 to `max`.
    pub(super) fn number(&mut self, field: &'static str, text: Option<&str>, max: u32) -> Option<u32> {
        let number = text?.parse().ok().filter(|number| (1..=max).contains(number));
        if number.is_none() {
            self.add(field, "out_of_range", format!("is from 1 to {max}"));
        }
        number
    }

    /// A date or a timestamp, in milliseconds since the epoch.
    pub(super) fn time(&mut self, field: &'static str, text: Option<&str>, edge: Edge) -> Option<u64> {
        let time = time(text?, edge);
        if time.is_none() {
            let message = "is a date (2024-03-15) or a timestamp with its offset (2024-03-15T14:30:00Z)";
            self.add(field, "not_a_time", message.to_owned());
        }
        time
    }

    /// 400 with all faults, if there are any.
    pub(super) fn end(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Problem::validation(self.0))
    }
}

fn time(text: &str, edge: Edge) -> Option<u64> {
    if text.len() != DATE_BYTES {
        return ledger::unix_ms(text);
    }
    let date: Date = text.parse().ok()?;
    let start = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
    let start = u64::try_from(start).ok()?;
    Some(match edge {
        Edge::Start => start,
        Edge::End => start + (DAY_MS - 1),
    })
}
