//! What tracking costs: `cargo bench -p content --bench tracking --profile release`.
//!
//! Each line is the fastest of several rounds, which is what the code costs when nothing else runs. Beside it stands
//! what the same tokenizer takes with the emitter that comes with it, which puts together every token: tracking has an
//! emitter of its own that keeps only where tags lie, and so is the faster of the two.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use content::tracking::{Outcome, Plan, rewrite_html, rewrite_message};
use html5gum::Tokenizer;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

const ROUNDS: usize = 300;

const STORY: &str = "<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
    style=\"border-collapse:collapse;width:600px\">\n  <tr>\n    <td style=\"padding:24px 32px;font-family:Arial,\
    Helvetica,sans-serif;font-size:16px;line-height:24px;color:#333333\">\n      <h2 style=\"margin:0 0 12px\">A story \
    &ndash; it&rsquo;s here</h2>\n      <p style=\"margin:0 0 16px\">We have news for you this week &amp; more to come, \
    with <b>bold</b> and <i>other</i> words in a paragraph of usual length, and some more of them after that.</p>\n      \
    <a href=\"https://news.example/story?utm_source=mail&amp;utm_id=7\" style=\"color:#ffffff;background:#0057ff;\
    padding:12px 24px;text-decoration:none;display:inline-block\"><img src=\"https://img.example/1.png\" \
    alt=\"Picture\" width=\"200\" style=\"display:block\"> Read more</a><br>\n    </td>\n  </tr>\n</table>\n";

fn main() {
    let story = format!(
        "{STORY}<!--{}-->\n",
        "x".repeat(1015_usize.saturating_sub(STORY.len()))
    );
    let html = format!(
        "<!DOCTYPE html><html><body>\n{}</body></html>\n",
        story.repeat(100)
    );
    let click_url = |number: u16| format!("https://mail.example/track/c/{number:048}");
    let all = Plan {
        click_url: Some(&click_url),
        pixel_url: Some("https://mail.example/track/o/x"),
        unsubscribe_url: Some("https://mail.example/track/u/x"),
        excluded_hosts: &["mail.example"],
    };
    println!(
        "{} octets, {} links",
        html.len(),
        rewrite_html(&html, &all).inserted.links.len()
    );
    measure("every token put together", || tokenize(&html));
    measure("rewrite_html", || rewrite_html(&html, &all).html.len());
    measure("rewrite_html, nothing wanted", || {
        rewrite_html(&html, &Plan::default()).html.len()
    });
    let message = format!(
        "From: a@x.example\r\nContent-Type: text/html\r\n\r\n{}",
        html.replace('\n', "\r\n")
    );
    measure("rewrite_message", || {
        match rewrite_message(message.as_bytes(), &all) {
            Outcome::Rewritten(rewritten) => rewritten.octets.len(),
            Outcome::Unchanged(_) => 0,
        }
    });
}

fn tokenize(html: &str) -> usize {
    let mut tags = 0;
    let emitter =
        CallbackEmitter::<_, std::convert::Infallible, usize>::new(|event: CallbackEvent<'_>, _| {
            tags += usize::from(matches!(event, CallbackEvent::OpenStartTag { .. }));
            None
        });
    let _ = Tokenizer::new_with_emitter(html, emitter).finish();
    tags
}

fn measure(name: &str, work: impl Fn() -> usize) {
    let once = || {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    let fastest = (0..ROUNDS).map(|_| once()).min().unwrap_or(Duration::ZERO);
    println!("{name:<30} {:>10.1} us", fastest.as_secs_f64() * 1e6);
}
