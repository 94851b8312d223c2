//! `/api/customer/unsubscribes`: who wants no more mail of an account.
//!
//! An unsubscribe is the suppression of that kind. Its texts in `error` are those that deployed clients look for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ledger::{
    LedgerError, Scope, Suppression, SuppressionChange, SuppressionFilter, SuppressionKind,
    UnsubscribeSource, iso8601,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{Checked, Csv};
use super::caller::{Caller, PathId};
use super::csv::guarded;
use super::exports::export;
use super::filters::{Asked, Nothing, Values, known};
use super::imports::{self, import};
use super::pages::{self, Part, cursor};
use super::responses::{Admission, Reading, ReadingCsv};
use super::router::Service;
use super::suppressions::{domain_of, fresh};
use super::wire::{
    ImportReply, Resubscribed, UnsubscribeChange, UnsubscribeList, UnsubscribeReply, UnsubscribeRequest,
    UnsubscribeView, Unsubscribed,
};
use crate::problem::{Error, Fault, Problem};

const KIND: SuppressionKind = SuppressionKind::Unsubscribe;

/// Which unsubscribes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnsubscribeQuery {
    /// A part of the address.
    #[param(nullable = false)]
    email: Option<String>,
    /// Those of one domain alone.
    #[param(nullable = false, format = "uuid")]
    domain_id: Option<String>,
    /// `link`, `one-click`, `mailto`, `api` or `manual`.
    #[param(nullable = false)]
    source: Option<String>,
    /// Since when: a date or a timestamp.
    #[param(nullable = false)]
    from: Option<String>,
    /// Until when, inclusive: a date or a timestamp.
    #[param(nullable = false)]
    to: Option<String>,
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

/// Which of the unsubscribes of an address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfDomain {
    /// That of this domain alone.
    #[param(nullable = false, format = "uuid")]
    domain_id: Option<String>,
}

/// List the unsubscribes
#[utoipa::path(
    get, path = "/api/customer/unsubscribes", tag = "Unsubscribes", operation_id = "list_unsubscribes",
    params(UnsubscribeQuery),
    responses(
        (status = 200, description = "Unsubscribes, newest first", body = UnsubscribeList),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn list_unsubscribes(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<UnsubscribeQuery>,
) -> Result<Json<UnsubscribeList>, Problem> {
    let query = known(query)?;
    let mut values = Values::default();
    let told = ("not_an_option", "is link, one-click, mailto, api or manual");
    let filter = SuppressionFilter {
        email: query.email,
        domain: values.id("domain_id", query.domain_id.as_deref()),
        account_wide: None,
        kind: Some(KIND),
        source: values.read("source", query.source.as_deref(), told, UnsubscribeSource::named),
        from_unix_ms: values.since("from", query.from.as_deref()),
        to_unix_ms: values.until("to", query.to.as_deref()),
    };
    let part = Part::read(
        &mut values,
        query.page.as_deref(),
        query.limit.as_deref(),
        query.cursor.as_deref(),
    );
    values.hold()?;
    let found = pages::suppressions(&service, &caller, &filter, &part)?;
    Ok(Json(UnsubscribeList {
        unsubscribes: found.items.iter().map(view).collect(),
        pagination: part.pagination(found.total),
        next_cursor: cursor(found.next),
        truncated: found.truncated,
    }))
}

/// Unsubscribe an address
#[utoipa::path(
    post, path = "/api/customer/unsubscribes", tag = "Unsubscribes", operation_id = "add_unsubscribe",
    request_body = UnsubscribeRequest,
    responses(
        (status = 201, description = "Unsubscribed", body = Unsubscribed),
        (status = 400, description = "`Invalid email address`, or the request does not hold", body = Error),
        (status = 409, description = "`Already unsubscribed`", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn add_unsubscribe(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Checked(value): Checked<UnsubscribeRequest>,
) -> Result<(StatusCode, Json<Unsubscribed>), Problem> {
    let platform = service.platform.as_ref();
    let mut faults = Vec::new();
    let sound = ledger::is_address(&value.email);
    if !sound {
        faults.push(Fault::new("/email", "not_an_address", "is not an e-mail address"));
    }
    let scope = scope_of(&caller, value.domain_id.as_deref(), &mut faults);
    if !faults.is_empty() {
        let problem = Problem::validation(faults);
        return Err(if sound {
            problem
        } else {
            problem.worded("Invalid email address")
        });
    }
    let unsubscribe = Suppression {
        source: Some(UnsubscribeSource::Api),
        reason: value.reason,
        ..fresh(platform, &caller, value.email, (KIND, scope))
    };
    let added = platform
        .ledger()
        .add_suppression(&unsubscribe, &caller.request(platform))
        .await;
    added.map_err(|error| match error {
        LedgerError::Taken(_) => already(),
        error => error.into(),
    })?;
    let reply = Unsubscribed {
        message: "Email unsubscribed successfully".to_owned(),
        unsubscribe: view(&unsubscribe),
    };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Export the unsubscribes
///
/// All of them, as CSV, in the order of their addresses.
#[utoipa::path(
    get, path = "/api/customer/unsubscribes/export", tag = "Unsubscribes", operation_id = "export_unsubscribes",
    responses(
        (status = 200, description = "The list", body = String, content_type = "text/csv"),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn export_unsubscribes(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<Nothing>,
) -> Result<Response, Problem> {
    known(query)?;
    let names = ["email", "source", "reason", "domain_id", "created_at"];
    let file = "attachment; filename=\"unsubscribes.csv\"";
    let whose = (caller.account.id, caller.now_unix_ms);
    export(service.platform.ledger(), whose, &names, file, |found| {
        (found.kind == KIND).then(|| {
            vec![
                guarded(&found.email),
                found.source.map_or("", UnsubscribeSource::as_str).to_owned(),
                guarded(found.reason.as_deref().unwrap_or_default()),
                domain_of(found.scope).unwrap_or_default(),
                iso8601(found.created_unix_ms()),
            ]
        })
    })
}

/// Import unsubscribes
///
/// CSV with a column `email`, `address` or `recipient`, and if wanted `reason` or `status`, `created_at`, `created` or
/// `date`, and `domain_id`; a list of bare addresses needs no names. At most 100,000 rows.
#[utoipa::path(
    post, path = "/api/customer/unsubscribes/import", tag = "Unsubscribes", operation_id = "import_unsubscribes",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What was imported", body = ImportReply),
        (status = 400, description = "Not a list of addresses", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        ReadingCsv,
    )
)]
pub(super) async fn import_unsubscribes(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<Nothing>,
    Csv(octets): Csv,
) -> Result<Json<ImportReply>, Problem> {
    known(query)?;
    let done = import(service.platform.as_ref(), &caller, &octets, Some(KIND)).await?;
    Ok(Json(done))
}

/// Read an unsubscribe
///
/// Of several of one address that of the whole account is shown.
#[utoipa::path(
    get, path = "/api/customer/unsubscribes/{email}", tag = "Unsubscribes", operation_id = "get_unsubscribe",
    params(("email" = String, Path, description = "The address"), OfDomain),
    responses(
        (status = 200, description = "The unsubscribe", body = UnsubscribeReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "`Not found`", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_unsubscribe(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(email): PathId,
    query: Asked<OfDomain>,
) -> Result<Json<UnsubscribeReply>, Problem> {
    let found = find(&service, &caller, &email, of_domain(query)?)?;
    Ok(Json(UnsubscribeReply {
        unsubscribe: view(&found),
    }))
}

/// Change an unsubscribe
///
/// Of several of one address that of the whole account is changed.
#[utoipa::path(
    patch, path = "/api/customer/unsubscribes/{email}", tag = "Unsubscribes", operation_id = "update_unsubscribe",
    params(("email" = String, Path, description = "The address"), OfDomain),
    request_body = UnsubscribeChange,
    responses(
        (status = 200, description = "The unsubscribe as it is now", body = UnsubscribeReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "`Not found`", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn update_unsubscribe(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(email): PathId,
    query: Asked<OfDomain>,
    Checked(value): Checked<UnsubscribeChange>,
) -> Result<Json<UnsubscribeReply>, Problem> {
    let scope = find(&service, &caller, &email, of_domain(query)?)?.scope;
    let change = SuppressionChange {
        reason: value.reason,
        expires_unix_ms: None,
    };
    let platform = service.platform.as_ref();
    let request = caller.request(platform);
    let changed = platform
        .ledger()
        .change_suppression(caller.account.id, &email, (KIND, scope), &change, &request)
        .await
        .map_err(absent)?;
    Ok(Json(UnsubscribeReply {
        unsubscribe: view(&changed),
    }))
}

/// Take an unsubscribe back
///
/// All of the address, or that of one domain. Do it only if its owner asks for it.
#[utoipa::path(
    delete, path = "/api/customer/unsubscribes/{email}", tag = "Unsubscribes", operation_id = "delete_unsubscribe",
    params(("email" = String, Path, description = "The address"), OfDomain),
    responses(
        (status = 200, description = "Taken back", body = Resubscribed),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "`Not found`", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn delete_unsubscribe(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(email): PathId,
    query: Asked<OfDomain>,
) -> Result<Json<Resubscribed>, Problem> {
    let which = (Some(KIND), of_domain(query)?);
    let platform = service.platform.as_ref();
    let request = caller.request(platform);
    platform
        .ledger()
        .remove_suppressions(caller.account.id, &email, which, &request)
        .await
        .map_err(absent)?;
    Ok(Json(Resubscribed {
        message: "Email re-subscribed successfully".to_owned(),
        email,
    }))
}

fn of_domain(query: Asked<OfDomain>) -> Result<Option<Scope>, Problem> {
    let mut values = Values::default();
    let domain = values.id("domain_id", known(query)?.domain_id.as_deref());
    values.hold()?;
    Ok(domain.map(Scope::Domain))
}

/// The scope that a request names by a domain of the caller.
pub(super) fn scope_of(caller: &Caller, id: Option<&str>, faults: &mut Vec<Fault>) -> Scope {
    let Some(id) = id else {
        return Scope::Account;
    };
    match imports::own(caller, id) {
        Some(domain) => Scope::Domain(domain),
        None => {
            let (code, message) = imports::NO_DOMAIN;
            faults.push(Fault::new("/domain_id", code, message));
            Scope::Account
        }
    }
}

/// The unsubscribe of an address: that of the account stands first.
fn find(
    service: &Service,
    caller: &Caller,
    email: &str,
    scope: Option<Scope>,
) -> Result<Suppression, Problem> {
    let rows = service
        .platform
        .ledger()
        .suppressions_of(caller.account.id, email, caller.now_unix_ms)?;
    let mut rows = rows
        .into_iter()
        .filter(|found| found.kind == KIND && scope.is_none_or(|scope| found.scope == scope));
    rows.next().ok_or_else(|| absent(LedgerError::NotFound))
}

fn already() -> Problem {
    let message = "the address is unsubscribed already";
    Problem::new(StatusCode::CONFLICT, "already_exists", message).worded("Already unsubscribed")
}

fn absent(error: LedgerError) -> Problem {
    match error {
        LedgerError::NotFound => Problem::not_found("the address is not unsubscribed").worded("Not found"),
        error => error.into(),
    }
}

fn view(found: &Suppression) -> UnsubscribeView {
    UnsubscribeView {
        id: found.id.to_string(),
        email: found.email.clone(),
        source: found
            .source
            .unwrap_or(UnsubscribeSource::Manual)
            .as_str()
            .to_owned(),
        reason: found.reason.clone(),
        domain_id: domain_of(found.scope),
        created_at: iso8601(found.created_unix_ms()),
    }
}
