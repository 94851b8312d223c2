//! Bulk mail: one template, a copy for each recipient, made when it is due.

use std::path::Path;

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn each_recipient_gets_a_copy_of_their_own() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let bulk = json!({
        "subject": "News for {{name}}", "html": "<p>Hello {{ name }}, {{offer}}</p><style>a{b:c}</style>",
        "from": "Shop <news@src.test>", "tag": "news",
        "recipients": [
            { "email": "Ada <ada@dest.test>", "vars": { "name": "Ada & Co", "offer": "<b>10 %</b>" } },
            { "email": "bob@dest.test", "vars": { "name": "Bob" } },
            { "email": "nobody", "vars": { "name": "x", "offer": "y" } },
            { "email": "eve@dest.test", "vars": { "name": "Eve", "offer": 5 } },
            { "email": "suppressed@sim.postrider.invalid", "vars": { "name": "S", "offer": "y" } },
        ],
    });
    let reply = customer.ask("POST", "/api/bulk-send", Some(&bulk));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    let counts = ["total", "queued", "failed", "suppressed"].map(|name| reply[name].clone());
    assert_eq!(counts, [json!(5), json!(2), json!(2), json!(1)], "{reply}");
    let errors: Vec<(&Value, &Value)> = reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["index"], &error["error"]))
        .collect();
    assert_eq!(
        errors,
        [
            (&json!(1), &json!("variable_missing")),
            (&json!(2), &json!("not_an_address"))
        ]
    );

    let mail = host.mail(2);
    let to = |address: &str| mail.iter().find(|mail| mail.recipients == [address]).unwrap();
    let ada = to("ada@dest.test");
    assert!(
        ada.text.contains("Subject: News for Ada & Co\r\n"),
        "{}",
        ada.text
    );
    assert!(
        ada.text.contains("&lt;b&gt;10 %&lt;"),
        "values are escaped in html: {}",
        ada.text
    );
    assert!(!ada.text.contains("eve@"), "nobody sees the others");
    assert!(to("eve@dest.test").text.contains("Hello Eve, 5"));
    program.drained();
}

/// The author's name is read again for each copy, and needs the quotes that it was given.
#[test]
fn an_author_whose_name_needs_quotes() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let bulk = json!({
        "subject": "s", "text": "t", "from": "\"Doe, Jane (Shop)\" <news@src.test>",
        "recipients": [{ "email": "ada@dest.test" }],
    });
    let reply = customer.ask("POST", "/api/bulk-send", Some(&bulk));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = &host.mail(1)[0].text;
    assert!(
        text.contains("From: \"Doe, Jane (Shop)\" <news@src.test>\r\n"),
        "{text}"
    );
    program.drained();
}

/// A template of 100 KB and 10 000 recipients: the spool grows by the template and small records.
#[test]
fn ten_thousand_recipients_cost_one_template_and_small_records() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let html = format!(
        "<p>Hello {{{{name}}}}</p>{}",
        "<p>line of the newsletter</p>".repeat(3_500)
    );
    assert!(html.len() > 98_000);
    let recipients: Vec<Value> = (0..10_000)
        .map(|number| json!({ "email": format!("r{number}@dest.test"), "vars": { "name": format!("N{number}") } }))
        .collect();
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3600);
    let bulk = json!({
        "subject": "s", "html": html, "recipients": recipients, "send_at": in_an_hour.to_string(),
    });
    let data = world.settings.data_dir();
    let before = disk_usage(&data);
    let reply = customer.ask("POST", "/api/bulk-send", Some(&bulk));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["queued"], 10_000);
    let grown = disk_usage(&data).saturating_sub(before);
    assert!(grown < 10_000_000, "the spool grew by {grown} octets");
    assert_eq!(program.queued(), 10_000);
    let id = reply.json()["bulk_id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 36);
}

/// Octets that the files below `folder` occupy.
fn disk_usage(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => disk_usage(&entry.path()),
            Ok(found) => found.blocks() * 512,
            // It was compacted away meanwhile.
            Err(_) => 0,
        })
        .sum()
}
