//! `/admin/customers/{id}/pause`, `/resume`, `/suspend`, `/reinstate`: whether an account's mail leaves, for operators.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use ledger::health::VerdictKind;
use ledger::limits::REASON_BYTES_MAX;
use ledger::{Actor, BY_OPERATOR};
use serde::Deserialize;

use crate::customer::caller::request;
use crate::customer::profile::plain;
use crate::customer_routes::{AccountView, bad_request, find, shown};
use crate::platform::Platform;
use crate::problem::Problem;

type Service = State<Arc<dyn Platform>>;
type Body<T> = Result<Json<T>, JsonRejection>;

/// Why an account is stopped; its customer reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stopping {
    reason: Option<String>,
}

/// Nothing is to be said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LettingGo {}

/// `POST /admin/customers/{id}/pause`
pub(crate) async fn pause(
    State(platform): Service,
    Path(id): Path<String>,
    body: Body<Stopping>,
) -> Result<Json<AccountView>, Problem> {
    stop(platform.as_ref(), &id, body, VerdictKind::Pause).await
}

/// `POST /admin/customers/{id}/suspend`
pub(crate) async fn suspend(
    State(platform): Service,
    Path(id): Path<String>,
    body: Body<Stopping>,
) -> Result<Json<AccountView>, Problem> {
    stop(platform.as_ref(), &id, body, VerdictKind::Suspend).await
}

/// `POST /admin/customers/{id}/resume`
pub(crate) async fn resume(
    State(platform): Service,
    Path(id): Path<String>,
    body: Body<LettingGo>,
) -> Result<Json<AccountView>, Problem> {
    let_go(platform.as_ref(), &id, body, VerdictKind::Pause).await
}

/// `POST /admin/customers/{id}/reinstate`
pub(crate) async fn reinstate(
    State(platform): Service,
    Path(id): Path<String>,
    body: Body<LettingGo>,
) -> Result<Json<AccountView>, Problem> {
    let_go(platform.as_ref(), &id, body, VerdictKind::Suspend).await
}

async fn stop(
    platform: &dyn Platform,
    id: &str,
    body: Body<Stopping>,
    kind: VerdictKind,
) -> Result<Json<AccountView>, Problem> {
    let Json(Stopping { reason }) = body.map_err(|error| bad_request(error.body_text()))?;
    let reason = reason.map(|reason| plain(&reason, "/reason")).transpose()?;
    let reason = reason.as_deref().unwrap_or(BY_OPERATOR);
    if reason.len() > REASON_BYTES_MAX {
        let message = format!("has more than {REASON_BYTES_MAX} octets");
        return Err(Problem::fault("/reason", "too_long", message));
    }
    let account = find(platform, id)?;
    let request = request(platform, Actor::Operator);
    let account = platform
        .ledger()
        .stop_account(account.id, kind, reason, &request)
        .await?;
    Ok(Json(shown(platform, &account)?))
}

async fn let_go(
    platform: &dyn Platform,
    id: &str,
    body: Body<LettingGo>,
    kind: VerdictKind,
) -> Result<Json<AccountView>, Problem> {
    let Json(LettingGo {}) = body.map_err(|error| bad_request(error.body_text()))?;
    let account = find(platform, id)?;
    let request = request(platform, Actor::Operator);
    let account = platform
        .ledger()
        .let_account_go(account.id, kind, &request)
        .await?;
    platform.limits_changed();
    Ok(Json(shown(platform, &account)?))
}
