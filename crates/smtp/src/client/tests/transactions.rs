//! Which reply counts for whom.

use super::script::{check, ready};

const BEGIN: &str = "> begin 1 a@x b@y,c@y\n";
const PIPELINED: &str = "C: MAIL FROM:<a@x> / RCPT TO:<b@y> / RCPT TO:<c@y> / DATA\n";

fn check_pipelined(rest: &str) {
    check(&ready("PIPELINING", &format!("{BEGIN}{PIPELINED}{rest}")));
}

fn check_lock_step(rest: &str) {
    check(&ready("", &format!("{BEGIN}C: MAIL FROM:<a@x>\n{rest}")));
}

#[test]
fn a_refused_mail_counts_for_all_recipients() {
    check_pipelined(
        "S: 550 5.7.1 no\nS: 503 first MAIL\nS: 503 first MAIL\nS: 503 first MAIL\n\
         * outcome 1: refused 5.7.1 550 5.7.1 no; refused 5.7.1 550 5.7.1 no\n\
         > begin 2 - d@y\nC: MAIL FROM:<> / RCPT TO:<d@y> / DATA",
    );
    check_lock_step(
        "S: 452 full\n* outcome 1: deferred 4.0.0 452 full; deferred 4.0.0 452 full\n\
         > begin 2 - d@y\nC: MAIL FROM:<>",
    );
}

#[test]
fn recipients_are_refused_one_by_one() {
    check_pipelined(
        "S: 250 ok\nS: 450 4.2.1 later\nS: 250 ok\nS: 354 go\n* body 1\n> body\nS: 250 taken\n\
         * outcome 1: deferred 4.2.1 450 4.2.1 later; delivered 2.0.0 250 taken",
    );
    check_lock_step(
        "S: 250 ok\nC: RCPT TO:<b@y>\nS: 550 no\nC: RCPT TO:<c@y>\nS: 250 ok\nC: DATA\nS: 354 go\n* body 1\n> body\n\
         S: 554 spam\n* outcome 1: refused 5.0.0 550 no; refused 5.0.0 554 spam",
    );
}

#[test]
fn with_every_recipient_refused_there_is_no_data() {
    // RFC 5321 §4.1.1.4: the envelope is still there, so the next transaction begins with RSET.
    check_lock_step(
        "S: 250 ok\nC: RCPT TO:<b@y>\nS: 550 no\nC: RCPT TO:<c@y>\nS: 450 later\n\
         * outcome 1: refused 5.0.0 550 no; deferred 4.0.0 450 later\n\
         > begin 2 - d@y\nC: RSET\nS: 250 ok\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<d@y>",
    );
}

#[test]
fn pipelined_data_refused_for_want_of_recipients_leaves_an_envelope() {
    check_pipelined(
        "S: 250 ok\nS: 550 no\nS: 551 no\nS: 554 no valid recipients\n\
         * outcome 1: refused 5.0.0 550 no; refused 5.0.0 551 no\n\
         > begin 2 - d@y\nC: RSET / MAIL FROM:<> / RCPT TO:<d@y> / DATA\n\
         S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n* body 2\n> body\nS: 250 taken\n\
         * outcome 2: delivered 2.0.0 250 taken\n\
         > begin 3 - d@y\nC: MAIL FROM:<> / RCPT TO:<d@y> / DATA",
    );
}

// RFC 2920 §3.1: a 354 must be answered with a message, even one for nobody.
#[test]
fn a_354_without_recipients_is_answered_with_a_lone_dot() {
    for reply in [
        "554 no valid recipients",
        "250 taken, but by whom",
        "354 still here",
    ] {
        check_pipelined(&format!(
            "S: 250 ok\nS: 550 no\nS: 551 no\nS: 354 go\nC: .\nS: {reply}\n\
             * outcome 1: refused 5.0.0 550 no; refused 5.0.0 551 no\n\
             > begin 2 - d@y\nC: MAIL FROM:<> / RCPT TO:<d@y> / DATA"
        ));
    }
}

#[test]
fn a_recipient_accepted_after_a_refused_mail_gets_nothing() {
    check_pipelined(
        "S: 550 no\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: .\nS: 250 ok\n\
         * outcome 1: refused 5.0.0 550 no; refused 5.0.0 550 no",
    );
}

#[test]
fn a_refused_data_counts_for_the_accepted_recipients() {
    check_pipelined(
        "S: 250 ok\nS: 550 no\nS: 250 ok\nS: 451 4.3.0 not now\n\
         * outcome 1: refused 5.0.0 550 no; deferred 4.3.0 451 4.3.0 not now\n\
         > begin 2 - d@y\nC: RSET / MAIL FROM:<> / RCPT TO:<d@y> / DATA",
    );
    check_lock_step(
        "S: 250 ok\nC: RCPT TO:<b@y>\nS: 250 ok\nC: RCPT TO:<c@y>\nS: 250 ok\nC: DATA\nS: 554 no\n\
         * outcome 1: refused 5.0.0 554 no; refused 5.0.0 554 no\n\
         > begin 2 - d@y\nC: RSET",
    );
}

// RFC 5321 §4.5.3.1.10.
#[test]
fn one_recipient_too_many_is_deferred() {
    for (reply, result) in [
        ("552 too many", "deferred 4.5.3 552 too many"),
        ("552 5.5.3 too many", "deferred 4.5.3 552 5.5.3 too many"),
        ("552 5.2.2 mailbox full", "refused 5.2.2 552 5.2.2 mailbox full"),
        ("452 4.5.3 too many", "deferred 4.5.3 452 4.5.3 too many"),
        ("550 5.5.3 too many", "refused 5.5.3 550 5.5.3 too many"),
    ] {
        check_pipelined(&format!(
            "S: 250 ok\nS: 250 ok\nS: {reply}\nS: 354 go\n* body 1\n> body\nS: 250 ok\n\
             * outcome 1: delivered 2.0.0 250 ok; {result}"
        ));
    }
    // The first recipient is never one too many.
    check_pipelined(
        "S: 250 ok\nS: 552 full\nS: 552 full\nS: 503 no\n* outcome 1: refused 5.0.0 552 full; refused 5.0.0 552 full",
    );
}

#[test]
fn a_reply_that_answers_nothing_ends_the_session() {
    let unexpected = |stage: &str, said: &str| {
        let why = format!("deferred 4.5.0 unexpected reply after {stage}: {said}");
        format!("* outcome 1: {why}; {why}\n* close")
    };
    check_pipelined(&format!("S: 354 what\n{}", unexpected("MAIL FROM", "354 what")));
    check_pipelined(&format!(
        "S: 250 ok\nS: 354 what\n{}",
        unexpected("RCPT TO", "354 what")
    ));
    let accepted = "S: 250 ok\nS: 250 ok\nS: 250 ok\n";
    check_pipelined(&format!(
        "{accepted}S: 250 what\n{}",
        unexpected("DATA", "250 what")
    ));
    check_pipelined(&format!(
        "{accepted}S: 355 what\n{}",
        unexpected("DATA", "355 what")
    ));
    check_pipelined(&format!(
        "{accepted}S: 354 go\n* body 1\n> body\nS: 354 what\n{}",
        unexpected("end of data", "354 what")
    ));
    check(&ready("PIPELINING", "S: 250 nobody asked\n* close\nS: 250 more"));
}

#[test]
fn a_refused_reset_ends_the_session_and_harms_no_transaction() {
    check_lock_step(
        "S: 250 ok\nC: RCPT TO:<b@y>\nS: 550 no\nC: RCPT TO:<c@y>\nS: 550 no\n\
         * outcome 1: refused 5.0.0 550 no; refused 5.0.0 550 no\n\
         > begin 2 - d@y\nC: RSET\nS: 500 what\n* not tried 2\n* close",
    );
}
