//! `/api/smtp-credentials`: how an account submits mail over SMTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ledger::{Credential, iso8601};

use super::body::Optional;
use super::caller::Caller;
use super::responses::{Admission, Reading};
use super::router::Service;
use super::wire::{CredentialsReply, RotateCredentialsReply, RotateCredentialsRequest, SmtpCredentials};
use crate::platform::{Platform, Settings};
use crate::problem::{Error, Problem};

/// The port that RFC 6409 gives to submission.
const RECOMMENDED_PORT: u16 = 587;

/// Read the SMTP credentials
///
/// The password is kept as a hash and is shown only where it is made.
#[utoipa::path(
    get, path = "/api/smtp-credentials", tag = "SMTP credentials", operation_id = "get_smtp_credentials",
    responses(
        (status = 200, description = "How to submit over SMTP", body = CredentialsReply),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_smtp_credentials(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<CredentialsReply>, Problem> {
    let credential = service.platform.ledger().credential(caller.account.id)?;
    Ok(Json(CredentialsReply {
        success: true,
        smtp_credentials: view(service.platform.settings(), &caller, credential.as_ref(), None),
    }))
}

/// Replace the SMTP password
///
/// The old password ends to be good before the reply leaves.
#[utoipa::path(
    post, path = "/api/smtp-credentials/rotate", tag = "SMTP credentials", operation_id = "rotate_smtp_credentials",
    request_body = Option<RotateCredentialsRequest>,
    responses(
        (status = 200, description = "The new password; it is not shown again", body = RotateCredentialsReply),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn rotate_smtp_credentials(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Optional(wish): Optional<RotateCredentialsRequest>,
) -> Result<Json<RotateCredentialsReply>, Problem> {
    let expires = wish
        .expires_at
        .map(|text| expiry(&text, caller.now_unix_ms))
        .transpose()?;
    let platform = service.platform.as_ref();
    let (password, credential) = new_credential(platform, expires).await;
    let request = caller.request(platform);
    platform
        .ledger()
        .set_credential(caller.account.id, &credential, &request)
        .await?;
    Ok(Json(RotateCredentialsReply {
        success: true,
        message: "SMTP password rotated successfully.".to_owned(),
        smtp_credentials: view(platform.settings(), &caller, Some(&credential), Some(password)),
        warning: "Update your SMTP clients with the new password. The old password will no longer work."
            .to_owned(),
    }))
}

/// A password that nobody can guess, and what is kept of it.
pub(crate) async fn new_credential(
    platform: &dyn Platform,
    expires_unix_ms: Option<u64>,
) -> (String, Credential) {
    // 30 characters of an alphabet without look-alikes: 150 bits.
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let password: String = platform
        .entropy()
        .iter()
        .take(30)
        .map(|octet| char::from(ALPHABET[usize::from(octet % 32)]))
        .collect();
    let credential = Credential {
        password_hash: platform.hash_password(password.clone()).await,
        created_unix_ms: platform.now_unix_ms(),
        expires_unix_ms,
    };
    (password, credential)
}

pub(crate) fn expiry(text: &str, now_unix_ms: u64) -> Result<u64, Problem> {
    match ledger::unix_ms(text) {
        Some(at) if at > now_unix_ms => Ok(at),
        Some(_) => Err(Problem::fault("/expires_at", "in_the_past", "is in the past")),
        None => {
            let message = "expected an ISO 8601 timestamp such as 2026-12-24T18:00:00Z";
            Err(Problem::fault("/expires_at", "not_a_time", message))
        }
    }
}

fn view(
    settings: &Settings,
    caller: &Caller,
    credential: Option<&Credential>,
    password: Option<String>,
) -> SmtpCredentials {
    let ports = &settings.submission_ports;
    let recommended = ports
        .iter()
        .find(|port| **port == RECOMMENDED_PORT)
        .or(ports.first());
    SmtpCredentials {
        host: settings.hostname.clone(),
        ports: ports.clone(),
        recommended_port: recommended.copied().unwrap_or(RECOMMENDED_PORT),
        username: caller.account.email.clone(),
        password,
        password_set: credential.is_some(),
        created_at: credential.map(|credential| iso8601(credential.created_unix_ms)),
        expires_at: credential
            .and_then(|credential| credential.expires_unix_ms)
            .map(iso8601),
    }
}
