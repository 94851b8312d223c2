//! What the content score of a message costs: `cargo bench -p content --bench score --profile release`.
//!
//! Each line is the fastest of several rounds, which is what the code costs when nothing else runs, with that of reading
//! the same HTML by the tokenizer alone beside it: what lies between the two are the checks. Hostile documents are large:
//! what each costs for an octet says that none costs more than another by much.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]
#![expect(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use content::score::{Input, Rules, score};
use html5gum::Tokenizer;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

const ROUNDS: usize = 15;

const HOSTILE_OCTETS: usize = 1024 * 1024;

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>News</title>\
    <style>@media only screen and (max-width:600px){.c{width:100%!important}}</style></head>\n\
    <body style=\"margin:0;padding:0\"><div style=\"display:none;max-height:0\">What is new this week</div>\n";

const STORY: &str = "<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
    style=\"border-collapse:collapse;width:600px\">\n  <tr>\n    <td style=\"padding:24px 32px;font-family:Arial,\
    Helvetica,sans-serif;font-size:16px;line-height:24px;color:#333333\">\n      <h2 style=\"margin:0 0 12px\">A story \
    &ndash; it&rsquo;s here</h2>\n      <p style=\"margin:0 0 16px\">Dear reader, we have news for you this week \
    &amp; more to come, with <b>bold</b> and <i>other</i> words in a paragraph of usual length.</p>\n      <a \
    href=\"https://news.example/story?utm_source=mail&amp;utm_id=1\" style=\"color:#ffffff;background:#0057ff;\
    padding:12px 24px\"><img src=\"https://img.example/1.png\" alt=\"Picture\" width=\"200\" style=\"display:block\"> \
    Read more</a><br>\n    </td>\n  </tr>\n</table>\n";

/// What is repeated.
const HOSTILE: &[&str] = &[
    "<",
    "<a>",
    "<div>",
    "<div style=\"color:red;font-size:0\">",
    "<a href=x>",
    "<a href=https://a.b/x>y",
    "</a>",
    "<!-- ",
    "<!-->",
    "a<!-- -->",
    "<p>x",
    "<img src=x>",
    "<style>a{}</style>",
    "&",
    "&#65;",
    "{{",
    "%A",
    "http://",
    "https://a.b ",
    "a\u{200b}b ",
    "\u{430}",
    "viagra ",
    "x ",
    "\n",
];

fn main() {
    let rules = Rules::parse(Rules::TEXT).unwrap();
    println!(
        "{:<40} {:>8} {:>12} {:>12} {:>14}",
        "", "octets", "score", "tokens", "score, octet"
    );
    for octets in [10_000, 100_000, 1_000_000] {
        let html = format!("{HEAD}{}", STORY.repeat(octets / STORY.len()));
        measure("newsletter", &html, &rules);
    }
    for unit in HOSTILE {
        measure(unit, &unit.repeat(HOSTILE_OCTETS / unit.len()), &rules);
    }
    measure("<p and 100000 attributes", &attributes("a"), &rules);
    measure("<p and 100000 attributes of script", &attributes("on"), &rules);
    let quoted = format!("<a href=\"{}\">x</a>", "http://a?".repeat(HOSTILE_OCTETS / 9));
    measure("<a with a link of 1 MB", &quoted, &rules);
    let styled = format!("<p style=\"{}\">x</p>", "a:b;".repeat(HOSTILE_OCTETS / 4));
    measure("<p with a style of 1 MB", &styled, &rules);
}

/// An element with very many attributes.
fn attributes(name: &str) -> String {
    let letters = |number: usize| {
        format!("{number:05}")
            .bytes()
            .map(|digit| char::from(digit + 49))
            .collect::<String>()
    };
    let attributes: String = (0..100_000)
        .map(|number| format!(" {name}{}=1", letters(number)))
        .collect();
    format!("<p{attributes}>")
}

fn measure(name: &str, html: &str, rules: &Rules) {
    let input = Input {
        subject: "News of the week",
        html: Some(html),
        text: Some(html),
        from: Some("News <news@news.example>"),
        ..Input::default()
    };
    let rounds = if html.len() < HOSTILE_OCTETS / 2 {
        20 * ROUNDS
    } else {
        ROUNDS
    };
    let whole = fastest(rounds, || {
        black_box(score(black_box(&input), rules));
    });
    let tokens = fastest(rounds, || {
        black_box(tokenize(black_box(html)));
    });
    println!(
        "{:<40} {:>8} {:>9.1} us {:>9.1} us {:>11.1} ns",
        name.escape_debug().to_string(),
        html.len(),
        whole.as_secs_f64() * 1e6,
        tokens.as_secs_f64() * 1e6,
        whole.as_secs_f64() * 1e9 / html.len() as f64,
    );
}

/// How many pieces the tokenizer makes of it.
fn tokenize(html: &str) -> usize {
    let mut pieces = 0;
    let mut emitter = CallbackEmitter::new(|_: CallbackEvent<'_>, _: html5gum::Span<()>| -> Option<()> {
        pieces += 1;
        None
    });
    emitter.naively_switch_states(true);
    let _ = Tokenizer::new_with_emitter(html, emitter).count();
    pieces
}

fn fastest(rounds: usize, run: impl Fn()) -> Duration {
    let once = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..rounds).map(|_| once()).min().unwrap_or(Duration::ZERO)
}
