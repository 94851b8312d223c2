//! `postrider init`: everything that a first start needs, in one folder.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use ledger::{AccountId, Actor, ApiKey, Credential, Ledger, Mode, NewAccount, Request};
use store::{RocksConfig, open_rocksdb};

use super::{Context, Failure};
use crate::clock;
use crate::config::{Config, load_or_create_token, random_text, reference, write_private};
use crate::password::PasswordHash;
use crate::wiring::spool_folder;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The folder, made when it is missing
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The fully qualified name of this server [default: the name of this machine]
    #[arg(long)]
    hostname: Option<String>,
    /// The e-mail address of the first account, which is its user name over SMTP [default: postmaster at the host name]
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

/// The first account, and its secrets, which are shown once.
struct First {
    email: String,
    password: String,
    live_key: ApiKey,
    test_key: ApiKey,
}

pub(super) fn run(args: &InitArgs, context: &mut Context) -> Result<(), Failure> {
    let hostname = args.hostname.clone().unwrap_or_else(machine_name);
    let file = args.dir.join("postrider.toml");
    if file.exists() {
        let what = format!(
            "{} exists already and was left as it is; choose another folder",
            file.display()
        );
        return Err(Failure::usage(what));
    }
    let email = args
        .email
        .clone()
        .unwrap_or_else(|| format!("postmaster@{hostname}"));
    let text = reference::sample(&first_values(&hostname));
    // Checked before anything is written: a host name that is none must not leave a folder behind.
    let loaded = Config::parse(&text, &args.dir).map_err(|faults| Failure::usage(faults.to_string()))?;

    private_folder(&loaded.config.server.data_dir)?;
    write_private(&file, &text)
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))?;
    let token_file = &loaded.config.operator.token_file;
    load_or_create_token(token_file).map_err(|error| Failure::failed(error.to_string()))?;

    let first = first_account(&loaded.config, email)?;

    context.output.warnings(&loaded.warnings.of(&file));
    let listeners: Vec<String> = loaded
        .config
        .listeners
        .iter()
        .map(|listener| format!("{} on {}", listener.name, listener.address))
        .collect();
    let text = format!(
        "wrote {file}\nwrote {token}\n\nfirst account (shown only now):\n  API key          {live}\n  sandbox API key  \
         {test}\n  SMTP user        {email}\n  SMTP password    {password}\n\nlisteners: {listeners}\nAPI: {api}\n\n\
         next: postrider serve --config {file}\n      postrider domain add {email} YOUR-DOMAIN --config {file}",
        file = file.display(),
        token = token_file.display(),
        live = first.live_key.expose(),
        test = first.test_key.expose(),
        email = first.email,
        password = first.password,
        listeners = listeners.join(", "),
        api = loaded.config.api.base_url(),
    );
    let value = json!({
        "config": file,
        "token_file": token_file,
        "username": first.email,
        "password": first.password,
        "api_key": first.live_key.expose(),
        "test_api_key": first.test_key.expose(),
    });
    context.output.result(&value, &text)
}

/// Makes the first account, in the store that the server will open.
fn first_account(config: &Config, email: String) -> Result<First, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::failed(format!("the first account cannot be made: {error}"));
    let store = open_rocksdb(&RocksConfig::new(spool_folder(config))).map_err(|error| failed(&error))?;
    let now = clock::now().unix_ms();
    let first = First {
        email,
        password: random_text()?,
        live_key: ApiKey::new(Mode::Live, clock::entropy()),
        test_key: ApiKey::new(Mode::Test, clock::entropy()),
    };
    let credential = Credential {
        password_hash: PasswordHash::new(first.password.as_bytes(), clock::entropy())
            .as_str()
            .to_owned(),
        created_unix_ms: now,
        expires_unix_ms: None,
    };
    let new = NewAccount {
        id: AccountId::new(now, clock::entropy()),
        name: first.email.clone(),
        email: first.email.clone(),
        live_key: first.live_key.clone(),
        test_key: first.test_key.clone(),
    };
    let request = Request {
        actor: Actor::Operator,
        now_unix_ms: now,
        entropy: clock::entropy(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let ledger = Ledger::new(std::sync::Arc::clone(&store));
    runtime
        .block_on(ledger.create_account(new, &credential, &request))
        .map_err(|error| failed(&error))?;
    store.close().map_err(|error| failed(&error))?;
    Ok(first)
}

/// What the first file sets: listeners on loopback and on ports that need no privilege, so that it can be started as
/// it is by anybody.
fn first_values<'a>(hostname: &str) -> Vec<(&'a str, Vec<(&'a str, String)>)> {
    let listener = |name, port, trusted: Option<&str>| {
        let mut values = vec![
            ("name", literal(name)),
            ("kind", literal(name)),
            ("address", literal(&format!("127.0.0.1:{port}"))),
        ];
        values.extend(trusted.map(|list| ("trusted", list.to_owned())));
        ("listener", values)
    };
    vec![
        ("server", vec![("hostname", literal(hostname))]),
        listener("submission", 2525, None),
        listener("relay", 2526, Some("[\"127.0.0.1\"]")),
    ]
}

/// `text` as a TOML string.
pub(super) fn literal(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The name that the kernel knows; the configuration warns when it is not fully qualified.
fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

fn private_folder(path: &Path) -> Result<(), Failure> {
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.map_err(|error| Failure::failed(format!("cannot make the folder {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Faults;

    #[test]
    fn the_first_file_can_be_used_without_a_warning() {
        let text = reference::sample(&first_values("mail.example.org"));
        let loaded = Config::parse(&text, Path::new("/srv")).unwrap();
        assert_eq!(loaded.warnings, Faults::default());
        assert_eq!(loaded.config.listeners.len(), 2);
    }
}
