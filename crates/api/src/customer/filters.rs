//! Queries of lists: every parameter is read, and every one that does not hold is told, at once.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use ledger::{Id, unix_ms};
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::problem::{Fault, Problem};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// No parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A query as it was written.
pub(super) type Asked<T> = Result<Query<T>, QueryRejection>;

/// The parameters, all of them known and none twice.
pub(super) fn known<T>(asked: Asked<T>) -> Result<T, Problem> {
    match asked {
        Ok(Query(query)) => Ok(query),
        Err(error) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_query",
            error.body_text(),
        )),
    }
}

/// Reads values and keeps the faults.
#[derive(Debug, Default)]
pub(super) struct Values {
    faults: Vec<Fault>,
}

/// The variant of this name.
pub(super) fn named<T: DeserializeOwned>(name: &str) -> Result<T, Error> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name)
}

impl Values {
    /// What `parse` makes of a value; none is a fault.
    pub(super) fn read<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        (code, message): (&'static str, &str),
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(text?);
        if parsed.is_none() {
            self.add(field, code, message);
        }
        parsed
    }

    /// A fault.
    pub(super) fn add(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.faults.push(Fault::new(field, code, message));
    }

    /// One of several names.
    pub(super) fn choice<T: DeserializeOwned>(&mut self, field: &str, text: Option<&str>) -> Option<T> {
        let chosen = named(text?).map_err(|error| self.add(field, "not_an_option", error.to_string()));
        chosen.ok()
    }

    /// An id, of whomever.
    pub(super) fn id<T>(&mut self, field: &str, text: Option<&str>) -> Option<Id<T>> {
        self.read(field, text, ("not_an_id", "is not a UUID"), |text| {
            text.parse().ok()
        })
    }

    /// A number from 1 to `max`.
    pub(super) fn number<T>(&mut self, field: &str, text: Option<&str>, max: T) -> Option<T>
    where
        T: FromStr + PartialOrd + From<u8> + Display,
    {
        let told = ("out_of_range", format!("is from 1 to {max}"));
        let in_range = |number: &T| (T::from(1)..=max).contains(number);
        self.read(field, text, (told.0, &told.1), |text| {
            text.parse().ok().filter(in_range)
        })
    }

    /// Since when.
    pub(super) fn since(&mut self, field: &str, text: Option<&str>) -> Option<u64> {
        self.read(field, text, NOT_A_TIME, |text| {
            moments(text).map(|(first, _)| first)
        })
    }

    /// Until when, all of that day or second included.
    pub(super) fn until(&mut self, field: &str, text: Option<&str>) -> Option<u64> {
        self.read(field, text, NOT_A_TIME, |text| {
            moments(text).map(|(_, last)| last)
        })
    }

    /// Whether all values hold.
    pub(super) fn hold(self) -> Result<(), Problem> {
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::validation(self.faults)),
        }
    }
}

const NOT_A_TIME: (&str, &str) = (
    "not_a_time",
    "expected a date such as 2026-12-24 or a timestamp such as 2026-12-24T18:00:00Z",
);

/// The first and the last millisecond of a date or of a timestamp.
fn moments(text: &str) -> Option<(u64, u64)> {
    if text.len() == "2026-12-24".len() {
        let first = unix_ms(&format!("{text}T00:00:00Z"))?;
        return Some((first, first + DAY_MS - 1));
    }
    let first = unix_ms(text)?;
    // Timestamps are shown in whole seconds: who asks for one that was shown is to find it.
    let last = if text.contains('.') { first } else { first + 999 };
    Some((first, last))
}

/// When something was, as files of many origins have it: ISO 8601, with a space in place of the T, or seconds since the
/// epoch.
pub(super) fn loose_moment(text: &str) -> Option<u64> {
    if text.len() <= 10 && text.bytes().all(|octet| octet.is_ascii_digit()) {
        return text.parse::<u64>().ok()?.checked_mul(1000);
    }
    let (first, _) = moments(text).or_else(|| {
        let (date, time) = text.split_once(' ')?;
        moments(&format!("{date}T{}Z", time.trim_end_matches(" UTC")))
    })?;
    Some(first)
}
