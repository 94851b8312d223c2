//! `/admin/customers`: accounts, their keys and limits, for operators.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use ledger::limits::{ADDRESS_BYTES_MAX, NAME_BYTES_MAX};
use ledger::{Account, AccountChange, AccountId, Actor, ApiKey, Mode, Month, NewAccount, iso8601};
use serde::{Deserialize, Serialize};

use crate::customer::caller::request;
use crate::customer::credentials::{expiry, new_credential};
use crate::customer::profile::plain;
use crate::customer::send::fresh_id;
use crate::customer::wire::{AccountStatus, SendingStopped, nullable};
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::platform::Platform;
use crate::problem::Problem;

type Service = State<Arc<dyn Platform>>;

/// An account as its operator sees it.
#[derive(Debug, Serialize)]
pub(crate) struct AccountView {
    id: String,
    name: String,
    email: String,
    status: AccountStatus,
    sending_stopped: Option<SendingStopped>,
    reinstated_at: Option<String>,
    monthly_email_limit: Option<u64>,
    emails_sent_this_month: u64,
    max_domains: u64,
    domains: Vec<String>,
    rate_limit: Option<u64>,
    event_tracking: bool,
    event_api: bool,
    live_key: String,
    test_key: String,
    created_at: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct AccountList {
    customers: Vec<AccountView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What is shown once.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    customer: AccountView,
    api_key: String,
    test_api_key: String,
    smtp_username: String,
    smtp_password: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Rotated {
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_password: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AuditList {
    entries: Vec<AuditLine>,
}

#[derive(Debug, Serialize)]
struct AuditLine {
    at: String,
    actor: &'static str,
    /// None where it concerns all.
    customer: Option<String>,
    action: String,
    detail: String,
}

/// Limits and features; what is absent stays, and null lifts a limit.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Limits {
    name: Option<String>,
    status: Option<AccountStatus>,
    #[serde(default, deserialize_with = "nullable")]
    monthly_email_limit: Option<Option<u64>>,
    max_domains: Option<u64>,
    #[serde(default, deserialize_with = "nullable")]
    rate_limit: Option<Option<u64>>,
    event_tracking: Option<bool>,
    event_api: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    #[serde(default)]
    test: bool,
    expires_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    limit: Option<usize>,
    from: Option<String>,
}

/// `GET /admin/customers?limit=&after=`
pub(crate) async fn list(
    State(platform): Service,
    query: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<AccountList>, Problem> {
    let Query(listing) = query.map_err(|error| bad_request(error.body_text()))?;
    let limit = bounded(listing.limit)?;
    let after = listing.after.map(|after| after.parse::<AccountId>());
    let after = after
        .transpose()
        .map_err(|_| bad_request("after is the `next` of an earlier page".into()))?;
    let accounts = platform.ledger().accounts(after, limit)?;
    let next = (accounts.len() == limit).then(|| accounts.last().map(|last| last.id.to_string()));
    let customers = accounts.iter().map(|account| shown(platform.as_ref(), account));
    Ok(Json(AccountList {
        customers: customers.collect::<Result<_, _>>()?,
        next: next.flatten(),
    }))
}

/// `POST /admin/customers`
pub(crate) async fn add(
    State(platform): Service,
    body: Result<Json<serde_json::Value>, JsonRejection>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let Json(mut json) = body.map_err(|error| bad_request(error.body_text()))?;
    let email = json.as_object_mut().and_then(|fields| fields.remove("email"));
    let email = email
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let mut limits = Limits::read(json)?;
    let name = limits.name.take();
    let change = limits.change()?;
    let mut created = create_account(platform.as_ref(), email, name).await?;
    if change != AccountChange::default() {
        let id = created
            .customer
            .id
            .parse()
            .map_err(|error| Problem::internal(&error))?;
        let request = request(platform.as_ref(), Actor::Operator);
        let account = platform.ledger().update_account(id, &change, &request).await?;
        created.customer = shown(platform.as_ref(), &account)?;
    }
    Ok((StatusCode::CREATED, Json(created)))
}

/// Makes an account with keys and an SMTP password that are shown once.
pub(crate) async fn create_account(
    platform: &dyn Platform,
    email: &str,
    name: Option<String>,
) -> Result<Created, Problem> {
    let address = content::mime::Address::parse(email)
        .ok()
        .filter(|address| address.name().is_none());
    let address = address.filter(|address| address.mailbox().as_str().len() <= ADDRESS_BYTES_MAX);
    let address =
        address.ok_or_else(|| Problem::fault("/email", "not_an_address", "expected an e-mail address"))?;
    let email = address.mailbox().as_str().to_owned();
    let name = name
        .map(|name| plain(&name, "/name"))
        .transpose()?
        .unwrap_or_else(|| email.clone());
    if name.len() > NAME_BYTES_MAX {
        return Err(Problem::fault(
            "/name",
            "too_long",
            format!("has more than {NAME_BYTES_MAX} octets"),
        ));
    }
    let [live_key, test_key] = [Mode::Live, Mode::Test].map(|mode| ApiKey::new(mode, platform.entropy()));
    let (smtp_password, credential) = new_credential(platform, None).await;
    let (api_key, test_api_key) = (live_key.expose().to_owned(), test_key.expose().to_owned());
    let new = NewAccount {
        id: AccountId::from_bytes(fresh_id(platform).to_bytes()),
        name,
        email,
        live_key,
        test_key,
    };
    let request = request(platform, Actor::Operator);
    let account = platform
        .ledger()
        .create_account(new, &credential, &request)
        .await?;
    Ok(Created {
        api_key,
        test_api_key,
        smtp_username: account.email.clone(),
        smtp_password,
        customer: shown(platform, &account)?,
    })
}

/// `GET /admin/customers/{id}`: by id or by e-mail address, as everywhere below.
pub(crate) async fn show(
    State(platform): Service,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, Problem> {
    let account = find(platform.as_ref(), &id)?;
    Ok(Json(shown(platform.as_ref(), &account)?))
}

/// `PATCH /admin/customers/{id}`
pub(crate) async fn change(
    State(platform): Service,
    Path(id): Path<String>,
    body: Result<Json<serde_json::Value>, JsonRejection>,
) -> Result<Json<AccountView>, Problem> {
    let Json(json) = body.map_err(|error| bad_request(error.body_text()))?;
    let limits = Limits::read(json)?;
    let account = find(platform.as_ref(), &id)?;
    let request = request(platform.as_ref(), Actor::Operator);
    let account = platform
        .ledger()
        .update_account(account.id, &limits.change()?, &request)
        .await?;
    platform.limits_changed();
    Ok(Json(shown(platform.as_ref(), &account)?))
}

/// `POST /admin/customers/{id}/rotate-key`
pub(crate) async fn rotate_key(
    State(platform): Service,
    Path(id): Path<String>,
    body: Result<Json<Rotation>, JsonRejection>,
) -> Result<Json<Rotated>, Problem> {
    let Json(Rotation { test, expires_at }) = body.map_err(|error| bad_request(error.body_text()))?;
    let account = find(platform.as_ref(), &id)?;
    let expires = expires_at
        .map(|text| expiry(&text, platform.now_unix_ms()))
        .transpose()?;
    let mode = if test { Mode::Test } else { Mode::Live };
    let key = ApiKey::new(mode, platform.entropy());
    let request = request(platform.as_ref(), Actor::Operator);
    platform
        .ledger()
        .rotate_key(account.id, &key, expires, &request)
        .await?;
    Ok(Json(Rotated {
        api_key: Some(key.expose().to_owned()),
        smtp_username: None,
        smtp_password: None,
    }))
}

/// `POST /admin/customers/{id}/rotate-smtp`
pub(crate) async fn rotate_smtp(
    State(platform): Service,
    Path(id): Path<String>,
) -> Result<Json<Rotated>, Problem> {
    let account = find(platform.as_ref(), &id)?;
    let (password, credential) = new_credential(platform.as_ref(), None).await;
    let request = request(platform.as_ref(), Actor::Operator);
    platform
        .ledger()
        .set_credential(account.id, &credential, &request)
        .await?;
    Ok(Json(Rotated {
        api_key: None,
        smtp_username: Some(account.email.clone()),
        smtp_password: Some(password),
    }))
}

/// `GET /admin/audit?from=&limit=`
pub(crate) async fn audit(
    State(platform): Service,
    query: Result<Query<Since>, QueryRejection>,
) -> Result<Json<AuditList>, Problem> {
    let Query(since) = query.map_err(|error| bad_request(error.body_text()))?;
    let from = since.from.map(|from| ledger::unix_ms(&from));
    let from = match from {
        None => 0,
        Some(Some(from)) => from,
        Some(None) => return Err(bad_request("from is an ISO 8601 timestamp".into())),
    };
    let entries = platform.ledger().audit(from, bounded(since.limit)?)?;
    let entries = entries.into_iter().map(|entry| AuditLine {
        at: iso8601(entry.at_unix_ms),
        actor: match entry.actor {
            Actor::Operator => "operator",
            Actor::Customer => "customer",
            Actor::System => "system",
        },
        customer: entry.account.map(|account| account.to_string()),
        action: entry.action,
        detail: entry.detail,
    });
    Ok(Json(AuditList {
        entries: entries.collect(),
    }))
}

pub(crate) fn find(platform: &dyn Platform, id: &str) -> Result<Arc<Account>, Problem> {
    let ledger = platform.ledger();
    let found = match id.parse::<AccountId>() {
        Ok(id) => ledger.account(id)?,
        Err(_) => ledger.account_of(id)?,
    };
    found.ok_or_else(|| Problem::not_found("no customer has this id or e-mail address"))
}

pub(crate) fn shown(platform: &dyn Platform, account: &Account) -> Result<AccountView, Problem> {
    let ledger = platform.ledger();
    let domains = ledger.domains(account.id)?;
    Ok(AccountView {
        id: account.id.to_string(),
        name: account.name.clone(),
        email: account.email.clone(),
        status: account.status.into(),
        sending_stopped: SendingStopped::of(account),
        reinstated_at: account.reinstated_unix_ms.map(iso8601),
        monthly_email_limit: account.monthly_email_limit,
        emails_sent_this_month: ledger.charged(account.id, Month::of(platform.now_unix_ms()))?,
        max_domains: account.max_domains,
        domains: domains.iter().map(|domain| domain.name.clone()).collect(),
        rate_limit: account.rate_limit,
        event_tracking: account.event_tracking,
        event_api: account.event_api,
        live_key: account.live_key.hint.clone(),
        test_key: account.test_key.hint.clone(),
        created_at: iso8601(account.created_unix_ms),
    })
}

impl Limits {
    /// Unknown names are refused, here by hand: a flattened type cannot.
    fn read(json: serde_json::Value) -> Result<Self, Problem> {
        const KNOWN: [&str; 7] = [
            "name",
            "status",
            "monthly_email_limit",
            "max_domains",
            "rate_limit",
            "event_tracking",
            "event_api",
        ];
        if let Some(name) = json
            .as_object()
            .and_then(|fields| fields.keys().find(|name| !KNOWN.contains(&name.as_str())))
        {
            return Err(Problem::fault(
                &format!("/{name}"),
                "unknown_field",
                format!("expected one of {KNOWN:?}"),
            ));
        }
        serde_json::from_value(json).map_err(|error| bad_request(error.to_string()))
    }

    fn change(self) -> Result<AccountChange, Problem> {
        Ok(AccountChange {
            name: self.name.map(|name| plain(&name, "/name")).transpose()?,
            status: self.status.map(Into::into),
            monthly_email_limit: self.monthly_email_limit,
            max_domains: self.max_domains,
            rate_limit: self.rate_limit,
            event_tracking: self.event_tracking,
            event_api: self.event_api,
            ..AccountChange::default()
        })
    }
}

fn bounded(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    match (1..=PAGE_MAX).contains(&limit) {
        true => Ok(limit),
        false => Err(bad_request(format!("limit is from 1 to {PAGE_MAX}"))),
    }
}

pub(crate) fn bad_request(message: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", message)
}
