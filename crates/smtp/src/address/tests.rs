use super::*;
use crate::limits::{LABEL_MAX, LOCAL_PART_MAX};

fn check_mailbox(cases: &[(&str, Result<&str, AddressError>)]) {
    for (text, expected) in cases {
        let parsed = Mailbox::parse(text);
        assert_eq!(
            parsed.as_ref().map(Mailbox::as_str).map_err(|error| *error),
            *expected,
            "{text}"
        );
        if let Ok(mailbox) = parsed {
            assert_eq!(Mailbox::parse(&mailbox.to_string()), Ok(mailbox), "{text}");
        }
    }
}

#[test]
fn rfc5321_4_1_2_mailboxes_have_one_form() {
    check_mailbox(&[
        ("a@b", Ok("a@b")),
        ("Joe.User+tag@Example.ORG", Ok("Joe.User+tag@example.org")),
        ("!#$%&'*+-/=?^_`{|}~@x.org", Ok("!#$%&'*+-/=?^_`{|}~@x.org")),
        (r#""joe"@x.org"#, Ok("joe@x.org")),
        (r#""joe user"@X.org"#, Ok(r#""joe user"@x.org"#)),
        (r#""j\o\e"@x.org"#, Ok("joe@x.org")),
        (r#""a\"b\\c"@x.org"#, Ok(r#""a\"b\\c"@x.org"#)),
        (r#""a@b>c"@x.org"#, Ok(r#""a@b>c"@x.org"#)),
        (r#"".."@x.org"#, Ok(r#"".."@x.org"#)),
        (r#"""@x.org"#, Ok(r#"""@x.org"#)),
        ("a@[192.0.2.1]", Ok("a@[192.0.2.1]")),
        ("a@[ipv6:2001:DB8::1]", Ok("a@[IPv6:2001:db8::1]")),
        ("a@under_score.example", Ok("a@under_score.example")),
    ]);
}

#[test]
fn rfc5321_4_1_2_what_is_no_mailbox() {
    check_mailbox(&[
        ("", Err(AddressError::LocalPart)),
        ("a", Err(AddressError::LocalPart)),
        ("@x.org", Err(AddressError::LocalPart)),
        (".a@x.org", Err(AddressError::LocalPart)),
        ("a.@x.org", Err(AddressError::LocalPart)),
        ("a..b@x.org", Err(AddressError::LocalPart)),
        ("a b@x.org", Err(AddressError::LocalPart)),
        ("a\u{0}@x.org", Err(AddressError::LocalPart)),
        ("a\u{85}@x.org", Err(AddressError::LocalPart)),
        ("\"a\nb\"@x.org", Err(AddressError::LocalPart)),
        ("\"a\\\u{1}\"@x.org", Err(AddressError::LocalPart)),
        (r#""a"b@x.org"#, Err(AddressError::LocalPart)),
        (r#""a@x.org"#, Err(AddressError::LocalPart)),
        ("a@", Err(AddressError::Domain)),
        ("a@b@c", Err(AddressError::Domain)),
        ("a@x..org", Err(AddressError::Domain)),
        ("a@x.org.", Err(AddressError::Domain)),
        ("a@-x.org", Err(AddressError::Domain)),
        ("a@x-.org", Err(AddressError::Domain)),
        ("a@x org", Err(AddressError::Domain)),
        ("a@192.0.2.1", Err(AddressError::Domain)),
        ("a@[192.0.2]", Err(AddressError::Domain)),
        ("a@[IPv6:1]", Err(AddressError::Domain)),
        ("a@[2001:db8::1]", Err(AddressError::Domain)),
        ("a@[x-tag:text]", Err(AddressError::Domain)),
        ("a@[192.0.2.1]x", Err(AddressError::Domain)),
        ("a@x\u{3000}y.org", Err(AddressError::Domain)),
    ]);
}

#[test]
fn rfc6531_3_3_mailboxes_may_be_utf8() {
    check_mailbox(&[
        ("пётр@пример.рф", Ok("пётр@пример.рф")),
        ("\"пётр и\"@Пример.org", Ok("\"пётр и\"@Пример.org")),
    ]);
    assert!(!Mailbox::parse("пётр@example.org").unwrap().is_ascii());
    assert!(Mailbox::parse("пётр@example.org").unwrap().domain().is_ascii());
}

#[test]
fn rfc5321_4_5_3_1_lengths() {
    let local = "l".repeat(LOCAL_PART_MAX);
    let label = "d".repeat(LABEL_MAX);
    let domain = format!("{label}.{label}.{label}");
    check_mailbox(&[
        (&format!("{local}@x.org"), Ok(&format!("{local}@x.org"))),
        (&format!("{local}l@x.org"), Err(AddressError::LocalPartLength)),
        (&format!("a@{label}.org"), Ok(&format!("a@{label}.org"))),
        (&format!("a@{label}d.org"), Err(AddressError::DomainLength)),
        (
            &format!("{}@{domain}", &local[..62]),
            Ok(&format!("{}@{domain}", &local[..62])),
        ),
        (
            &format!("{}@{domain}", &local[..63]),
            Err(AddressError::PathLength),
        ),
        (&format!("a@{domain}.{label}"), Err(AddressError::PathLength)),
        (&format!("a@{domain}.{label}.d"), Err(AddressError::DomainLength)),
    ]);
}

#[test]
fn a_mailbox_knows_its_parts() {
    let mailbox = Mailbox::parse(r#""a@b"@Example.org"#).unwrap();
    assert_eq!(mailbox.local_part(), r#""a@b""#);
    assert_eq!(mailbox.domain(), &Domain::parse("example.ORG").unwrap());
    assert!(!mailbox.domain().is_literal());
    assert_eq!(
        Domain::parse("[192.0.2.1]").unwrap().literal(),
        Some([192, 0, 2, 1].into())
    );
    assert_eq!(Domain::parse("192-0-2-1.example").unwrap().literal(), None);
}

#[test]
fn rfc5321_4_1_2_paths() {
    let cases = [
        ("<a@b>", Ok("<a@b>")),
        ("<@one.org:a@b>", Ok("<a@b>")),
        ("<@one.org,@two.org:a@b>", Ok("<a@b>")),
        ("<@[IPv6:::1],@[192.0.2.1]:a@b>", Ok("<a@b>")),
        ("<>", Ok("<>")),
        ("a@b", Err(AddressError::Brackets)),
        ("<a@b", Err(AddressError::Brackets)),
        ("<<a@b>>", Err(AddressError::LocalPart)),
        ("<@one.org>", Err(AddressError::SourceRoute)),
        ("<@one.org:>", Err(AddressError::SourceRoute)),
        ("<@one.org,two.org:a@b>", Err(AddressError::SourceRoute)),
        ("<@one..org:a@b>", Err(AddressError::SourceRoute)),
        ("<@[IPv6:::1:a@b>", Err(AddressError::SourceRoute)),
        ("<@:a@b>", Err(AddressError::SourceRoute)),
        ("<@one.org::a@b>", Err(AddressError::LocalPart)),
    ];
    for (path, expected) in cases {
        let parsed = ReversePath::parse(path);
        assert_eq!(
            parsed.map(|path| path.to_string()),
            expected.map(str::to_owned),
            "{path}"
        );
    }
}

#[test]
fn rfc5321_4_5_1_postmaster_needs_no_domain() {
    let here = Domain::parse("mx.example").unwrap();
    let forward =
        |path: &str| Addressee::parse(path).map(|addressee| addressee.at(&here).as_str().to_owned());
    assert_eq!(forward("<Postmaster>"), Ok("postmaster@mx.example".into()));
    assert_eq!(forward("<Postmaster@x.org>"), Ok("Postmaster@x.org".into()));
    assert_eq!(forward("<root>"), Err(AddressError::LocalPart));
    assert_eq!(forward("<>"), Err(AddressError::LocalPart));
}

#[test]
fn the_end_of_a_path_is_not_in_its_quotes() {
    let cases = [
        ("<a@b> SIZE=1", Some(5)),
        ("<>", Some(2)),
        (r#"<"a>b"@c> X"#, Some(9)),
        (r#"<"a\">b"@c> X"#, Some(11)),
        ("<a@b", None),
        ("a@b>", None),
        ("", None),
        (r#"<"a>"#, None),
        (r#"<"a\"#, None),
    ];
    for (text, expected) in cases {
        assert_eq!(path_length(text), expected, "{text}");
    }
}

#[test]
fn a_domain_is_found_by_its_text_wherever_the_text_is_kept() {
    let known = std::collections::BTreeSet::from([Domain::parse("example.org").unwrap()]);
    assert!(known.contains("example.org"));
    assert!(known.contains(Mailbox::parse("a@EXAMPLE.org").unwrap().domain()));
}
