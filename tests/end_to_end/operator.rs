//! The operator's side: the command line, and the HTTP it speaks.

use std::path::Path;

use serde_json::Value;

use crate::world::program::cli;
use crate::world::{Action, Moment, Program, World, eventually};

const TEXT: &str = "Subject: operator\r\n\r\nhello\r\n";

/// Two messages to two domains that are put off for an hour.
fn waiting() -> (World, Program, Vec<String>) {
    let mut world = World::new();
    world.settings.set("retry.first", "1h");
    world.mx("one.test", &[(10, 2)]).mx("two.test", &[(10, 2)]);
    let host = world.host(2);
    host.always(Moment::Rcpt, Action::Reply("450 4.2.0 not yet".into()));
    let program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    let ids = vec![
        client.submit("a@src.test", &["b@one.test", "c@one.test"], TEXT),
        client.submit("a@src.test", &["b@two.test"], TEXT),
    ];
    eventually("both to be deferred", || {
        let deliveries = program.json(&["queue", "list"])["deliveries"].clone();
        let attempted = |delivery: &Value| delivery["attempts"] == 1 && delivery["active"] == false;
        (deliveries
            .as_array()?
            .iter()
            .filter(|delivery| attempted(delivery))
            .count()
            == 2)
            .then_some(())
    });
    (world, program, ids)
}

#[test]
fn the_queue_can_be_looked_at() {
    let (_world, program, ids) = waiting();
    let list = program.json(&["queue", "list"]);
    let shown: Vec<&str> = list["deliveries"]
        .as_array()
        .expect("deliveries")
        .iter()
        .filter_map(|delivery| delivery["id"].as_str())
        .collect();
    // Two of one millisecond may change places.
    let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    assert_eq!(shown, sorted, "in order of acceptance");

    let one = program.json(&["queue", "show", &ids[0]]);
    let delivery = &one["deliveries"][0];
    assert_eq!(
        (&delivery["domain"], &delivery["reverse_path"]),
        (&"one.test".into(), &"a@src.test".into())
    );
    assert_eq!(delivery["recipients"].as_array().map(Vec::len), Some(2));
    assert!(
        delivery["recipients"][0]["last_reply"]
            .as_str()
            .is_some_and(|reply| reply.contains("not yet"))
    );

    let summary = program.json(&["queue", "summary"]);
    assert_eq!(
        (&summary["deliveries"], &summary["recipients"]),
        (&2.into(), &3.into())
    );

    // What a person sees says the same.
    let table = program.cli(&["queue", "list"]);
    let table = String::from_utf8_lossy(&table.stdout);
    assert!(
        ids.iter().all(|id| table.contains(id)) && table.contains("one.test"),
        "{table}"
    );
}

#[test]
fn mail_can_be_retried_and_canceled() {
    let (world, program, ids) = waiting();
    let host = world.host(2);
    assert_eq!(program.json(&["queue", "cancel", &ids[0]])["changed"], 1);
    assert_eq!(
        program.json(&["queue", "retry", "--domain", "two.test"])["changed"],
        1
    );
    assert_eq!(host.mail(1)[0].recipients, ["b@two.test"]);
    program.drained();
    assert_eq!(
        host.count(),
        1,
        "what was canceled is not sent, and nobody is told"
    );

    let unknown = program.cli(&["queue", "show", &ids[0]]);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains(&ids[0]));
}

#[test]
fn health_and_metrics_are_public_and_the_queue_is_not() {
    let (_world, program, _) = waiting();
    assert_eq!(program.http("GET", "/health/live").0, 200);
    assert_eq!(program.http("GET", "/health/ready").0, 200);
    assert_eq!(program.http("GET", "/metrics").0, 200);
    let (status, body) = program.http_as("nobody", "GET", "/admin/queue");
    assert_eq!(status, 401);
    let refusal: Value = serde_json::from_str(&body).expect("JSON");
    for field in ["error", "message", "code", "request_id"] {
        assert!(refusal[field].is_string(), "{refusal}");
    }
}

#[test]
fn metrics_count_what_happened() {
    let (_world, program, _) = waiting();
    assert_eq!(program.metric("postrider_messages_accepted_total") as u64, 2);
    assert_eq!(program.metric("postrider_recipient_attempts_total") as u64, 3);
    assert_eq!(program.metric("postrider_queue_deliveries") as u64, 2);
    eventually("the oldest message to be a second old", || {
        (program.metric("postrider_queue_oldest_age_seconds") > 0.0).then_some(())
    });
    for name in [
        "postrider_commit_group_size_count",
        "postrider_commit_sync_seconds_count",
        "postrider_connections_total",
        "postrider_duplicate_window_seconds_count",
    ] {
        assert!(
            program.metric(name) > 0.0,
            "{name} in\n{}",
            program.http("GET", "/metrics").1
        );
    }
}

/// Without a server the commands that need one say so, and where they looked.
#[test]
fn without_a_server_the_command_line_says_so() {
    let world = World::new();
    assert!(world.start().stop().success());
    let output = cli(world.settings.path(), &["queue", "list"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&world.settings.operator().to_string()), "{said}");
}

/// `postrider store check` reads a store that no server has open.
#[test]
fn a_store_can_be_checked_offline() {
    let (world, program, ids) = waiting();
    assert!(program.stop().success());
    let check = cli(world.settings.path(), &["store", "check", "--json"]);
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
    let report: Value = serde_json::from_slice(&check.stdout).expect("JSON");
    assert_eq!(report["records"]["messages"], ids.len(), "{report}");
    assert_eq!(report["sound"], true, "{report}");
}

/// What a newcomer does: `init`, `serve`, `send`. The file that `init` wrote is used, with its addresses moved into
/// this world.
#[test]
fn a_fresh_folder_leads_to_a_delivered_message() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let folder = world.path("fresh").display().to_string();
    let init = [
        "init",
        &folder,
        "--hostname",
        "mail.src.test",
        "--email",
        "app@src.test",
        "--json",
    ];
    let init = cli(world.settings.path(), &init);
    assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
    let made: Value = serde_json::from_slice(&init.stdout).expect("JSON");
    let config = made["config"].as_str().expect("the path of the configuration");

    world.settings = world.settings.take_over(Path::new(config), world.dns.address());
    let program = world.start();
    program.json(&["domain", "add", "app@src.test", "src.test", "--trusted"]);
    let password = world.path("password");
    std::fs::write(&password, made["password"].as_str().expect("a password")).expect("a file");
    let password = password.display().to_string();
    let send = [
        "send",
        "--from",
        "a@src.test",
        "--to",
        "b@dest.test",
        "--user",
        "app@src.test",
        "--password-file",
        &password,
    ];
    let sent = cli(world.settings.path(), &send);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let text = &host.mail(1)[0].text;
    assert!(
        text.contains("with ESMTPSA") && text.contains("A message from Postrider"),
        "{text}"
    );
}
