//! `postrider listen`: an account's events to a program on this machine, which nobody has to reach from outside.
//!
//! A webhook without a URL keeps its messages until they are fetched. They are fetched here, sent on as an endpoint would
//! get them, with the same header and signature, and settled when the program has answered, whatever it said. Nothing is
//! lost while the program, the server or the way to it is away: a message that was not settled is fetched again.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use hyper::Method;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::account::{Account, AccountArgs, NotDone, runtime};
use super::peer::{Broken, Peer, Request};
use super::{Context, Failure};

/// How long the server waits for an event before it answers that there is none.
const WAIT_S: u32 = 20;

/// How long until who cannot be reached is asked again.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(super) struct ListenArgs {
    /// Where to send events: a URL on this machine
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// Only these kinds, such as email.bounced, with commas between [default: all]
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Vec<String>,
    /// The webhook that keeps the events; one of this name is used again
    #[arg(long, default_value = "listen")]
    name: String,
    /// Leave the webhook at the end: the next `listen` gets what comes meanwhile, for a day
    #[arg(long)]
    keep: bool,
    /// End after this many events
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    #[command(flatten)]
    account: AccountArgs,
}

/// Who keeps events, and who gets them.
struct Listener<'a> {
    account: &'a Account,
    webhook: String,
    program: Peer,
    /// Events that may still come, if not all.
    left: Option<u64>,
}

pub(super) fn run(args: &ListenArgs, context: &mut Context) -> Result<(), Failure> {
    let program = Peer::parse(&args.forward_to)
        .map_err(|why| Failure::usage(format!("--forward-to {}: {why}", args.forward_to)))?;
    let account = Account::new(&args.account, context)?;
    runtime()?.block_on(async {
        let (webhook, secret) = webhook(&account, args).await?;
        let told = json!({ "webhook_id": webhook, "secret": secret, "forward_to": program.to_string() });
        let text = format!("events go to {program}, signed with {secret}");
        context.output.result(&told, &text)?;
        let mut listener = Listener {
            account: &account,
            webhook,
            program,
            left: args.count,
        };
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let ended = tokio::select! {
            ended = listener.run(context) => ended,
            _ = interrupt.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        };
        if !args.keep {
            let path = format!("/api/customer/webhooks/{}", listener.webhook);
            let removed = account.ask(Method::DELETE, &path, None).await;
            ended.and(removed.map(|_| ()).map_err(Failure::from))
        } else {
            ended
        }
    })
}

/// The webhook that keeps events, with its secret: the one of this name, or a new one.
async fn webhook(account: &Account, args: &ListenArgs) -> Result<(String, String), Failure> {
    let listed = account
        .ask(Method::GET, "/api/customer/webhooks?limit=500", None)
        .await?;
    let all = listed["webhooks"].as_array().map_or(&[][..], Vec::as_slice);
    let mine = all
        .iter()
        .find(|webhook| webhook["url"].is_null() && webhook["name"] == args.name.as_str());
    let events: Vec<String> = args.events.iter().map(|name| event_name(name)).collect();
    let Some(id) = mine.map(|webhook| text(webhook, "id")) else {
        let new = json!({ "url": null, "name": args.name, "events": events });
        let made = account
            .ask(Method::POST, "/api/customer/webhooks", Some(&new))
            .await?;
        return Ok((text(&made["webhook"], "id"), text(&made["webhook"], "secret")));
    };
    let path = format!("/api/customer/webhooks/{id}");
    let change = json!({ "events": events, "is_active": true });
    account.ask(Method::PATCH, &path, Some(&change)).await?;
    // Nobody is told a secret twice.
    let rotated = account
        .ask(Method::POST, &format!("{path}/rotate-secret"), None)
        .await?;
    Ok((id, text(&rotated, "secret")))
}

/// The name of a kind of event; `bounced` is short for `email.bounced`.
pub(super) fn event_name(name: &str) -> String {
    match name.contains('.') {
        true => name.to_owned(),
        false => format!("email.{name}"),
    }
}

impl Listener<'_> {
    async fn run(&mut self, context: &mut Context<'_>) -> Result<(), Failure> {
        let mut settled = Vec::new();
        loop {
            let wait_s = if self.is_done() { 0 } else { WAIT_S };
            let fetched = self.fetch(&settled, wait_s, context).await?;
            if self.is_done() {
                return Ok(());
            }
            settled.clear();
            for message in fetched["messages"].as_array().map_or(&[][..], Vec::as_slice) {
                if self.is_done() {
                    break;
                }
                self.forward(message, context).await?;
                settled.push(message["id"].clone());
                self.left = self.left.map(|left| left.saturating_sub(1));
            }
        }
    }

    fn is_done(&self) -> bool {
        self.left == Some(0)
    }

    /// What waits, once the server can be asked.
    async fn fetch(
        &self,
        settled: &[Value],
        wait_s: u32,
        context: &mut Context<'_>,
    ) -> Result<Value, Failure> {
        let path = format!("/api/customer/webhooks/{}/fetch", self.webhook);
        let body = json!({ "settled": settled, "wait_s": wait_s });
        let mut told = false;
        loop {
            let why = match self.account.ask(Method::POST, &path, Some(&body)).await {
                Ok(fetched) => return Ok(fetched),
                Err(NotDone::Refused(failure)) => return Err(failure),
                Err(NotDone::Unreachable(why)) => why,
                Err(NotDone::Later(status)) => format!("the server answers {status}"),
            };
            if !std::mem::replace(&mut told, true) {
                context.output.remark(&format_args!("{why}; asking again"));
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends a message on until it is answered.
    async fn forward(&self, message: &Value, context: &mut Context<'_>) -> Result<(), Failure> {
        let field = |name: &str| message[name].as_str().unwrap_or_default();
        let mut told = false;
        let status = loop {
            let request = Request {
                method: Method::POST,
                path: "",
                header: &[
                    ("content-type", "application/json"),
                    ("webhook-id", field("id")),
                    ("webhook-timestamp", field("timestamp")),
                    ("webhook-signature", field("signature")),
                ],
                body: Bytes::copy_from_slice(field("body").as_bytes()),
            };
            match self.program.exchange(request).await {
                Ok((status, _)) => break status,
                Err(Broken(why)) if !std::mem::replace(&mut told, true) => {
                    let text = format_args!("nobody at {}: {why}; trying again", self.program);
                    context.output.remark(&text);
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        };
        let (event, id) = (field("event"), field("id"));
        let value = json!({ "event": event, "id": id, "status": status.as_u16() });
        context
            .output
            .result(&value, &format!("{event} {id} {}", status.as_u16()))
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
