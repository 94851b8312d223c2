//! `/api/customer/webhooks`: where an account's events are sent.

mod attempts;
mod fields;
mod messages;
pub(super) mod of_profile;
mod sample;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::webhook::{Endpoint, NewEndpoint, Secret, WebhookId};
use ledger::{LedgerError, iso8601};

use super::body::Checked;
use super::caller::{Caller, PathId};
use super::filters::{Asked, known};
use super::pages::Page;
use super::responses::{Admission, Reading};
use super::router::Service;
use super::send::fresh_id;
use super::wire::{Done, SecretReply, WebhookChange, WebhookList, WebhookReply, WebhookRequest, WebhookView};
use crate::platform::Platform;
use crate::problem::{Error, Problem};

pub(super) use attempts::*;
use fields::Fields;
pub(super) use messages::*;

/// List the webhooks
#[utoipa::path(
    get, path = "/api/customer/webhooks", tag = "Webhooks", operation_id = "list_webhooks",
    params(Page),
    responses(
        (status = 200, description = "The webhooks of the account", body = WebhookList),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn list_webhooks(
    State(service): State<Arc<Service>>,
    caller: Caller,
    page: Asked<Page>,
) -> Result<Json<WebhookList>, Problem> {
    let platform = service.platform.as_ref();
    let all = platform.ledger().webhooks(caller.account.id)?;
    let (shown, pagination) = known(page)?.of(&all)?;
    let shown = shown.iter().map(|endpoint| view(platform, endpoint, None));
    Ok(Json(WebhookList {
        webhooks: shown.collect::<Result<_, _>>()?,
        pagination,
    }))
}

/// Add a webhook
///
/// Its requests are signed as Standard Webhooks 1.0 says; the secret is shown now and not again. An account may have 20.
#[utoipa::path(
    post, path = "/api/customer/webhooks", tag = "Webhooks", operation_id = "add_webhook",
    request_body = WebhookRequest,
    responses(
        (status = 201, description = "Added; keep its secret", body = WebhookReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 403, description = "`webhook_limit_reached`", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn add_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Checked(value): Checked<WebhookRequest>,
) -> Result<(StatusCode, Json<WebhookReply>), Problem> {
    let platform = service.platform.as_ref();
    let mut fields = Fields::new(platform, &caller);
    let destination = value.url.as_deref().and_then(|url| fields.destination(url));
    let fetched = value.url.is_none();
    let new = NewEndpoint {
        id: WebhookId::from_bytes(fresh_id(platform).to_bytes()),
        name: match value.name.as_deref() {
            Some(name) => fields.name(name),
            None => destination
                .as_ref()
                .map_or_else(|| "fetched".to_owned(), |destination| destination.authority()),
        },
        events: fields.events(value.events),
        domain_ids: fields.domains(&value.domain_ids),
        is_active: value.is_active.unwrap_or(true),
        ordered: value.ordered.unwrap_or(false) && !fetched,
        secret: Secret::new(platform.entropy()),
        destination,
    };
    fields.hold()?;
    let webhook = create(platform, &caller, new).await?;
    Ok((StatusCode::CREATED, Json(WebhookReply { webhook })))
}

/// Read a webhook
#[utoipa::path(
    get, path = "/api/customer/webhooks/{id}", tag = "Webhooks", operation_id = "get_webhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    responses(
        (status = 200, description = "The webhook", body = WebhookReply),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<WebhookReply>, Problem> {
    let platform = service.platform.as_ref();
    let endpoint = own(platform, &caller, &id)?;
    reply(platform, &endpoint)
}

/// Change a webhook
#[utoipa::path(
    patch, path = "/api/customer/webhooks/{id}", tag = "Webhooks", operation_id = "update_webhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    request_body = WebhookChange,
    responses(
        (status = 200, description = "The webhook as it is now", body = WebhookReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn update_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
    Checked(value): Checked<WebhookChange>,
) -> Result<Json<WebhookReply>, Problem> {
    let platform = service.platform.as_ref();
    let endpoint = own(platform, &caller, &id)?;
    let mut fields = Fields::new(platform, &caller);
    if endpoint.is_fetched() {
        fields.not_sent(value.url.is_some(), value.ordered == Some(true));
    }
    let url = value.url.as_deref().and_then(|url| fields.destination(url));
    let name = value.name.as_deref().map(|name| fields.name(name));
    let events = value.events.map(|events| fields.events(events));
    let domain_ids = value.domain_ids.map(|ids| fields.domains(&ids));
    fields.hold()?;
    let alter = |endpoint: &mut Endpoint| {
        if let Some(destination) = &url {
            destination.as_str().clone_into(&mut endpoint.url);
        }
        set(&mut endpoint.name, &name);
        set(&mut endpoint.events, &events);
        set(&mut endpoint.domain_ids, &domain_ids);
        set(&mut endpoint.is_active, &value.is_active);
        set(&mut endpoint.ordered, &value.ordered);
    };
    let request = caller.request(platform);
    let changed = platform
        .ledger()
        .update_webhook(caller.account.id, endpoint.id, alter, &request)
        .await?;
    reply(platform, &changed)
}

/// Remove a webhook
///
/// What waits for it is not sent any more.
#[utoipa::path(
    delete, path = "/api/customer/webhooks/{id}", tag = "Webhooks", operation_id = "delete_webhook",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    responses(
        (status = 200, description = "Removed", body = Done),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn delete_webhook(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Done>, Problem> {
    let platform = service.platform.as_ref();
    let id = own(platform, &caller, &id)?.id;
    let request = caller.request(platform);
    platform
        .ledger()
        .delete_webhook(caller.account.id, id, &request)
        .await?;
    Ok(Json(Done {
        message: "Webhook removed".to_owned(),
    }))
}

/// Replace the secret of a webhook
///
/// For 24 hours requests are signed with the old secret, too: both signatures stand in `webhook-signature`, and a verifier
/// that knows either is content.
#[utoipa::path(
    post, path = "/api/customer/webhooks/{id}/rotate-secret", tag = "Webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, format = "uuid", description = "The webhook's id")),
    responses(
        (status = 200, description = "The new secret; it is not shown again", body = SecretReply),
        (status = 404, description = "Not one of this account", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn rotate_webhook_secret(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<SecretReply>, Problem> {
    let platform = service.platform.as_ref();
    let id = own(platform, &caller, &id)?.id;
    let secret = Secret::new(platform.entropy());
    let request = caller.request(platform);
    let endpoint = platform
        .ledger()
        .rotate_webhook_secret(caller.account.id, id, &secret, &request)
        .await?;
    Ok(Json(SecretReply {
        message: "Secret replaced. Requests carry a signature of the old one, too, until it expires."
            .to_owned(),
        secret: secret.expose(),
        old_secret_expires_at: old_secret_expires(&endpoint),
    }))
}

/// Adds an endpoint; it is shown with its secret.
async fn create(platform: &dyn Platform, caller: &Caller, new: NewEndpoint) -> Result<WebhookView, Problem> {
    let secret = new.secret.clone();
    let request = caller.request(platform);
    let created = platform
        .ledger()
        .create_webhook(&caller.account, new, &request)
        .await;
    let endpoint = created.map_err(|error| match error {
        LedgerError::Limit(what) => Problem::new(StatusCode::FORBIDDEN, "webhook_limit_reached", what),
        error => error.into(),
    })?;
    view(platform, &endpoint, Some(&secret))
}

/// A webhook of the caller's account; an id of somebody else's does not exist.
fn own(platform: &dyn Platform, caller: &Caller, id: &str) -> Result<Arc<Endpoint>, Problem> {
    let unknown = || Problem::not_found("no webhook of this account has this id");
    let id: WebhookId = id.parse().map_err(|_| unknown())?;
    match platform.ledger().webhook(caller.account.id, id) {
        Err(LedgerError::NotFound) => Err(unknown()),
        found => Ok(found?),
    }
}

fn reply(platform: &dyn Platform, endpoint: &Endpoint) -> Result<Json<WebhookReply>, Problem> {
    let webhook = view(platform, endpoint, None)?;
    Ok(Json(WebhookReply { webhook }))
}

fn view(
    platform: &dyn Platform,
    endpoint: &Endpoint,
    secret: Option<&Secret>,
) -> Result<WebhookView, Problem> {
    let failing = platform.ledger().webhook_failing_since(endpoint)?;
    Ok(WebhookView {
        id: endpoint.id.to_string(),
        url: (!endpoint.is_fetched()).then(|| endpoint.url.clone()),
        name: endpoint.name.clone(),
        events: endpoint.events.kinds().to_vec(),
        domain_ids: endpoint.domain_ids.iter().map(ToString::to_string).collect(),
        is_active: endpoint.is_active,
        ordered: endpoint.ordered,
        disabled_reason: endpoint.disabled_reason.map(|reason| reason.as_str().to_owned()),
        failing_since: failing.map(iso8601),
        old_secret_expires_at: old_secret_expires(endpoint),
        secret: secret.map(Secret::expose),
        created_at: iso8601(endpoint.created_unix_ms),
        updated_at: iso8601(endpoint.updated_unix_ms),
    })
}

/// When the secret before the current one ends to sign.
fn old_secret_expires(endpoint: &Endpoint) -> Option<String> {
    let old = endpoint.secrets.get(1)?;
    old.expires_unix_ms.map(iso8601)
}

fn set<T: Clone>(field: &mut T, change: &Option<T>) {
    if let Some(value) = change {
        field.clone_from(value);
    }
}
