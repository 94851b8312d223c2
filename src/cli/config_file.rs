//! `postrider config`: is the file right, and what can it say?

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Context, Failure};
use crate::config::knobs::{Knob, Preset, SECTIONS, Section};
use crate::config::{Config, Fault, Faults, Severity, reference};

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Name every fault of a configuration file, with its line and its remedy
    Check {
        /// The file [default: the one that `serve` would read]
        file: Option<PathBuf>,
    },
    /// Explain every key: its unit, its bounds, its default, its reason
    Reference,
    /// Print the OpenAPI document of the customers' HTTP
    Openapi,
}

pub(super) fn run(command: &ConfigCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check { file } => {
            check(file.clone().unwrap_or_else(|| context.config_path()), context)
        }
        ConfigCommand::Reference => {
            let sections: Vec<Value> = SECTIONS.iter().map(describe).collect();
            context.output.result(&sections, &reference::markdown())
        }
        ConfigCommand::Openapi => {
            let document = api::openapi();
            let text = document
                .to_pretty_json()
                .map_err(|error| Failure::failed(error.to_string()))?;
            context.output.result(document, &text)
        }
    }
}

fn check(file: PathBuf, context: &mut Context) -> Result<(), Failure> {
    match Config::load(&file) {
        Ok(loaded) => {
            let warnings = loaded.warnings.of(&file);
            let remarks = warnings.to_string();
            let verdict = format!("{}: can be used\n{remarks}", file.display());
            context.output.result(
                &json!({ "file": file, "ok": true, "faults": faults(&warnings) }),
                &verdict,
            )
        }
        Err(all) => {
            let count = all
                .list()
                .iter()
                .filter(|fault| fault.severity == Severity::Error)
                .count();
            context.output.result(
                &json!({ "file": file, "ok": false, "faults": faults(&all) }),
                &all.to_string(),
            )?;
            Err(Failure::usage(format!(
                "{} cannot be used: {count} to repair",
                file.display()
            )))
        }
    }
}

fn faults(faults: &Faults) -> Vec<Value> {
    let fault = |fault: &Fault| {
        let severity = match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        json!({ "severity": severity, "line": fault.line, "place": fault.place, "what": fault.what })
    };
    faults.list().iter().map(fault).collect()
}

fn describe(section: &Section) -> Value {
    let knob = |knob: &Knob| {
        let (required, default) = match knob.preset {
            Preset::Required(_) => (true, None),
            Preset::Value(literal) => (false, Some(literal)),
            Preset::Unset { .. } => (false, None),
        };
        json!({
            "key": knob.key,
            "value": knob.kind.expects(),
            "required": required,
            "default": default,
            "reason": knob.reason,
        })
    };
    let keys: Vec<Value> = section.knobs.iter().map(knob).collect();
    json!({ "section": section.name, "repeated": section.repeated, "about": section.about, "keys": keys })
}
