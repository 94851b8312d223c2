//! Notices are read back by a reader that knows RFC 3464 and takes nothing else.

mod reader;

use super::*;
use reader::{Group, ReadNotice, read};

fn notice(failed: Vec<FailedRecipient>) -> Notice {
    Notice {
        reporting_mta: "mx.example.org".into(),
        original_id: "0190-abc".into(),
        arrival_date: "Tue, 01 Jul 2025 10:00:00 +0000".into(),
        recipient: Mailbox::parse("sender@example.net").expect("a mailbox"),
        failed,
        original_header: b"From: a@b\r\nSubject: hello\r\n".to_vec(),
        date: "Tue, 01 Jul 2025 10:00:05 +0000".into(),
        message_id: "0191-def@mx.example.org".into(),
        boundary: "=_0191def".into(),
        smtputf8: false,
    }
}

fn failed(recipient: &str, status: &str, diagnostic: &str, remote_mta: Option<&str>) -> FailedRecipient {
    FailedRecipient {
        recipient: ForwardPath::from(Mailbox::parse(recipient).expect("a mailbox")),
        status: status.into(),
        diagnostic: diagnostic.into(),
        remote_mta: remote_mta.map(str::to_owned),
    }
}

fn read_one(notice: &Notice) -> (ReadNotice, Group) {
    let read = read(&failure_notice(notice));
    let [_, group] = read.status.as_slice() else {
        panic!("{:?}", read.status)
    };
    let group = group.clone();
    (read, group)
}

#[test]
fn a_notice_tells_people_and_machines() {
    let read = read(&failure_notice(&notice(vec![
        failed(
            "joe@example.com",
            "5.1.1",
            "550 5.1.1 No such user",
            Some("mx1.example.com"),
        ),
        failed(
            "ann@example.com",
            "5.4.7",
            "delivery time expired; last attempt: 450 later",
            None,
        ),
    ])));
    for (name, value) in [
        ("From", "Mail Delivery System <mailer-daemon@mx.example.org>"),
        ("To", "<sender@example.net>"),
        ("Subject", "Your message could not be delivered"),
        ("Date", "Tue, 01 Jul 2025 10:00:05 +0000"),
        ("Message-ID", "<0191-def@mx.example.org>"),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
        (
            "Content-Type",
            "multipart/report; report-type=delivery-status; boundary=\"=_0191def\"",
        ),
        ("Content-Transfer-Encoding", "7bit"),
    ] {
        assert_eq!(read.header.value(name), Some(value));
    }
    assert_eq!(
        read.types,
        [
            "text/plain; charset=us-ascii",
            "message/delivery-status",
            "text/rfc822-headers"
        ]
    );
    assert!(
        read.text
            .contains("<joe@example.com>\r\n    mx1.example.com said: 550 5.1.1 No such user\r\n")
    );
    assert!(
        read.text
            .contains("<ann@example.com>\r\n    delivery time expired; last attempt: 450 later\r\n")
    );
    let [message, joe, ann] = read.status.as_slice() else {
        panic!("{:?}", read.status)
    };
    assert_eq!(
        message.names(),
        ["Reporting-MTA", "X-Postrider-Id", "Arrival-Date"]
    );
    assert_eq!(message.value("Reporting-MTA"), Some("dns; mx.example.org"));
    assert_eq!(message.value("X-Postrider-Id"), Some("0190-abc"));
    assert_eq!(
        message.value("Arrival-Date"),
        Some("Tue, 01 Jul 2025 10:00:00 +0000")
    );
    assert_eq!(
        joe.names(),
        [
            "Final-Recipient",
            "Action",
            "Status",
            "Remote-MTA",
            "Diagnostic-Code"
        ]
    );
    assert_eq!(joe.value("Final-Recipient"), Some("rfc822; joe@example.com"));
    assert_eq!(joe.value("Action"), Some("failed"));
    assert_eq!(joe.value("Status"), Some("5.1.1"));
    assert_eq!(joe.value("Remote-MTA"), Some("dns; mx1.example.com"));
    assert_eq!(joe.value("Diagnostic-Code"), Some("smtp; 550 5.1.1 No such user"));
    assert_eq!(
        ann.names(),
        ["Final-Recipient", "Action", "Status", "Diagnostic-Code"]
    );
    assert_eq!(
        ann.value("Diagnostic-Code"),
        Some("x-postrider; delivery time expired; last attempt: 450 later")
    );
    assert_eq!(read.original, "From: a@b\r\nSubject: hello\r\n");
}

#[test]
fn a_status_that_is_none_is_replaced() {
    for (status, written) in [
        ("5.1.1", "5.1.1"),
        ("4.4.7", "4.4.7"),
        ("2.0.0", "5.0.0"),
        ("", "5.0.0"),
        ("5.1", "5.0.0"),
        ("5.1.1\r\nAction: delivered", "5.0.0"),
    ] {
        let (_, group) = read_one(&notice(vec![failed("a@b", status, "550 no", None)]));
        assert_eq!(group.value("Status"), Some(written), "{status:?}");
        assert_eq!(group.value("Action"), Some("failed"));
    }
}

#[test]
fn texts_cannot_break_out_of_their_field() {
    let long = "word ".repeat(1000);
    let endless = "x".repeat(5000);
    let broken = format!("550 {}{}", "x".repeat(896), "y".repeat(900));
    for (diagnostic, written) in [
        ("550 no\r\nAction: delivered", "smtp; 550 no Action: delivered"),
        ("550 no\r\n\r\n--=_0191def--\r\n", "smtp; 550 no --=_0191def--"),
        ("550 a\u{0}b\tc  d\u{85}e", "smtp; 550 a b c d e"),
        ("", "x-postrider;"),
        ("550", "x-postrider; 550"),
        (
            "connection lost after EHLO",
            "x-postrider; connection lost after EHLO",
        ),
        (long.as_str(), &format!("x-postrider; {}", long.trim())),
        (
            endless.as_str(),
            &format!(
                "x-postrider; {}",
                [&endless[..900]; 5].join(" ") + " " + &endless[..500]
            ),
        ),
        (
            broken.as_str(),
            &format!("smtp; 550 {}{} {}", "x".repeat(896), "yyyy", "y".repeat(896)),
        ),
    ] {
        let (_, group) = read_one(&notice(vec![failed(
            "a@b",
            "5.0.0",
            diagnostic,
            Some("mx\r\nX: y"),
        )]));
        assert_eq!(group.value("Diagnostic-Code"), Some(written), "{diagnostic:.60}");
        assert_eq!(
            group.names(),
            [
                "Final-Recipient",
                "Action",
                "Status",
                "Remote-MTA",
                "Diagnostic-Code"
            ]
        );
    }
}

#[test]
fn without_smtputf8_the_words_of_a_notice_are_ascii() {
    let (read, group) = read_one(&notice(vec![failed(
        "jo+rg\u{f6}@b",
        "5.6.7",
        "550 gr\u{fc}n \u{1f4a9}",
        None,
    )]));
    assert_eq!(
        group.value("Final-Recipient"),
        Some("utf-8; jo\\x{2B}rg\\x{F6}@b")
    );
    assert_eq!(group.value("Diagnostic-Code"), Some("smtp; 550 gr?n ?"));
    assert_eq!(
        read.types,
        [
            "text/plain; charset=us-ascii",
            "message/delivery-status",
            "text/rfc822-headers"
        ]
    );
    assert_eq!(read.header.value("Content-Transfer-Encoding"), Some("7bit"));
}

// RFC 6533.
#[test]
fn with_smtputf8_parts_that_hold_utf8_are_global() {
    let mut notice = notice(vec![failed("jo+rg\u{f6}@b", "5.1.1", "550 gr\u{fc}n", None)]);
    notice.smtputf8 = true;
    notice.recipient = Mailbox::parse("ann\u{e9}@example.net").expect("a mailbox");
    notice.original_header = "Subject: gr\u{fc}n\r\n".as_bytes().to_vec();
    let (read, group) = read_one(&notice);
    assert_eq!(read.header.value("To"), Some("<ann\u{e9}@example.net>"));
    assert_eq!(read.header.value("Content-Transfer-Encoding"), Some("8bit"));
    assert_eq!(group.value("Final-Recipient"), Some("utf-8; jo\\x{2B}rg\u{f6}@b"));
    assert_eq!(group.value("Diagnostic-Code"), Some("smtp; 550 gr\u{fc}n"));
    assert_eq!(
        read.types,
        [
            "text/plain; charset=utf-8",
            "message/global-delivery-status",
            "message/global-headers"
        ]
    );
    assert_eq!(read.encodings, ["8bit", "8bit", "8bit"]);

    notice.failed = vec![failed("joe@b", "5.1.1", "550 no", None)];
    let (read, _) = read_one(&notice);
    assert_eq!(
        read.types,
        [
            "text/plain; charset=us-ascii",
            "message/delivery-status",
            "message/global-headers"
        ]
    );
    assert_eq!(read.encodings, ["7bit", "7bit", "8bit"]);
}

#[test]
fn the_original_header_is_kept_as_far_as_lines_allow() {
    let long = [b"X: ".as_slice(), &[b'a'; 2000]].concat();
    let cut = [
        b"X: ".as_slice(),
        &[b'a'; 994],
        b"\r\n ",
        &[b'a'; 997],
        b"\r\n ",
        &[b'a'; 9],
        b"\r\n",
    ]
    .concat();
    for (header, kept) in [
        (b"A: b\r\nC: d\r\n".as_slice(), b"A: b\r\nC: d\r\n".as_slice()),
        (b"A: b\r\nC: d", b"A: b\r\nC: d\r\n"),
        (b"A: b\r\n\tfolded\r\n", b"A: b\r\n\tfolded\r\n"),
        (b"A: b\r\n\r\nbody\r\n", b"A: b\r\n"),
        (b"A: b\nC: d\n", b"A: b\r\nC: d\r\n"),
        (b"A: b\rC: d\0\r\n", b"A: b?C: d?\r\n"),
        (b"--=_0191def--\r\nA: b\r\n", b" --=_0191def--\r\nA: b\r\n"),
        (b"A: gr\xfcn\r\n", b"A: gr\xfcn\r\n"),
        (b"", b""),
        (&long, &cut),
    ] {
        for smtputf8 in [false, true] {
            let mut notice = notice(vec![failed("a@b", "5.0.0", "550 no", None)]);
            notice.original_header = header.to_vec();
            notice.smtputf8 = smtputf8;
            let octets = failure_notice(&notice);
            let read = read(&octets);
            assert_eq!(read.original, String::from_utf8_lossy(kept));
            assert_eq!(read.types[2], "text/rfc822-headers");
            assert_eq!(read.encodings[2], if kept.is_ascii() { "7bit" } else { "8bit" });
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_notice_that_cannot_be_read(
        diagnostic in ".{0,400}",
        status in ".{0,12}",
        remote_mta in proptest::option::of(".{0,80}"),
        header in proptest::collection::vec(proptest::num::u8::ANY, 0..2500),
        smtputf8 in proptest::bool::ANY,
    ) {
        let mut notice = notice(vec![failed("a@b", &status, &diagnostic, remote_mta.as_deref()); 2]);
        notice.original_header = header;
        notice.smtputf8 = smtputf8;
        let read = read(&failure_notice(&notice));
        proptest::prop_assert_eq!(read.status.len(), 3);
        proptest::prop_assert!(smtputf8 || read.header.value("Content-Transfer-Encoding").is_some());
    }
}
