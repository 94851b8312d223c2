//! `postrider init`: everything that a first start needs, in one folder.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::credential::{NewPassword, literal};
use super::{Context, Failure};
use crate::config::{Config, load_or_create_token, reference, write_private};

/// The first user.
const USERNAME: &str = "app";

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The folder, made when it is missing
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The fully qualified name of this server [default: the name of this machine]
    #[arg(long)]
    hostname: Option<String>,
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
    let new = NewPassword::make()?;
    let text = reference::sample(&first_values(&hostname, new.hash.as_str()));
    // Checked before anything is written: a host name that is none must not leave a folder behind.
    let loaded = Config::parse(&text, &args.dir).map_err(|faults| Failure::usage(faults.to_string()))?;

    private_folder(&loaded.config.server.data_dir)?;
    write_private(&file, &text)
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))?;
    let token_file = &loaded.config.api.token_file;
    load_or_create_token(token_file).map_err(|error| Failure::failed(error.to_string()))?;

    context.output.warnings(&loaded.warnings.of(&file));
    let listeners: Vec<String> = loaded
        .config
        .listeners
        .iter()
        .map(|listener| format!("{} on {}", listener.name, listener.address))
        .collect();
    let text = format!(
        "wrote {file}\nwrote {token}\n\nuser {USERNAME}, password {password} (shown only now)\nlisteners: {listeners}\n\n\
         next: postrider serve --config {file}",
        file = file.display(),
        token = token_file.display(),
        password = new.password,
        listeners = listeners.join(", "),
    );
    let value =
        json!({ "config": file, "token_file": token_file, "username": USERNAME, "password": new.password });
    context.output.result(&value, &text)
}

/// What the first file sets: listeners on loopback and on ports that need no privilege, so that it can be started as
/// it is by anybody.
fn first_values<'a>(hostname: &str, password_hash: &str) -> Vec<(&'a str, Vec<(&'a str, String)>)> {
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
        (
            "credential",
            vec![
                ("username", literal(USERNAME)),
                ("password_hash", literal(password_hash)),
            ],
        ),
    ]
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
        let hash = crate::config::PasswordHash::decoy();
        let text = reference::sample(&first_values("mail.example.org", hash.as_str()));
        let loaded = Config::parse(&text, Path::new("/srv")).unwrap();
        assert_eq!(loaded.warnings, Faults::default());
        assert_eq!(loaded.config.listeners.len(), 2);
        assert_eq!(loaded.config.credentials.len(), 1);
    }
}
