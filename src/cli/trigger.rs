//! `postrider trigger`: a sample of an event to an account's webhooks, those that `listen` has too.

use clap::Args;
use hyper::Method;
use serde_json::{Value, json};

use super::account::{Account, AccountArgs, runtime};
use super::listen::event_name;
use super::operator::escaped;
use super::{Context, Failure};

#[derive(Args, Debug)]
pub(super) struct TriggerArgs {
    /// The kind of event, such as email.bounced; bounced for short
    event: String,
    /// Only to this webhook [default: to each that is active]
    #[arg(long, value_name = "ID")]
    webhook: Option<String>,
    #[command(flatten)]
    account: AccountArgs,
}

pub(super) fn run(args: &TriggerArgs, context: &mut Context) -> Result<(), Failure> {
    let account = Account::new(&args.account, context)?;
    let event = event_name(&args.event);
    let sent = runtime()?.block_on(async {
        let mut sent = Vec::new();
        for id in webhooks(&account, args.webhook.as_deref()).await? {
            let path = format!("/api/customer/webhooks/{}/test", escaped(&id));
            let body = json!({ "event": event });
            let reply = account.ask(Method::POST, &path, Some(&body)).await?;
            sent.push(json!({ "webhook_id": id, "message_id": reply["message_id"] }));
        }
        Ok::<_, Failure>(sent)
    })?;
    let lines = sent.iter().map(|sent| {
        let text = |name: &str| sent[name].as_str().unwrap_or_default();
        format!(
            "{event} {} to webhook {}\n",
            text("message_id"),
            text("webhook_id")
        )
    });
    let text: String = lines.collect();
    context
        .output
        .result(&json!({ "event": event, "sent": sent }), &text)
}

/// The ids of the webhooks that get the sample; at least one.
async fn webhooks(account: &Account, one: Option<&str>) -> Result<Vec<String>, Failure> {
    if let Some(one) = one {
        return Ok(vec![one.to_owned()]);
    }
    let listed = account
        .ask(Method::GET, "/api/customer/webhooks?limit=500", None)
        .await?;
    let all = listed["webhooks"].as_array().map_or(&[][..], Vec::as_slice);
    let active = all
        .iter()
        .filter(|webhook| webhook["is_active"] == Value::Bool(true));
    let ids: Vec<String> = active
        .filter_map(|webhook| webhook["id"].as_str().map(str::to_owned))
        .collect();
    match ids.is_empty() {
        true => Err(Failure::not_found(
            "the account has no active webhook; `postrider listen` makes one",
        )),
        false => Ok(ids),
    }
}
