//! Reports that come at the wrong moment, and how all of them are counted.

use serde_json::json;

use super::homecoming::{HOME, Stage, arf, count, dsn, events, send, stage, timeline, types, world};
use crate::world::{Action, Moment, eventually};

/// A stage whose receiver takes mail and keeps the 250 to itself until it is let go.
fn holding() -> Stage {
    let mut world = world();
    world.settings.set("log.filter", "debug");
    let host = world.host(3);
    host.once(Moment::EndOfData, Action::Hold);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    Stage {
        world,
        host,
        program,
        customer,
    }
}

/// A receiver that bounces a message before it says that it has it.
#[test]
fn a_report_that_overtakes_its_delivery_waits_for_it() {
    let stage = holding();
    let email = send(&stage.customer, &json!("b@dest.test"));
    let mail = stage.host.mail(1).remove(0);
    let text = dsn("b@dest.test", "failed", "550 5.1.1 gone", &mail.text);
    std::thread::scope(|scope| {
        let reporting = scope.spawn(|| stage.report("", &mail.reverse_path, &text));
        eventually("the report to wait", || {
            stage.program.log().contains("a report waits").then_some(())
        });
        stage.host.let_go();
        reporting.join().unwrap();
    });
    let events = timeline(&stage.customer, &email, "bounced");
    assert_eq!(types(&events), ["queued", "sent", "delivered", "bounced"]);
    stage.customer.becomes(&email["id"], "bounced");
    for name in ["sent", "delivered", "bounced"] {
        assert_eq!(count(&stage.customer, name), 1, "{name}");
    }
}

/// A 250 that does not come is not waited for without end, and changes nothing any more when it comes after all.
#[test]
fn a_report_of_a_delivery_that_is_never_heard_of_is_taken() {
    let stage = holding();
    let email = send(&stage.customer, &json!("b@dest.test"));
    let mail = stage.host.mail(1).remove(0);
    let text = dsn("b@dest.test", "failed", "550 5.1.1 gone", &mail.text);
    stage.report("", &mail.reverse_path, &text);
    let told = events(&stage.customer, &email);
    assert_eq!(types(&told), ["queued", "bounced"]);
    stage.host.let_go();
    let told = timeline(&stage.customer, &email, "delivered");
    assert_eq!(types(&told), ["queued", "bounced", "sent", "delivered"]);
    for late in &told[1..] {
        assert_eq!(late["status"], "bounced", "{late}");
    }
    stage.program.drained();
    stage.customer.becomes(&email["id"], "bounced");
}

#[test]
fn reports_are_counted_by_what_they_were() {
    let stage = stage();
    let (_, mail) = stage.sent("b@dest.test");
    let path = mail.reverse_path.as_str();
    let desk = format!("fbl@{HOME}");
    let report = |action: &str, said: &str| dsn("b@dest.test", action, said, &mail.text);
    let bounce = report("failed", "550 5.1.1 gone");
    for (from, to, text) in [
        ("", path, bounce.as_str()),
        ("", path, &bounce),
        ("p@far.test", &desk, &arf("abuse", Some(&mail.text))),
        ("p@far.test", &desk, &arf("not-spam", Some(&mail.text))),
        ("", path, &report("delayed", "451 4.4.1 later")),
        ("", path, &report("delayed", "451 4.4.1 still later")),
        ("", path, &report("relayed", "250 2.1.5 on its way")),
        (
            "",
            path,
            "Auto-Submitted: auto-replied\r\nSubject: I am away\r\n\r\n\r\n",
        ),
        ("p@far.test", path, "Subject: hi\r\n\r\nthanks\r\n"),
    ] {
        stage.report(from, to, text);
    }
    let refused = stage
        .home()
        .transfer("p@far.test", &[&desk], "Subject: hi\r\n\r\nanybody there?\r\n");
    assert_eq!(refused.unwrap().code, 554);
    let kinds = [
        "bounce",
        "complaint",
        "delay",
        "auto_reply",
        "other",
        "refused",
        "unsubscribe",
    ];
    let counted = kinds.map(|kind| {
        let name = format!("postrider_reports_total{{kind=\"{kind}\"}}");
        stage.program.metric(&name) as u64
    });
    assert_eq!(counted, [2, 1, 2, 1, 3, 1, 0], "{kinds:?}");
}
