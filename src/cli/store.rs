//! `postrider store`: the store of a server that does not run.

use clap::Subcommand;
use serde_json::{Value, json};
use store::{CheckReport, FamilyReport, RocksConfig, StoreError, open_rocksdb};

use super::table::{Align, counted, octets, table};
use super::{Context, Failure};
use crate::config::Engine;
use crate::wiring::spool_folder;

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Read everything and count what is damaged; nothing is changed
    Check,
}

pub(super) fn run(command: &StoreCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        StoreCommand::Check => check(context),
    }
}

/// First the engine's files, octet by octet; then, if they can be read, what the records say of each other.
fn check(context: &mut Context) -> Result<(), Failure> {
    let config = context.load()?.config;
    if config.store.engine == Engine::Memory {
        return Err(Failure::usage(
            "store.engine is \"memory\": nothing is kept on disk that could be checked",
        ));
    }
    let path = spool_folder(&config);
    if !path.exists() {
        return Err(Failure::not_found(format!(
            "no store at {}: the server has not run yet",
            path.display()
        )));
    }
    let files = store::check(&path).map_err(failure)?;
    let records = match files.is_sound() {
        true => {
            Some(queue::check(&*open_rocksdb(&RocksConfig::new(&path)).map_err(failure)?).map_err(failure)?)
        }
        false => None,
    };
    let sound = files.is_sound() && records.as_ref().is_some_and(|records| records.damaged == 0);
    let value = json!({
        "path": path,
        "sound": sound,
        "families": files.families.iter().map(family_value).collect::<Vec<_>>(),
        "records": records.as_ref().map(records_value),
    });
    let mut text = files_text(&files);
    if let Some(records) = &records {
        text.push_str(&records_text(records));
    }
    context.output.result(&value, &text)?;
    match sound {
        true => Ok(()),
        false => Err(Failure::failed(format!(
            "{} is damaged; restore it from a copy, or move it away",
            path.display()
        ))),
    }
}

fn family_value(family: &FamilyReport) -> Value {
    let damage: Vec<&str> = family.damage.iter().map(|damage| damage.why.as_str()).collect();
    json!({ "name": family.name, "keys": family.keys, "bytes": family.bytes, "damage": damage })
}

fn records_value(records: &queue::QueueReport) -> Value {
    json!({
        "messages": records.messages,
        "deliveries": records.deliveries,
        "due_entries": records.due_entries,
        "damaged": records.damaged,
        "damage": records.damage,
    })
}

fn files_text(report: &CheckReport) -> String {
    let row = |family: &FamilyReport| {
        [
            family.name.to_owned(),
            family.keys.to_string(),
            octets(family.bytes),
            family.damage.len().to_string(),
        ]
    };
    let rows: Vec<_> = report.families.iter().map(row).collect();
    let columns = [
        ("FAMILY", Align::Left),
        ("KEYS", Align::Right),
        ("SIZE", Align::Right),
        ("DAMAGED PLACES", Align::Right),
    ];
    let mut text = table(columns, &rows);
    for damage in report.families.iter().flat_map(|family| &family.damage) {
        text.push_str(&format!("damage: {}\n", damage.why));
    }
    text
}

fn records_text(report: &queue::QueueReport) -> String {
    let mut text = format!(
        "{}, {}, {}\n",
        counted(report.messages, "message", "messages"),
        counted(report.deliveries, "delivery", "deliveries"),
        counted(report.damaged, "damaged record", "damaged records"),
    );
    for damage in &report.damage {
        text.push_str(&format!("damage: {damage}\n"));
    }
    text
}

fn failure(error: StoreError) -> Failure {
    match error {
        StoreError::InUse { .. } => Failure::failed(format!("{error}; stop the server first")),
        StoreError::Foreign { .. } => Failure::not_found(error.to_string()),
        other => Failure::failed(other.to_string()),
    }
}
