use super::*;
use crate::address::ForwardPath;

fn check(cases: &[(&str, Result<Command<'_>, CommandError>)]) {
    for (line, expected) in cases {
        assert_eq!(Command::parse(line.as_bytes()), *expected, "{line}");
    }
}

fn mail(path: &str, parameters: MailParameters) -> Result<Command<'static>, CommandError> {
    Ok(Command::Mail {
        reverse_path: ReversePath::parse(path).unwrap(),
        parameters,
    })
}

fn rcpt(path: &str) -> Result<Command<'static>, CommandError> {
    Ok(Command::Rcpt(Addressee::ForwardPath(
        ForwardPath::parse(path).unwrap(),
    )))
}

#[test]
fn rfc5321_4_1_1_commands() {
    let none = MailParameters::default();
    check(&[
        ("EHLO client.example", Ok(Command::Ehlo("client.example"))),
        ("helo  [192.0.2.1] ", Ok(Command::Helo("[192.0.2.1]"))),
        ("MAIL FROM:<>", mail("<>", none)),
        ("mail from: <a@b.org>", mail("<a@b.org>", none)),
        ("RCPT TO:<a@b.org>", rcpt("<a@b.org>")),
        (r#"RCPT TO:<"a> b"@b.org>"#, rcpt(r#"<"a> b"@b.org>"#)),
        ("RCPT TO:<POSTMASTER>", Ok(Command::Rcpt(Addressee::Postmaster))),
        ("DATA", Ok(Command::Data)),
        ("RSET", Ok(Command::Rset)),
        ("NOOP ignored", Ok(Command::Noop)),
        ("VRFY somebody", Ok(Command::Vrfy)),
        ("HELP", Ok(Command::Help)),
        ("QuIt ", Ok(Command::Quit)),
        ("STARTTLS", Ok(Command::StartTls)),
        ("BDAT 0 LAST", Ok(Command::Bdat { size: 0, last: true })),
        (
            "BDAT 18446744073709551615",
            Ok(Command::Bdat {
                size: u64::MAX,
                last: false,
            }),
        ),
        (
            "AUTH PLAIN",
            Ok(Command::Auth {
                mechanism: "PLAIN",
                initial: None,
            }),
        ),
        (
            "AUTH LOGIN dXNlcg==",
            Ok(Command::Auth {
                mechanism: "LOGIN",
                initial: Some("dXNlcg=="),
            }),
        ),
    ]);
}

#[test]
fn rfc5321_4_1_1_11_parameters() {
    let none = MailParameters::default();
    let with = |size, body, smtputf8, auth| MailParameters {
        size,
        body,
        smtputf8,
        auth,
    };
    check(&[
        (
            "MAIL FROM:<a@b.org> SIZE=0",
            mail("<a@b.org>", with(Some(0), None, false, false)),
        ),
        (
            "MAIL FROM:<a@b.org> SIZE=00000000000000000012",
            mail("<a@b.org>", with(Some(12), None, false, false)),
        ),
        (
            "MAIL FROM:<a@b.org> BODY=8BITMIME SMTPUTF8 AUTH=e+3Dmc2@example.com",
            mail("<a@b.org>", with(None, Some(BodyType::EightBitMime), true, true)),
        ),
        ("MAIL FROM:<a@b.org>   ", mail("<a@b.org>", none)),
        (
            "MAIL FROM:<a@b.org> SIZE=18446744073709551616",
            Err(CommandError::ParameterInvalid),
        ),
        (
            "MAIL FROM:<a@b.org> SIZE=000000000000000000012",
            Err(CommandError::ParameterInvalid),
        ),
        ("MAIL FROM:<a@b.org> BODY=", Err(CommandError::ParameterInvalid)),
        (
            "MAIL FROM:<a@b.org> BODY=7BIT BODY=7BIT",
            Err(CommandError::ParameterInvalid),
        ),
        ("MAIL FROM:<a@b.org> AUTH=", Err(CommandError::ParameterInvalid)),
        ("MAIL FROM:<a@b.org> =", Err(CommandError::ParameterUnknown)),
        ("MAIL FROM:<a@b.org> ENVID=x", Err(CommandError::ParameterUnknown)),
        (
            "RCPT TO:<a@b.org> ORCPT=rfc822;x",
            Err(CommandError::ParameterUnknown),
        ),
    ]);
}

#[test]
fn what_is_no_command() {
    check(&[
        ("", Err(CommandError::Unrecognized)),
        ("EHLO\u{a0}x", Err(CommandError::Unrecognized)),
        ("EHLO é", Err(CommandError::Character)),
        ("NOOP\t", Err(CommandError::Character)),
        ("TURN", Err(CommandError::NotImplemented)),
        ("GET / HTTP/1.1", Err(CommandError::Foreign)),
        ("EHLO", Err(CommandError::Hello)),
        ("EHLO a b", Err(CommandError::Hello)),
        ("MAIL", Err(CommandError::Mail)),
        ("MAILFROM:<a@b.org>", Err(CommandError::Unrecognized)),
        ("MAIL FROM :<a@b.org>", Err(CommandError::Mail)),
        ("MAIL FRÖM:<a@b.org>", Err(CommandError::Mail)),
        ("MAIL FROM:", Err(CommandError::Sender(AddressError::Brackets))),
        (
            "MAIL FROM:<a@b.org>X",
            Err(CommandError::Sender(AddressError::Brackets)),
        ),
        (
            "MAIL FROM:<a>",
            Err(CommandError::Sender(AddressError::LocalPart)),
        ),
        (
            "RCPT TO:<>",
            Err(CommandError::Recipient(AddressError::LocalPart)),
        ),
        (
            "RCPT TO:<a@-b>",
            Err(CommandError::Recipient(AddressError::Domain)),
        ),
        ("DATA x", Err(CommandError::Arguments)),
        ("VRFY", Err(CommandError::Vrfy)),
        ("BDAT", Err(CommandError::Bdat)),
        ("BDAT +1", Err(CommandError::Bdat)),
        ("BDAT 1 LASTLY", Err(CommandError::Bdat)),
        ("BDAT 18446744073709551616", Err(CommandError::Bdat)),
        ("AUTH", Err(CommandError::Auth)),
        ("AUTH PLAIN a b", Err(CommandError::Auth)),
    ]);
    assert_eq!(Command::parse(b"NOOP \xff"), Err(CommandError::Character));
    assert_eq!(Command::parse(b"NOOP\0"), Err(CommandError::Character));
}

#[test]
fn rfc5321_4_5_3_1_4_line_lengths() {
    let line =
        |verb: &str, length: usize| format!("{verb}{}", "x".repeat(length - verb.len() - "\r\n".len()));
    let too_long = |line: String| Command::parse(line.as_bytes()) == Err(CommandError::TooLong);
    for (verb, max) in [
        ("NOOP ", COMMAND_LINE_MAX),
        ("MAIL ", MAIL_RCPT_LINE_MAX),
        ("AUTH ", AUTH_LINE_MAX),
    ] {
        assert!(!too_long(line(verb, max)), "{verb}");
        assert!(too_long(line(verb, max + 1)), "{verb}");
    }
}
