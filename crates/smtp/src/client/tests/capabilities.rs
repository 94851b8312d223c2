//! What is offered, and what follows from it.

use super::script::{check, ready};
use crate::client::capabilities::{Capabilities, SizeLimit};
use crate::client::{Reply, ReplyReader};

fn reply(text: &str) -> Reply {
    let lines = text.replace('\n', "\r\n") + "\r\n";
    ReplyReader::new()
        .read(&mut lines.as_bytes())
        .expect("a reply")
        .expect("a whole reply")
}

#[test]
fn keywords_are_read_as_servers_write_them() {
    let nothing = Capabilities::default();
    for (text, offered) in [
        ("250 PIPELINING", nothing),
        (
            "250-mx\n250 pipelining",
            Capabilities {
                pipelining: true,
                ..nothing
            },
        ),
        (
            "250-mx\n250-STARTTLS\n250 8BitMime",
            Capabilities {
                starttls: true,
                eight_bit_mime: true,
                ..nothing
            },
        ),
        (
            "250-mx\n250 SMTPUTF8 x",
            Capabilities {
                smtputf8: true,
                ..nothing
            },
        ),
        ("250-mx\n250 PIPELININGS", nothing),
        ("250-mx\n250 X-PIPELINING", nothing),
        (
            "250-mx\n250 SIZE",
            Capabilities {
                size: SizeLimit::Unlimited,
                ..nothing
            },
        ),
        (
            "250-mx\n250 SIZE 0",
            Capabilities {
                size: SizeLimit::Unlimited,
                ..nothing
            },
        ),
        (
            "250-mx\n250 size  1000 ",
            Capabilities {
                size: SizeLimit::Octets(1000),
                ..nothing
            },
        ),
        (
            "250-mx\n250 SIZE 18446744073709551615",
            Capabilities {
                size: SizeLimit::Octets(u64::MAX),
                ..nothing
            },
        ),
        (
            "250-mx\n250 SIZE 99999999999999999999",
            Capabilities {
                size: SizeLimit::Unlimited,
                ..nothing
            },
        ),
        (
            "250-mx\n250 SIZE big",
            Capabilities {
                size: SizeLimit::Unlimited,
                ..nothing
            },
        ),
    ] {
        assert_eq!(Capabilities::of_reply(&reply(text)), offered, "{text}");
    }
}

#[test]
fn mail_has_the_parameters_that_are_offered_and_needed() {
    for (offered, begun, mail) in [
        ("", "a@x b@y", "MAIL FROM:<a@x>"),
        ("", "- b@y", "MAIL FROM:<>"),
        ("", "a@x b@y 8bit", "MAIL FROM:<a@x>"),
        ("SIZE", "a@x b@y size=7", "MAIL FROM:<a@x> SIZE=7"),
        ("SIZE 100", "a@x b@y size=100", "MAIL FROM:<a@x> SIZE=100"),
        ("8BITMIME", "a@x b@y", "MAIL FROM:<a@x>"),
        (
            "8BITMIME, SIZE",
            "a@x b@y 8bit",
            "MAIL FROM:<a@x> SIZE=100 BODY=8BITMIME",
        ),
        ("SMTPUTF8", "a@x b@y", "MAIL FROM:<a@x>"),
        (
            "SMTPUTF8, 8BITMIME",
            "a@x b@y 8bit utf8",
            "MAIL FROM:<a@x> BODY=8BITMIME SMTPUTF8",
        ),
        ("SMTPUTF8", "a@x j\u{f6}rg@y", "MAIL FROM:<a@x> SMTPUTF8"),
        ("SMTPUTF8", "j\u{f6}rg@x b@y", "MAIL FROM:<j\u{f6}rg@x> SMTPUTF8"),
    ] {
        check(&ready(offered, &format!("> begin 1 {begun}\nC: {mail}")));
    }
}

#[test]
fn what_the_peer_cannot_take_is_refused_without_asking() {
    let too_large = "5.3.4 message of 101 octets is larger than the 100 that the server takes";
    let no_smtputf8 = "5.6.7 message needs SMTPUTF8, which the server does not offer";
    for (offered, begun, why) in [
        ("SIZE 100", "a@x b@y,c@y size=101", too_large),
        ("PIPELINING", "a@x b@y,c@y utf8", no_smtputf8),
        ("", "j\u{f6}rg@x b@y,c@y", no_smtputf8),
        ("8BITMIME", "a@x b@y,j\u{f6}rg@y", no_smtputf8),
    ] {
        let outcome = format!("* outcome 1: refused {why}; refused {why}");
        check(&ready(
            offered,
            &format!(
                "> begin 1 {begun}\n{outcome}\n> begin 2 a@x b@y size=100\n> quit\n{}",
                {
                    let size = if offered.starts_with("SIZE") {
                        " SIZE=100"
                    } else {
                        ""
                    };
                    if offered == "PIPELINING" {
                        "C: MAIL FROM:<a@x> / RCPT TO:<b@y> / DATA".to_owned()
                    } else {
                        format!("C: MAIL FROM:<a@x>{size}")
                    }
                }
            ),
        ));
    }
}
