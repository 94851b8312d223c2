//! `postrider customer` and `postrider domain`: accounts of the running server, their keys, limits and domains.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::operator::{OperatorClient, escaped};
use super::table::{Align, table};
use super::{Context, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum CustomerCommand {
    /// Make an account; its keys and its SMTP password are shown once
    Add {
        /// The customer's e-mail address, which is the user name over SMTP
        email: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// List accounts
    List {
        /// How many at most, up to 500
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Behind this account: the `next` of an earlier page
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Show an account
    Show {
        /// Its id or e-mail address
        customer: String,
    },
    /// Change limits, features and status of an account
    Set {
        /// Its id or e-mail address
        customer: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Let no mail of an account leave: it is accepted and waits
    Pause(Stopped),
    /// Let the mail of a paused account leave; what it did before counts no more
    Resume {
        /// Its id or e-mail address
        customer: String,
    },
    /// Accept no mail of an account, and let none leave
    Suspend(Stopped),
    /// Let a suspended account send again; what it did before counts no more
    Reinstate {
        /// Its id or e-mail address
        customer: String,
    },
    /// Replace the API key; the old one ends to be good at once
    RotateKey {
        /// Its id or e-mail address
        customer: String,
        /// The key of the sandbox instead of the live one
        #[arg(long)]
        test: bool,
        /// When the new one ends to be good, as an ISO 8601 timestamp
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// Replace the SMTP password
    RotateSmtp {
        /// Its id or e-mail address
        customer: String,
    },
    /// Show who changed what
    Audit {
        /// From this ISO 8601 timestamp on
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// How many at most, up to 500
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum DomainCommand {
    /// Add a sending domain, and print what to publish
    Add {
        /// The customer's id or e-mail address
        customer: String,
        /// The domain
        domain: String,
        /// Take it as verified without a look at DNS: for labs, and for domains known to be the customer's
        #[arg(long)]
        trusted: bool,
    },
    /// List the domains of a customer
    List {
        /// The customer's id or e-mail address
        customer: String,
    },
    /// Look up the records of a domain now
    Verify(Named),
    /// Take a domain as verified without a look at DNS
    Trust(Named),
    /// Set through which host links of a domain's mail lead, and print what to publish
    TrackingHost {
        #[command(flatten)]
        named: Named,
        /// The host, below what was registered of the domain; without one `click.` and the domain
        host: Option<String>,
    },
    /// Remove a domain, with its keys
    Delete(Named),
}

/// A domain of a customer.
#[derive(Args, Debug)]
pub(super) struct Named {
    /// The customer's id or e-mail address
    customer: String,
    /// The domain
    domain: String,
}

/// An account to be stopped.
#[derive(Args, Debug)]
pub(super) struct Stopped {
    /// Its id or e-mail address
    customer: String,
    /// Why; the customer reads it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What can be set of an account.
#[derive(Args, Debug)]
pub(super) struct Limits {
    /// The customer's name
    #[arg(long)]
    name: Option<String>,
    /// Whether it may send
    #[arg(long)]
    status: Option<StatusWord>,
    /// Recipients a month, or `none` for as many as it likes
    #[arg(long, value_name = "COUNT")]
    monthly_email_limit: Option<Limit>,
    /// Sending domains
    #[arg(long, value_name = "COUNT")]
    max_domains: Option<u64>,
    /// Requests in each window of the rate limit, or `none` for the server's default
    #[arg(long, value_name = "COUNT")]
    rate_limit: Option<Limit>,
    /// Whether its mail leaves events
    #[arg(long, value_name = "BOOL")]
    event_tracking: Option<bool>,
    /// Whether it may read its events
    #[arg(long, value_name = "BOOL")]
    event_api: Option<bool>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StatusWord {
    Active,
    Pending,
    Suspended,
}

/// A number, or none.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<u64>);

impl std::str::FromStr for Limit {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            number => number.parse().map(|number| Self(Some(number))),
        }
    }
}

impl Limits {
    fn json(&self) -> Map<String, Value> {
        let status = self.status.map(|status| match status {
            StatusWord::Active => "active",
            StatusWord::Pending => "pending",
            StatusWord::Suspended => "suspended",
        });
        let fields = [
            ("name", self.name.as_deref().map(Value::from)),
            ("status", status.map(Value::from)),
            (
                "monthly_email_limit",
                self.monthly_email_limit.map(|Limit(limit)| limit.into()),
            ),
            ("max_domains", self.max_domains.map(Value::from)),
            ("rate_limit", self.rate_limit.map(|Limit(limit)| limit.into())),
            ("event_tracking", self.event_tracking.map(Value::from)),
            ("event_api", self.event_api.map(Value::from)),
        ];
        let given = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        given.collect()
    }
}

pub(super) fn run(command: &CustomerCommand, context: &mut Context) -> Result<(), Failure> {
    let client = OperatorClient::new(context)?;
    let (reply, text): (Value, String) = match command {
        CustomerCommand::Add { email, limits } => {
            let mut body = limits.json();
            body.insert("email".to_owned(), json!(email));
            let reply = client.post("/admin/customers", &body)?;
            let text = created_text(&reply);
            (reply, text)
        }
        CustomerCommand::List { limit, after } => {
            let after = after.as_deref().map(|after| format!("&after={}", escaped(after)));
            let path = format!("/admin/customers?limit={limit}{}", after.unwrap_or_default());
            let reply = client.get(&path)?;
            let text = list_text(&reply);
            (reply, text)
        }
        CustomerCommand::Show { customer } => told(client.get(&path(customer, ""))?),
        CustomerCommand::Set { customer, limits } => {
            let body = limits.json();
            if body.is_empty() {
                return Err(Failure::usage("nothing to set; --help names what can be"));
            }
            told(client.patch(&path(customer, ""), &body)?)
        }
        CustomerCommand::Pause(stopped) => told(stop(&client, stopped, "/pause")?),
        CustomerCommand::Suspend(stopped) => told(stop(&client, stopped, "/suspend")?),
        CustomerCommand::Resume { customer } => told(client.post(&path(customer, "/resume"), &json!({}))?),
        CustomerCommand::Reinstate { customer } => {
            told(client.post(&path(customer, "/reinstate"), &json!({}))?)
        }
        CustomerCommand::RotateKey {
            customer,
            test,
            expires_at,
        } => {
            let body = json!({ "test": test, "expires_at": expires_at });
            told(client.post(&path(customer, "/rotate-key"), &body)?)
        }
        CustomerCommand::RotateSmtp { customer } => {
            told(client.post(&path(customer, "/rotate-smtp"), &json!({}))?)
        }
        CustomerCommand::Audit { from, limit } => {
            let from = from.as_deref().map(|from| format!("&from={}", escaped(from)));
            let reply = client.get(&format!("/admin/audit?limit={limit}{}", from.unwrap_or_default()))?;
            let text = audit_text(&reply);
            (reply, text)
        }
    };
    context.output.result(&reply, &text)
}

fn stop(client: &OperatorClient, stopped: &Stopped, verb: &str) -> Result<Value, Failure> {
    let body = json!({ "reason": stopped.reason });
    client.post(&path(&stopped.customer, verb), &body)
}

pub(super) fn run_domain(command: &DomainCommand, context: &mut Context) -> Result<(), Failure> {
    let client = OperatorClient::new(context)?;
    let of = |named: &Named, verb: &str| {
        path(
            &named.customer,
            &format!("/domains/{}{verb}", escaped(&named.domain)),
        )
    };
    let (reply, text): (Value, String) = match command {
        DomainCommand::Add {
            customer,
            domain,
            trusted,
        } => {
            let body = json!({ "domain": domain, "trusted": trusted });
            records(client.post(&path(customer, "/domains"), &body)?)
        }
        DomainCommand::List { customer } => {
            let reply = client.get(&path(customer, "/domains"))?;
            let text = domains_text(&reply);
            (reply, text)
        }
        DomainCommand::Verify(named) => records(client.post(&of(named, "/verify"), &json!({}))?),
        DomainCommand::Trust(named) => records(client.post(&of(named, "/trust"), &json!({}))?),
        DomainCommand::TrackingHost { named, host } => {
            records(client.patch(&of(named, ""), &json!({ "tracking_host": host }))?)
        }
        DomainCommand::Delete(named) => told(client.delete(&of(named, ""))?),
    };
    context.output.result(&reply, &text)
}

fn path(customer: &str, rest: &str) -> String {
    format!("/admin/customers/{}{rest}", escaped(customer))
}

/// Each field of a reply on a line.
fn told(reply: Value) -> (Value, String) {
    let fields = reply.as_object().into_iter().flatten();
    let lines: Vec<String> = fields
        .map(|(name, value)| format!("{name:<22} {}", plain(value)))
        .collect();
    let text = lines.join("\n");
    (reply, text)
}

fn created_text(reply: &Value) -> String {
    let (_, account) = told(reply.get("customer").cloned().unwrap_or_default());
    format!(
        "{account}\n\nShown only now:\n  API key          {}\n  sandbox API key  {}\n  SMTP user        {}\n  SMTP password    {}",
        field(reply, "api_key"),
        field(reply, "test_api_key"),
        field(reply, "smtp_username"),
        field(reply, "smtp_password"),
    )
}

fn list_text(reply: &Value) -> String {
    let columns = [
        ("ID", Align::Left),
        ("E-MAIL", Align::Left),
        ("STATUS", Align::Left),
        ("THIS MONTH", Align::Right),
        ("LIMIT", Align::Right),
        ("DOMAINS", Align::Left),
    ];
    let rows: Vec<[String; 6]> = list(reply, "customers")
        .map(|customer| {
            let columns = [
                "id",
                "email",
                "status",
                "emails_sent_this_month",
                "monthly_email_limit",
                "domains",
            ];
            columns.map(|name| field(customer, name))
        })
        .collect();
    table(columns, &rows)
}

fn audit_text(reply: &Value) -> String {
    let columns = [
        ("AT", Align::Left),
        ("BY", Align::Left),
        ("CUSTOMER", Align::Left),
        ("ACTION", Align::Left),
        ("DETAIL", Align::Left),
    ];
    let rows: Vec<[String; 5]> = list(reply, "entries")
        .map(|entry| ["at", "actor", "customer", "action", "detail"].map(|name| field(entry, name)))
        .collect();
    table(columns, &rows)
}

fn domains_text(reply: &Value) -> String {
    let columns = [
        ("ID", Align::Left),
        ("DOMAIN", Align::Left),
        ("STATUS", Align::Left),
    ];
    let rows: Vec<[String; 3]> = list(reply, "domains")
        .map(|domain| ["id", "domain", "status"].map(|name| field(domain, name)))
        .collect();
    table(columns, &rows)
}

/// A domain's records: what to publish, and what is wrong with what was found.
fn records(reply: Value) -> (Value, String) {
    let mut text = format!("{} is {}\n", field(&reply, "domain"), field(&reply, "status"));
    for record in list(&reply, "dns_records") {
        let need = if record.get("required") == Some(&Value::Bool(true)) {
            "required"
        } else {
            "recommended"
        };
        text += &format!(
            "\n{} ({need}): {}\n  {} {}\n  {}\n",
            field(record, "purpose"),
            field(record, "status"),
            field(record, "type"),
            field(record, "name"),
            field(record, "value"),
        );
        let reason = field(record, "reason");
        if !reason.is_empty() {
            text += &format!("  {reason}\n");
        }
    }
    (reply, text)
}

fn list<'a>(reply: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    reply.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn field(value: &Value, name: &str) -> String {
    value.get(name).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields.values().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
