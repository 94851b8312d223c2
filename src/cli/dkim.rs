//! `postrider dkim`: signing keys.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use content::dkim::{DnsRecord, GeneratedKey, KeyError, generate};
use serde_json::{Value, json};

use super::init::literal;
use super::{Context, Failure};
use crate::clock;
use crate::config::write_private;

#[derive(Debug, Subcommand)]
pub(super) enum DkimCommand {
    /// Make an RSA and an Ed25519 key for a domain; print their DNS records and the sections to paste
    New {
        /// The domain of From: whose mail is to be signed
        domain: String,
        /// What the selectors begin with [default: pr and the month, as in pr202403]
        #[arg(long)]
        selector: Option<String>,
    },
}

/// A key on disk.
struct Stored {
    key: GeneratedKey,
    file: PathBuf,
}

pub(super) fn run(command: &DkimCommand, context: &mut Context) -> Result<(), Failure> {
    let DkimCommand::New { domain, selector } = command;
    let domain = domain.to_ascii_lowercase();
    let selector = selector.clone().unwrap_or_else(|| this_month(clock::now()));
    let folder = context.load()?.config.server.data_dir.join("dkim");

    let keys = generate(
        &domain,
        &format!("{selector}-rsa"),
        &format!("{selector}-ed25519"),
    )
    .map_err(failure)?;
    let stored = [
        store(&folder, &domain, keys.rsa)?,
        store(&folder, &domain, keys.ed25519)?,
    ];

    let value = json!({ "domain": domain, "keys": stored.iter().map(describe).collect::<Vec<_>>() });
    context.output.result(&value, &instructions(&domain, &stored))
}

/// Selectors name the month, so that a key's age shows and the next one has another name.
fn this_month(now: queue::Timestamp) -> String {
    let seconds = i64::try_from(now.unix_ms() / 1_000).unwrap_or_default();
    let today = jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC);
    format!("pr{:04}{:02}", today.year(), today.month())
}

fn store(folder: &Path, domain: &str, key: GeneratedKey) -> Result<Stored, Failure> {
    let file = folder.join(format!("{domain}.{}.pem", key.selector));
    let written = write_private(&file, &key.private_key_pem);
    written.map_err(|error| {
        Failure::failed(format!(
            "cannot write {}: {error}; choose another --selector if it exists",
            file.display()
        ))
    })?;
    // The configuration may be read from another folder than this one.
    let file = std::path::absolute(&file).unwrap_or(file);
    Ok(Stored { key, file })
}

fn describe(stored: &Stored) -> Value {
    json!({
        "selector": stored.key.selector,
        "private_key": stored.file,
        "record": {
            "name": stored.key.record.name,
            "type": DnsRecord::TYPE,
            "value": stored.key.record.value,
        },
    })
}

fn instructions(domain: &str, stored: &[Stored]) -> String {
    let mut text = String::from(
        "Publish these records first (a line of a zone file, then name and value for a form):\n",
    );
    for record in stored.iter().map(|stored| &stored.key.record) {
        text.push_str(&format!(
            "\n{}\n{}\n{}\n",
            record.zone_line(),
            record.name,
            record.value
        ));
    }
    text.push_str("\nWhen they can be resolved, paste this into the configuration and reload it:\n");
    for stored in stored {
        text.push_str(&format!(
            "\n[[dkim]]\ndomain = {}\nselector = {}\nprivate_key = {}\n",
            literal(domain),
            literal(&stored.key.selector),
            literal(&stored.file.to_string_lossy()),
        ));
    }
    text
}

fn failure(error: KeyError) -> Failure {
    match error {
        KeyError::Name(_) => Failure::usage(error.to_string()),
        other => Failure::failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selector_names_the_month() {
        assert_eq!(
            this_month(queue::Timestamp::from_unix_ms(1_710_513_000_000)),
            "pr202403"
        );
    }
}
