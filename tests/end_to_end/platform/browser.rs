//! A reader with a real browser: what comes of a message that is opened, followed, and left.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::{Value, json};

use super::mail::{publish, read};
use crate::world::browser::Browser;
use crate::world::customer::Customer;
use crate::world::{API_PORT, World, eventually};

/// Who asks sooner after the delivery than this is taken for a machine.
const READERS_TIME: jiff::SignedDuration = jiff::SignedDuration::from_millis(2_100);

#[test]
fn a_reader_opens_a_message_follows_a_link_and_leaves() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let shop = SocketAddr::new(world.address(3), 8081);
    serve_shop(shop);
    let base = format!("http://{}:{API_PORT}", world.address(1));
    world.settings.set("api.tracking_url", base.as_str());
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    publish(&world, &customer);

    let reply = customer
        .ask("POST", "/api/bulk-send", Some(&newsletter(shop)))
        .json();
    assert_eq!(reply["queued"], 1, "{reply}");
    let mail = host.mail(1).remove(0);
    let message = read(&world, mail.text.as_bytes());
    let html = message["html"].as_str().unwrap();
    assert!(
        !html.contains(&shop.to_string()),
        "the link leads over ours: {html}"
    );
    let email = delivered(&customer);

    let mut browser = Browser::start();
    let shown = browser.show(html);
    assert!(shown["text"].as_str().unwrap().contains("Hello Ada"), "{shown}");
    let opened = event(&customer, &email, "opened");
    assert_eq!(opened["event_data"]["actor"], "human", "{opened}");

    let followed = browser.click("our offer");
    assert_eq!(followed["url"], format!("http://{shop}/offer?a=1&b=%C3%BC"));
    assert_eq!(followed["title"], "/offer?a=1&b=%C3%BC at the shop");
    let clicked = event(&customer, &email, "clicked");
    assert_eq!(clicked["event_data"]["actor"], "human", "{clicked}");

    browser.show(html);
    let asked = browser.click("no more");
    assert_eq!(asked["title"], "Unsubscribe", "{asked}");
    assert!(
        asked["text"].as_str().unwrap().contains("ada@dest.test"),
        "{asked}"
    );
    assert_eq!(
        suppressed(&customer),
        Vec::<Value>::new(),
        "to look changes nothing"
    );

    let left = browser.click("Unsubscribe");
    assert_eq!(left["title"], "Unsubscribed", "{left}");
    let unsubscribed = event(&customer, &email, "unsubscribed");
    assert_eq!(unsubscribed["event_data"]["source"], "link", "{unsubscribed}");
    let listed = suppressed(&customer);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["email"], "ada@dest.test");
}

fn newsletter(shop: SocketAddr) -> Value {
    json!({
        "subject": "News", "from": "news@src.test", "track_opens": true, "track_clicks": true,
        "html": format!(
            "<html><body><h1>Hello {{{{name}}}}</h1><p>See <a href=\"http://{shop}/offer?a=1&amp;b=\u{fc}\">our offer</a> \
             or get <a href=\"{{{{unsubscribe_url}}}}\">no more</a></body></html>"
        ),
        "recipients": [{ "email": "ada@dest.test", "vars": { "name": "Ada" } }],
    })
}

/// The id of the only e-mail, once it was delivered so long ago that a person may look at it.
fn delivered(customer: &Customer) -> String {
    let event = eventually("the message to be delivered", || {
        let events = customer.ask("GET", "/api/v1/events?type=delivered", None).json();
        events["events"].get(0).cloned()
    });
    let at: jiff::Timestamp = event["created_at"].as_str().unwrap().parse().unwrap();
    eventually("a reader to have had the time", || {
        (jiff::Timestamp::now() > at + READERS_TIME).then_some(())
    });
    event["email_id"].as_str().unwrap().to_owned()
}

/// The first event of this type.
fn event(customer: &Customer, email: &str, kind: &str) -> Value {
    let path = format!("/api/v1/emails/{email}/events");
    eventually(&format!("an event {kind}"), || {
        let events = customer.ask("GET", &path, None).json();
        let mut events = events["events"].as_array()?.iter();
        events.find(|event| event["event_type"] == json!(kind)).cloned()
    })
}

fn suppressed(customer: &Customer) -> Vec<Value> {
    let reply = customer.ask("GET", "/api/customer/suppressions", None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["suppressions"].as_array().unwrap().clone()
}

/// A server whose pages say which they are, for as long as the tests run.
fn serve_shop(address: SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    lines.find(|line| line.as_ref().is_ok_and(String::is_empty));
    let target = request.split(' ').nth(1).unwrap_or_default();
    let page = format!("<!DOCTYPE html><title>{target} at the shop</title>Buy!");
    write!(
        &stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    )
}
