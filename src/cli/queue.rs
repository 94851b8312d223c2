//! `postrider queue`: the queue of the running server.

use api::wire::{Changed, Delivery, DeliveryList, QueueSummary, Selection};
use clap::{Args, Subcommand};

use super::operator::{OperatorClient, escaped};
use super::table::{Align, counted, octets, table};
use super::{Context, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// List deliveries in order of acceptance
    List {
        /// Only those to this domain
        #[arg(long)]
        domain: Option<String>,
        /// How many at most, up to 500
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Behind this delivery: the `next` of an earlier page
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Show every delivery of one message
    Show {
        /// The message's id
        id: String,
    },
    /// Count what waits, by domain
    Summary,
    /// Try deliveries again now
    Retry(SelectionArgs),
    /// Take deliveries out of the queue; their senders are not told
    Cancel(SelectionArgs),
}

/// Which deliveries to change.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct SelectionArgs {
    /// Those of the message with this id
    id: Option<String>,
    /// Those to this domain
    #[arg(long)]
    domain: Option<String>,
    /// The whole queue
    #[arg(long)]
    all: bool,
}

impl SelectionArgs {
    fn selection(&self) -> Selection {
        match (&self.id, &self.domain) {
            (Some(id), _) => Selection::Id(id.clone()),
            (None, Some(domain)) => Selection::Domain(domain.clone()),
            (None, None) => Selection::All(self.all),
        }
    }
}

pub(super) fn run(command: &QueueCommand, context: &mut Context) -> Result<(), Failure> {
    let client = OperatorClient::new(context)?;
    match command {
        QueueCommand::List { domain, limit, after } => {
            let list: DeliveryList = client.get(&listing(domain.as_deref(), *limit, after.as_deref()))?;
            context.output.result(&list, &list_text(&list))
        }
        QueueCommand::Show { id } => {
            let list: DeliveryList = client.get(&format!("/admin/queue/{}", escaped(id)))?;
            context.output.result(&list, &show_text(&list))
        }
        QueueCommand::Summary => {
            let summary: QueueSummary = client.get("/admin/queue/summary")?;
            context.output.result(&summary, &summary_text(&summary))
        }
        QueueCommand::Retry(args) => change(&client, "retry", "will be tried now", args, context),
        QueueCommand::Cancel(args) => change(&client, "cancel", "taken out of the queue", args, context),
    }
}

fn change(
    client: &OperatorClient,
    verb: &str,
    done: &str,
    args: &SelectionArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let changed: Changed = client.post(&format!("/admin/queue/{verb}"), &args.selection())?;
    let text = format!("{} {done}", counted(changed.changed, "delivery", "deliveries"));
    context.output.result(&changed, &text)
}

fn listing(domain: Option<&str>, limit: usize, after: Option<&str>) -> String {
    let mut path = format!("/admin/queue?limit={limit}");
    for (key, value) in [("domain", domain), ("after", after)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", escaped(value)));
        }
    }
    path
}

fn list_text(list: &DeliveryList) -> String {
    if list.deliveries.is_empty() {
        return "nothing is waiting".to_owned();
    }
    let columns = [
        ("ID", Align::Left),
        ("DOMAIN", Align::Left),
        ("RECIPIENTS", Align::Right),
        ("SIZE", Align::Right),
        ("ATTEMPTS", Align::Right),
        ("NEXT ATTEMPT", Align::Left),
    ];
    let row = |delivery: &Delivery| {
        [
            delivery.id.clone(),
            delivery.domain.clone(),
            waiting(delivery).to_string(),
            octets(delivery.size),
            delivery.attempts.to_string(),
            next_attempt(delivery),
        ]
    };
    let rows: Vec<_> = list.deliveries.iter().map(row).collect();
    let mut text = table(columns, &rows);
    if let Some(next) = &list.next {
        text.push_str(&format!("more: postrider queue list --after {next}\n"));
    }
    text
}

fn show_text(list: &DeliveryList) -> String {
    let mut text = String::new();
    if let Some(first) = list.deliveries.first() {
        let sender = if first.reverse_path.is_empty() {
            "<> (nobody hears of a failure)"
        } else {
            &first.reverse_path
        };
        text.push_str(&format!(
            "id        {}\nfrom      {sender}\nsize      {}\nreceived  {}\nexpires   {}\n",
            first.id,
            octets(first.size),
            first.received_at,
            first.expires_at
        ));
    }
    for delivery in &list.deliveries {
        let attempts = counted(delivery.attempts.into(), "attempt", "attempts");
        text.push_str(&format!(
            "\n{}: {attempts}, next {}\n",
            delivery.domain,
            next_attempt(delivery)
        ));
        let row = |recipient: &api::wire::DeliveryRecipient| {
            let reply = recipient.last_reply.clone().unwrap_or_default();
            [format!("  {}", recipient.address), recipient.state.clone(), reply]
        };
        let rows: Vec<_> = delivery.recipients.iter().map(row).collect();
        text.push_str(&table(
            [
                ("  RECIPIENT", Align::Left),
                ("STATE", Align::Left),
                ("LAST REPLY", Align::Left),
            ],
            &rows,
        ));
    }
    text
}

fn summary_text(summary: &QueueSummary) -> String {
    if summary.domains.is_empty() {
        return "nothing is waiting".to_owned();
    }
    let columns = [
        ("DOMAIN", Align::Left),
        ("DELIVERIES", Align::Right),
        ("RECIPIENTS", Align::Right),
        ("OLDEST", Align::Left),
        ("NEXT ATTEMPT", Align::Left),
    ];
    let rows: Vec<_> = summary
        .domains
        .iter()
        .map(|line| {
            [
                line.domain.clone(),
                line.deliveries.to_string(),
                line.recipients.to_string(),
                line.oldest_at.clone(),
                line.next_attempt_at.clone(),
            ]
        })
        .collect();
    let deliveries = counted(summary.deliveries, "delivery", "deliveries");
    let recipients = counted(summary.recipients, "recipient", "recipients");
    format!("{}{deliveries}, {recipients}\n", table(columns, &rows))
}

fn waiting(delivery: &Delivery) -> usize {
    delivery
        .recipients
        .iter()
        .filter(|recipient| recipient.state == "waiting")
        .count()
}

fn next_attempt(delivery: &Delivery) -> String {
    if delivery.active {
        "now".to_owned()
    } else {
        delivery.next_attempt_at.clone()
    }
}

#[cfg(test)]
mod tests {
    use api::wire::{DeliveryRecipient, DomainLine};

    use super::*;

    fn list() -> DeliveryList {
        let recipient = |address: &str, state: &str, last_reply: Option<&str>| DeliveryRecipient {
            address: address.to_owned(),
            state: state.to_owned(),
            last_reply: last_reply.map(str::to_owned),
        };
        DeliveryList {
            deliveries: vec![Delivery {
                id: "018e4280-6800-7000-8000-000000000001".to_owned(),
                part: 0,
                domain: "example.org".to_owned(),
                reverse_path: String::new(),
                size: 10_240,
                attempts: 1,
                received_at: "2024-03-15T14:30:00Z".to_owned(),
                next_attempt_at: "2024-03-15T14:35:00Z".to_owned(),
                expires_at: "2024-03-20T14:30:00Z".to_owned(),
                active: false,
                recipients: vec![
                    recipient("a@example.org", "waiting", Some("451 4.7.1 later")),
                    recipient("longer@example.org", "delivered", None),
                ],
            }],
            next: Some("018e4280-6800-7000-8000-000000000001/0".to_owned()),
        }
    }

    #[test]
    fn a_list_is_a_table_with_the_way_to_its_next_page() {
        let expected = "\
ID                                    DOMAIN       RECIPIENTS      SIZE  ATTEMPTS  NEXT ATTEMPT
018e4280-6800-7000-8000-000000000001  example.org           1  10.0 KiB         1  2024-03-15T14:35:00Z
more: postrider queue list --after 018e4280-6800-7000-8000-000000000001/0
";
        assert_eq!(list_text(&list()), expected);
    }

    #[test]
    fn a_message_is_shown_with_its_recipients() {
        let expected = "\
id        018e4280-6800-7000-8000-000000000001
from      <> (nobody hears of a failure)
size      10.0 KiB
received  2024-03-15T14:30:00Z
expires   2024-03-20T14:30:00Z

example.org: 1 attempt, next 2024-03-15T14:35:00Z
  RECIPIENT           STATE      LAST REPLY
  a@example.org       waiting    451 4.7.1 later
  longer@example.org  delivered
";
        assert_eq!(show_text(&list()), expected);
    }

    #[test]
    fn a_summary_ends_with_its_sums() {
        let summary = QueueSummary {
            deliveries: 1,
            recipients: 2,
            domains: vec![DomainLine {
                domain: "example.org".to_owned(),
                deliveries: 1,
                recipients: 2,
                oldest_at: "2024-03-15T14:30:00Z".to_owned(),
                next_attempt_at: "2024-03-15T14:35:00Z".to_owned(),
            }],
        };
        assert!(summary_text(&summary).ends_with("\n1 delivery, 2 recipients\n"));
    }

    #[test]
    fn values_are_escaped_in_paths() {
        let path = listing(Some("a&b=c"), 5, Some("018e4280-6800-7000-8000-000000000001/0"));
        let expected = "/admin/queue?limit=5&domain=a%26b%3Dc&after=018e4280-6800-7000-8000-000000000001%2F0";
        assert_eq!(path, expected);
    }
}
