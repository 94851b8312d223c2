//! The signature of a request (Standard Webhooks 1.0, symmetric): HMAC-SHA256 over id, timestamp and body.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::MessageId;
use super::endpoint::Endpoint;
use super::secret::Secret;

/// The three header fields of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`: the same for every attempt, so that a receiver knows what it has seen.
    pub id: String,
    /// `webhook-timestamp`: when this attempt is made, in Unix seconds.
    pub timestamp: String,
    /// `webhook-signature`: one for each secret that is good, separated by spaces.
    pub signature: String,
}

/// The signature `v1,…` of a request with this `webhook-id`, `webhook-timestamp` and body.
pub fn sign(secret: &Secret, id: &str, unix_s: u64, body: &[u8]) -> String {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, secret.octets()));
    context.update(id.as_bytes());
    context.update(format!(".{unix_s}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

impl Headers {
    /// The header fields of an attempt that is made at `now_unix_ms`.
    pub fn new(endpoint: &Endpoint, message: MessageId, body: &[u8], now_unix_ms: u64) -> Self {
        let id = format!("msg_{message}");
        let unix_s = now_unix_ms / 1000;
        let signatures: Vec<String> = endpoint
            .signing_secrets(now_unix_ms)
            .map(|secret| sign(secret, &id, unix_s, body))
            .collect();
        Self {
            id,
            timestamp: unix_s.to_string(),
            signature: signatures.join(" "),
        }
    }
}
