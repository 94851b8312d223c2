//! Queries of lists: every parameter is read, and every one that does not hold is told, at once.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::{DomainId, Paging, unix_ms};
use serde::Deserialize;

use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
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
    pub(super) faults: Vec<Fault>,
}

/// Which part of a list.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) paging: Paging,
    pub(super) page: usize,
    pub(super) limit: usize,
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
            self.faults.push(Fault::new(field, code, message));
        }
        parsed
    }

    /// The id of a domain, of whomever.
    pub(super) fn domain(&mut self, text: Option<&str>) -> Option<DomainId> {
        let told = ("not_an_id", "is the id of a domain");
        self.read("domain_id", text, told, |text| text.parse().ok())
    }

    /// Since when.
    pub(super) fn since(&mut self, text: Option<&str>) -> Option<u64> {
        self.read("from", text, NOT_A_TIME, |text| {
            moments(text).map(|(first, _)| first)
        })
    }

    /// Until when, all of that day or second included.
    pub(super) fn until(&mut self, text: Option<&str>) -> Option<u64> {
        self.read("to", text, NOT_A_TIME, |text| moments(text).map(|(_, last)| last))
    }

    /// Which part of the list.
    pub(super) fn part(&mut self, page: Option<&str>, limit: Option<&str>, cursor: Option<&str>) -> Part {
        let number = |text: &str| text.parse::<usize>().ok();
        let in_limit = |limit: &usize| (1..=PAGE_MAX).contains(limit);
        let told = ("out_of_range", "is from 1 to 500");
        let limit = self.read("limit", limit, told, |text| number(text).filter(in_limit));
        let told = ("too_small", "pages count from 1");
        let given = page.is_some();
        let page = self.read("page", page, told, |text| number(text).filter(|page| *page > 0));
        let told = ("not_a_cursor", "is the next_cursor of an earlier page");
        let behind = self.read("cursor", cursor, told, |text| URL_SAFE_NO_PAD.decode(text).ok());
        if given && cursor.is_some() {
            let message = "a page has either a number or a cursor";
            self.faults.push(Fault::new("cursor", "exclusive", message));
        }
        let page = page.unwrap_or(1);
        Part {
            paging: behind.map_or(Paging::Page(page), Paging::Behind),
            page,
            limit: limit.unwrap_or(PAGE_DEFAULT),
        }
    }

    /// Whether all values hold.
    pub(super) fn hold(self) -> Result<(), Problem> {
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::validation(self.faults)),
        }
    }
}

pub(super) const NOT_A_TIME: (&str, &str) = (
    "not_a_time",
    "expected a date such as 2026-12-24 or a timestamp such as 2026-12-24T18:00:00Z",
);

/// The cursor of a page.
pub(super) fn cursor(next: Option<Vec<u8>>) -> Option<String> {
    next.map(|rank| URL_SAFE_NO_PAD.encode(rank))
}

/// The first and the last millisecond of a date or of a timestamp.
pub(super) fn moments(text: &str) -> Option<(u64, u64)> {
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
