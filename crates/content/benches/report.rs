//! What reading a report costs, on hostile octets above all: `cargo bench -p content --bench report --profile release`.
//!
//! Each line is the fastest of several rounds on as much as is read of any message, and on half of it. The two say
//! whether time grows with the octets: twice as many should cost about twice as much, and never four times.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use content::report::limits::OCTETS_MAX;
use content::report::read;

const ROUNDS: usize = 5;

const STATUS: &str =
    "Content-Type: multipart/report; boundary=B\r\n\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\n";
const BOUNCE: &str = "From: MAILER-DAEMON@x\r\nSubject: Undelivered mail\r\n\r\n";
const COMPLAINT: &str = "Content-Type: multipart/report; boundary=B\r\n\r\n--B\r\nContent-Type: message/feedback-report\r\n\r\n\
    Feedback-Type: abuse\r\n";
const NESTED: &str = "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n";

/// What it is called, how it begins, what is repeated, how it ends.
const SHAPES: &[(&str, &str, &str, &str)] = &[
    ("letters", "", "x", ""),
    ("lines", "\r\n", "x\r\n", ""),
    ("empty lines", STATUS, "\r\n", ""),
    ("header fields", "", "a:\r\n", ""),
    ("folded lines", "Subject:", "\r\n ", ""),
    ("groups of one field", STATUS, "a: b\r\n\r\n", ""),
    (
        "recipients of a status",
        STATUS,
        "Final-Recipient: rfc822;a@b\r\n\r\n",
        "",
    ),
    ("half recipients", STATUS, "Original-Recipient: \r\n\r\n", ""),
    ("feedback recipients", COMPLAINT, "Original-Rcpt-To: a@b\r\n", ""),
    (
        "named recipients",
        "X-Failed-Recipients: ",
        "a@b,",
        "\r\n\r\n550 x\r\n",
    ),
    ("bounced addresses", BOUNCE, "<a@b>: 550 5.1.1 no\r\n", ""),
    ("angle brackets", BOUNCE, "<", ""),
    ("codes", BOUNCE, "5.1.1 550 ", ""),
    ("dots", BOUNCE, "5.", ""),
    ("delimiters", NESTED, "--B\r\n", ""),
    ("delimiters that are none", NESTED, "--B", ""),
    ("delimiters and blanks", NESTED, "--B  ", ""),
    ("multiparts within", NESTED, NESTED, ""),
    (
        "a boundary of dashes",
        "Content-Type: multipart/mixed; boundary=\"-\"\r\n\r\n",
        "-",
        "",
    ),
    ("parameters", "Content-Type: multipart/mixed", "; a=b", "\r\n\r\n"),
    (
        "continued parameters",
        "Content-Type: multipart/mixed",
        "; boundary*1=b",
        "\r\n\r\n",
    ),
    ("comments", "Content-Type: multipart/mixed ", "(", "\r\n\r\n"),
    (
        "quotes",
        "Content-Type: multipart/mixed; boundary=",
        "\"\\",
        "\r\n\r\n",
    ),
    (
        "encoded words",
        "Precedence: bulk\r\nSubject: ",
        "=?utf-8?q?a?= ",
        "\r\n\r\n",
    ),
    (
        "encoded words that do not end",
        "Precedence: bulk\r\nSubject: ",
        "=?utf-8?q?",
        "\r\n\r\n",
    ),
    (
        "encoded words in base64",
        "Precedence: bulk\r\nSubject: ",
        "=?utf-8?b?YQ",
        "\r\n\r\n",
    ),
    (
        "quoted-printable",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        "=",
        "",
    ),
    ("base64", "Content-Transfer-Encoding: base64\r\n\r\n", "YQ==", ""),
];

fn main() {
    println!("{:<32} {:>10} {:>10} {:>7}", "of 1 MiB", "half", "all", "growth");
    for shape in SHAPES {
        let (half, all) = (cost(shape, OCTETS_MAX / 2), cost(shape, OCTETS_MAX));
        let growth = all.as_secs_f64() / half.as_secs_f64();
        println!("{:<32} {:>10.2?} {:>10.2?} {growth:>7.1}", shape.0, half, all);
    }
}

fn cost((_, begin, again, end): &(&str, &str, &str, &str), octets: usize) -> Duration {
    let times = octets.saturating_sub(begin.len() + end.len()) / again.len();
    let message = [begin, &*again.repeat(times), end].concat();
    let rounds = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        black_box(read(black_box(message.as_bytes())));
        started.elapsed()
    });
    rounds.min().unwrap_or_default()
}
