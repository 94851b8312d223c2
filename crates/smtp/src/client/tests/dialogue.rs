//! Whole deliveries, in lock step and pipelined.

use super::script::{check, ready};

#[test]
fn without_pipelining_every_reply_is_awaited() {
    check(&ready(
        "",
        "> begin 1 a@x b@y,c@y
         C: MAIL FROM:<a@x>
         S: 250 ok
         C: RCPT TO:<b@y>
         S: 250 ok
         C: RCPT TO:<c@y>
         S: 251 elsewhere
         C: DATA
         S: 354 go
         * body 1
         > unwanted 9
         * not tried 9
         > body
         > unwanted 9
         * not tried 9
         S: 250 2.0.0 taken as 123
         * outcome 1: delivered 2.0.0 250 2.0.0 taken as 123; delivered 2.0.0 250 2.0.0 taken as 123
         > begin 2 - b@y
         C: MAIL FROM:<>
         S: 250 ok
         C: RCPT TO:<b@y>
         S: 250 ok
         C: DATA
         S: 354 go
         * body 2
         > body
         > quit
         S: 250 ok
         * outcome 2: delivered 2.0.0 250 ok
         C: QUIT
         S: 221 bye
         * close",
    ));
}

#[test]
fn with_pipelining_an_envelope_is_one_write() {
    check(&ready(
        "PIPELINING",
        "> begin 1 a@x b@y,c@y
         C: MAIL FROM:<a@x> / RCPT TO:<b@y> / RCPT TO:<c@y> / DATA
         S: 250 ok
         S: 250 ok
         S: 550 5.1.1 unknown
         S: 354 go
         * body 1
         > body
         S: 250 taken
         * outcome 1: delivered 2.0.0 250 taken; refused 5.1.1 550 5.1.1 unknown
         > timeout
         C: QUIT",
    ));
}

// RFC 2920 §3.1: the body of one and the envelope of the next leave together.
#[test]
fn the_next_transaction_may_begin_before_the_last_reply() {
    check(&ready(
        "PIPELINING",
        "> begin 1 a@x b@y
         C: MAIL FROM:<a@x> / RCPT TO:<b@y> / DATA
         S: 250 ok
         S: 250 ok
         S: 354 go
         * body 1
         > body
         > begin 2 c@x d@y
         C: MAIL FROM:<c@x> / RCPT TO:<d@y> / DATA
         > unwanted 9
         * not tried 9
         S: 250 taken 1
         S: 250 ok
         S: 250 ok
         S: 354 go
         * outcome 1: delivered 2.0.0 250 taken 1
         * body 2
         > body
         > begin 3 e@x f@y
         C: MAIL FROM:<e@x> / RCPT TO:<f@y> / DATA
         > quit
         S: 452 4.3.1 full
         * outcome 2: deferred 4.3.1 452 4.3.1 full
         S: 250 ok
         S: 250 ok
         S: 354 go
         * body 3
         > body
         S: 250 taken 3
         * outcome 3: delivered 2.0.0 250 taken 3
         C: QUIT
         S: 221 bye
         * close",
    ));
}

#[test]
fn quit_waits_for_what_is_open() {
    check(&ready(
        "PIPELINING",
        "> begin 1 a@x b@y
         > quit
         > unwanted 9
         C: MAIL FROM:<a@x> / RCPT TO:<b@y> / DATA
         * not tried 9
         S: 550 no
         S: 503 no
         S: 503 no
         * outcome 1: refused 5.0.0 550 no
         C: QUIT
         > timeout
         * close",
    ));
}

#[test]
fn many_recipients_are_sent_in_windows() {
    // 1 MAIL and 255 RCPT fill the first window; each reply makes room for one more.
    let recipients: Vec<String> = (0..300).map(|number| format!("u{number}@y")).collect();
    let rcpts: Vec<String> = recipients
        .iter()
        .map(|recipient| format!("RCPT TO:<{recipient}>"))
        .collect();
    let replies = |count: usize| "S: 250 ok\n".repeat(count);
    check_whole(&format!(
        "> begin 1 a@x {}\nC: MAIL FROM:<a@x> / {}\n{}C: {} / DATA\n{}S: 354 go\n* body 1\n> body\nS: 550 no\n* outcome 1: {}",
        recipients.join(","),
        rcpts[..255].join(" / "),
        replies(100),
        rcpts[255..].join(" / "),
        replies(201),
        vec!["refused 5.0.0 550 no"; 300].join("; "),
    ));
}

fn check_whole(rest: &str) {
    super::script::check_once(&ready("PIPELINING", rest));
}
