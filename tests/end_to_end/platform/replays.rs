//! Tokens that come again: the same one many times and from many at once, and pieces of one in another.

use std::sync::Barrier;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::mail::read;
use super::tracking::{BASE, Stage, stage};
use crate::world::eventually;

/// Who asks at once, and how often each of them.
const VISITORS: usize = 8;
const VISITS: usize = 16;
/// Octets of a token: what is said before the id of the e-mail, the id, the number; the rest is the code.
const ID: std::ops::Range<usize> = 2..18;
const NUMBER: std::ops::Range<usize> = 18..20;

impl Stage {
    /// Sends an e-mail with so many links; the paths of its links, of its picture and of its way out.
    fn sent(&self, to: &str, links: usize) -> Paths {
        let html: String = (0..links)
            .map(|number| format!("<a href=\"https://shop.example/{number}\">{number}</a> "))
            .collect();
        let before = self.host.count();
        let news = json!({
            "subject": "News", "from": "news@src.test", "track_opens": true, "track_clicks": true,
            "html": format!("{html}<a href=\"{{{{unsubscribe_url}}}}\">leave</a>"),
            "recipients": [{ "email": to, "vars": {} }],
        });
        let reply = self.customer.ask("POST", "/api/bulk-send", Some(&news)).json();
        assert_eq!(reply["queued"], 1, "{reply}");
        let mail = self.host.mail(before + 1).remove(before);
        let read = read(&self.world, mail.text.as_bytes());
        let html = read["html"].as_str().unwrap();
        let paths = Paths {
            clicks: paths(html, "c"),
            open: paths(html, "o").remove(0),
            unsubscribe: paths(html, "u").remove(0),
        };
        assert_eq!(paths.clicks.len(), links, "{html}");
        paths
    }

    fn look(&self, path: &str) -> u16 {
        let reply = self.customer.raw("GET", path, "User-Agent: curl/8.0\r\n", b"");
        reply.status
    }

    fn counts<const N: usize>(&self, names: [&str; N]) -> [u64; N] {
        let counts = self.customer.ask("GET", "/api/stats/outbound", None).json();
        names.map(|name| {
            counts[name]
                .as_u64()
                .unwrap_or_else(|| panic!("{name} in {counts}"))
        })
    }
}

/// The paths of our URLs in an e-mail.
struct Paths {
    clicks: Vec<String>,
    open: String,
    unsubscribe: String,
}

fn paths(html: &str, kind: &str) -> Vec<String> {
    let begin = format!("{BASE}/track/{kind}/");
    let tokens = html.split(begin.as_str()).skip(1);
    tokens
        .map(|rest| format!("/track/{kind}/{}", &rest[..48]))
        .collect()
}

/// Many at once do the same, as nearly at the same time as threads can.
fn at_once(act: impl Fn() + Sync) {
    let barrier = Barrier::new(VISITORS);
    std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| {
                barrier.wait();
                act();
            });
        }
    });
}

/// Each counts as one more open or click of the one reader, also after the server was killed.
#[test]
fn a_hit_that_is_replayed_is_a_further_hit_of_the_same_message() {
    let mut stage = stage();
    let paths = stage.sent("ada@dest.test", 2);
    let hits = (2 * VISITORS * VISITS) as u64;
    let names = ["opens", "unique_opens", "clicks", "unique_clicks"];
    for round in 1..=2 {
        at_once(|| {
            for _ in 0..VISITS {
                assert_eq!(stage.look(&paths.open), 200);
                assert_eq!(stage.look(&paths.clicks[0]), 302);
                assert_eq!(stage.look(&paths.open), 200);
                assert_eq!(stage.look(&paths.clicks[1]), 302);
            }
        });
        let all = round * hits;
        let counts = eventually(&format!("{all} opens and clicks"), || {
            let counts = stage.counts(names);
            (counts[0] >= all && counts[2] >= all).then_some(counts)
        });
        assert_eq!(counts, [all, 1, all, 1]);
        stage.program.kill();
        stage.program = stage.world.start();
    }
    assert_eq!(stage.counts(names), [2 * hits, 1, 2 * hits, 1]);
}

/// Many requests of one reader, by either way, are one wish.
#[test]
fn whoever_unsubscribes_many_times_at_once_has_unsubscribed_once() {
    const READERS: usize = 12;
    let stage = stage();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for reader in 0..READERS {
        let paths = stage.sent(&format!("reader{reader}@dest.test"), 0);
        at_once(|| {
            let body = b"List-Unsubscribe=One-Click";
            let reply = stage.customer.raw("POST", &paths.unsubscribe, form, body);
            assert_eq!(reply.status, 200, "{}", reply.text());
        });
    }
    let told = stage.events("unsubscribed");
    assert_eq!(told.len(), READERS, "one each: {told:#?}");
    assert_eq!(stage.counts(["unsubscribes"]), [READERS as u64]);
    let listed = stage
        .customer
        .ask("GET", "/api/customer/suppressions", None)
        .json();
    assert_eq!(listed["pagination"]["total"], READERS, "{listed}");
}

/// A token says which link of which e-mail, and no piece of it can be put into another.
#[test]
fn pieces_of_two_tokens_make_none() {
    let stage = stage();
    let (one, other) = (stage.sent("ada@dest.test", 1), stage.sent("bob@dest.test", 3));
    let octets = |path: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(path.rsplit('/').next().unwrap())
            .unwrap()
    };
    let (short, long) = (octets(&one.clicks[0]), octets(&other.clicks[2]));
    let with = |token: &[u8], piece: std::ops::Range<usize>, of: &[u8]| {
        let mut spliced = token.to_vec();
        spliced[piece.clone()].copy_from_slice(&of[piece]);
        assert_ne!(spliced, token, "there is something to splice");
        BASE64_URL_SAFE_NO_PAD.encode(spliced)
    };
    let code = NUMBER.end..short.len();
    for token in [
        with(&short, NUMBER, &long),
        with(&long, NUMBER, &short),
        with(&short, ID, &long),
        with(&long, ID, &short),
        with(&long, code.clone(), &short),
        with(&short, NUMBER.start..short.len(), &long),
        with(&octets(&one.open), code, &short),
    ] {
        assert_eq!(stage.look(&format!("/track/c/{token}")), 404, "{token}");
    }
    // Another link of the same e-mail, with the code of its neighbour.
    let neighbour = with(&octets(&other.clicks[0]), NUMBER, &long);
    assert_eq!(stage.look(&format!("/track/c/{neighbour}")), 404);
    // What is whole leads on, and is all that is written down.
    assert_eq!(stage.look(&other.clicks[2]), 302);
    let clicked = eventually("a click", || {
        Some(stage.events("clicked")).filter(|events| !events.is_empty())
    });
    assert_eq!(clicked.len(), 1, "{clicked:?}");
    assert_eq!(clicked[0]["recipient"], "bob@dest.test");
}
