//! What becomes of a message after each answer of its receiver.

use crate::world::{Action, Moment, World, eventually};

const TEXT: &str = "Subject: answers\r\n\r\nhello\r\n";

/// RFC 5321 §4.2.1: 4xx means try again, and the second attempt may succeed.
#[test]
fn a_temporary_refusal_is_tried_again() {
    for moment in [
        Moment::Connect,
        Moment::Mail,
        Moment::Rcpt,
        Moment::Data,
        Moment::EndOfData,
    ] {
        let world = World::new();
        world.mx("dest.test", &[(10, 2)]);
        let host = world.host(2);
        host.once(moment, Action::Reply("451 4.7.1 greylisted, come back".into()));
        let program = world.start();
        world
            .client()
            .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
        assert_eq!(host.mail(1).len(), 1, "{moment:?}");
        program.drained();
    }
}

/// RFC 5321 §4.2.1, §6.1: 5xx is final, and the sender hears of it in the words of the receiver (RFC 3464).
#[test]
fn a_permanent_refusal_comes_back_as_a_notice() {
    for moment in [Moment::Mail, Moment::Rcpt, Moment::Data, Moment::EndOfData] {
        let world = World::new();
        world.mx("dest.test", &[(10, 2)]).mx("src.test", &[(10, 3)]);
        let (host, sender) = (world.host(2), world.host(3));
        host.always(moment, Action::Reply("550 5.7.1 no entry for you".into()));
        let program = world.start();
        let id = world
            .client()
            .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
        let notice = &sender.mail(1)[0];
        assert_eq!(
            (notice.reverse_path.as_str(), &notice.recipients[..]),
            ("", &["a@src.test".to_owned()][..])
        );
        for part in [
            "multipart/report",
            "report-type=delivery-status",
            "Final-Recipient: rfc822; b@dest.test",
            "Action: failed",
            "Status: 5.7.1",
            "550 5.7.1 no entry for you",
            "Subject: answers",
            &id,
        ] {
            assert!(
                notice.text.contains(part),
                "{moment:?}: no {part:?} in\n{}",
                notice.text
            );
        }
        program.drained();
        assert_eq!(host.count(), 0);
    }
}

/// RFC 5321 §6.1, §4.5.5: a message with a null reverse-path is never answered by another one.
#[test]
fn a_refused_notice_is_dropped() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]).mx("src.test", &[(10, 3)]);
    let (host, sender) = (world.host(2), world.host(3));
    host.always(Moment::Rcpt, Action::Reply("550 5.1.1 nobody here".into()));
    sender.always(Moment::Rcpt, Action::Reply("550 5.1.1 nobody here either".into()));
    let program = world.start();
    let mut client = world.client();
    client.hello_and_submit("", &["b@dest.test"], TEXT);
    client.submit("a@src.test", &["b@dest.test"], TEXT);
    eventually("the notice to be refused", || {
        let asked = |line: &String| line.eq_ignore_ascii_case("RCPT TO:<a@src.test>");
        sender.commands().iter().any(asked).then_some(())
    });
    program.drained();
    assert_eq!((host.count(), sender.count()), (0, 0));
    let notices = sender
        .commands()
        .iter()
        .filter(|line| line.starts_with("MAIL FROM:<>"))
        .count();
    assert_eq!(
        notices, 1,
        "one for the message that had a sender, none for the one without"
    );
}

/// Each recipient of a transaction has its own fate: taken, tried again, refused.
#[test]
fn recipients_part_ways() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]).mx("src.test", &[(10, 3)]);
    let (host, sender) = (world.host(2), world.host(3));
    host.recipient("later@dest.test", &["450 4.2.1 mailbox busy", "250 2.1.5 ok now"]);
    host.recipient("never@dest.test", &["550 5.1.1 no such user"]);
    let program = world.start();
    let recipients = ["now@dest.test", "later@dest.test", "never@dest.test"];
    world.client().hello_and_submit("a@src.test", &recipients, TEXT);
    let taken = host.mail(2);
    assert_eq!(taken[0].recipients, ["now@dest.test"]);
    assert_eq!(taken[1].recipients, ["later@dest.test"]);
    let notice = &sender.mail(1)[0].text;
    assert!(notice.contains("never@dest.test"), "{notice}");
    assert!(
        !notice.contains("Final-Recipient: rfc822; now@dest.test"),
        "{notice}"
    );
    program.drained();
    assert_eq!((host.count(), sender.count()), (2, 1));
}

/// Mail that cannot be delivered is given up at its age, not after a number of attempts, and its sender told.
#[test]
fn mail_expires() {
    let mut world = World::new();
    world.settings.set("retry.expire", "2s");
    world.mx("dest.test", &[(10, 2)]).mx("src.test", &[(10, 3)]);
    let (host, sender) = (world.host(2), world.host(3));
    host.always(Moment::Rcpt, Action::Reply("450 4.2.0 never today".into()));
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    let notice = &sender.mail(1)[0].text;
    assert!(notice.contains("450 4.2.0 never today"), "{notice}");
    program.drained();
}

/// RFC 5321 §4.5.3.1.8: a receiver need not take more than 100 recipients at once.
#[test]
fn many_recipients_go_in_several_transactions() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let recipients: Vec<String> = (0..250).map(|number| format!("user{number}@dest.test")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    world.client().hello_and_submit("a@src.test", &recipients, TEXT);
    let mail = host.mail(3);
    let mut sizes: Vec<usize> = mail.iter().map(|mail| mail.recipients.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
    program.drained();
    assert_eq!(host.count(), 3);
}

/// One connection carries many messages.
#[test]
fn a_connection_is_used_again() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let _program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for count in 1..=10 {
        client.submit("a@src.test", &["b@dest.test"], TEXT);
        host.mail(count);
    }
    assert_eq!(host.connections(), 1);
}

/// RFC 5321 §3.2, RFC 2920 §3.1: what the receiver does not offer is not used.
#[test]
fn an_old_receiver_is_spoken_to_in_its_own_way() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    host.always(Moment::Ehlo, Action::Reply("502 5.5.1 EHLO? never heard".into()));
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test", "c@dest.test"], TEXT);
    assert_eq!(host.mail(1)[0].recipients, ["b@dest.test", "c@dest.test"]);
    let commands = host.commands();
    assert!(
        commands.iter().any(|line| line.starts_with("HELO ")),
        "{commands:?}"
    );
    assert!(
        commands.contains(&"MAIL FROM:<a@src.test>".to_owned()),
        "without parameters: {commands:?}"
    );
    program.drained();
}

/// RFC 2920 §3.1: without PIPELINING on offer each command waits for the reply to the one before it.
#[test]
fn without_pipelining_commands_wait_for_their_replies() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    host.offer(&["8BITMIME"]).once(
        Moment::Rcpt,
        Action::Reply("451 4.7.1 greylisted, come back".into()),
    );
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(1);
    program.drained();
    // Had DATA been sent along, the refused recipient would not have kept it back.
    let before_mail = host.commands().into_iter().take_while(|line| line != "DATA");
    assert_eq!(before_mail.filter(|line| line.starts_with("RCPT")).count(), 2);
}

/// Bytes in are bytes out: only the trace field comes on top.
#[test]
fn the_message_arrives_as_it_was_sent() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let _program = world.start();
    let odd = "Subject: odd\r\nX-Folded: a\r\n\tb\r\n\r\ntrailing spaces   \r\n\r\n\r\n\ttab\r\n";
    // Larger than any piece in which a body travels, with lines that end at every offset.
    let long: String = (0..40_000)
        .map(|number| format!("line {number}{}\r\n", "x".repeat(number % 70)))
        .collect();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for (count, text) in [odd.to_owned(), format!("Subject: long\r\n\r\n{long}")]
        .into_iter()
        .enumerate()
    {
        client.submit("a@src.test", &["b@dest.test"], &text);
        let arrived = host.mail(count + 1).remove(count).text;
        let (trace, rest) = arrived.split_at(arrived.len().saturating_sub(text.len()));
        assert!(
            rest == text,
            "the text was changed: {} octets became {}",
            text.len(),
            arrived.len()
        );
        assert!(trace.starts_with("Received: from client.test"), "{trace}");
        assert!(
            trace
                .trim_end()
                .lines()
                .skip(1)
                .all(|line| line.starts_with([' ', '\t'])),
            "one field: {trace}"
        );
    }
}

/// RFC 5321 §4.5.2: a line that begins with a dot survives both transfers.
#[test]
fn dots_are_transparent() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let _program = world.start();
    let mut client = world.client();
    for (line, code) in [
        ("EHLO client.test", 250),
        ("MAIL FROM:<a@src.test>", 250),
        ("RCPT TO:<b@dest.test>", 250),
        ("DATA", 354),
    ] {
        client.expect(line, code);
    }
    client.expect("Subject: dots\r\n\r\n..\r\n..one\r\n...two\r\nend\r\n.", 250);
    assert!(
        host.mail(1)[0]
            .text
            .ends_with("\r\n\r\n.\r\n.one\r\n..two\r\nend\r\n")
    );
}

/// RFC 3030: what came in chunks goes out to a receiver that knows only DATA.
#[test]
fn chunks_go_out_as_data() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let _program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    client.expect("MAIL FROM:<a@src.test>", 250);
    client.expect("RCPT TO:<b@dest.test>", 250);
    client.send(b"BDAT 16\r\nSubject: chunks\r");
    assert_eq!(client.reply().map(|reply| reply.code), Some(250));
    client.send(b"BDAT 11 LAST\r\n\n\r\n.\r\nend\r\n");
    assert_eq!(client.reply().map(|reply| reply.code), Some(250));
    assert!(
        host.mail(1)[0]
            .text
            .ends_with("Subject: chunks\r\n\r\n.\r\nend\r\n")
    );
}
