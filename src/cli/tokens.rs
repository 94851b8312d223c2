//! `postrider tokens`: the secrets that the running server makes tokens with.

use api::wire::TokenSecrets;
use clap::Subcommand;
use serde_json::json;

use super::operator::OperatorClient;
use super::{Context, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum TokensCommand {
    /// List the secrets, by number
    List,
    /// Make a new secret for the tokens of the mail to come; those under way stay good
    Rotate,
    /// Remove an older secret: links, pictures and return paths made with it lead nowhere from then on
    Revoke {
        /// Its number
        id: u8,
    },
}

pub(super) fn run(command: &TokensCommand, context: &mut Context) -> Result<(), Failure> {
    let client = OperatorClient::new(context)?;
    let secrets: TokenSecrets = match command {
        TokensCommand::List => client.get("/admin/tokens")?,
        TokensCommand::Rotate => client.post("/admin/tokens/rotate", &json!({}))?,
        TokensCommand::Revoke { id } => client.delete(&format!("/admin/tokens/{id}"))?,
    };
    context.output.result(&secrets, &text(&secrets))
}

fn text(secrets: &TokenSecrets) -> String {
    let line = |id: &u8| {
        let mark = if secrets.current == Some(*id) {
            "current"
        } else {
            "read"
        };
        format!("{id:>3}  {mark}\n")
    };
    secrets.secrets.iter().map(line).collect()
}
