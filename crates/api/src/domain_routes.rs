//! `/admin/customers/{id}/domains`: the domains of an account, for operators.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ledger::{Actor, Domain, DomainStatus};
use serde::{Deserialize, Serialize};

use crate::customer::caller::request;
use crate::customer::domains::{change, create, view};
use crate::customer::wire::{DomainChange, DomainView, Done};
use crate::customer_routes::{bad_request, find};
use crate::platform::Platform;
use crate::problem::Problem;

type Service = State<Arc<dyn Platform>>;

#[derive(Debug, Serialize)]
pub(crate) struct Domains {
    domains: Vec<DomainView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDomain {
    domain: String,
    /// Verified by the operator's word, without a look at DNS.
    #[serde(default)]
    trusted: bool,
}

/// `GET /admin/customers/{id}/domains`
pub(crate) async fn list(State(platform): Service, Path(id): Path<String>) -> Result<Json<Domains>, Problem> {
    let account = find(platform.as_ref(), &id)?;
    let domains = platform.ledger().domains(account.id)?;
    Ok(Json(Domains {
        domains: domains
            .iter()
            .map(|domain| view(platform.as_ref(), domain))
            .collect(),
    }))
}

/// `POST /admin/customers/{id}/domains`
pub(crate) async fn add(
    State(platform): Service,
    Path(id): Path<String>,
    body: Result<Json<NewDomain>, JsonRejection>,
) -> Result<(StatusCode, Json<DomainView>), Problem> {
    let Json(NewDomain { domain, trusted }) = body.map_err(|error| bad_request(error.body_text()))?;
    let account = find(platform.as_ref(), &id)?;
    let mut domain = create(
        platform.as_ref(),
        &account,
        &domain,
        request(platform.as_ref(), Actor::Operator),
    )
    .await?;
    if trusted {
        domain = verified_by_word(platform.as_ref(), &domain).await?;
    }
    Ok((StatusCode::CREATED, Json(view(platform.as_ref(), &domain))))
}

/// `POST /admin/customers/{id}/domains/{domain}/verify`
pub(crate) async fn verify(
    State(platform): Service,
    Path((id, domain)): Path<(String, String)>,
) -> Result<Json<DomainView>, Problem> {
    let domain = find_domain(platform.as_ref(), &id, &domain)?;
    let domain = platform.verify(domain.account, domain.id).await?;
    Ok(Json(view(platform.as_ref(), &domain)))
}

/// `POST /admin/customers/{id}/domains/{domain}/trust`: verified by the operator's word.
pub(crate) async fn trust(
    State(platform): Service,
    Path((id, domain)): Path<(String, String)>,
) -> Result<Json<DomainView>, Problem> {
    let domain = find_domain(platform.as_ref(), &id, &domain)?;
    let domain = verified_by_word(platform.as_ref(), &domain).await?;
    Ok(Json(view(platform.as_ref(), &domain)))
}

/// `PATCH /admin/customers/{id}/domains/{domain}`: what its owner may change too.
pub(crate) async fn update(
    State(platform): Service,
    Path((id, domain)): Path<(String, String)>,
    body: Result<Json<DomainChange>, JsonRejection>,
) -> Result<Json<DomainView>, Problem> {
    let Json(value) = body.map_err(|error| bad_request(error.body_text()))?;
    let domain = find_domain(platform.as_ref(), &id, &domain)?;
    let request = request(platform.as_ref(), Actor::Operator);
    let domain = change(platform.as_ref(), &domain, &value, request).await?;
    Ok(Json(view(platform.as_ref(), &domain)))
}

/// `DELETE /admin/customers/{id}/domains/{domain}`
pub(crate) async fn delete(
    State(platform): Service,
    Path((id, domain)): Path<(String, String)>,
) -> Result<Json<Done>, Problem> {
    let domain = find_domain(platform.as_ref(), &id, &domain)?;
    let request = request(platform.as_ref(), Actor::Operator);
    platform
        .ledger()
        .delete_domain(domain.account, domain.id, &request)
        .await?;
    Ok(Json(Done {
        message: "Domain removed".to_owned(),
    }))
}

async fn verified_by_word(platform: &dyn Platform, domain: &Domain) -> Result<Arc<Domain>, Problem> {
    let request = request(platform, Actor::Operator);
    let alter = |domain: &mut Domain| {
        domain.status = DomainStatus::Verified;
        domain.verified_unix_ms.get_or_insert(request.now_unix_ms);
        domain.missing_since_unix_ms = None;
    };
    let ledger = platform.ledger();
    Ok(ledger
        .update_domain(domain.account, domain.id, alter, Some("domain.trusted"), &request)
        .await?)
}

fn find_domain(platform: &dyn Platform, id: &str, domain: &str) -> Result<Arc<Domain>, Problem> {
    let account = find(platform, id)?;
    let domains = platform.ledger().domains(account.id)?;
    let found = domains
        .iter()
        .find(|other| other.name == domain || other.id.to_string() == domain);
    found
        .cloned()
        .ok_or_else(|| Problem::not_found("the customer has no such domain"))
}
