//! What we compose, mail-parser reads: an implementation that shares no code with ours says what is in it.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use content::mime::{Address, Attachment, Composition, ExtraFields, compose, one_line};
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use proptest::prelude::*;

const MESSAGE_ID: &str = "0198c0de-7000-8000-a000-000000000001@mail.example";
const DATE_UNIX_S: i64 = 1_700_000_000;

/// The pieces of a message, owned; a test changes what it is about.
#[derive(Default)]
struct Pieces {
    from: Option<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    reply_to: Option<Address>,
    subject: String,
    html: Option<String>,
    text: Option<String>,
    extra_fields: ExtraFields,
}

impl Pieces {
    fn text(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::default()
        }
    }

    fn html(html: &str) -> Self {
        Self {
            html: Some(html.to_owned()),
            ..Self::default()
        }
    }

    fn composed(&self) -> Vec<u8> {
        self.composed_with(&[])
    }

    /// The message, held to what is promised of every one.
    fn composed_with(&self, attachments: &[Attachment<'_>]) -> Vec<u8> {
        let default_from = address("from@mail.example");
        let composition = Composition {
            from: self.from.as_ref().unwrap_or(&default_from),
            to: &self.to,
            cc: &self.cc,
            reply_to: self.reply_to.as_ref(),
            subject: &self.subject,
            html: self.html.as_deref(),
            text: self.text.as_deref(),
            extra_fields: &self.extra_fields,
            attachments,
            message_id: MESSAGE_ID,
            date_unix_s: DATE_UNIX_S,
        };
        let message = compose(&composition);
        assert_eq!(message, compose(&composition), "the same pieces, the same octets");
        let addresses = self
            .to
            .iter()
            .chain(&self.cc)
            .chain([composition.from])
            .chain(&self.reply_to);
        assert_lines_are_sound(&message, addresses.into_iter().any(Address::needs_smtputf8));
        message
    }
}

/// How the encoded words that we write begin; a field of the caller's may have others.
const ENCODED_WORDS: &[&str] = &["=?utf-8?B?", "=?utf-8?Q?", "=?us-ascii?Q?"];

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// RFC 5322 §2.1.1, RFC 5321 §2.3.8: CRLF alone ends a line, no NUL, 998 octets at most; 7-bit, and folded where the
/// 78 octets that are advised can be kept.
fn assert_lines_are_sound(message: &[u8], smtputf8: bool) {
    let shown = String::from_utf8_lossy(message);
    assert!(message.ends_with(b"\r\n"), "{shown}");
    let text = std::str::from_utf8(message).unwrap();
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        assert!(line.len() <= 998, "{line:?}");
        assert!(smtputf8 || line.is_ascii(), "{line:?}");
        let is_encoded = ENCODED_WORDS.iter().any(|word| line.contains(word));
        assert!(!is_encoded || line.len() <= 78, "{line:?}");
    }
}

fn parsed(message: &[u8]) -> Message<'_> {
    let parsed = MessageParser::default().parse(message).unwrap();
    assert_eq!(parsed.message_id(), Some(MESSAGE_ID));
    assert_eq!(parsed.date().unwrap().to_rfc3339(), "2023-11-14T22:13:20Z");
    for name in ["MIME-Version", "From", "Date", "Message-ID", "Subject"] {
        let count = parsed
            .headers()
            .iter()
            .filter(|field| field.name().eq_ignore_ascii_case(name))
            .count();
        assert_eq!(count, 1, "{name}");
    }
    parsed
}

/// What an unstructured field reads as; mail-parser decodes those it does not know only when it is asked to.
fn unstructured(message: &[u8], name: &str) -> Option<String> {
    let parser = MessageParser::new().header_text(name.to_owned());
    let message = parser.parse_headers(message)?;
    message.header(name)?.as_text().map(str::to_owned)
}

/// ASCII is there as it was given, but for the folding; anything else is decoded.
fn assert_field_reads_as(message: &[u8], name: &str, value: &str) {
    if value.is_ascii() {
        let message = MessageParser::new().parse_headers(message).unwrap();
        let raw = message.header_raw(name).unwrap().replace("\r\n", "");
        assert_eq!(raw.strip_prefix(' ').unwrap(), value, "{name}");
    } else {
        assert_eq!(unstructured(message, name).as_deref(), Some(value), "{name}");
    }
}

/// The media types of all parts, in the order they stand in, the deeper ones indented.
fn outline(message: &Message<'_>) -> Vec<String> {
    fn walk(message: &Message<'_>, id: u32, depth: usize, lines: &mut Vec<String>) {
        let part = &message.parts[id as usize];
        let content_type = part.content_type().unwrap();
        let media_type = format!("{}/{}", content_type.ctype(), content_type.subtype().unwrap());
        lines.push(format!("{}{media_type}", " ".repeat(depth)));
        if let PartType::Multipart(children) = &part.body {
            for child in children {
                walk(message, *child, depth + 1, lines);
            }
        }
    }
    let mut lines = Vec::new();
    walk(message, 0, 0, &mut lines);
    lines
}

/// What a body reads as: the line ends of text are CRLF, and the last line has one.
fn canonical(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\r\n");
    if text.is_empty() || text.ends_with("\r\n") {
        text
    } else {
        text + "\r\n"
    }
}

#[test]
fn parts_stand_where_they_belong() {
    let shown = || {
        Attachment::new("logo.png", b"\x89PNG")
            .unwrap()
            .with_content_id("logo")
            .unwrap()
    };
    let file = || Attachment::new("invoice.pdf", b"%PDF").unwrap();
    let text = || Pieces::text("t");
    let html = || Pieces::html("<p>h</p>");
    let both = || Pieces {
        html: Some("<p>h</p>".into()),
        ..Pieces::text("t")
    };
    let table: Vec<(Pieces, Vec<Attachment<'_>>, &[&str])> = vec![
        (Pieces::default(), vec![], &["text/plain"]),
        (text(), vec![], &["text/plain"]),
        (
            html(),
            vec![],
            &["multipart/alternative", " text/plain", " text/html"],
        ),
        (
            both(),
            vec![],
            &["multipart/alternative", " text/plain", " text/html"],
        ),
        (
            text(),
            vec![file()],
            &["multipart/mixed", " text/plain", " application/pdf"],
        ),
        (
            text(),
            vec![shown()],
            &["multipart/mixed", " text/plain", " image/png"],
        ),
        (
            both(),
            vec![shown()],
            &[
                "multipart/alternative",
                " text/plain",
                " multipart/related",
                "  text/html",
                "  image/png",
            ],
        ),
        (
            html(),
            vec![file(), shown(), file()],
            &[
                "multipart/mixed",
                " multipart/alternative",
                "  text/plain",
                "  multipart/related",
                "   text/html",
                "   image/png",
                " application/pdf",
                " application/pdf",
            ],
        ),
    ];
    for (pieces, attachments, expected) in table {
        let message = pieces.composed_with(&attachments);
        assert_eq!(outline(&parsed(&message)), expected);
    }
}

#[test]
fn the_header_says_who_and_what() {
    let mut pieces = Pieces::text("x");
    pieces.from = Some(address("\"Big, Mail\" <from@mail.example>"));
    pieces.to = vec![
        address("J\u{f6}rg <j@a.example>"),
        address("b@b\u{fc}cher.example"),
    ];
    pieces.cc = vec![address("\u{4f60}\u{597d} \u{4e16}\u{754c} <c@c.example>")];
    pieces.reply_to = Some(address("answers@mail.example"));
    pieces.subject = "Gr\u{fc}\u{df}e".into();
    for (name, value) in [
        ("Reply-To", "ignored@mail.example"),
        ("X-Campaign", "spring"),
        ("X-Note", "f\u{fc}r dich"),
        (
            "List-Unsubscribe",
            "<https://mail.example/u?x=%3D>, <mailto:u@mail.example>",
        ),
    ] {
        pieces.extra_fields.push(name, value).unwrap();
    }
    let octets = pieces.composed();
    let message = parsed(&octets);
    let people = |list: Option<&mail_parser::Address<'_>>| -> Vec<(Option<String>, String)> {
        let people = list.unwrap().iter();
        let person = |person: &mail_parser::Addr<'_>| {
            (
                person.name().map(str::to_owned),
                person.address().unwrap().to_owned(),
            )
        };
        people.map(person).collect()
    };
    let named = |name: &str, address: &str| (Some(name.to_owned()), address.to_owned());
    let bare = |address: &str| (None, address.to_owned());
    assert_eq!(people(message.from()), [named("Big, Mail", "from@mail.example")]);
    assert_eq!(
        people(message.to()),
        [named("J\u{f6}rg", "j@a.example"), bare("b@xn--bcher-kva.example")]
    );
    assert_eq!(
        people(message.cc()),
        [named("\u{4f60}\u{597d} \u{4e16}\u{754c}", "c@c.example")]
    );
    assert_eq!(people(message.reply_to()), [bare("answers@mail.example")]);
    assert_eq!(message.bcc(), None);
    assert_eq!(message.subject(), Some("Gr\u{fc}\u{df}e"));
    assert_eq!(unstructured(&octets, "X-Campaign").as_deref(), Some("spring"));
    assert_eq!(unstructured(&octets, "X-Note").as_deref(), Some("f\u{fc}r dich"));
    assert_eq!(
        message.header_raw("List-Unsubscribe").unwrap().trim(),
        "<https://mail.example/u?x=%3D>, <mailto:u@mail.example>"
    );
}

#[test]
fn the_whole_message_is_as_expected() {
    let mut pieces = Pieces::text("Hello.\n..\nBye");
    pieces.html = Some("<p>Gr\u{fc}\u{df}e</p>".into());
    pieces.to = vec![address("Joe <joe@example.com>")];
    pieces.subject =
        "A subject that is written as it is, but does not fit in a single line of the message".into();
    let expected = "From: <from@mail.example>\r\n\
        To: \"Joe\" <joe@example.com>\r\n\
        Subject: A subject that is written as it is, but does not fit in a single line\r\n \
        of the message\r\n\
        Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n\
        Message-ID: <0198c0de-7000-8000-a000-000000000001@mail.example>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative;\r\n \
        boundary=\"=_alternative_DIGEST\"\r\n\
        \r\n\
        --=_alternative_DIGEST\r\n\
        Content-Type: text/plain; charset=\"utf-8\"\r\n\
        Content-Transfer-Encoding: 7bit\r\n\
        \r\n\
        Hello.\r\n\
        ..\r\n\
        Bye\r\n\
        \r\n\
        --=_alternative_DIGEST\r\n\
        Content-Type: text/html; charset=\"utf-8\"\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\
        \r\n\
        <p>Gr=C3=BC=C3=9Fe</p>\r\n\
        \r\n\
        --=_alternative_DIGEST--\r\n";
    let expected = expected.replace("DIGEST", DIGEST);
    assert_eq!(String::from_utf8(pieces.composed()).unwrap(), expected);
}

/// The first half of the SHA-256 of `MESSAGE_ID`.
const DIGEST: &str = "2f6f40bb3041ea1adbe33561a9ad1d6f";

#[test]
fn bodies_read_as_they_were_written() {
    let html_line = format!("<p>{}</p>", "0123456789".repeat(10_000));
    let unicode_line = "\u{fc}ber \u{4f60}\u{597d} \u{1f600} ".repeat(5_000);
    for body in [
        "",
        " ",
        "\n",
        "plain",
        "two\nlines\n",
        "two\r\nlines\r\n",
        "a lone\rCR and a lone\nLF",
        ".\n..\n.x\n\n.",
        "From me\nfrom you",
        "trailing space \nand tab\t\n",
        "=3D =\n==",
        "--\n-- \nsignature",
        "--=_alternative_\n--=_mixed_--",
        "nul \0, bell \u{7}, escape \u{1b}",
        "Gr\u{fc}\u{df}e\u{a0}\u{2028}x",
        "\u{4f60}\u{597d}\u{4e16}\u{754c}",
        &html_line,
        &unicode_line,
    ] {
        let message = Pieces::text(body).composed();
        let message = parsed(&message);
        assert_eq!(message.body_text(0).unwrap(), canonical(body), "text");

        let pieces = Pieces {
            html: Some(body.to_owned()),
            ..Pieces::text(body)
        };
        let message = pieces.composed();
        let message = parsed(&message);
        assert_eq!(message.body_text(0).unwrap(), canonical(body), "text of both");
        assert_eq!(message.body_html(0).unwrap(), canonical(body), "html of both");
    }
}

#[test]
fn html_alone_gets_a_text_with_its_links() {
    let html = "<html><head><title>no</title><style>@media{#a{color:red}}</style></head><body>\
        <h1>Hello</h1><p>Please <a href=\"https://mail.example/confirm?x=1&amp;y=2\">confirm</a> &amp; enjoy.</p>\
        <table><tr><td>one</td><td>two</td></tr></table><script>no()</script></body></html>";
    let message = Pieces::html(html).composed();
    let message = parsed(&message);
    let text = message.body_text(0).unwrap();
    for expected in [
        "Hello",
        "confirm",
        "& enjoy.",
        "https://mail.example/confirm?x=1&y=2",
        "one",
        "two",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for unexpected in ["color", "no()", "<p>"] {
        assert!(!text.contains(unexpected), "{unexpected}: {text}");
    }
    assert_eq!(message.body_html(0).unwrap(), canonical(html));
}

#[test]
fn hostile_html_neither_hangs_nor_overflows() {
    for (open, close) in [
        ("<div>", "</div>"),
        ("<b>", ""),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<ul><li>", ""),
        ("<blockquote>", ""),
        ("<a href=x>", ""),
        ("<!--", ""),
        ("&#", ""),
        ("<", ">"),
    ] {
        let html = format!("{}x{}", open.repeat(5_000), close.repeat(5_000));
        let message = Pieces::html(&html).composed();
        assert_eq!(parsed(&message).body_html(0).unwrap(), canonical(&html), "{open}");
    }
}

#[test]
fn files_come_back_whole() {
    let every_octet: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let long = format!("{}.bin", "n".repeat(200));
    let long_unicode = format!("{}.bin", "\u{fc}".repeat(120));
    for filename in [
        "plain.bin",
        "with space.bin",
        "qu\"ote\\d;.bin",
        "Jahresabschlu\u{df}, 2024.pdf",
        "\u{4f60}\u{597d}.txt",
        &long,
        &long_unicode,
    ] {
        for content in [&b""[..], b"x", b"text\nwith\rlines\r\n.\r\n", &every_octet] {
            let file = Attachment::new(filename, content).unwrap();
            // As text the octets would be read in some charset.
            let file = file.with_media_type("application/octet-stream").unwrap();
            let message = Pieces::text("x").composed_with(&[file]);
            let message = parsed(&message);
            let file = message.attachment(0).unwrap();
            assert_eq!(file.attachment_name(), Some(filename));
            assert_eq!(file.contents(), content, "{filename}");
            assert!(file.content_disposition().unwrap().is_attachment());
        }
    }
}

#[test]
fn names_of_files_are_there_for_those_who_do_not_know_rfc_2231() {
    let file = Attachment::new("Gr\u{fc}\u{df}e.txt", b"x").unwrap();
    let message = Pieces::text("x").composed_with(&[file]);
    let message = String::from_utf8(message).unwrap();
    assert!(
        message.contains("name=\"=?utf-8?B?R3LDvMOfZS50eHQ=?=\""),
        "{message}"
    );
    assert!(
        message.contains("filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"),
        "{message}"
    );
}

#[test]
fn what_html_shows_is_found_by_its_id() {
    let logo = Attachment::new("logo.png", b"\x89PNG").unwrap();
    let logo = logo.with_content_id("logo@mail.example").unwrap();
    let calendar = Attachment::new("x.ics", b"BEGIN:VCALENDAR").unwrap();
    let calendar = calendar
        .with_media_type("text/calendar; method=REQUEST; charset=utf-8")
        .unwrap();
    let pieces = Pieces::html("<img src=\"cid:logo@mail.example\">");
    let message = pieces.composed_with(&[logo, calendar]);
    let message = parsed(&message);
    let shown = message
        .parts
        .iter()
        .find(|part| part.content_id().is_some())
        .unwrap();
    assert_eq!(shown.content_id(), Some("logo@mail.example"));
    assert!(shown.content_disposition().unwrap().is_inline());
    let related = message
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .find(|content_type| content_type.subtype() == Some("related"))
        .unwrap();
    assert_eq!(related.attribute("type"), Some("text/html"));
    let calendar = message
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .find(|content_type| content_type.subtype() == Some("calendar"))
        .unwrap();
    assert_eq!(calendar.attribute("method"), Some("REQUEST"));
}

#[test]
fn an_address_that_is_not_ascii_is_said_to_need_smtputf8() {
    for (text, needed) in [
        ("joe@b\u{fc}cher.example", false),
        ("J\u{f6}rg <joe@example.com>", false),
        ("j\u{f6}rg@b\u{fc}cher.example", true),
    ] {
        let mut pieces = Pieces::text("x");
        pieces.to = vec![address("a@b.example"), address(text)];
        let message = pieces.composed();
        assert_eq!(!message.is_ascii(), needed, "{text}");
        let message = parsed(&message);
        let last = message.to().unwrap().last().unwrap();
        assert_eq!(last.address().unwrap(), pieces.to[1].addr_spec(), "{text}");
    }
}

#[test]
fn nothing_breaks_out_of_the_header() {
    let mut pieces = Pieces::text("x");
    pieces.subject = "Hello\r\nBcc: evil@example.com\r\n\r\n<script>".into();
    let message = pieces.composed();
    let message = parsed(&message);
    assert_eq!(message.subject(), Some("Hello Bcc: evil@example.com <script>"));
    assert_eq!(message.bcc(), None);
    assert_eq!(message.body_text(0).unwrap(), "x\r\n");
}

#[test]
fn long_lists_and_long_fields_are_folded() {
    let mut pieces = Pieces::text("x");
    pieces.to = (0..1000)
        .map(|number| address(&format!("Recipient Number {number} <r{number}@example.com>")))
        .collect();
    pieces
        .extra_fields
        .push("X-Words", &"word ".repeat(1000))
        .unwrap();
    pieces.extra_fields.push("X-Word", &"w".repeat(900)).unwrap();
    pieces
        .extra_fields
        .push("X-Gap", &format!("a{}b", " ".repeat(800)))
        .unwrap();
    pieces
        .extra_fields
        .push("X-Unicode", &"\u{fc}".repeat(4000))
        .unwrap();
    let octets = pieces.composed();
    let message = parsed(&octets);
    assert_eq!(message.to().unwrap().iter().count(), 1000);
    for (name, value) in pieces.extra_fields.iter() {
        assert_field_reads_as(&octets, name, value);
    }
}

/// Any text, with what is special here more often than chance would have it.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,20}",
        any::<String>(),
        Just("\r\n".to_owned()),
        Just("\n.".to_owned()),
        Just("\r".to_owned()),
        Just("  ".to_owned()),
        Just("=?utf-8?q?x?=".to_owned()),
        Just("\"\\,<>@(:;".to_owned()),
        Just("--=_".to_owned()),
        Just("\0".to_owned()),
        "[a-z]{70,90}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What could be HTML, badly nested.
const TAGS: &str = "(<[a-z]{1,6}( [a-z]+=['\"]?[a-z:/.]*['\"]?)?>|</[a-z]{1,6}>|[a-z ]{1,9}){0,60}";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_subject_and_text_survive(subject in any_text(), text in any_text(), html in any_text()) {
        let pieces = Pieces { subject: subject.clone(), html: Some(html.clone()), ..Pieces::text(&text) };
        let message = pieces.composed();
        let message = parsed(&message);
        prop_assert_eq!(message.subject().unwrap_or_default(), one_line(&subject));
        prop_assert_eq!(message.body_text(0).unwrap(), canonical(&text));
        prop_assert_eq!(message.body_html(0).unwrap(), canonical(&html));
    }

    #[test]
    fn any_name_survives(name in any_text()) {
        let mailbox = address("joe@example.com").mailbox().clone();
        // A name that is refused has nothing to survive.
        let Ok(address) = Address::new(Some(&name), mailbox) else { return Ok(()) };
        let mut pieces = Pieces::text("x");
        pieces.to = vec![address.clone(), address.clone()];
        pieces.from = Some(address.clone());
        let message = pieces.composed();
        let message = parsed(&message);
        for list in [message.from(), message.to()] {
            let last = list.unwrap().last().unwrap();
            prop_assert_eq!(last.name(), address.name());
            prop_assert_eq!(last.address(), Some("joe@example.com"));
        }
    }

    #[test]
    fn any_field_and_filename_survive(value in any_text(), filename in any_text()) {
        let mut pieces = Pieces::text("x");
        let is_set = pieces.extra_fields.push("X-Any", &value).is_ok();
        let file = Attachment::new(&filename, b"x").ok();
        let files: Vec<Attachment<'_>> = file.into_iter().collect();
        let octets = pieces.composed_with(&files);
        let message = parsed(&octets);
        prop_assert_eq!(message.header("X-Any").is_some(), is_set);
        for (name, value) in pieces.extra_fields.iter() {
            assert_field_reads_as(&octets, name, value);
        }
        if let Some(file) = files.first() {
            prop_assert_eq!(message.attachment(0).unwrap().attachment_name(), Some(file.filename()));
        }
    }

    #[test]
    fn html_of_any_kind_is_turned_into_text(html in any_text(), tags in TAGS) {
        let html = format!("{tags}{html}");
        let message = Pieces::html(&html).composed();
        let message = parsed(&message);
        prop_assert_eq!(message.body_html(0).unwrap(), canonical(&html));
    }
}
