//! What is put into mail, and what comes of it when it is asked for.

use std::process::Command;

use postrider::demo::dns::Data;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::mail::{publish, read};
use crate::world::customer::{Customer, Reply};
use crate::world::{Client, Host, Program, World, eventually, tools};

pub(super) const BASE: &str = "https://track.test";
const DESTINATION: &str = "https://shop.example/offer?a=1&b=2";
const FIREFOX: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n";

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) host: Host,
    pub(super) program: Program,
    pub(super) customer: Customer,
}

pub(super) fn stage() -> Stage {
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
        program,
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
    pub(super) fn events(&self, kind: &str) -> Vec<Value> {
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

/// Whether clicks and opens are tracked in the mail number `count` that arrives.
fn tracked(stage: &Stage, count: usize) -> (bool, bool) {
    let mail = stage.host.mail(count).remove(count - 1);
    let read = read(&stage.world, mail.text.as_bytes());
    let html = read["html"].as_str().unwrap();
    (html.contains("/track/c/"), html.contains("/track/o/"))
}

/// The narrowest wish decides, and every switch above can turn it off.
#[test]
fn what_nobody_wants_tracked_is_not() {
    let stage = stage();
    let domains = stage.customer.ask("GET", "/api/customer/domains", None).json();
    let domain = format!(
        "/api/customer/domains/{}",
        domains["domains"][0]["id"].as_str().unwrap()
    );
    let profile = "/api/customer/profile".to_owned();
    let unset = json!({ "tracking_enabled": true, "track_opens": null, "track_clicks": null });
    let mut count = 0;
    for (path, change, wishes, expected) in [
        (&domain, unset.clone(), json!({}), (true, true)),
        (
            &domain,
            unset.clone(),
            json!({ "track_opens": false }),
            (true, false),
        ),
        (
            &domain,
            unset.clone(),
            json!({ "track_clicks": false }),
            (false, true),
        ),
        (&domain, json!({ "track_opens": false }), json!({}), (true, false)),
        (
            &domain,
            json!({ "track_opens": false }),
            json!({ "track_opens": true }),
            (true, true),
        ),
        (
            &domain,
            json!({ "tracking_enabled": false }),
            json!({ "track_opens": true }),
            (false, false),
        ),
        (&domain, unset, json!({}), (true, true)),
        (
            &profile,
            json!({ "click_tracking_enabled": false }),
            json!({}),
            (false, true),
        ),
        (
            &profile,
            json!({ "click_tracking_enabled": false }),
            json!({ "track_clicks": true }),
            (true, true),
        ),
        (
            &profile,
            json!({ "tracking_enabled": false }),
            json!({ "track_opens": true, "track_clicks": true }),
            (false, false),
        ),
    ] {
        let reply = stage.customer.ask("PATCH", path, Some(&change));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let mut email = json!({
            "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
            "html": format!("<a href=\"{DESTINATION}\">x</a>"),
        });
        email
            .as_object_mut()
            .unwrap()
            .extend(wishes.as_object().unwrap().clone());
        stage.customer.send(&email);
        count += 1;
        assert_eq!(tracked(&stage, count), expected, "{change} {wishes}");
    }
}

/// Who does not want to be followed gets the same mail without it.
#[test]
fn a_recipient_of_many_can_be_left_alone() {
    let stage = stage();
    let mut request = bulk();
    for (count, (own, expected)) in [
        (json!({ "email": "ada@dest.test", "vars": { "name": "Ada" } }), (true, true)),
        (
            json!({ "email": "bob@dest.test", "vars": { "name": "Bob" }, "track_opens": false, "track_clicks": false }),
            (false, false),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        request["recipients"] = json!([own]);
        let reply = stage.customer.ask("POST", "/api/bulk-send", Some(&request)).json();
        assert_eq!(reply["queued"], 1, "{reply}");
        assert_eq!(tracked(&stage, count + 1), expected, "{own}");
    }
}

/// The first domain of the customer after `change`, looked up again.
fn changed(customer: &Customer, change: &Value) -> Value {
    let domains = customer.ask("GET", "/api/customer/domains", None).json();
    let path = format!(
        "/api/customer/domains/{}",
        domains["domains"][0]["id"].as_str().unwrap()
    );
    let reply = customer.ask("PATCH", &path, Some(change));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let looked_up = customer.ask("POST", &format!("{path}/verify"), None);
    assert_eq!(looked_up.status, 200, "{}", looked_up.text());
    looked_up.json()["domain"].clone()
}

fn tracking_record(domain: &Value) -> &Value {
    let records = domain["dns_records"].as_array().unwrap();
    let record = records.iter().find(|record| record["purpose"] == "tracking");
    record.unwrap_or_else(|| panic!("no tracking record in {domain}"))
}

/// With a CNAME and a proxy that has certificates, links show their sender's own host; none of ours is wrapped again.
#[test]
fn links_lead_through_the_senders_own_host_once_it_is_published() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    world.settings.set("api.tracking_url", BASE);
    world.settings.set("api.tracking_hosts", "proxy");
    world.settings.set(
        "api.untracked_domains",
        toml::Value::Array(vec!["Calendar.test".into()]),
    );
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    publish(&world, &customer);
    let email = json!({
        "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
        "track_opens": true, "track_clicks": true,
        "html": "<a href=\"https://shop.example/\">shop</a> <a href=\"https://go.src.test/x\">go</a> \
                 <a href=\"https://track.test/y\">track</a> <a href=\"https://a.calendar.test/z\">date</a> \
                 <a href=\"https://notcalendar.test/\">other</a>",
    });
    let sent = |count: usize| {
        customer.send(&email);
        let mail = host.mail(count).remove(count - 1);
        read(&world, mail.text.as_bytes())["html"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    for (wrong, code) in [
        ("go.elsewhere.test", "bad_tracking_host"),
        ("src.test", "bad_tracking_host"),
    ] {
        let domains = customer.ask("GET", "/api/customer/domains", None).json();
        let path = format!(
            "/api/customer/domains/{}",
            domains["domains"][0]["id"].as_str().unwrap()
        );
        let reply = customer.ask("PATCH", &path, Some(&json!({ "tracking_host": wrong })));
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains(code), "{}", reply.text());
    }

    let domain = changed(&customer, &json!({ "tracking_host": "Go.src.test" }));
    let record = tracking_record(&domain);
    assert_eq!(
        (
            &record["type"],
            &record["name"],
            &record["value"],
            &record["status"]
        ),
        (
            &json!("CNAME"),
            &json!("go.src.test"),
            &json!("track.test"),
            &json!("pending")
        )
    );
    assert_eq!(domain["tracking_url"], BASE);
    let html = sent(1);
    assert_eq!(html.matches(&format!("{BASE}/track/c/")).count(), 2, "{html}");

    world.dns.add("go.src.test", Data::Cname("track.test".to_owned()));
    let domain = changed(&customer, &json!({}));
    assert_eq!(tracking_record(&domain)["status"], "valid", "{domain}");
    assert_eq!(domain["tracking_url"], "https://go.src.test");
    let html = sent(2);
    assert_eq!(html.matches("https://go.src.test/track/c/").count(), 2, "{html}");
    assert!(html.contains("https://go.src.test/track/o/"), "{html}");
    for kept in [
        "https://go.src.test/x",
        "https://track.test/y",
        "https://a.calendar.test/z",
    ] {
        assert!(html.contains(&format!("\"{kept}\"")), "{kept} in {html}");
    }
    let (_, token) = html.split_once("/track/c/").unwrap();
    let path = format!("/track/c/{}", token.split('"').next().unwrap());
    let followed = customer.raw(
        "GET",
        &path,
        &format!("{FIREFOX}X-Forwarded-Host: go.src.test\r\n"),
        b"",
    );
    assert_eq!(
        (followed.status, followed.header("location")),
        (302, Some("https://shop.example/"))
    );

    let domain = changed(&customer, &json!({ "tracking_host": null }));
    assert_eq!(tracking_record(&domain)["name"], "click.src.test");
    assert_eq!(domain["tracking_url"], BASE);
}

/// A certificate is left in the folder, and a reload later readers reach the host over https.
#[test]
fn a_host_is_used_once_there_is_a_certificate_for_it() {
    let mut world = World::new();
    let folder = world.path("certificates");
    std::fs::create_dir(&folder).unwrap();
    world.settings.set("tls.folder", folder.to_str().unwrap());
    world.settings.set("api.tls", true);
    world.settings.set("api.tracking_url", BASE);
    world.dns.add("go.src.test", Data::Cname("track.test".to_owned()));
    let program = world.start();
    program.json(&["customer", "add", "owner@src.test"]);
    program.json(&["domain", "add", "owner@src.test", "src.test"]);
    let set = program.json(&[
        "domain",
        "tracking-host",
        "owner@src.test",
        "src.test",
        "go.src.test",
    ]);
    assert_eq!(tracking_record(&set)["name"], "go.src.test", "{set}");
    let verified = program.json(&["domain", "verify", "owner@src.test", "src.test"]);
    assert_eq!(tracking_record(&verified)["status"], "valid", "{verified}");
    assert_eq!(
        verified["tracking_url"], BASE,
        "nobody could speak TLS as this host"
    );

    let made = certs::self_signed(&world.path("made"), "go.src.test").unwrap();
    std::fs::copy(&made.private_key, folder.join("click.key")).unwrap();
    std::fs::copy(&made.certificate, folder.join("click.pem")).unwrap();
    program.signal(Signal::HUP);
    eventually("the certificate to be read", || {
        let verified = program.json(&["domain", "verify", "owner@src.test", "src.test"]);
        (verified["tracking_url"] == "https://go.src.test").then_some(())
    });
    let address = program.api();
    let mut curl = Command::new(tools::debian("curl", "curl"));
    curl.arg("--silent")
        .arg("--fail")
        .arg("--cacert")
        .arg(&made.certificate);
    curl.arg("--resolve")
        .arg(format!("go.src.test:{}:{}", address.port(), address.ip()));
    let url = format!("https://go.src.test:{}/track/o/nothing", address.port());
    let pixel = tools::run_with(curl.arg(url), b"");
    assert_eq!(pixel.stdout.len(), 43);
}

#[test]
fn links_outlive_the_secret_they_are_made_with_until_it_is_revoked() {
    let stage = stage();
    let link = |count: usize| {
        stage.customer.ask("POST", "/api/bulk-send", Some(&bulk()));
        let mail = stage.host.mail(count).remove(count - 1);
        let read = read(&stage.world, mail.text.as_bytes());
        url(read["html"].as_str().unwrap(), "c")
    };
    let status = |url: &str| stage.visit("GET", url, FIREFOX, "").status;
    let old = link(1);
    let rotated = stage.program.json(&["tokens", "rotate"]);
    assert_eq!(rotated, json!({ "secrets": [0, 1], "current": 1 }));
    let young = link(2);
    assert_eq!((status(&old), status(&young)), (302, 302));
    let current = stage.program.cli(&["tokens", "revoke", "1"]);
    assert_eq!(current.status.code(), Some(2), "{current:?}");
    let revoked = stage.program.json(&["tokens", "revoke", "0"]);
    assert_eq!(revoked, json!({ "secrets": [1], "current": 1 }));
    assert_eq!((status(&old), status(&young)), (404, 302));
    assert_eq!(stage.program.json(&["tokens", "list"]), revoked);
    let audit = stage.program.json(&["customer", "audit"]);
    let noted = audit["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&noted["action"], &noted["detail"], &noted["customer"]),
        (&json!("tokens.revoked"), &json!("secret 0"), &Value::Null)
    );
}

#[test]
fn plain_text_says_how_to_unsubscribe_too() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    world.settings.set("api.tracking_url", BASE);
    world.settings.set_listener("account", "owner@src.test");
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    publish(&world, &customer);
    let text = |count: usize| {
        let mail = host.mail(count).remove(count - 1);
        let read = read(&world, mail.text.as_bytes());
        read["parts"][0][1].as_str().unwrap().to_owned()
    };
    customer.send(&json!({
        "to": "ada@dest.test", "from": "news@src.test", "subject": "s", "vars": { "name": "Ada" },
        "text": "Hello {{name}}. No more: {{ unsubscribe_url }} or {{unsubscribe_url}}.",
    }));
    let rest = text(1);
    assert!(rest.starts_with("Hello Ada. No more: "), "{rest}");
    assert_eq!(rest.matches(&url(&rest, "u")).count(), 2, "{rest}");

    let mut client = Client::hello(world.relay());
    let fields =
        "From: news@src.test\r\nTo: ada@dest.test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n";
    let submitted = format!("{fields}\r\nNo more: {{{{unsubscribe_url}}}}\r\n");
    client.submit("news@src.test", &["ada@dest.test"], &submitted);
    let smtp = text(2);
    assert_eq!(smtp.trim_end(), format!("No more: {}", url(&smtp, "u")));
}
