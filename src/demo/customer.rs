//! The customer of the demonstration: an account and a verified domain, made through the operators' HTTP as anybody would,
//! and an e-mail sent with its key.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::DemoError;
use super::dns::{Data, Responder};
use crate::cli::Failure;
use crate::cli::operator::{OperatorClient, escaped};

/// What the demonstration knows of its customer.
#[derive(Clone)]
pub(super) struct Customer {
    pub(super) api: SocketAddr,
    pub(super) api_key: String,
    pub(super) email: String,
    pub(super) smtp_password: String,
}

impl Customer {
    /// Makes the account and its domain, publishes its records in `names` and has it verified.
    pub(super) async fn make(
        config: PathBuf,
        api: SocketAddr,
        email: String,
        domain: &'static str,
        names: &Responder,
    ) -> Result<Self, DemoError> {
        let (customer, records) = blocking({
            let (config, email) = (config.clone(), email.clone());
            move || provision(&OperatorClient::of(&config)?, api, email, domain)
        })
        .await?;
        for record in &records {
            let text = |name| record.get(name).and_then(Value::as_str).unwrap_or_default();
            match text("type") {
                "TXT" => names.add(text("name"), Data::Txt(text("value").to_owned())),
                "CNAME" => names.add(text("name"), Data::Cname(text("value").to_owned())),
                _ => names,
            };
        }
        let path = format!("/admin/customers/{}/domains/{domain}/verify", escaped(&email));
        let verified: Value = blocking(move || OperatorClient::of(&config)?.post(&path, &json!({}))).await?;
        match verified.get("status").and_then(Value::as_str) {
            Some("verified") => Ok(customer),
            _ => Err(DemoError::Setup(std::io::Error::other(format!(
                "the domain was not verified: {verified}"
            )))),
        }
    }

    /// Sends an e-mail over REST; the reply.
    pub(super) async fn send(&self, body: Value) -> Result<Value, DemoError> {
        let Self { api, api_key, .. } = self.clone();
        blocking(move || OperatorClient::at(api, &api_key)?.post("/api/send", &body)).await
    }
}

/// An account with its secrets, and what its domain publishes. What is there from an earlier time is used again.
fn provision(
    operator: &OperatorClient,
    api: SocketAddr,
    email: String,
    domain: &str,
) -> Result<(Customer, Vec<Value>), Failure> {
    let account = format!("/admin/customers/{}", escaped(&email));
    let text = |reply: &Value, name: &str| {
        reply
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (api_key, smtp_password) = match operator.get::<Value>(&account) {
        Ok(_) => {
            let key: Value = operator.post(&format!("{account}/rotate-key"), &json!({}))?;
            let smtp: Value = operator.post(&format!("{account}/rotate-smtp"), &json!({}))?;
            (text(&key, "api_key"), text(&smtp, "smtp_password"))
        }
        Err(_) => {
            let made: Value =
                operator.post("/admin/customers", &json!({ "email": email, "name": "Shop" }))?;
            (text(&made, "api_key"), text(&made, "smtp_password"))
        }
    };
    let domains: Value = operator.get(&format!("{account}/domains"))?;
    let domains = domains
        .get("domains")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let domain = match domains.into_iter().find(|other| text(other, "domain") == domain) {
        Some(domain) => domain,
        None => operator.post(&format!("{account}/domains"), &json!({ "domain": domain }))?,
    };
    let records = domain.get("dns_records").and_then(Value::as_array).cloned();
    let customer = Customer {
        api,
        api_key,
        email,
        smtp_password,
    };
    Ok((customer, records.unwrap_or_default()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, DemoError> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(std::io::Error::other)?;
    done.map_err(|failure| DemoError::Setup(std::io::Error::other(failure.to_string())))
}
