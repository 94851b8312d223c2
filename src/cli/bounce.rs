//! `postrider bounce`: what a refusal means, and which rule says so. Nothing is asked of a running server.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use ledger::bounce::{Action, Author, Class, Reply, Rules, Severity, Verdict};
use ledger::limits::REPLY_TEXT_BYTES_MAX;
use serde_json::{Value, json};

use super::{Context, Failure};
use crate::rules;

/// What stands for the file of a rule that comes with the program.
const BUILTIN: &str = "built-in";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Subcommand)]
pub(super) enum BounceCommand {
    /// Say what a reply means, what becomes of its address, and which rule spoke
    Classify {
        /// The reply, of any number of lines [default: standard input]
        reply: Option<String>,
        /// The enhanced code, as in 5.1.1 [default: one in the reply]
        #[arg(long, value_name = "CODE")]
        enhanced: Option<String>,
        /// The name of the host that said it
        #[arg(long, value_name = "HOST")]
        mx: Option<String>,
        /// The domain of the recipient
        #[arg(long)]
        domain: Option<String>,
        /// A file of rules that speak before those of the program [default: bounces.rules, if there is a configuration]
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
    },
}

pub(super) fn run(command: &BounceCommand, context: &mut Context) -> Result<(), Failure> {
    let BounceCommand::Classify {
        reply,
        enhanced,
        mx,
        domain,
        rules: file,
    } = command;
    let text = match reply {
        Some(reply) => reply.clone(),
        None => from_stdin()?,
    };
    if text.trim().is_empty() {
        return Err(Failure::usage(
            "there is no reply to classify; give it as an argument or on standard input",
        ));
    }
    let file = match file {
        Some(file) => Some(file.clone()),
        None => configured(context)?,
    };
    let rules = rules::read(file.as_deref()).map_err(|error| Failure::usage(error.to_string()))?;
    let reply = Reply {
        enhanced: enhanced.as_deref(),
        text: &text,
        mx: mx.as_deref(),
        domain: domain.as_deref(),
        ..Reply::default()
    };
    let (value, text) = told(&rules, &reply, file.as_deref());
    context.output.result(&value, &text)
}

fn from_stdin() -> Result<String, Failure> {
    // No more of a reply is ever read than this.
    let mut octets = Vec::new();
    std::io::stdin()
        .take(REPLY_TEXT_BYTES_MAX as u64)
        .read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// The file that the server of the configuration would read. Without a configuration there is none.
fn configured(context: &Context) -> Result<Option<PathBuf>, Failure> {
    if context.config.is_none() && !context.config_path().exists() {
        return Ok(None);
    }
    Ok(context.load()?.config.bounces.rules)
}

fn told(rules: &Rules, reply: &Reply<'_>, operators: Option<&Path>) -> (Value, String) {
    let Verdict {
        class,
        severity,
        rule_id,
        place,
    } = rules.classify(reply);
    let own = place.filter(|place| place.author == Author::Operator);
    let file = own.and(operators).map(|file| file.display().to_string());
    let line = own.map(|place| place.line);
    let builtin = place.is_some() && own.is_none();
    let (class, severity, scope, action) = (
        class.as_str(),
        severity.as_str(),
        class.scope().as_str(),
        Follows::of(class, severity),
    );
    let at = match (&file, line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ if builtin => format!(" ({BUILTIN})"),
        _ => String::new(),
    };
    let text = format!(
        "class     {class}\nseverity  {severity}\nscope     {scope}\naction    {}\nrule      {rule_id}{at}\n",
        action.text()
    );
    let value = json!({
        "class": class,
        "severity": severity,
        "scope": scope,
        "action": action.json(),
        "rule": { "id": rule_id, "built_in": builtin, "file": file, "line": line },
    });
    (value, text)
}

/// What becomes of the address.
struct Follows(Action);

impl Follows {
    /// What a class says of itself does not hold of what was said for the time being.
    fn of(class: Class, severity: Severity) -> Self {
        Self(if severity == class.severity() {
            class.action()
        } else {
            Action::Never
        })
    }

    fn text(&self) -> String {
        match self.0 {
            Action::SuppressNow => "no more mail to the address".to_owned(),
            Action::SuppressAfter {
                count,
                within_ms,
                for_ms,
            } => {
                let end = for_ms.map_or(String::new(), |ms| format!(" for {} days", ms / DAY_MS));
                let within = within_ms / DAY_MS;
                format!("no more mail to the address{end} after {count} of these within {within} days")
            }
            Action::Unsubscribe => "the address is unsubscribed".to_owned(),
            Action::Never => "none for the address".to_owned(),
        }
    }

    fn json(&self) -> Value {
        match self.0 {
            Action::SuppressNow => json!({ "type": "suppress_now" }),
            Action::SuppressAfter {
                count,
                within_ms,
                for_ms,
            } => json!({
                "type": "suppress_after",
                "count": count,
                "within_days": within_ms / DAY_MS,
                "for_days": for_ms.map(|ms| ms / DAY_MS),
            }),
            Action::Unsubscribe => json!({ "type": "unsubscribe" }),
            Action::Never => json!({ "type": "none" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], action: Value) {
        let reply = Reply {
            text,
            ..Reply::default()
        };
        let (value, told) = told(Rules::builtin(), &reply, None);
        for part in expected {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert_eq!(value["action"], action, "{text}");
    }

    #[test]
    fn a_verdict_is_told_with_its_rule() {
        check(
            "550-5.1.1 no such\n550 5.1.1 user here",
            &[
                "class     invalid_recipient",
                "severity  hard",
                "scope     recipient",
                " (built-in)\n",
            ],
            json!({ "type": "suppress_now" }),
        );
        // A temporary refusal suppresses nobody, whatever its class.
        check(
            "450 4.1.1 user unknown",
            &["class     invalid_recipient", "severity  soft", "action    none"],
            json!({ "type": "none" }),
        );
        check(
            "550 5.2.1 mailbox disabled",
            &["after 2 of these within 7 days"],
            json!({ "type": "suppress_after", "count": 2, "within_days": 7, "for_days": null }),
        );
        check("zzz", &["rule      unclassified\n"], json!({ "type": "none" }));
    }

    /// A rule of the program is where no operator can look; one of theirs stands in a file and a line.
    #[test]
    fn an_operators_rule_is_told_with_its_file() {
        let rules = "\n[[rule]]\nid = \"moon\"\ntext = \"blue moon\"\nclass = \"content_policy\"\n";
        let rules = Rules::builtin()
            .extended_by(&Rules::parse(rules).unwrap())
            .unwrap();
        let rule = |text| {
            let reply = Reply {
                text,
                ..Reply::default()
            };
            let (value, told) = told(&rules, &reply, Some(Path::new("/etc/postrider/bounces.toml")));
            (value["rule"].clone(), told)
        };
        let (moon, text) = rule("550 5.1.1 blue moon");
        let file = "/etc/postrider/bounces.toml";
        assert_eq!(
            moon,
            json!({ "id": "moon", "built_in": false, "file": file, "line": 2 })
        );
        assert!(
            text.contains("rule      moon (/etc/postrider/bounces.toml:2)\n"),
            "{text}"
        );
        let (other, _) = rule("550 5.1.1 no such user");
        assert_eq!(other["built_in"], true);
        assert!(other["file"].is_null() && other["line"].is_null(), "{other}");
        let (none, _) = rule("zzz");
        assert_eq!(
            none,
            json!({ "id": "unclassified", "built_in": false, "file": null, "line": null })
        );
    }
}
