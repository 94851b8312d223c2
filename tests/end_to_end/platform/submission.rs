//! Mail of accounts over SMTP: the same rules as over REST.

use serde_json::json;

use crate::world::{Client, Host, Program, World};

/// A relay listener that belongs to an account, and a receiver.
fn stage() -> (World, Host, Program) {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.settings.set_listener("account", "owner@src.test");
    let host = world.host(2);
    let program = world.start();
    (world, host, program)
}

fn submit(client: &mut Client, text: &str) -> u16 {
    let reply = client
        .transfer("hello@src.test", &["b@dest.test"], text)
        .expect("a reply");
    reply.code
}

#[test]
fn a_listener_of_nobody_s_account_serves_nobody() {
    let (world, _host, program) = stage();
    assert_eq!(Client::connect(world.relay()).greeting.code, 554);
    program.customer("owner@src.test", &["src.test"]);
    assert_eq!(Client::connect(world.relay()).greeting.code, 220);
}

#[test]
fn only_verified_domains_may_be_in_from_and_only_active_accounts_send() {
    let (world, _host, program) = stage();
    program.customer("owner@src.test", &["src.test"]);
    let mut client = Client::hello(world.relay());
    for (from, code) in [
        ("hello@src.test", 250),
        ("Shop <hello@SRC.test>", 250),
        ("hello@other.test", 550),
        ("hello@sub.src.test", 550),
        ("\"hello@src.test\" <x@other.test>", 550),
    ] {
        assert_eq!(
            submit(&mut client, &format!("From: {from}\r\n\r\nx\r\n")),
            code,
            "{from}"
        );
    }
    assert_eq!(submit(&mut client, "Subject: nobody\r\n\r\nx\r\n"), 554);
    program.json(&["customer", "set", "owner@src.test", "--status", "suspended"]);
    client.expect("MAIL FROM:<hello@src.test>", 550);
    program.json(&["customer", "set", "owner@src.test", "--status", "active"]);
    assert_eq!(submit(&mut client, "From: hello@src.test\r\n\r\nx\r\n"), 250);
}

#[test]
fn our_own_fields_are_read_and_leave_before_anybody_sees_them() {
    let (world, host, program) = stage();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let credentials = customer.ask("GET", "/api/smtp-credentials", None).json();
    assert_eq!(credentials["smtp_credentials"]["username"], json!(customer.email));
    let domains = customer.ask("GET", "/api/customer/domains", None).json();
    world.publish(&domains["domains"][0]);
    let mut client = Client::hello(world.relay());
    let id = client.submit(
        "hello@src.test",
        &["b@dest.test"],
        "From: Shop <hello@src.test>\r\nX-Postrider-Tag: welcome\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
         X-Postrider-Metadata-Order: 17\r\nX-Postrider-Stream: broadcast\r\n\r\nX-Postrider-Tag: body\r\n",
    );
    let mail = host.mail(1).remove(0);
    assert!(
        mail.text.ends_with(
            "From: Shop <hello@src.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nX-Postrider-Tag: body\r\n"
        ),
        "{}",
        mail.text
    );
    assert!(
        mail.text.contains("d=src.test"),
        "signed with the account's keys: {}",
        mail.text
    );
    let email = customer.becomes(&json!(id), "delivered");
    assert_eq!(email["subject"], "Gr\u{fc}\u{df}e");
    assert_eq!(email["tag"], "welcome");
    assert_eq!(email["metadata"], json!({ "order": "17" }));
    assert_eq!(email["from"], "Shop <hello@src.test>");
    assert_eq!(
        submit(
            &mut client,
            "From: hello@src.test\r\nX-Postrider-Tga: x\r\n\r\nx\r\n"
        ),
        554
    );
}

#[test]
fn a_quota_holds_mail_over_smtp_too() {
    let (world, host, program) = stage();
    program.customer("owner@src.test", &["src.test"]);
    program.json(&["customer", "set", "owner@src.test", "--monthly-email-limit", "1"]);
    let mut client = Client::hello(world.relay());
    for _ in 0..3 {
        assert_eq!(submit(&mut client, "From: hello@src.test\r\n\r\nx\r\n"), 250);
    }
    assert_eq!(host.mail(1).len(), 1);
    program.queue_shrinks_to(2);
    program.json(&["customer", "set", "owner@src.test", "--monthly-email-limit", "3"]);
    assert_eq!(host.mail(3).len(), 3);
    program.drained();
}
