//! `postrider credential`: passwords of those who submit mail.

use std::io::Read;

use clap::Subcommand;
use serde_json::json;

use super::{Context, Failure};
use crate::config::{PasswordHash, random_octets, random_text};

/// A longer password is a file given by mistake.
const PASSWORD_BYTES_MAX: u64 = 1024;

#[derive(Debug, Subcommand)]
pub(super) enum CredentialCommand {
    /// Make a credential and print the section to paste into the configuration
    New {
        /// The user name
        name: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        stdin: bool,
    },
}

/// A password that was just made or given, and its hash.
pub(super) struct NewPassword {
    /// Shown once when it was made, never when it was given.
    pub(super) password: String,
    pub(super) hash: PasswordHash,
}

impl NewPassword {
    /// A password that nobody can guess.
    pub(super) fn make() -> Result<Self, Failure> {
        Self::of(random_text()?)
    }

    fn of(password: String) -> Result<Self, Failure> {
        let hash = PasswordHash::new(password.as_bytes(), random_octets()?);
        Ok(Self { password, hash })
    }
}

pub(super) fn run(command: &CredentialCommand, context: &mut Context) -> Result<(), Failure> {
    let CredentialCommand::New { name, stdin } = command;
    if name.trim().is_empty() {
        return Err(Failure::usage("the user name is empty"));
    }
    let new = if *stdin {
        NewPassword::of(given_password()?)?
    } else {
        NewPassword::make()?
    };
    let shown = (!stdin).then_some(new.password.as_str());
    let section = section(name, &new.hash);
    let text = match shown {
        Some(password) => format!(
            "password: {password}\nIt is shown only now. Paste this into the configuration and reload it:\n\n{section}"
        ),
        None => section,
    };
    let hash = new.hash.as_str();
    context.output.result(
        &json!({ "username": name, "password": shown, "password_hash": hash }),
        &text,
    )
}

fn section(name: &str, hash: &PasswordHash) -> String {
    format!(
        "[[credential]]\nusername = {}\npassword_hash = {}\n",
        literal(name),
        literal(hash.as_str())
    )
}

/// `text` as a TOML string.
pub(super) fn literal(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn given_password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(PASSWORD_BYTES_MAX + 1)
        .read_to_string(&mut text)?;
    let password = text.trim_end_matches(['\r', '\n']);
    match password.len() as u64 {
        0 => Err(Failure::usage("standard input holds no password")),
        length if length > PASSWORD_BYTES_MAX => Err(Failure::usage(format!(
            "the password is longer than {PASSWORD_BYTES_MAX} octets"
        ))),
        _ => Ok(password.to_owned()),
    }
}
