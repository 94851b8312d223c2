//! The client of the customers' HTTP: who asks, of which server, and what was answered.

use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::peer::{Broken, Peer, Request};
use super::{Context, Failure};
use crate::config::reachable;

/// The environment variable that holds the API key.
const KEY_VARIABLE: &str = "POSTRIDER_API_KEY";

/// Which server, and whose account.
#[derive(Args, Debug)]
pub(super) struct AccountArgs {
    /// The server [default: the API of the configuration]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A file with the API key [default: the environment variable POSTRIDER_API_KEY]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// An account of a server.
pub(super) struct Account {
    peer: Peer,
    authorization: String,
}

/// Why the server did not do what it was asked.
#[derive(Debug)]
pub(super) enum NotDone {
    /// It cannot be asked.
    Unreachable(String),
    /// It wants to be asked later: its status.
    Later(StatusCode),
    /// It will not.
    Refused(Failure),
}

impl Account {
    pub(super) fn new(args: &AccountArgs, context: &Context) -> Result<Self, Failure> {
        Ok(Self {
            authorization: format!("Bearer {}", key(args)?),
            peer: match &args.server {
                Some(url) => {
                    Peer::parse(url).map_err(|why| Failure::usage(format!("--server {url}: {why}")))?
                }
                None => {
                    let api = context.load()?.config.api;
                    Peer::at(reachable(api.address), api.tls)
                }
            },
        })
    }

    /// Asks, with a body of JSON if there is one.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, NotDone> {
        let request = Request {
            method,
            path,
            header: &[
                ("authorization", &self.authorization),
                ("content-type", "application/json"),
            ],
            body: body.map_or_else(Bytes::new, |body| body.to_string().into()),
        };
        let unreachable = |Broken(why)| NotDone::Unreachable(format!("no server at {}: {why}", self.peer));
        let (status, reply) = self.peer.exchange(request).await.map_err(unreachable)?;
        let json: Option<Value> = serde_json::from_slice(&reply).ok();
        match (status.is_success(), json) {
            (true, Some(json)) => Ok(json),
            (false, Some(json)) => Err(self.refused(status, &json)),
            (_, None) => {
                let what = format!("{} answers {status} without JSON; is it Postrider?", self.peer);
                Err(NotDone::Refused(Failure::failed(what)))
            }
        }
    }

    fn refused(&self, status: StatusCode, reply: &Value) -> NotDone {
        let message = reply["message"].as_str().unwrap_or_default().to_owned();
        NotDone::Refused(match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => return NotDone::Later(status),
            StatusCode::UNAUTHORIZED => {
                Failure::usage(format!("{} does not know the API key in use", self.peer))
            }
            StatusCode::NOT_FOUND => Failure::not_found(message),
            status if status.is_client_error() => Failure::usage(message),
            _ => Failure::failed(format!("{message} (request {})", reply["request_id"])),
        })
    }
}

impl From<NotDone> for Failure {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Unreachable(why) => Self::unreachable(why),
            NotDone::Later(status) => Self::failed(format!("the server answers {status}; try again later")),
            NotDone::Refused(failure) => failure,
        }
    }
}

/// What a command that speaks HTTP runs on.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::failed(format!("cannot start: {error}")))
}

fn key(args: &AccountArgs) -> Result<String, Failure> {
    let key = match &args.key_file {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?,
        None => std::env::var(KEY_VARIABLE)
            .map_err(|_| Failure::usage(format!("no API key; give --key-file or set {KEY_VARIABLE}")))?,
    };
    let key = key.trim().to_owned();
    match key.is_empty() || !key.bytes().all(|octet| octet.is_ascii_graphic()) {
        true => Err(Failure::usage(
            "that is no API key; expected ml_live_… or ml_test_…",
        )),
        false => Ok(key),
    }
}
