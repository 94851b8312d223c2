//! A list as a CSV file of any length: read from the store in steps, as fast as the client takes it.
//!
//! The first step is taken before the reply begins, so that a store that cannot be read is a 503. One that fails later
//! ends the connection without an end of the body: half a list must not pass for the whole.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::Frame;
use ledger::{AccountId, Ledger, LedgerError, Suppression};

use super::csv;
use crate::limits::EXPORT_STEP;
use crate::problem::Problem;

/// How a suppression is written; none for one that is not of the list.
pub(super) type Row = fn(&Suppression) -> Option<Vec<String>>;

struct Export {
    ledger: Arc<Ledger>,
    account: AccountId,
    now_unix_ms: u64,
    row: Row,
    after: Option<Suppression>,
    /// What was read and not yet sent.
    ready: Option<Bytes>,
    ended: bool,
}

/// The reply with all rows of an account, under `names`.
pub(super) fn export(
    ledger: &Arc<Ledger>,
    (account, now_unix_ms): (AccountId, u64),
    names: &[&str],
    file_name: &'static str,
    row: Row,
) -> Result<Response, Problem> {
    let mut export = Export {
        ledger: Arc::clone(ledger),
        account,
        now_unix_ms,
        row,
        after: None,
        ready: None,
        ended: false,
    };
    let mut first = csv::written([names.iter().map(|name| (*name).to_owned()).collect()]);
    first.extend(export.step()?);
    export.ready = Some(first.into());
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, file_name),
    ];
    Ok((headers, Body::new(export)).into_response())
}

impl Export {
    fn step(&mut self) -> Result<Vec<u8>, LedgerError> {
        let mut rows = self
            .ledger
            .suppressions_after(self.account, self.after.as_ref(), EXPORT_STEP)?;
        self.ended = rows.len() < EXPORT_STEP;
        let live = rows.iter().filter(|found| found.is_live(self.now_unix_ms));
        let octets = csv::written(live.filter_map(self.row));
        self.after = rows.pop();
        Ok(octets)
    }
}

impl http_body::Body for Export {
    type Data = Bytes;
    type Error = LedgerError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LedgerError>>> {
        if let Some(ready) = self.ready.take() {
            return Poll::Ready(Some(Ok(Frame::data(ready))));
        }
        while !self.ended {
            match self.step() {
                Ok(octets) if octets.is_empty() => {}
                Ok(octets) => return Poll::Ready(Some(Ok(Frame::data(octets.into())))),
                Err(error) => {
                    self.ended = true;
                    tracing::warn!(%error, "an export ends early");
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }
}
