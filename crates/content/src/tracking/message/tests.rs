use super::*;

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

const LINK: &str = "<p>Hi <a href=\"https://x.example/?a=1&amp;b=2\">x</a></p>";

fn click_url(number: u16) -> String {
    format!("https://t.example/c/{number}")
}

fn plan() -> Plan<'static> {
    Plan {
        click_url: Some(&click_url),
        pixel_url: Some("https://t.example/o/x"),
        ..Plan::default()
    }
}

fn rewritten(message: &str) -> MessageRewritten {
    rewritten_octets(message.as_bytes())
}

fn rewritten_octets(message: &[u8]) -> MessageRewritten {
    match rewrite_message(message, &plan()) {
        Outcome::Rewritten(rewritten) => rewritten,
        Outcome::Unchanged(reason) => panic!("{reason:?}: {}", String::from_utf8_lossy(message)),
    }
}

/// The content of the HTML parts as another parser reads it.
fn html_of(message: &[u8]) -> Vec<String> {
    let parsed = MessageParser::default().parse(message).unwrap();
    parsed
        .parts
        .iter()
        .filter(|part| part.is_content_type("text", "html"))
        .map(|part| String::from_utf8_lossy(part.contents()).into_owned())
        .collect()
}

fn single(fields: &str, body: &str) -> String {
    format!("From: a@x.example\r\nSubject: s\r\n{fields}\r\n{body}")
}

fn expected(html: &str) -> String {
    let mut inserted = Inserted::default();
    super::super::rewritten(html, &plan(), Charset::Unicode, &mut inserted).into_owned()
}

#[test]
fn one_part_in_each_encoding() {
    let html = format!(
        "{LINK}\r\n  \r\n<p>Gr\u{fc}\u{df}e =3D {}</p>\r\n",
        "long ".repeat(300)
    );
    let encoded = [
        ("8bit", html.clone()),
        ("BINARY", html.clone()),
        ("quoted-printable", qp::BODY.encode(&html)),
        ("Base64", base64::MIME.encode(&html)),
    ];
    for (encoding, body) in encoded {
        let fields = format!(
            "content-transfer-ENCODING:  {encoding} \r\nContent-Type: text/html; charset=\"UTF-8\"\r\nX-A: b\r\n"
        );
        let message = single(&fields, &body);
        let rewritten = rewritten(&message);
        let (header, new_body) = split(&rewritten.octets);
        assert_eq!(
            header,
            single(
                &fields.replace(&format!("  {encoding} "), "  quoted-printable "),
                ""
            ),
            "{encoding}"
        );
        assert_eq!(
            String::from_utf8(qp::BODY.decode(new_body.as_bytes()).unwrap().into_owned()).unwrap(),
            expected(&html),
            "{encoding}"
        );
        assert!(new_body.is_ascii() && new_body.split("\r\n").all(|line| line.len() <= 76));
        assert_eq!(rewritten.inserted.links, ["https://x.example/?a=1&b=2"]);
        assert!(rewritten.inserted.pixel);
    }
}

fn split(message: &[u8]) -> (String, String) {
    let (header, body) = message.split_at(crate::header::block_length(message).unwrap());
    (
        String::from_utf8(header.to_vec()).unwrap(),
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[test]
fn a_missing_field_is_added() {
    let message = single("Content-Type: text/html\r\n", LINK);
    let (header, body) = split(&rewritten(&message).octets);
    assert_eq!(
        header,
        single(
            "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            ""
        )
    );
    assert_eq!(qp::BODY.decode(&body).unwrap(), expected(LINK).as_bytes());
}

/// Everything but the part, its delimiters included, is as it was.
#[test]
fn parts_around_it_stay() {
    let message = |encoding: &str, html: &str| {
        format!(
            "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"outer\"\r\n\r\n\
             preamble https://x.example\r\n--outer\r\nContent-Type: multipart/alternative; boundary=outer-inner\r\n\r\n\
             --outer-inner\r\n\r\n<a href=\"https://x.example/\">plain\r\n--outer-inner  \r\n\
             Content-Transfer-Encoding: {encoding}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n\
             --outer-inner\r\nContent-Type: text/x-amp-html\r\n\r\n{LINK}\r\n--outer-inner--\r\n\
             --outer\r\nContent-Type: text/html\r\nContent-Disposition: ATTACHMENT; filename=a.html\r\n\r\n{LINK}\r\n\
             --outer\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: text/html\r\n\r\n{LINK}\r\n\
             --outer--\r\n--outer\r\nContent-Type: text/html\r\n\r\nepilogue {LINK}\r\n"
        )
    };
    let rewritten = rewritten(&message("7bit", LINK));
    let body = qp::BODY.encode(expected(LINK));
    assert_eq!(
        String::from_utf8(rewritten.octets).unwrap(),
        message("quoted-printable", &body)
    );
    assert_eq!(rewritten.inserted.links.len(), 1);
}

#[test]
fn links_are_numbered_through_all_parts() {
    let part = format!("--b\r\nContent-Type: text/html\r\n\r\n{LINK}\r\n");
    let message = single(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        &format!("{}--b--\r\n", part.repeat(3)),
    );
    let rewritten = rewritten(&message);
    assert_eq!(rewritten.inserted.links.len(), 3);
    let html = html_of(&rewritten.octets);
    for (number, html) in html.iter().enumerate() {
        assert!(html.contains(&format!("/c/{number}\"")), "{html}");
        assert_eq!(html.contains("<img"), number == 0, "{html}");
    }
    assert_eq!(html.len(), 3);
}

#[test]
fn what_stays_and_why() {
    let html = |fields: &str| format!("Content-Type: text/html{fields}\r\n");
    let multipart = |subtype: &str| {
        single(
            &format!("Content-Type: multipart/{subtype}; boundary=b\r\n"),
            &format!("--b\r\nContent-Type: text/html\r\n\r\n{LINK}\r\n--b--\r\n"),
        )
    };
    let mut deep = format!("Content-Type: text/html\r\n\r\n{LINK}");
    for level in 0..=super::super::limits::DEPTH_MAX {
        deep = format!(
            "Content-Type: multipart/mixed; boundary=b{level}.\r\n\r\n--b{level}.\r\n{deep}\r\n--b{level}.--\r\n"
        );
    }
    let many = single(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        &"--b\r\nContent-Type: text/html\r\n\r\n<a href=\"https://x.example\">\r\n"
            .repeat(super::super::limits::PARTS_MAX + 1),
    );
    let table = [
        (single("", LINK), Untouched::NoText),
        ("no empty line".into(), Untouched::NoText),
        (String::new(), Untouched::NoText),
        (
            single("Content-Type: text/plain\r\n", LINK),
            Untouched::NothingFound,
        ),
        (
            single("Content-Type: text/x-amp-html\r\n", LINK),
            Untouched::NoText,
        ),
        (
            single(&(html("") + "Content-Disposition: attachment\r\n"), LINK),
            Untouched::NoText,
        ),
        (multipart("signed"), Untouched::Signed),
        (multipart("SIGNED"), Untouched::Signed),
        (multipart("encrypted"), Untouched::Encrypted),
        (
            single(&(html("") + "DKIM-Signature: v=1\r\n"), LINK),
            Untouched::Signed,
        ),
        (
            single(
                "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n",
                LINK,
            ),
            Untouched::Encrypted,
        ),
        (
            single(&html(""), &format!("-----BEGIN PGP MESSAGE-----\r\n{LINK}")),
            Untouched::Encrypted,
        ),
        (single(&html("; charset=utf-16"), LINK), Untouched::Charset),
        (single(&html("; charset=iso-2022-jp"), LINK), Untouched::Charset),
        (single(&html("; charset=utf-7"), LINK), Untouched::Charset),
        (
            single(&(html("") + "Content-Transfer-Encoding: x-uuencode\r\n"), LINK),
            Untouched::TransferEncoding,
        ),
        (
            single(
                &(html("") + "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n"),
                LINK,
            ),
            Untouched::Malformed,
        ),
        (single(&(html("") + &html("")), LINK), Untouched::Malformed),
        (
            single("Content-Type: multipart/mixed\r\n", LINK),
            Untouched::Malformed,
        ),
        (deep, Untouched::Malformed),
        (many, Untouched::Malformed),
    ];
    for (message, expected) in table {
        assert_eq!(
            rewrite_message(message.as_bytes(), &plan()),
            Outcome::Unchanged(expected),
            "{}",
            message.get(..200).unwrap_or(&message)
        );
    }
    let no_pixel = Plan {
        pixel_url: None,
        ..plan()
    };
    for (wanted, expected) in [
        (no_pixel, Untouched::NothingFound),
        (Plan::default(), Untouched::NothingWanted),
    ] {
        let message = single(&html(""), "<p>x</p>");
        assert_eq!(
            rewrite_message(message.as_bytes(), &wanted),
            Outcome::Unchanged(expected)
        );
    }
}

#[test]
fn other_character_sets_are_carried_along() {
    for charset in [
        "iso-8859-1",
        "Windows-1252",
        "koi8-r",
        "gbk",
        "big5",
        "utf-8",
        "latin1",
    ] {
        let fields =
            format!("Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n");
        let mut message = single(&fields, "").into_bytes();
        let start = message.len();
        let html =
            b"\xfc\xe4 <a href='https://x.example/'>\x80\xff</a><a href='https://x.example/\xfc'>\x85 ";
        message.extend_from_slice(html);
        let rewritten = rewritten_octets(&message);
        assert_eq!(rewritten.inserted.links, ["https://x.example/"], "{charset}");
        let start = start + "quoted-printable".len() - "8bit".len();
        let body = qp::BODY.decode(rewritten.octets.get(start..).unwrap()).unwrap();
        let wanted: &[u8] = b"\xfc\xe4 <a href='https://t.example/c/0'>\x80\xff</a><a href='https://x.example/\xfc'>\x85 <img";
        assert_eq!(body.get(..wanted.len()), Some(wanted), "{charset}");
    }
}

/// Text that comes out of base64 may look like what parts the parts.
#[test]
fn no_line_looks_like_a_delimiter() {
    let html = format!(
        "--b\r\n--b--\r\n----b\r\n-b\r\n{} --b--{LINK}\r\n--",
        " x".repeat(37)
    );
    let body = base64::MIME.encode(&html);
    let message = single(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        &format!(
            "--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n--b\r\n\r\nx\r\n--b--\r\n"
        ),
    );
    let rewritten = rewritten(&message);
    let text = String::from_utf8(rewritten.octets.clone()).unwrap();
    assert_eq!(text.matches("\r\n--").count(), 3, "{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 76), "{text}");
    let read = html_of(&rewritten.octets);
    assert_eq!(
        read.first().map(|html| html.trim_end()),
        Some(expected(&html).trim_end())
    );
}

#[test]
fn lines_of_other_systems_come_back() {
    let html = format!("a\nb\rc\r\n{LINK}\n");
    let message = single(
        "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n",
        &base64::MIME.encode(&html),
    );
    let (_, body) = split(&rewritten(&message).octets);
    assert_eq!(qp::BODY.decode(&body).unwrap(), expected(&html).as_bytes());
}

const PIECES: &[&str] = &[
    "Content-Type: text/html\r\n",
    "Content-Type: multipart/mixed; boundary=b\r\n",
    "Content-Type: multipart/alternative; boundary=\"c\"\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment\r\n",
    "\r\n",
    "\r\n\r\n",
    "--b\r\n",
    "--c\r\n",
    "--b--\r\n",
    "--c--",
    "PGEgaHJlZj0naHR0cHM6Ly94LmV4YW1wbGUnPg==\r\n",
    "<a href=3D'https://x.example'>",
    "<a href='https://x.example'>",
    "text\r\n",
    "\n",
    "\r",
    "\u{fc}",
    "\0",
    ":",
    " ",
];

proptest! {
    #[test]
    fn any_octets_are_a_message(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let message = pieces.concat();
        if let Outcome::Rewritten(rewritten) = rewrite_message(message.as_bytes(), &plan()) {
            prop_assert!(!rewritten.inserted.links.is_empty() || rewritten.inserted.pixel);
            // Nothing is left to do.
            let clicks = Plan { pixel_url: None, excluded_hosts: &["t.example"], ..plan() };
            let again = rewrite_message(&rewritten.octets, &clicks);
            prop_assert!(matches!(again, Outcome::Unchanged(_)), "{message:?}");
        }
    }

    #[test]
    fn random_octets_are_a_message(octets: Vec<u8>) {
        // Where the picture is put, whatever follows.
        let mut message = b"Content-Type: text/html\r\n\r\n</body>".to_vec();
        message.extend_from_slice(&octets);
        let rewritten = rewritten_octets(&message);
        let body = rewritten.octets.get(crate::header::block_length(&rewritten.octets).unwrap()..).unwrap();
        prop_assert!(body.is_ascii());
        prop_assert!(qp::BODY.strict().decode(body).is_ok());
    }
}

#[test]
fn plain_text_gets_the_way_out_and_nothing_else() {
    let plan = Plan {
        unsubscribe_url: Some("https://t.example/u/x"),
        ..plan()
    };
    let text = "Gr\u{fc}\u{df}e: {{unsubscribe_url}}\r\nhttps://shop.example\r\n";
    for (encoding, body) in [
        ("8bit", text.to_owned()),
        ("quoted-printable", qp::BODY.encode(text)),
        ("base64", base64::MIME.encode(text)),
    ] {
        let message = single(
            "Content-Type: multipart/alternative; boundary=b\r\n",
            &format!(
                "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\
                 \r\n--b\r\nContent-Type: text/html\r\n\r\n{LINK}\r\n--b\r\nContent-Type: text/plain\r\n\r\nas it was\r\n--b--\r\n"
            ),
        );
        let Outcome::Rewritten(rewritten) = rewrite_message(message.as_bytes(), &plan) else {
            panic!("{encoding}")
        };
        assert_eq!(rewritten.inserted.links.len(), 1);
        let parsed = MessageParser::default().parse(&rewritten.octets).unwrap();
        let read: Vec<_> = (0..2)
            .map(|at| parsed.body_text(at).unwrap().replace("\r\n", "\n"))
            .collect();
        let filled = text
            .replace("{{unsubscribe_url}}", "https://t.example/u/x")
            .replace("\r\n", "\n");
        assert_eq!(read[0].trim_end(), filled.trim_end(), "{encoding}");
        assert!(String::from_utf8_lossy(&rewritten.octets).contains("\r\n\r\nas it was\r\n"));
    }
}
