//! Lists of suppressions: filtered, newest first, a page or a cursor at a time.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::decode;
use crate::error::LedgerError;
use crate::id::{AccountId, DomainId};
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::{LIST_ROWS_MAX, LIST_STEP, LIST_WINDOW_MAX};
use crate::suppression::{Scope, Suppression, SuppressionKind, UnsubscribeSource};

/// Which suppressions are wanted; what is none does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuppressionFilter {
    /// A part of the address, whatever its case.
    pub email: Option<String>,
    /// Only of the scope of this domain.
    pub domain: Option<DomainId>,
    /// Those of the whole account (true), or those of some domain (false).
    pub account_wide: Option<bool>,
    /// Of this kind.
    pub kind: Option<SuppressionKind>,
    /// Unsubscribes that came by this way.
    pub source: Option<UnsubscribeSource>,
    /// Made then or later, in milliseconds since the epoch.
    pub from_unix_ms: Option<u64>,
    /// Made then or earlier.
    pub to_unix_ms: Option<u64>,
}

/// Which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// The page of this number, from 1.
    Page(usize),
    /// Those behind the last of another page: its [`SuppressionPage::next`]. Any octets do no harm.
    Behind(Vec<u8>),
}

/// Suppressions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuppressionPage {
    /// Those of the page.
    pub items: Vec<Suppression>,
    /// How many the filter lets through, on all pages.
    pub total: u64,
    /// The account has more than [`LIST_ROWS_MAX`]; the rest was not looked at.
    pub truncated: bool,
    /// Where the next page begins, if there is one.
    pub next: Option<Vec<u8>>,
}

impl SuppressionFilter {
    fn lets_through(&self, found: &Suppression) -> bool {
        let created = found.created_unix_ms();
        let holds = |email: &String| found.email.to_lowercase().contains(email.as_str());
        self.kind.is_none_or(|kind| found.kind == kind)
            && self.source.is_none_or(|source| found.source == Some(source))
            && self.from_unix_ms.is_none_or(|from| created >= from)
            && self.to_unix_ms.is_none_or(|to| created <= to)
            && self
                .account_wide
                .is_none_or(|wide| (found.scope == Scope::Account) == wide)
            && self.domain.is_none_or(|id| found.scope == Scope::Domain(id))
            && self.email.as_ref().is_none_or(holds)
    }
}

/// The first `wanted` in the order of their ranks, of all that come by.
struct Selection {
    wanted: usize,
    behind: Vec<u8>,
    rows: BTreeMap<Vec<u8>, Suppression>,
    overflow: bool,
}

impl Selection {
    fn add(&mut self, rank: Vec<u8>, found: Suppression) {
        if rank <= self.behind {
            return;
        }
        self.rows.insert(rank, found);
        if self.rows.len() > self.wanted {
            self.rows.pop_last();
            self.overflow = true;
        }
    }
}

impl Ledger {
    /// Suppressions of an account that hold at `now_unix_ms`, `limit` to a page.
    ///
    /// # Errors
    /// [`LedgerError::Limit`] for a page more than [`LIST_WINDOW_MAX`] rows from the first: a cursor gets there. The
    /// store's, and damage.
    pub fn list_suppressions(
        &self,
        account: AccountId,
        filter: &SuppressionFilter,
        (paging, limit): (&Paging, usize),
        now_unix_ms: u64,
    ) -> Result<SuppressionPage, LedgerError> {
        let (skipped, behind) = match paging {
            Paging::Page(page) => (page.saturating_sub(1).saturating_mul(limit), Vec::new()),
            Paging::Behind(rank) => (0, rank.clone()),
        };
        let wanted = skipped.saturating_add(limit);
        if wanted > LIST_WINDOW_MAX {
            let fault = format!("a page ends within the first {LIST_WINDOW_MAX}; go on by cursor");
            return Err(LedgerError::Limit(fault));
        }
        let filter = SuppressionFilter {
            email: filter.email.as_ref().map(|email| email.to_lowercase()),
            ..filter.clone()
        };
        let mut page = SuppressionPage::default();
        let mut selection = Selection {
            wanted,
            behind,
            rows: BTreeMap::new(),
            overflow: false,
        };
        page.truncated = !self.each_row(account, |key, found| {
            if found.is_live(now_unix_ms) && filter.lets_through(&found) {
                page.total += 1;
                selection.add(rank(&found, key), found);
            }
        })?;
        let mut rows: Vec<_> = selection.rows.into_iter().skip(skipped).collect();
        if selection.overflow {
            page.next = rows.last_mut().map(|(rank, _)| std::mem::take(rank));
        }
        page.items = rows.into_iter().map(|(_, found)| found).collect();
        Ok(page)
    }

    /// At most `limit` suppressions of an account, expired ones too, in the order of their addresses behind `after`: how
    /// a whole list is read.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn suppressions_after(
        &self,
        account: AccountId,
        after: Option<&Suppression>,
        limit: usize,
    ) -> Result<Vec<Suppression>, LedgerError> {
        let mut span = keys::suppressions(account);
        if let Some(after) = after {
            span.from = keys::behind(&super::key_of(after)?);
        }
        let rows = self.store.scan(&span.from, &span.to, limit)?;
        rows.iter().map(|(_, record)| decode(record)).collect()
    }

    /// Calls `each` for the rows of an account, and says whether these were all.
    fn each_row(
        &self,
        account: AccountId,
        mut each: impl FnMut(&Bytes, Suppression),
    ) -> Result<bool, LedgerError> {
        let mut span = keys::suppressions(account);
        for _ in 0..LIST_ROWS_MAX / LIST_STEP {
            let rows = self.store.scan(&span.from, &span.to, LIST_STEP)?;
            for (key, record) in &rows {
                each(key, decode(record)?);
            }
            match rows.last() {
                Some((key, _)) if rows.len() == LIST_STEP => span.from = keys::behind(key),
                _ => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// Where a suppression stands in a list: the newest first, and each in a place of its own.
fn rank(found: &Suppression, key: &[u8]) -> Vec<u8> {
    let newest_first = found.id.to_bytes().map(|octet| !octet);
    [&newest_first, key].concat()
}
