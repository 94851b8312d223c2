//! The webhook that is the profile's `webhook_url`: told of everything, and otherwise one like all others. Its id is the
//! account's, so that there is one and nothing has to say which.

use std::sync::Arc;

use ledger::LedgerError;
use ledger::webhook::{Endpoint, EventFilter, NewEndpoint, Secret, WebhookId};

use super::super::caller::Caller;
use super::{create, fields};
use crate::platform::Platform;
use crate::problem::Problem;

/// The webhook of the profile, if there is one.
pub(in super::super) fn find(
    platform: &dyn Platform,
    caller: &Caller,
) -> Result<Option<Arc<Endpoint>>, Problem> {
    match platform.ledger().webhook(caller.account.id, id(caller)) {
        Ok(endpoint) => Ok(Some(endpoint)),
        Err(LedgerError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a URL may be set.
pub(in super::super) fn check(platform: &dyn Platform, url: &str) -> Result<(), Problem> {
    if !url.is_empty() {
        fields::destination(platform, url, "/webhook_url")
            .map_err(|fault| Problem::validation(vec![fault]))?;
    }
    Ok(())
}

/// Sets the URL, or removes the webhook for an empty one; the secret, if one was made.
pub(in super::super) async fn set(
    platform: &dyn Platform,
    caller: &Caller,
    url: &str,
) -> Result<Option<String>, Problem> {
    let (ledger, account) = (platform.ledger(), caller.account.id);
    let there = find(platform, caller)?;
    let request = caller.request(platform);
    if url.is_empty() {
        return match ledger.delete_webhook(account, id(caller), &request).await {
            Ok(()) | Err(LedgerError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    let destination = fields::destination(platform, url, "/webhook_url")
        .map_err(|fault| Problem::validation(vec![fault]))?;
    if there.is_some() {
        let alter = |endpoint: &mut Endpoint| {
            destination.as_str().clone_into(&mut endpoint.url);
            endpoint.is_active = true;
        };
        ledger
            .update_webhook(account, id(caller), alter, &request)
            .await?;
        return Ok(None);
    }
    let new = NewEndpoint {
        id: id(caller),
        destination: Some(destination),
        name: "Profile".to_owned(),
        events: EventFilter::default(),
        domain_ids: Vec::new(),
        is_active: true,
        ordered: false,
        secret: Secret::new(platform.entropy()),
    };
    Ok(create(platform, caller, new).await?.secret)
}

fn id(caller: &Caller) -> WebhookId {
    WebhookId::from_bytes(caller.account.id.to_bytes())
}
