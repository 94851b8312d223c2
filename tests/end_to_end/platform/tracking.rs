//! What is put into mail, and what comes of it when it is asked for.

use serde_json::{Value, json};

use super::mail::{publish, read};
use crate::world::customer::{Customer, Reply};
use crate::world::{Host, Program, World, eventually};

const BASE: &str = "https://track.test";
const DESTINATION: &str = "https://shop.example/offer?a=1&b=2";
const FIREFOX: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n";

struct Stage {
    world: World,
    host: Host,
    _program: Program,
    customer: Customer,
}

fn stage() -> Stage {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    world.settings.set("api.tracking_url", BASE);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    publish(&world, &customer);
    Stage {
        world,
        host,
        _program: program,
        customer,
    }
}

impl Stage {
    /// Asks for one of our URLs where the program listens.
    fn visit(&self, method: &str, url: &str, header: &str, body: &str) -> Reply {
        let path = url
            .strip_prefix(BASE)
            .unwrap_or_else(|| panic!("{url} is not ours"));
        self.customer.raw(method, path, header, body.as_bytes())
    }

    /// Every event of this type.
    fn events(&self, kind: &str) -> Vec<Value> {
        let reply = self
            .customer
            .ask("GET", &format!("/api/v1/events?type={kind}"), None);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["events"].as_array().unwrap().clone()
    }
}

/// The first URL of ours in a text that leads to this path.
fn url(text: &str, path: &str) -> String {
    let begin = format!("{BASE}/track/{path}/");
    let at = text
        .find(&begin)
        .unwrap_or_else(|| panic!("no {begin} in {text}"));
    let token = text[at + begin.len()..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    begin.clone() + &token.collect::<String>()
}

fn bulk() -> Value {
    json!({
        "subject": "News", "from": "news@src.test", "tag": "news",
        "html": "<p>Hello {{name}}, <a href=\"https://shop.example/offer?a=1&amp;b=2\">look</a> or \
                 <a href=\"{{unsubscribe_url}}\">leave</a></p><a href=\"mailto:a@src.test\">write</a>",
        "recipients": [{ "email": "ada@dest.test", "vars": { "name": "Ada" } }],
    })
}

#[test]
fn links_pictures_and_the_way_out_are_put_in_before_signing() {
    let stage = stage();
    let reply = stage.customer.ask("POST", "/api/bulk-send", Some(&bulk())).json();
    assert_eq!(reply["queued"], 1, "{reply}");
    let mail = stage.host.mail(1).remove(0);
    // Both signatures hold over what was put in.
    let read = read(&stage.world, mail.text.as_bytes());
    let html = read["html"].as_str().unwrap();
    assert!(html.contains("Hello Ada"), "{html}");
    assert!(html.contains("href=\"mailto:a@src.test\""), "{html}");
    assert!(!html.contains("shop.example"), "the link is tracked: {html}");
    let text = read["parts"][0][1].as_str().unwrap();
    assert!(
        text.contains("https://shop.example/offer?a=1&b=2"),
        "the text part shows where it leads: {text}"
    );
    assert!(text.contains(&url(text, "u")), "{text}");
    let unsubscribe = url(html, "u");
    assert!(
        mail.text
            .contains(&format!("List-Unsubscribe: <{unsubscribe}>\r\n")),
        "{}",
        mail.text
    );
    assert!(
        mail.text
            .contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    );

    let click = url(html, "c");
    let followed = stage.visit("GET", &click, FIREFOX, "");
    assert_eq!(
        (followed.status, followed.header("location")),
        (302, Some(DESTINATION))
    );
    let pixel = stage.visit("GET", &url(html, "o"), FIREFOX, "");
    assert_eq!((pixel.status, pixel.body.len()), (200, 43));
    assert!(pixel.body.starts_with(b"GIF89a"));
    assert_eq!(pixel.header("content-type"), Some("image/gif"));
}

#[test]
fn a_token_that_is_not_ours_leads_nowhere() {
    let stage = stage();
    stage.customer.ask("POST", "/api/bulk-send", Some(&bulk()));
    let mail = stage.host.mail(1).remove(0);
    let html = read(&stage.world, mail.text.as_bytes())["html"]
        .as_str()
        .unwrap()
        .to_owned();
    let click = url(&html, "c");
    let forged = {
        let last = if click.ends_with('A') { "Q" } else { "A" };
        format!("{}{last}", &click[..click.len() - 1])
    };
    let open = url(&html, "o");
    let as_click = open.replace("/o/", "/c/");
    for url in [
        forged.as_str(),
        as_click.as_str(),
        &click[..click.len() - 1],
        &format!("{click}x"),
        &format!("{BASE}/track/c/https:%2F%2Fevil.example"),
    ] {
        let reply = stage.visit("GET", url, FIREFOX, "");
        assert_eq!((reply.status, reply.header("location")), (404, None), "{url}");
    }
    // A broken picture helps nobody.
    let pixel = stage.visit("GET", &format!("{BASE}/track/o/nothing"), FIREFOX, "");
    assert_eq!((pixel.status, pixel.body.len()), (200, 43));
}

/// Scanners look at everything: to look unsubscribes nobody. Whoever asks, by either form, is.
#[test]
fn to_look_unsubscribes_nobody_and_to_ask_does() {
    let one_click = (
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "List-Unsubscribe=One-Click",
    );
    let multipart = (
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
    );
    let page = (
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "confirm=yes",
    );
    for ((header, body), source) in [(one_click, "one-click"), (multipart, "one-click"), (page, "link")] {
        let stage = stage();
        stage.customer.ask("POST", "/api/bulk-send", Some(&bulk()));
        let mail = stage.host.mail(1).remove(0);
        let unsubscribe = url(&mail.text, "u");
        let again = json!({
            "to": "ADA@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
        });
        for method in ["GET", "HEAD"] {
            let looked = stage.visit(method, &unsubscribe, FIREFOX, "");
            assert_eq!(looked.status, 200, "{}", looked.text());
        }
        assert_eq!(stage.customer.send(&again)["status"], "queued");
        for _ in 0..2 {
            let asked = stage.visit("POST", &unsubscribe, header, body);
            assert_eq!(
                (asked.status, asked.header("location")),
                (200, None),
                "{}",
                asked.text()
            );
        }
        assert_eq!(stage.customer.send(&again)["status"], "suppressed", "{body}");
        let told = stage.events("unsubscribed");
        assert_eq!(told.len(), 1, "once: {told:?}");
        assert_eq!(told[0]["event_data"]["source"], source, "{body}");
    }
}

/// A scanner that asks for every URL of a message, by either method, leaves nothing but hits of a machine.
#[test]
fn a_scanner_that_asks_for_everything_is_a_machine() {
    let stage = stage();
    let mut email = bulk();
    email["track_opens"] = json!(true);
    email["track_clicks"] = json!(true);
    stage.customer.ask("POST", "/api/bulk-send", Some(&email));
    let mail = stage.host.mail(1).remove(0);
    let parts = read(&stage.world, mail.text.as_bytes())["parts"].to_string();
    // The field is folded, so it is no part of what Python reads.
    let everything = format!("{parts} {}", url(&mail.text, "u"));
    let urls: Vec<&str> = everything
        .match_indices(BASE)
        .map(|(at, _)| &everything[at..])
        .collect();
    assert!(
        urls.len() >= 4,
        "a link, the picture, two ways out and the field: {everything}"
    );
    for scanner in [
        "Barracuda Sentinel (EE)",
        "python-requests/2.32",
        "Mozilla/5.0 (compatible; SomeBot/1.0)",
    ] {
        for rest in &urls {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_/:.".contains(c));
            let url = &rest[..end.unwrap_or(rest.len())];
            for method in ["GET", "HEAD"] {
                let looked = stage.visit(method, url, &format!("User-Agent: {scanner}\r\n"), "");
                assert!(looked.status < 400, "{method} {url}: {}", looked.text());
            }
        }
    }
    // To look at the head of a picture opens nothing, to look at that of a link does show that it was followed.
    let hits = |kind: &str, count: usize| {
        let found = eventually(&format!("{count} events {kind}"), || {
            Some(stage.events(kind)).filter(|events| events.len() >= count)
        });
        assert_eq!(found.len(), count, "{found:?}");
        for event in found {
            assert_eq!(event["event_data"]["actor"], "machine", "{event}");
        }
    };
    hits("opened", 3);
    hits("clicked", 6);
    assert_eq!(stage.events("unsubscribed"), Vec::<Value>::new());
    let again = json!({ "to": "ada@dest.test", "from": "hello@src.test", "subject": "s", "text": "t" });
    assert_eq!(stage.customer.send(&again)["status"], "queued");
}

/// Every switch above can turn it off, and without a URL that readers can reach there is nothing to put in.
#[test]
fn what_nobody_wants_tracked_is_not() {
    let stage = stage();
    let email = |wishes: Value| {
        let mut email = json!({
            "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
            "html": format!("<a href=\"{DESTINATION}\">x</a>"),
        });
        email
            .as_object_mut()
            .unwrap()
            .extend(wishes.as_object().unwrap().clone());
        email
    };
    let switches = |name: &str, on: bool| {
        let change = json!({ name: on });
        let reply = stage
            .customer
            .ask("PATCH", "/api/customer/profile", Some(&change));
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    let mut count = 0;
    let mut next = |wishes: Value| {
        stage.customer.send(&email(wishes));
        count += 1;
        let mail = stage.host.mail(count).remove(count - 1);
        let html = read(&stage.world, mail.text.as_bytes())["html"]
            .as_str()
            .unwrap()
            .to_owned();
        (html.contains("/track/c/"), html.contains("/track/o/"))
    };
    assert_eq!(
        next(json!({ "track_opens": true, "track_clicks": true })),
        (true, true)
    );
    assert_eq!(
        next(json!({ "track_opens": false, "track_clicks": true })),
        (true, false)
    );
    assert_eq!(
        next(json!({ "track_opens": true, "track_clicks": false })),
        (false, true)
    );
    switches("tracking_enabled", false);
    assert_eq!(
        next(json!({ "track_opens": true, "track_clicks": true })),
        (false, false)
    );
}
