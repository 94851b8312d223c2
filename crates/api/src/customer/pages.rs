//! Parts of lists: which one a request means, and how it is told where the list goes on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::{LedgerError, Paging, SuppressionFilter, SuppressionPage};
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::Caller;
use super::filters::Values;
use super::router::Service;
use super::wire::Pagination;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::problem::Problem;

const TOO_SMALL: (&str, &str) = ("too_small", "pages count from 1");

/// Which page of a list that is short enough to be had as a whole.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Which page, from 1.
    #[serde(default)]
    #[param(minimum = 1, nullable = false)]
    page: Option<usize>,
    /// Entries of a page; default 50.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500, nullable = false)]
    limit: Option<usize>,
}

/// Which part of a list.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) paging: Paging,
    pub(super) limit: usize,
    page: usize,
}

impl Page {
    /// The page of a list.
    pub(super) fn of<'a, T>(&self, all: &'a [T]) -> Result<(&'a [T], Pagination), Problem> {
        let (page, limit) = (self.page.unwrap_or(1), self.limit.unwrap_or(PAGE_DEFAULT));
        if page == 0 {
            return Err(Problem::fault("page", TOO_SMALL.0, TOO_SMALL.1));
        }
        if !(1..=PAGE_MAX).contains(&limit) {
            let message = format!("is from 1 to {PAGE_MAX}");
            return Err(Problem::fault("limit", "out_of_range", message));
        }
        let start = (page - 1).saturating_mul(limit).min(all.len());
        let end = start.saturating_add(limit).min(all.len());
        let shown = all.get(start..end).unwrap_or_default();
        Ok((shown, pagination(page, limit, all.len())))
    }
}

impl Part {
    pub(super) fn read(
        values: &mut Values,
        page: Option<&str>,
        limit: Option<&str>,
        cursor: Option<&str>,
    ) -> Self {
        let limit = values.number("limit", limit, PAGE_MAX);
        let number = values.read("page", page, TOO_SMALL, |text| {
            text.parse().ok().filter(|page| *page > 0)
        });
        let told = ("not_a_cursor", "is the next_cursor of an earlier page");
        let behind = values.read("cursor", cursor, told, |text| URL_SAFE_NO_PAD.decode(text).ok());
        if page.is_some() && cursor.is_some() {
            values.add("cursor", "exclusive", "a page has either a number or a cursor");
        }
        let page = number.unwrap_or(1);
        Self {
            paging: behind.map_or(Paging::Page(page), Paging::Behind),
            limit: limit.unwrap_or(PAGE_DEFAULT),
            page,
        }
    }

    /// What is told of this part of a list of `total` entries.
    pub(super) fn pagination(&self, total: u64) -> Pagination {
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        pagination(self.page, self.limit, total)
    }
}

/// A part of the suppressions of the caller's account.
pub(super) fn suppressions(
    service: &Service,
    caller: &Caller,
    filter: &SuppressionFilter,
    part: &Part,
) -> Result<SuppressionPage, Problem> {
    let place = (&part.paging, part.limit);
    let ledger = service.platform.ledger();
    let found = ledger.list_suppressions(caller.account.id, filter, place, caller.now_unix_ms);
    found.map_err(too_far)
}

/// A page too far from the first is a fault of the request.
pub(super) fn too_far(error: LedgerError) -> Problem {
    match error {
        LedgerError::Limit(what) => Problem::fault("page", "out_of_range", what),
        error => error.into(),
    }
}

/// Where the list goes on, as a request says it.
pub(super) fn cursor(next: Option<Vec<u8>>) -> Option<String> {
    next.map(|rank| URL_SAFE_NO_PAD.encode(rank))
}

fn pagination(page: usize, limit: usize, total: usize) -> Pagination {
    Pagination {
        page,
        limit,
        total,
        pages: total.div_ceil(limit),
    }
}
