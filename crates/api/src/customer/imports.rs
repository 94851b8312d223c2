//! Lists of addresses that come as CSV, of this server or of others.
//!
//! A file is refused as a whole if it has no column of addresses or too many rows. Of one that is taken, rows that do not
//! hold are told and skipped, and the others are imported.

use ledger::{DomainId, Scope, Suppression, SuppressionId, SuppressionKind, UnsubscribeSource, is_address};

use super::caller::Caller;
use super::csv::{self, Columns};
use super::filters::loose_moment;
use super::wire::{ImportReply, RowFault};
use crate::limits::{CSV_ROWS_MAX, FAULTS_MAX};
use crate::platform::Platform;
use crate::problem::Problem;

/// Imports a list; `kind` is that of all rows, or each says its own.
pub(super) async fn import(
    platform: &dyn Platform,
    caller: &Caller,
    octets: &[u8],
    kind: Option<SuppressionKind>,
) -> Result<ImportReply, Problem> {
    let columns = columns(octets)?;
    let skipped_lines = usize::from(columns.is_some());
    let columns = columns.unwrap_or_default();
    let (mut rows, mut faults, mut faulty) = (Vec::new(), Vec::new(), 0);
    for (index, (line, record)) in csv::records(octets).skip(skipped_lines).enumerate() {
        if index == CSV_ROWS_MAX {
            let message = format!("a file has at most {CSV_ROWS_MAX} rows; send several");
            return Err(Problem::fault("", "too_many", message));
        }
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
        match suppression(platform, caller, &columns, cell, kind) {
            Ok(row) => rows.push(row),
            Err((code, message)) => {
                faulty += 1;
                if faults.len() < FAULTS_MAX {
                    let (code, message) = (code.to_owned(), message.to_owned());
                    faults.push(RowFault { line, code, message });
                }
            }
        }
    }
    let done = platform
        .ledger()
        .import_suppressions(&rows, caller.now_unix_ms)
        .await?;
    Ok(ImportReply {
        imported: done.added,
        skipped: done.known + faulty,
        faults,
    })
}

/// Where the columns are; none for a file of bare addresses.
fn columns(octets: &[u8]) -> Result<Option<Columns>, Problem> {
    let first = csv::records(octets).next().map(|(_, record)| record);
    let first = first.unwrap_or_default();
    if let Some(columns) = Columns::named(&first) {
        return Ok(Some(columns));
    }
    let only = first.get(0).and_then(|cell| std::str::from_utf8(cell).ok());
    match only {
        Some(cell) if first.len() == 1 && is_address(csv::bare(cell.trim())) => Ok(None),
        _ => {
            let message = "the first row names the columns, one of them email; or it is an address alone";
            Err(Problem::fault("", "no_address_column", message))
        }
    }
}

type Wrong = (&'static str, &'static str);

fn suppression<'a>(
    platform: &dyn Platform,
    caller: &Caller,
    columns: &Columns,
    cell: impl Fn(Option<usize>) -> &'a [u8],
    kind: Option<SuppressionKind>,
) -> Result<Suppression, Wrong> {
    let text = |at| match std::str::from_utf8(cell(at)) {
        Ok("") => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(("not_utf8", "is not UTF-8")),
    };
    let word = |at| text(at).map(|text| text.map(str::trim).filter(|text| !text.is_empty()));
    let words = |at| text(at).map(|text| text.map(|text| csv::bare(text).to_owned()));
    let moment = |at| {
        let wrong = ("not_a_time", "expected a date or an ISO 8601 timestamp");
        word(at)?.map(|text| loose_moment(text).ok_or(wrong)).transpose()
    };
    let email = word(Some(columns.email))?.map(csv::bare).unwrap_or_default();
    if !is_address(email) {
        return Err(("not_an_address", "is not an e-mail address"));
    }
    let named = |name: &str| {
        let wrong = (
            "not_an_option",
            "type is bounce, complaint, unsubscribe or manual",
        );
        SuppressionKind::named(name).ok_or(wrong)
    };
    let kind = match (kind, word(columns.kind)?) {
        (Some(kind), _) => kind,
        (None, Some(name)) => named(name)?,
        (None, None) => SuppressionKind::Manual,
    };
    let created = moment(columns.created)?.unwrap_or(caller.now_unix_ms);
    if created > caller.now_unix_ms {
        return Err(("in_the_future", "was made in the future"));
    }
    let expires = moment(columns.expires)?;
    if expires.is_some_and(|expires| expires <= caller.now_unix_ms) {
        return Err(("in_the_past", "has ended already"));
    }
    let scope = match word(columns.domain)? {
        None => Scope::Account,
        Some(id) => Scope::Domain(own(caller, id).ok_or(NO_DOMAIN)?),
    };
    let mut entropy = [0; 10];
    entropy.copy_from_slice(&platform.entropy()[..10]);
    Ok(Suppression {
        id: SuppressionId::new(created, entropy),
        account: caller.account.id,
        email: email.to_owned(),
        kind,
        scope,
        source: (kind == SuppressionKind::Unsubscribe).then_some(UnsubscribeSource::Manual),
        reason: words(columns.reason)?,
        evidence: words(columns.evidence)?,
        email_id: None,
        expires_unix_ms: expires,
    })
}

/// What is wrong with the id of a domain that is nobody's or somebody else's.
pub(super) const NO_DOMAIN: Wrong = ("unknown_domain", "no domain of this account has this id");

/// The domain of the caller that has this id.
pub(super) fn own(caller: &Caller, id: &str) -> Option<DomainId> {
    let id: DomainId = id.parse().ok()?;
    caller.domains.iter().any(|domain| domain.id == id).then_some(id)
}
