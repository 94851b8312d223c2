//! `/api/customer/profile` and the account's key.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ledger::{AccountChange, ApiKey, Month, Status, iso8601};

use super::body::Checked;
use super::caller::Caller;
use super::responses::{Admission, Reading};
use super::router::Service;
use super::webhooks::of_profile;
use super::wire::{
    AccountStatus, Customer, Features, ProfileChange, ProfileReply, RotateKeyReply, SendingStopped,
};
use crate::platform::Platform;
use crate::problem::{Error, Problem};

/// Read the profile
#[utoipa::path(
    get, path = "/api/customer/profile", tag = "Profile", operation_id = "get_profile",
    responses(
        (status = 200, description = "The account of the key", body = ProfileReply),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_profile(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<ProfileReply>, Problem> {
    let customer = customer(service.platform.as_ref(), &caller)?;
    Ok(Json(ProfileReply { customer }))
}

/// Change the profile
///
/// `webhook_url` is a webhook that is told of all events; the first time, its secret is shown.
#[utoipa::path(
    patch, path = "/api/customer/profile", tag = "Profile", operation_id = "update_profile",
    request_body = ProfileChange,
    responses(
        (status = 200, description = "The account as it is now", body = ProfileReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn update_profile(
    State(service): State<Arc<Service>>,
    mut caller: Caller,
    Checked(value): Checked<ProfileChange>,
) -> Result<Json<ProfileReply>, Problem> {
    let platform = service.platform.as_ref();
    if let Some(url) = &value.webhook_url {
        of_profile::check(platform, url)?;
    }
    let change = AccountChange {
        name: value.name.map(|name| plain(&name, "/name")).transpose()?,
        tracking_enabled: value.tracking_enabled,
        click_tracking_enabled: value.click_tracking_enabled,
        open_tracking_enabled: value.open_tracking_enabled,
        ..AccountChange::default()
    };
    let request = caller.request(platform);
    caller.account = platform
        .ledger()
        .update_account(caller.account.id, &change, &request)
        .await?;
    let webhook_secret = match &value.webhook_url {
        Some(url) => of_profile::set(platform, &caller, url).await?,
        None => None,
    };
    let customer = Customer {
        webhook_secret,
        ..customer(platform, &caller)?
    };
    Ok(Json(ProfileReply { customer }))
}

/// Replace the API key
///
/// The key of the request ends to be good before the reply leaves. A sandbox key replaces itself only.
#[utoipa::path(
    post, path = "/api/customer/rotate-key", tag = "Profile", operation_id = "rotate_key",
    responses(
        (status = 200, description = "The new key; it is not shown again", body = RotateKeyReply),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn rotate_key(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<RotateKeyReply>, Problem> {
    let platform = service.platform.as_ref();
    let key = ApiKey::new(caller.mode, platform.entropy());
    let request = caller.request(platform);
    platform
        .ledger()
        .rotate_key(caller.account.id, &key, None, &request)
        .await?;
    Ok(Json(RotateKeyReply {
        message: "API key rotated successfully. Update your applications with the new key immediately."
            .to_owned(),
        api_key: key.expose().to_owned(),
    }))
}

fn customer(platform: &dyn Platform, caller: &Caller) -> Result<Customer, Problem> {
    let account = &caller.account;
    let month = Month::of(caller.now_unix_ms);
    let sent = platform.ledger().charged(account.id, month)?;
    Ok(Customer {
        id: account.id.to_string(),
        name: account.name.clone(),
        email: account.email.clone(),
        status: account.status.into(),
        sending_stopped: SendingStopped::of(account),
        monthly_email_limit: account.monthly_email_limit,
        max_domains: account.max_domains,
        current_domains: caller.domains.len() as u64,
        emails_sent_this_month: sent,
        remaining_emails: account
            .monthly_email_limit
            .map(|limit| limit.saturating_sub(sent)),
        webhook_url: of_profile::find(platform, caller)?.map(|endpoint| endpoint.url.clone()),
        webhook_secret: None,
        tracking_enabled: account.tracking_enabled,
        click_tracking_enabled: account.click_tracking_enabled,
        open_tracking_enabled: account.open_tracking_enabled,
        created_at: iso8601(account.created_unix_ms),
        api_key: account.key(caller.mode).hint.clone(),
        features: Features {
            event_tracking: account.event_tracking,
            event_api: account.event_api,
        },
        quota_resets_at: iso8601(month.end_unix_ms()),
    })
}

/// A name without control characters.
pub(crate) fn plain(text: &str, field: &str) -> Result<String, Problem> {
    match text.trim() {
        "" => Err(Problem::fault(field, "too_short", "is empty")),
        text if text.chars().any(char::is_control) => Err(Problem::fault(
            field,
            "control_character",
            "has a control character",
        )),
        text => Ok(text.to_owned()),
    }
}

impl From<Status> for AccountStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
            Status::Pending => Self::Pending,
        }
    }
}

impl From<AccountStatus> for Status {
    fn from(status: AccountStatus) -> Self {
        match status {
            AccountStatus::Active => Self::Active,
            AccountStatus::Suspended => Self::Suspended,
            AccountStatus::Pending => Self::Pending,
        }
    }
}
