//! Connections that end, fall silent or make no sense, at every stage.

use super::script::{check, ready};

const BEGIN: &str = "> begin 1 a@x b@y,c@y\nC: MAIL FROM:<a@x> / RCPT TO:<b@y> / RCPT TO:<c@y> / DATA\n";
const DELIVERED: &str = "> begin 0 a@x b@y\nC: MAIL FROM:<a@x> / RCPT TO:<b@y> / DATA\nS: 250 ok\nS: 250 ok\n\
                         S: 354 go\n* body 0\n> body\nS: 250 taken\n* outcome 0: delivered 2.0.0 250 taken\n";

fn check_pipelined(rest: &str) {
    check(&ready("PIPELINING", rest));
}

#[test]
fn what_was_not_refused_is_deferred_when_the_connection_is_lost() {
    let ok = |count: usize| "S: 250 ok\n".repeat(count);
    for (so_far, stage) in [
        (String::new(), "after MAIL FROM"),
        (ok(1), "after RCPT TO"),
        (ok(2), "after RCPT TO"),
        (ok(3), "after DATA"),
        (ok(3) + "S: 354 go\n* body 1\n", "while sending the message"),
        (ok(3) + "S: 354 go\n* body 1\n> body\n", "after end of data"),
        (
            ok(3) + "S: 354 go\n* body 1\n> body\nS: 250-taken\nS~ 250 ta\n",
            "after end of data",
        ),
    ] {
        for (loss, text) in [
            ("disconnect", "connection lost"),
            ("timeout", "no answer in time"),
        ] {
            let why = format!("deferred 4.4.2 {text} {stage}");
            check_pipelined(&format!(
                "{BEGIN}{so_far}> {loss}\n* outcome 1: {why}; {why}\n* close\n> {loss}\n> body"
            ));
        }
        if !so_far.ends_with("ta\n") && !so_far.ends_with("* body 1\n") {
            let why = format!("deferred 4.5.0 not understood {stage}: not a reply code");
            check_pipelined(&format!(
                "{BEGIN}{so_far}S: rubbish\n* outcome 1: {why}; {why}\n* close"
            ));
            let why = "deferred 4.3.2 421 4.3.2 going down";
            check_pipelined(&format!(
                "{BEGIN}{so_far}S: 421 4.3.2 going down\n* outcome 1: {why}; {why}\n* close"
            ));
        }
    }
}

#[test]
fn what_was_refused_stays_refused_when_the_connection_is_lost() {
    check_pipelined(&format!(
        "{BEGIN}S: 250 ok\nS: 550 no\n> disconnect\n\
         * outcome 1: refused 5.0.0 550 no; deferred 4.4.2 connection lost after RCPT TO\n* close"
    ));
    check_pipelined(&format!(
        "{BEGIN}S: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\n* body 1\n> body\nS: 421 bye\n\
         * outcome 1: refused 5.0.0 550 no; deferred 4.0.0 421 bye\n* close"
    ));
    check_pipelined(&format!(
        "{BEGIN}S: 250 ok\nS: 550 no\nS: 551 no\nS: 354 go\nC: .\n> disconnect\n\
         * outcome 1: refused 5.0.0 550 no; refused 5.0.0 551 no\n* close"
    ));
}

#[test]
fn a_later_transaction_that_was_not_answered_was_not_tried() {
    check_pipelined(&format!("{DELIVERED}{BEGIN}> disconnect\n* not tried 1\n* close"));
    check_pipelined(&format!("{DELIVERED}{BEGIN}> timeout\n* not tried 1\n* close"));
    check_pipelined(&format!(
        "{DELIVERED}{BEGIN}S: 421 idle for too long\n* not tried 1\n* close"
    ));
    // Once MAIL is answered, it was.
    let why = "deferred 4.4.2 connection lost after RCPT TO";
    check_pipelined(&format!(
        "{DELIVERED}{BEGIN}S: 250 ok\n> disconnect\n* outcome 1: {why}; {why}\n* close"
    ));
}

#[test]
fn of_two_open_transactions_the_second_was_not_tried() {
    let both = "> begin 1 a@x b@y\nC: MAIL FROM:<a@x> / RCPT TO:<b@y> / DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n\
                * body 1\n> body\n> begin 2 - d@y\nC: MAIL FROM:<> / RCPT TO:<d@y> / DATA\n";
    for (loss, why) in [
        ("> disconnect", "deferred 4.4.2 connection lost after end of data"),
        ("> timeout", "deferred 4.4.2 no answer in time after end of data"),
        ("S: 421 bye", "deferred 4.0.0 421 bye"),
        (
            "S: bye",
            "deferred 4.5.0 not understood after end of data: not a reply code",
        ),
    ] {
        check_pipelined(&format!(
            "{both}{loss}\n* outcome 1: {why}\n* not tried 2\n* close"
        ));
    }
    check_pipelined(&format!(
        "{both}S: 250 taken\nS: 421 enough for one connection\n\
         * outcome 1: delivered 2.0.0 250 taken\n* not tried 2\n* close"
    ));
}

#[test]
fn an_idle_session_that_is_left_loses_nothing() {
    for end in ["> disconnect", "S: 421 4.4.2 idle for too long", "S: rubbish"] {
        check_pipelined(&format!("{DELIVERED}{end}\n* close"));
    }
    check_pipelined(&format!("{DELIVERED}> timeout\nC: QUIT\n> disconnect\n* close"));
}

#[test]
fn a_refusal_in_the_middle_of_a_message_is_heard() {
    let in_message = format!("{BEGIN}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n* body 1\n");
    let refused = "* outcome 1: refused 5.3.4 552 5.3.4 too large; refused 5.3.4 552 5.3.4 too large\n";
    for end in ["disconnect", "timeout"] {
        check_pipelined(&format!(
            "{in_message}S: 552 5.3.4 too large\n> {end}\n{refused}* close"
        ));
    }
    // A peer that goes on listening may take the rest of the message for commands: it is asked nothing more.
    check_pipelined(&format!(
        "{in_message}S: 552 5.3.4 too large\n> body\n{refused}C: QUIT"
    ));
    check_pipelined(&format!(
        "{in_message}S: 552 5.3.4 too large\n> body\n{refused}C: QUIT\nS: 500 what\n* close"
    ));
}

#[test]
fn an_acceptance_in_the_middle_of_a_message_is_not_believed() {
    let why = "deferred 4.4.2 connection lost while sending the message";
    check_pipelined(&format!(
        "{BEGIN}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n* body 1\nS: 250 taken\n> disconnect\n\
         * outcome 1: {why}; {why}\n* close"
    ));
}
