use super::*;

const DATE: &str = "Tue, 14 Nov 2023 22:13:20 +0000";

fn info<'a>(by: &'a Domain) -> TraceInfo<'a> {
    TraceInfo {
        hello: "client.example",
        address: [192, 0, 2, 1].into(),
        reverse_name: None,
        by,
        protocol: Protocol::Esmtp,
        cipher: None,
        id: "7",
        recipient: None,
        date: DATE,
    }
}

#[test]
fn rfc5321_4_4_received() {
    let by = Domain::parse("mx.example").unwrap();
    let name = Domain::parse("host.client.example").unwrap();
    let recipient = ForwardPath::parse("<b@example.org>").unwrap();
    let cases = [
        (
            info(&by),
            "Received: from client.example ([192.0.2.1])\r\n\tby mx.example with ESMTP\r\n\tid 7;\r\n\t",
        ),
        (
            TraceInfo {
                address: "2001:db8::1".parse().unwrap(),
                reverse_name: Some(&name),
                protocol: Protocol::Utf8Smtpsa,
                cipher: Some("TLS_AES_256_GCM_SHA384"),
                recipient: Some(&recipient),
                ..info(&by)
            },
            "Received: from client.example (host.client.example [IPv6:2001:db8::1])\r\n\
             \tby mx.example with UTF8SMTPSA tls TLS_AES_256_GCM_SHA384\r\n\
             \tid 7\r\n\tfor <b@example.org>;\r\n\t",
        ),
        (
            TraceInfo {
                hello: "x(evil);\u{e9}\r\nBcc:",
                ..info(&by)
            },
            "Received: from x?evil?????Bcc: ([192.0.2.1])\r\n\tby mx.example with ESMTP\r\n\tid 7;\r\n\t",
        ),
    ];
    for (info, expected) in cases {
        let field = String::from_utf8(received_header(&info)).unwrap();
        assert_eq!(field, format!("{expected}{DATE}\r\n"));
    }
}

#[test]
fn a_received_field_of_the_longest_names_has_lines_of_allowed_length() {
    let by = Domain::parse(&format!("{0}.{0}.{0}.{1}", "d".repeat(63), "d".repeat(62))).unwrap();
    let hello = "h".repeat(crate::limits::DOMAIN_MAX);
    let info = TraceInfo {
        hello: &hello,
        reverse_name: Some(&by),
        ..info(&by)
    };
    let field = String::from_utf8(received_header(&info)).unwrap();
    assert!(
        field
            .split_inclusive("\r\n")
            .all(|line| line.len() <= crate::limits::TEXT_LINE_MAX)
    );
}

#[test]
fn rfc5321_6_3_hops_are_counted_in_the_header_only() {
    let cases: &[(&[u8], usize)] = &[
        (b"", 0),
        (b"Received: from a\r\n", 1),
        (
            b"RECEIVED : from a\r\n\tby b\r\nReceived: from b\r\nSubject: Received:\r\n\r\nReceived: no\r\n",
            2,
        ),
        (b"\r\nReceived: no\r\n", 0),
        (b"X-Received: no\r\n received: folded\r\nReceived-SPF: no\r\n", 0),
        (b"received", 0),
        (b"received:", 1),
    ];
    for (message, expected) in cases {
        assert_eq!(hop_count(message), *expected, "{}", message.escape_ascii());
    }
}
