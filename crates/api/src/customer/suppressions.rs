//! `/api/customer/suppressions`: who gets no mail of an account, for whatever reason.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ledger::{
    LedgerError, Scope, Suppression, SuppressionFilter, SuppressionId, SuppressionKind, UnsubscribeSource,
    iso8601,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{Checked, Csv};
use super::caller::{Caller, PathId};
use super::credentials::expiry;
use super::csv::guarded;
use super::exports::export;
use super::filters::{Asked, Nothing, Values, known};
use super::imports::import;
use super::pages::{self, Part, cursor};
use super::responses::{Admission, Reading, ReadingCsv};
use super::router::Service;
use super::send::fresh_id;
use super::unsubscribes::scope_of;
use super::wire::{
    ImportReply, Suppressed, SuppressionList, SuppressionRequest, SuppressionView, SuppressionsReply,
    Unsuppressed,
};
use crate::platform::Platform;
use crate::problem::{Error, Fault, Problem};

const NO_TYPE: (&str, &str) = ("not_an_option", "is bounce, complaint, unsubscribe or manual");

/// Which suppressions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuppressionQuery {
    /// A part of the address.
    #[param(nullable = false)]
    email: Option<String>,
    /// `bounce`, `complaint`, `unsubscribe` or `manual`.
    #[serde(rename = "type")]
    #[param(nullable = false)]
    kind: Option<String>,
    /// `account` or `domain`.
    #[param(nullable = false)]
    scope: Option<String>,
    /// Which page, from 1.
    #[param(value_type = Option<usize>, minimum = 1, nullable = false)]
    page: Option<String>,
    /// Entries of a page; default 50.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 500, nullable = false)]
    limit: Option<String>,
    /// The `next_cursor` of another page, in place of `page`.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// Which of the suppressions of an address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `bounce`, `complaint`, `unsubscribe` or `manual`.
    #[serde(rename = "type")]
    #[param(nullable = false)]
    kind: Option<String>,
    /// `account` or `domain`.
    #[param(nullable = false)]
    scope: Option<String>,
}

/// Whose suppressions, and which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// The address, all of it.
    email: String,
    /// `bounce`, `complaint`, `unsubscribe` or `manual`.
    #[serde(rename = "type")]
    #[param(nullable = false)]
    kind: Option<String>,
    /// `account` or `domain`.
    #[param(nullable = false)]
    scope: Option<String>,
}

/// List the suppressions
#[utoipa::path(
    get, path = "/api/customer/suppressions", tag = "Suppressions", operation_id = "list_suppressions",
    params(SuppressionQuery),
    responses(
        (status = 200, description = "Suppressions, newest first", body = SuppressionList),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn list_suppressions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<SuppressionQuery>,
) -> Result<Json<SuppressionList>, Problem> {
    let query = known(query)?;
    let mut values = Values::default();
    let filter = SuppressionFilter {
        email: query.email,
        kind: values.read("type", query.kind.as_deref(), NO_TYPE, SuppressionKind::named),
        account_wide: account_wide(&mut values, query.scope.as_deref()),
        ..SuppressionFilter::default()
    };
    let part = Part::read(
        &mut values,
        query.page.as_deref(),
        query.limit.as_deref(),
        query.cursor.as_deref(),
    );
    values.hold()?;
    let found = pages::suppressions(&service, &caller, &filter, &part)?;
    Ok(Json(SuppressionList {
        suppressions: found.items.iter().map(view).collect(),
        pagination: part.pagination(found.total),
        next_cursor: cursor(found.next),
        truncated: found.truncated,
    }))
}

/// Suppress an address
#[utoipa::path(
    post, path = "/api/customer/suppressions", tag = "Suppressions", operation_id = "add_suppression",
    request_body = SuppressionRequest,
    responses(
        (status = 201, description = "It gets no more mail", body = Suppressed),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 409, description = "There is one of this address, type and scope", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn add_suppression(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Checked(value): Checked<SuppressionRequest>,
) -> Result<(StatusCode, Json<Suppressed>), Problem> {
    let mut faults = Vec::new();
    if !ledger::is_address(&value.email) {
        faults.push(Fault::new("/email", "not_an_address", "is not an e-mail address"));
    }
    let kind = value.kind.as_deref().map(SuppressionKind::named);
    if kind == Some(None) {
        faults.push(Fault::new("/type", NO_TYPE.0, NO_TYPE.1));
    }
    let kind = kind.flatten().unwrap_or(SuppressionKind::Manual);
    let scope = scope_of(&caller, value.domain_id.as_deref(), &mut faults);
    let expires = value.expires_at.map(|text| expiry(&text, caller.now_unix_ms));
    let expires_unix_ms = match expires.transpose() {
        Ok(expires) => expires,
        Err(problem) => {
            faults.extend(problem.faults);
            None
        }
    };
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }
    let platform = service.platform.as_ref();
    let suppression = Suppression {
        source: (kind == SuppressionKind::Unsubscribe).then_some(UnsubscribeSource::Api),
        reason: value.reason,
        evidence: value.evidence,
        expires_unix_ms,
        ..fresh(platform, &caller, value.email, (kind, scope))
    };
    platform
        .ledger()
        .add_suppression(&suppression, &caller.request(platform))
        .await?;
    let reply = Suppressed {
        message: "Email suppressed successfully".to_owned(),
        suppression: view(&suppression),
    };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Take suppressions of an address back
///
/// The same as with the address in the path, for addresses that do not stand well there.
#[utoipa::path(
    delete, path = "/api/customer/suppressions", tag = "Suppressions", operation_id = "remove_suppressions",
    params(Whose),
    responses(
        (status = 200, description = "Taken back", body = Unsuppressed),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "There is none", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn remove_suppressions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<Whose>,
) -> Result<Json<Unsuppressed>, Problem> {
    let Whose { email, kind, scope } = known(query)?;
    take_back(&service, &caller, email, Which { kind, scope }).await
}

/// Export the suppressions
///
/// All of them, as CSV, in the order of their addresses.
#[utoipa::path(
    get, path = "/api/customer/suppressions/export", tag = "Suppressions", operation_id = "export_suppressions",
    responses(
        (status = 200, description = "The list", body = String, content_type = "text/csv"),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn export_suppressions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<Nothing>,
) -> Result<Response, Problem> {
    known(query)?;
    let names = [
        "email",
        "type",
        "scope",
        "domain_id",
        "reason",
        "evidence",
        "created_at",
        "expires_at",
    ];
    let file = "attachment; filename=\"suppressions.csv\"";
    let whose = (caller.account.id, caller.now_unix_ms);
    export(service.platform.ledger(), whose, &names, file, |found| {
        let view = view(found);
        Some(vec![
            guarded(&view.email),
            view.kind,
            view.scope,
            view.domain_id.unwrap_or_default(),
            guarded(view.reason.as_deref().unwrap_or_default()),
            guarded(view.evidence.as_deref().unwrap_or_default()),
            view.created_at,
            view.expires_at.unwrap_or_default(),
        ])
    })
}

/// Import suppressions
///
/// CSV with a column `email`, `address` or `recipient`, and if wanted `type`, `reason` or `status`, `evidence`,
/// `created_at`, `created` or `date`, `expires_at` and `domain_id`; a list of bare addresses needs no names. Rows without
/// a type are `manual`. At most 100,000 rows.
#[utoipa::path(
    post, path = "/api/customer/suppressions/import", tag = "Suppressions", operation_id = "import_suppressions",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What was imported", body = ImportReply),
        (status = 400, description = "Not a list of addresses", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        ReadingCsv,
    )
)]
pub(super) async fn import_suppressions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<Nothing>,
    Csv(octets): Csv,
) -> Result<Json<ImportReply>, Problem> {
    known(query)?;
    let done = import(service.platform.as_ref(), &caller, &octets, None).await?;
    Ok(Json(done))
}

/// Read the suppressions of an address
#[utoipa::path(
    get, path = "/api/customer/suppressions/{email}", tag = "Suppressions", operation_id = "get_suppressions",
    params(("email" = String, Path, description = "The address"), Which),
    responses(
        (status = 200, description = "Every reason why it gets no mail", body = SuppressionsReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "There is none", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_suppressions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(email): PathId,
    query: Asked<Which>,
) -> Result<Json<SuppressionsReply>, Problem> {
    let found = which_of(&service, &caller, &email, known(query)?)?;
    Ok(Json(SuppressionsReply {
        email,
        suppressions: found.iter().map(view).collect(),
    }))
}

/// Take suppressions back
///
/// All of the address, or those of one type or scope.
#[utoipa::path(
    delete, path = "/api/customer/suppressions/{email}", tag = "Suppressions", operation_id = "delete_suppressions",
    params(("email" = String, Path, description = "The address"), Which),
    responses(
        (status = 200, description = "Taken back", body = Unsuppressed),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "There is none", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn delete_suppressions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(email): PathId,
    query: Asked<Which>,
) -> Result<Json<Unsuppressed>, Problem> {
    take_back(&service, &caller, email, known(query)?).await
}

async fn take_back(
    service: &Service,
    caller: &Caller,
    email: String,
    which: Which,
) -> Result<Json<Unsuppressed>, Problem> {
    let found = which_of(service, caller, &email, which)?;
    let platform = service.platform.as_ref();
    let mut removed = 0;
    for one in found {
        let request = caller.request(platform);
        let which = (Some(one.kind), Some(one.scope));
        let gone = platform
            .ledger()
            .remove_suppressions(caller.account.id, &email, which, &request)
            .await;
        match gone {
            Ok(rows) => removed += rows.len(),
            // Somebody else was faster.
            Err(LedgerError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(Unsuppressed {
        message: "Suppressions removed".to_owned(),
        email,
        removed,
    }))
}

/// The suppressions of an address that a request means; at least one.
fn which_of(
    service: &Service,
    caller: &Caller,
    email: &str,
    which: Which,
) -> Result<Vec<Suppression>, Problem> {
    let mut values = Values::default();
    let kind = values.read("type", which.kind.as_deref(), NO_TYPE, SuppressionKind::named);
    let wide = account_wide(&mut values, which.scope.as_deref());
    values.hold()?;
    let mut rows = service
        .platform
        .ledger()
        .suppressions_of(caller.account.id, email, caller.now_unix_ms)?;
    rows.retain(|found| {
        kind.is_none_or(|kind| found.kind == kind)
            && wide.is_none_or(|wide| (found.scope == Scope::Account) == wide)
    });
    match rows.is_empty() {
        true => Err(Problem::not_found("nothing suppresses this address")),
        false => Ok(rows),
    }
}

fn account_wide(values: &mut Values, scope: Option<&str>) -> Option<bool> {
    let told = ("not_an_option", "is account or domain");
    values.read("scope", scope, told, |text| match text {
        "account" => Some(true),
        "domain" => Some(false),
        _ => None,
    })
}

/// A suppression that is made now.
pub(super) fn fresh(
    platform: &dyn Platform,
    caller: &Caller,
    email: String,
    (kind, scope): (SuppressionKind, Scope),
) -> Suppression {
    Suppression {
        id: SuppressionId::from_bytes(fresh_id(platform).to_bytes()),
        account: caller.account.id,
        email,
        kind,
        scope,
        source: None,
        reason: None,
        evidence: None,
        email_id: None,
        expires_unix_ms: None,
    }
}

pub(super) fn domain_of(scope: Scope) -> Option<String> {
    match scope {
        Scope::Account => None,
        Scope::Domain(id) => Some(id.to_string()),
    }
}

fn view(found: &Suppression) -> SuppressionView {
    SuppressionView {
        id: found.id.to_string(),
        email: found.email.clone(),
        kind: found.kind.as_str().to_owned(),
        scope: match found.scope {
            Scope::Account => "account",
            Scope::Domain(_) => "domain",
        }
        .to_owned(),
        domain_id: domain_of(found.scope),
        reason: found.reason.clone(),
        evidence: found.evidence.clone(),
        created_at: iso8601(found.created_unix_ms()),
        expires_at: found.expires_unix_ms.map(iso8601),
    }
}
