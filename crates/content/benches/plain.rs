//! What the text of an HTML document costs: `cargo bench -p content --bench plain --profile release`.
//!
//! Each line is the fastest of several rounds, which is what the code costs when nothing else runs. Hostile documents
//! are as large as is allowed: what each costs for an octet says that none costs more than another by much.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]
#![expect(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use content::mime::plain::{HTML_OCTETS_MAX, text_of_html};

const ROUNDS: usize = 15;

const HEAD: &str = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>News</title>\
    <style>@media only screen and (max-width:600px){.c{width:100%!important}}</style>\
    <!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]--></head>\n\
    <body style=\"margin:0;padding:0\"><div style=\"display:none;max-height:0\">New &nbsp;&zwnj;&nbsp;&zwnj;</div>\n\
    <table role=\"presentation\" width=\"100%\"><tr><td align=\"center\">\n";

const STORY: &str = "<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
    style=\"border-collapse:collapse;width:600px\">\n  <tr>\n    <td style=\"padding:24px 32px;font-family:Arial,\
    Helvetica,sans-serif;font-size:16px;line-height:24px;color:#333333\">\n      <h2 style=\"margin:0 0 12px\">A story \
    &ndash; it&rsquo;s here</h2>\n      <p style=\"margin:0 0 16px\">Dear {{ name }}, we have news for you this week \
    &amp; more to come, with <b>bold</b> and <i>other</i> words in a paragraph of usual length.</p>\n      <a \
    href=\"https://news.example/story?utm_source=mail&amp;utm_id={{ id }}\" style=\"color:#ffffff;background:#0057ff;\
    padding:12px 24px\"><img src=\"https://img.example/1.png\" alt=\"Picture\" width=\"200\" style=\"display:block\"> \
    Read more</a><br>\n    </td>\n  </tr>\n</table>\n";

/// What is repeated.
const HOSTILE: &[&str] = &[
    "<",
    "<a>",
    "<div>",
    "<table><tr><td>x",
    "<ul><li>x",
    "</a>",
    "<a href=x>",
    "<a href={{x ",
    "<!--",
    "<!-->",
    "<script></",
    "<template>",
    "<pre> \n",
    "&",
    "&#",
    "&nbsp;",
    "&amp",
    "{{",
    " ",
    "x ",
];

fn main() {
    for octets in [10_000, 100_000, HTML_OCTETS_MAX - HEAD.len()] {
        let html = format!("{HEAD}{}", STORY.repeat(octets / STORY.len()));
        measure("newsletter", &html);
    }
    for unit in HOSTILE {
        measure(unit, &unit.repeat(HTML_OCTETS_MAX / unit.len()));
    }
}

fn measure(name: &str, html: &str) {
    let once = || {
        let start = Instant::now();
        black_box(text_of_html(black_box(html)).unwrap());
        start.elapsed()
    };
    let rounds = if html.len() < 1_000_000 {
        100 * ROUNDS
    } else {
        ROUNDS
    };
    let fastest = (0..rounds).map(|_| once()).min().unwrap_or(Duration::ZERO);
    let octet_ns = fastest.as_secs_f64() * 1e9 / html.len() as f64;
    println!(
        "{:<20} {:>8} octets {:>10.1} us {octet_ns:>6.1} ns an octet",
        name.escape_debug().to_string(),
        html.len(),
        fastest.as_secs_f64() * 1e6,
    );
}
