//! A strict reader of delivery status notifications: what RFC 3464, RFC 6522 and RFC 2046 require is asserted.

/// A notice, taken apart.
#[derive(Debug)]
pub(super) struct ReadNotice {
    pub(super) header: Group,
    /// Content-Type and Content-Transfer-Encoding of the three parts.
    pub(super) types: Vec<String>,
    pub(super) encodings: Vec<String>,
    pub(super) text: String,
    /// RFC 3464 §2.1: per-message fields, then the fields of each recipient.
    pub(super) status: Vec<Group>,
    pub(super) original: String,
}

/// Fields up to an empty line, unfolded.
#[derive(Clone, Debug)]
pub(super) struct Group(Vec<(String, String)>);

impl Group {
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The value of a field that occurs at most once.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut values = self
            .0
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        value
    }
}

pub(super) fn read(octets: &[u8]) -> ReadNotice {
    check_lines(octets);
    let message = String::from_utf8_lossy(octets).into_owned();
    let (header, body) = split_header(&message);
    let content_type = header.value("Content-Type").expect("a type");
    let (kind, boundary) = content_type.split_once("; boundary=\"").expect("a boundary");
    assert_eq!(kind, "multipart/report; report-type=delivery-status");
    let boundary = format!("--{}", boundary.strip_suffix('"').expect("a quoted boundary"));
    let parts = split_parts(body, &boundary);
    let [text, status, original] = parts.as_slice() else {
        panic!("{} parts", parts.len())
    };
    let parts = [text, status, original].map(|part| split_header(part));
    let field = |name: &str| {
        parts
            .iter()
            .map(|(header, _)| header.value(name).expect(name).to_owned())
            .collect()
    };
    let encodings: Vec<String> = field("Content-Transfer-Encoding");
    let whole = header.value("Content-Transfer-Encoding");
    let any_8bit = encodings.iter().any(|encoding| encoding == "8bit");
    assert_eq!(whole, Some(if any_8bit { "8bit" } else { "7bit" }));
    let [(_, text), (_, status), (_, original)] = parts.clone();
    ReadNotice {
        types: field("Content-Type"),
        encodings,
        text: text.into(),
        status: read_status(status),
        original: original.into(),
        header,
    }
}

// RFC 5321 §2.3.8, RFC 5322 §2.1.1.
fn check_lines(octets: &[u8]) {
    let lines = octets.strip_suffix(b"\r\n").expect("the last line ends");
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 998, "a line of {} octets", line.len());
        assert!(
            !line.contains(&b'\r') && !line.contains(&0),
            "{:?}",
            String::from_utf8_lossy(line)
        );
    }
    let feeds = memchr::memchr_iter(b'\n', octets).count();
    assert_eq!(
        feeds,
        memchr::memmem::find_iter(octets, b"\r\n").count(),
        "a bare LF"
    );
}

fn split_parts<'a>(body: &'a str, boundary: &str) -> Vec<&'a str> {
    let opening = format!("{boundary}\r\n");
    let closing = format!("\r\n{boundary}--\r\n");
    let body = body.strip_prefix(&opening).expect("the first boundary");
    let body = body.strip_suffix(&closing).expect("the last boundary");
    let parts: Vec<&str> = body.split(&format!("\r\n{opening}")).collect();
    for part in &parts {
        assert!(
            !part.lines().any(|line| line.starts_with(boundary)),
            "a boundary within a part"
        );
    }
    parts
}

fn split_header(text: &str) -> (Group, &str) {
    let (header, body) = text.split_once("\r\n\r\n").expect("a header ends");
    (read_group(header), body)
}

// RFC 3464 §2.1: groups separated by one empty line.
fn read_status(text: &str) -> Vec<Group> {
    let text = text.strip_suffix("\r\n").expect("the last field ends");
    let groups: Vec<Group> = text.split("\r\n\r\n").map(read_group).collect();
    let (message, recipients) = groups.split_first().expect("per-message fields");
    // RFC 3464 §2.2.2, §2.3.2, §2.3.3, §2.3.4: what must be there.
    check_typed(message.value("Reporting-MTA").expect("Reporting-MTA"));
    assert!(!recipients.is_empty(), "at least one recipient");
    for recipient in recipients {
        check_typed(recipient.value("Final-Recipient").expect("Final-Recipient"));
        assert_eq!(recipient.value("Action"), Some("failed"));
        check_status(recipient.value("Status").expect("Status"));
        recipient.value("Remote-MTA").inspect(|value| check_typed(value));
        recipient
            .value("Diagnostic-Code")
            .inspect(|value| check_typed(value));
    }
    groups
}

// `type; text` (RFC 3464 §2.1.2).
fn check_typed(value: &str) {
    let (kind, _) = value.split_once(';').expect("a typed value");
    assert!(
        !kind.is_empty()
            && kind
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        "{kind}"
    );
}

fn check_status(status: &str) {
    let numbers: Vec<u16> = status
        .split('.')
        .map(|number| number.parse().expect("a number"))
        .collect();
    assert!(
        matches!(numbers.as_slice(), [4 | 5, 0..=999, 0..=999]),
        "{status}"
    );
}

fn read_group(text: &str) -> Group {
    let unfolded = text.replace("\r\n ", " ").replace("\r\n\t", "\t");
    let fields = unfolded.split("\r\n").map(|line| {
        let (name, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("no field: {line:?}"));
        assert!(
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()),
            "{name:?}"
        );
        (name.to_owned(), value.trim_start_matches(' ').to_owned())
    });
    Group(fields.collect())
}
