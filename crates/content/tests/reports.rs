//! Reports as mail systems write them, each with what is to be read in it, in `expected.tsv`: kind, then recipients
//! with status, or what else tells the kinds apart. And what hostile octets do: nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end")]
#![expect(clippy::disallowed_methods, reason = "the messages lie in files")]

use std::path::Path;

use content::report::limits::RECIPIENTS_MAX;
use content::report::{Delivery, Original, Report, read};
use proptest::prelude::*;

#[path = "../../../fuzz/properties/report.rs"]
mod report;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports")
}

fn message(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
}

fn names() -> Vec<String> {
    let table = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    table
        .lines()
        .map(|row| row.split('\t').next().unwrap().to_owned())
        .collect()
}

fn id(original: &Option<Original>) -> &str {
    original
        .as_ref()
        .and_then(|original| original.message_id.as_deref())
        .unwrap_or("-")
}

fn delivery(kind: &str, delivery: &Delivery) -> String {
    let recipients: Vec<String> = delivery
        .recipients
        .iter()
        .map(|one| format!("{} {}", one.final_recipient, one.status.as_deref().unwrap_or("-")))
        .collect();
    format!("{kind}\t{}\t{}", recipients.join(", "), id(&delivery.original))
}

fn told(report: &Report) -> String {
    match report {
        Report::Bounce(bounce) => delivery("bounce", bounce),
        Report::Notice(notice) => delivery("notice", notice),
        Report::Complaint(complaint) => format!(
            "complaint\t{} {}\t{}",
            complaint.feedback_type,
            complaint.original_recipients.join(", "),
            id(&complaint.original)
        ),
        Report::AutoReply { why } => format!("auto-reply\t{why:?}\t-"),
        Report::Other => "other\t-\t-".to_owned(),
    }
}

#[test]
fn each_report_says_what_is_expected() {
    let table = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let read: String = table
        .lines()
        .map(|row| row.split('\t').next().unwrap())
        .map(|name| format!("{name}\t{}\n", told(&read(&message(name)))))
        .collect();
    assert_eq!(read, table);
    assert!(table.lines().count() >= 30);
}

#[test]
fn every_field_of_a_report_is_given_back() {
    let Report::Bounce(bounce) = read(&message("postfix-unknown-user.eml")) else {
        panic!("no bounce")
    };
    let one = &bounce.recipients[0];
    assert_eq!(one.original_recipient.as_deref(), Some("a@example.net"));
    assert_eq!(one.remote_mta.as_deref(), Some("mx.example.net"));
    assert_eq!(one.diagnostic.as_deref(), Some("550 5.1.1 User unknown"));
    let original = bounce.original.unwrap();
    assert_eq!(original.from.as_deref(), Some("Shop <news@shop.example>"));
    assert!(original.header.ends_with(b"\r\n\r\n"));
    let Report::Bounce(bounce) = read(&message("sendmail-dsn.eml")) else {
        panic!("no bounce")
    };
    assert_eq!(bounce.envelope_id.as_deref(), Some("ev-17"));
    let Report::Complaint(complaint) = read(&message("yahoo-cfl.eml")) else {
        panic!("no complaint")
    };
    assert_eq!(complaint.source_ip.as_deref(), Some("192.0.2.9"));
    assert_eq!(complaint.user_agent.as_deref(), Some("Yahoo!-Mail-Feedback/2.0"));
    assert_eq!(
        complaint.arrival_date.as_deref(),
        Some("Mon, 2 Nov 2026 10:00:00 +0000")
    );
}

#[test]
fn many_parts_and_recipients_are_bounded() {
    let groups =
        "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n".repeat(3000);
    let bomb = format!(
        "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{groups}"
    );
    let Report::Bounce(bounce) = read(bomb.as_bytes()) else {
        panic!("no bounce")
    };
    assert_eq!(bounce.recipients.len(), RECIPIENTS_MAX);
    let nested = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(5000);
    assert_eq!(read(nested.as_bytes()), Report::Other);
}

proptest! {
    #[test]
    fn any_octets_can_be_read(octets in proptest::collection::vec(any::<u8>(), 0..2000)) {
        report::holds(&octets);
    }

    #[test]
    fn reports_can_be_cut_and_changed(
        which in any::<proptest::sample::Index>(),
        cut in any::<proptest::sample::Index>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let names = names();
        let mut octets = message(&names[which.index(names.len())]);
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        report::holds(&octets);
        octets.truncate(cut.index(octets.len()));
        report::holds(&octets);
    }
}
