//! `/api/customer/domains`: where an account sends from.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use content::dkim;
use ledger::publication::tracking_host;
use ledger::{DkimKey, DkimState, Domain, DomainId, DomainStatus, LedgerError, RecordState, iso8601};

use super::body::Checked;
use super::caller::{Caller, PathId};
use super::filters::{Asked, known};
use super::pages::Page;
use super::responses::{Admission, Reading};
use super::router::Service;
use super::send::fresh_id;
use super::wire::{
    DkimView, DnsRecordView, DomainChange, DomainList, DomainReply, DomainRequest, DomainState, DomainView,
    Done, SelectorView,
};
use crate::platform::Platform;
use crate::problem::{Error, Problem};

/// List the domains
#[utoipa::path(
    get, path = "/api/customer/domains", tag = "Domains", operation_id = "list_domains",
    params(Page),
    responses(
        (status = 200, description = "The domains of the account", body = DomainList),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn list_domains(
    State(service): State<Arc<Service>>,
    caller: Caller,
    page: Asked<Page>,
) -> Result<Json<DomainList>, Problem> {
    let platform = service.platform.as_ref();
    let (shown, pagination) = known(page)?.of(&caller.domains)?;
    Ok(Json(DomainList {
        domains: shown.iter().map(|domain| view(platform, domain)).collect(),
        pagination,
    }))
}

/// Add a domain
///
/// Its DKIM keys (RSA with 2048 bits, and Ed25519) are made now. The reply says which DNS records to publish; mail can be
/// from the domain once they are seen.
#[utoipa::path(
    post, path = "/api/customer/domains", tag = "Domains", operation_id = "add_domain",
    request_body = DomainRequest,
    responses(
        (status = 201, description = "Added; publish its records", body = DomainReply),
        (status = 400, description = "Not a domain that mail can be from", body = Error),
        (status = 403, description = "`domain_limit_reached`", body = Error),
        (status = 409, description = "The account has it already", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn add_domain(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Checked(value): Checked<DomainRequest>,
) -> Result<(StatusCode, Json<DomainReply>), Problem> {
    let platform = service.platform.as_ref();
    let domain = create(platform, &caller.account, &value.domain, caller.request(platform)).await?;
    let reply = DomainReply {
        domain: view(platform, &domain),
    };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Read a domain
#[utoipa::path(
    get, path = "/api/customer/domains/{id}", tag = "Domains", operation_id = "get_domain",
    params(("id" = String, Path, format = "uuid", description = "The domain's id")),
    responses(
        (status = 200, description = "The domain", body = DomainReply),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_domain(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<DomainReply>, Problem> {
    let domain = own(&caller, &id)?;
    Ok(reply(&service, domain))
}

/// Change a domain
#[utoipa::path(
    patch, path = "/api/customer/domains/{id}", tag = "Domains", operation_id = "update_domain",
    params(("id" = String, Path, format = "uuid", description = "The domain's id")),
    request_body = DomainChange,
    responses(
        (status = 200, description = "The domain as it is now", body = DomainReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn update_domain(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
    Checked(value): Checked<DomainChange>,
) -> Result<Json<DomainReply>, Problem> {
    let domain = own(&caller, &id)?;
    let platform = service.platform.as_ref();
    let domain = change(platform, domain, &value, caller.request(platform)).await?;
    Ok(reply(&service, &domain))
}

/// Remove a domain
///
/// Mail from it that still waits does not leave any more: nobody could sign it.
#[utoipa::path(
    delete, path = "/api/customer/domains/{id}", tag = "Domains", operation_id = "delete_domain",
    params(("id" = String, Path, format = "uuid", description = "The domain's id")),
    responses(
        (status = 200, description = "Removed", body = Done),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn delete_domain(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Done>, Problem> {
    let id = own(&caller, &id)?.id;
    let platform = service.platform.as_ref();
    let request = caller.request(platform);
    platform
        .ledger()
        .delete_domain(caller.account.id, id, &request)
        .await?;
    Ok(Json(Done {
        message: "Domain removed".to_owned(),
    }))
}

/// Verify a domain
///
/// Looks up every record now, and says of each what was expected, what was found and what to do.
#[utoipa::path(
    post, path = "/api/customer/domains/{id}/verify", tag = "Domains", operation_id = "verify_domain",
    params(("id" = String, Path, format = "uuid", description = "The domain's id")),
    responses(
        (status = 200, description = "What was found", body = DomainReply),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn verify_domain(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<DomainReply>, Problem> {
    let id = own(&caller, &id)?.id;
    let domain = service.platform.verify(caller.account.id, id).await?;
    Ok(reply(&service, &domain))
}

/// Replace the DKIM keys of a domain
///
/// New keys are made and to be published beside the old ones. They sign once DNS shows them; the old ones retire and go
/// after 7 days.
#[utoipa::path(
    post, path = "/api/customer/domains/{id}/rotate-dkim", tag = "Domains", operation_id = "rotate_dkim",
    params(("id" = String, Path, format = "uuid", description = "The domain's id")),
    responses(
        (status = 200, description = "Publish the new records", body = DomainReply),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 409, description = "A rotation is under way", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn rotate_dkim(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<DomainReply>, Problem> {
    let domain = own(&caller, &id)?;
    if domain.dkim.iter().any(|key| key.state == DkimState::Next) {
        let message = "new keys wait to be seen in DNS already; publish their records";
        return Err(Problem::new(StatusCode::CONFLICT, "rotation_pending", message));
    }
    let platform = service.platform.as_ref();
    let keys = make_keys(platform, &domain.name, DkimState::Next).await?;
    let request = caller.request(platform);
    let alter = |domain: &mut Domain| domain.dkim.extend(keys.iter().cloned());
    let ledger = platform.ledger();
    let domain = ledger
        .update_domain(
            caller.account.id,
            domain.id,
            alter,
            Some("dkim.rotated"),
            &request,
        )
        .await?;
    Ok(reply(&service, &domain))
}

/// Changes a domain.
pub(crate) async fn change(
    platform: &dyn Platform,
    domain: &Domain,
    value: &DomainChange,
    request: ledger::Request,
) -> Result<Arc<Domain>, Problem> {
    let canonical = |host: &Option<String>| {
        let host = host.as_ref().map(|host| tracking_host(host, &domain.name));
        host.transpose()
            .map_err(|fault| Problem::fault("/tracking_host", "bad_tracking_host", fault.to_string()))
    };
    let host = value.tracking_host.as_ref().map(canonical).transpose()?;
    let alter = |domain: &mut Domain| {
        domain.tracking_enabled = value.tracking_enabled.unwrap_or(domain.tracking_enabled);
        domain.track_opens = value.track_opens.unwrap_or(domain.track_opens);
        domain.track_clicks = value.track_clicks.unwrap_or(domain.track_clicks);
        if let Some(host) = &host {
            domain.tracking_host.clone_from(host);
        }
    };
    let ledger = platform.ledger();
    Ok(ledger
        .update_domain(domain.account, domain.id, alter, Some("domain.changed"), &request)
        .await?)
}

/// Makes a domain with its keys and adds it to the account.
pub(crate) async fn create(
    platform: &dyn Platform,
    account: &ledger::Account,
    name: &str,
    request: ledger::Request,
) -> Result<Arc<Domain>, Problem> {
    let name = ledger::publication::sending_domain(name)
        .map_err(|error| Problem::fault("/domain", "bad_domain", error.to_string()))?;
    let domain = Domain {
        id: DomainId::from_bytes(fresh_id(platform).to_bytes()),
        account: account.id,
        dkim: make_keys(platform, &name, DkimState::Active).await?,
        name,
        status: DomainStatus::Pending,
        ownership_token: hexadecimal(&platform.entropy()[..16]),
        created_unix_ms: request.now_unix_ms,
        verified_unix_ms: None,
        last_checked_unix_ms: None,
        missing_since_unix_ms: None,
        tracking_enabled: true,
        track_opens: None,
        track_clicks: None,
        tracking_host: None,
        findings: Vec::new(),
    };
    platform
        .ledger()
        .add_domain(account, domain, &request)
        .await
        .map_err(|error| match error {
            LedgerError::Limit(what) => Problem::new(StatusCode::FORBIDDEN, "domain_limit_reached", what),
            error => error.into(),
        })
}

/// Both keys of a domain, under selectors that it has not used yet.
async fn make_keys(platform: &dyn Platform, domain: &str, state: DkimState) -> Result<Vec<DkimKey>, Problem> {
    let label = hexadecimal(&platform.entropy()[..4]);
    let selectors = [format!("pr{label}r"), format!("pr{label}e")];
    let domain = domain.to_owned();
    // Finding an RSA key takes a good part of a second.
    let made =
        tokio::task::spawn_blocking(move || dkim::generate(&domain, &selectors[0], &selectors[1])).await;
    let made = made
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let key = |key: dkim::GeneratedKey, algorithm: dkim::Algorithm| DkimKey {
        selector: key.selector,
        algorithm: algorithm.as_str().to_owned(),
        private_key_pem: key.private_key_pem,
        record: key.record.value,
        state,
    };
    Ok(vec![
        key(made.rsa, dkim::Algorithm::RsaSha256),
        key(made.ed25519, dkim::Algorithm::Ed25519Sha256),
    ])
}

/// A domain of the caller's account; an id of somebody else's does not exist.
fn own<'a>(caller: &'a Caller, id: &str) -> Result<&'a Arc<Domain>, Problem> {
    let id: Option<DomainId> = id.parse().ok();
    let domain = caller.domains.iter().find(|domain| Some(domain.id) == id);
    domain.ok_or_else(|| Problem::not_found("no domain of this account has this id"))
}

fn reply(service: &Service, domain: &Domain) -> Json<DomainReply> {
    Json(DomainReply {
        domain: view(service.platform.as_ref(), domain),
    })
}

/// A domain as its owner sees it.
pub(crate) fn view(platform: &dyn Platform, domain: &Domain) -> DomainView {
    let records = platform.records(domain);
    let return_path = records.iter().find(|record| record.purpose == "return_path");
    DomainView {
        id: domain.id.to_string(),
        domain: domain.name.clone(),
        status: match domain.status {
            DomainStatus::Pending => DomainState::Pending,
            DomainStatus::Verified => DomainState::Verified,
            DomainStatus::Failed => DomainState::Failed,
        },
        created_at: iso8601(domain.created_unix_ms),
        verified_at: domain.verified_unix_ms.map(iso8601),
        last_checked_at: domain.last_checked_unix_ms.map(iso8601),
        tracking_enabled: domain.tracking_enabled,
        track_opens: domain.track_opens,
        track_clicks: domain.track_clicks,
        tracking_host: domain.tracking_host_name(),
        tracking_url: platform.tracking_url(domain),
        dkim: dkim_view(domain),
        return_path_domain: return_path.map_or_else(String::new, |record| record.name.clone()),
        dns_records: records
            .into_iter()
            .map(|record| DnsRecordView {
                purpose: record.purpose,
                kind: record.kind,
                name: record.name,
                value: record.value,
                required: record.required,
                status: match record.state {
                    RecordState::Pending => "pending",
                    RecordState::Valid => "valid",
                    RecordState::Invalid => "invalid",
                }
                .to_owned(),
                found: record.found,
                reason: record.reason,
            })
            .collect(),
    }
}

fn dkim_view(domain: &Domain) -> DkimView {
    let selectors = domain.dkim.iter().map(|key| SelectorView {
        selector: key.selector.clone(),
        algorithm: key.algorithm.clone(),
        state: match key.state {
            DkimState::Active => "active",
            DkimState::Next => "next",
            DkimState::Retiring { .. } => "retiring",
        }
        .to_owned(),
    });
    DkimView {
        selector: domain
            .signing_keys()
            .next()
            .map(|key| key.selector.clone())
            .unwrap_or_default(),
        algorithm: domain.signing_keys().map(|key| key.algorithm.clone()).collect(),
        selectors: selectors.collect(),
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
