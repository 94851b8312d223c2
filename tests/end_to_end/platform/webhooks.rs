//! Webhooks as a customer has them: a real endpoint that verifies with the published library of Standard Webhooks hears of
//! everything that happens, whatever falls over meanwhile.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::clients::foreign;
use crate::world::customer::Customer;
use crate::world::{Host, Program, World, eventually, tools};

/// The host number of the endpoint, and its port.
const ENDPOINT: u8 = 3;
const PORT: u16 = 9000;

fn stage() -> (World, Host, Program, Customer) {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let endpoint = world.address(ENDPOINT).to_string();
    world
        .settings
        .set("webhooks.plain_hosts", vec![endpoint])
        .set("webhooks.allowed_networks", vec!["127.0.0.0/8"]);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    (world, host, program, customer)
}

/// An endpoint on the customer's side.
struct Endpoint {
    folder: PathBuf,
    url: String,
    _process: tools::Background,
}

impl Endpoint {
    fn start(world: &World, secret: &str) -> Self {
        let folder = world.path("endpoint");
        std::fs::create_dir_all(&folder).unwrap();
        let host = world.address(ENDPOINT).to_string();
        let mut command = Command::new(tools::python());
        command
            .arg(foreign("webhook.py"))
            .args([&host, &PORT.to_string()])
            .arg(&folder)
            .stdout(Stdio::piped());
        let mut process = tools::Background::start(&mut command);
        let mut line = String::new();
        let stdout = process.0.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "the endpoint did not start");
        let endpoint = Self {
            folder,
            url: url(world),
            _process: process,
        };
        endpoint.trusts(secret);
        endpoint.answers(200);
        endpoint
    }

    fn trusts(&self, secret: &str) {
        std::fs::write(self.folder.join("secret"), secret).unwrap();
    }

    fn answers(&self, status: u16) {
        let (new, place) = (self.folder.join("status.new"), self.folder.join("status"));
        std::fs::write(&new, status.to_string()).unwrap();
        std::fs::rename(new, place).unwrap();
    }

    /// What it has heard; every request was verified.
    fn heard(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join("heard")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let heard: Vec<Value> = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for request in &heard {
            assert!(request["payload"]["forged"].is_null(), "{request}");
            assert_eq!(request["path"], "/", "no redirect is followed");
        }
        heard
    }

    /// Which kinds of events of an e-mail it has heard of.
    fn kinds(&self, email: &Value) -> BTreeSet<String> {
        let heard = self.heard();
        let of_it = heard
            .iter()
            .filter(|request| request["payload"]["data"]["email_id"] == email["id"]);
        of_it
            .map(|request| request["payload"]["type"].as_str().unwrap().to_owned())
            .collect()
    }

    fn hears(&self, email: &Value, kinds: &[&str]) {
        let wanted: BTreeSet<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        eventually(&format!("{kinds:?} of {}", email["id"]), || {
            self.kinds(email).is_superset(&wanted).then_some(())
        });
        assert_eq!(self.kinds(email), wanted, "and nothing else");
    }
}

fn url(world: &World) -> String {
    format!("http://{}:{PORT}/", world.address(ENDPOINT))
}

/// Adds a webhook; its path and its secret.
pub(super) fn add(customer: &Customer, body: &Value) -> (String, String) {
    let reply = customer.ask("POST", "/api/customer/webhooks", Some(body));
    assert_eq!(reply.status, 201, "{}", reply.text());
    let webhook = reply.json()["webhook"].clone();
    let path = format!("/api/customer/webhooks/{}", webhook["id"].as_str().unwrap());
    (path, webhook["secret"].as_str().unwrap().to_owned())
}

pub(super) fn send(customer: &Customer, to: &str) -> Value {
    customer
        .send(&json!({ "to": to, "from": "hello@src.test", "subject": "s", "text": "t", "tag": "welcome" }))
}

/// The attempts of a webhook, newest first, once there are so many.
pub(super) fn attempts(customer: &Customer, path: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} attempts of {path}"), || {
        let listed = customer.ask("GET", &format!("{path}/attempts"), None).json();
        let attempts = listed["attempts"].as_array().unwrap().clone();
        (attempts.len() >= count).then_some(attempts)
    })
}

fn post(customer: &Customer, path: &str, body: Option<&Value>) -> Value {
    let reply = customer.ask("POST", path, body);
    assert!(reply.status == 202, "{path}: {}", reply.text());
    reply.json()
}

#[test]
fn an_endpoint_hears_what_becomes_of_mail() {
    let (world, host, _program, customer) = stage();
    host.recipient("nobody@dest.test", &["550 5.1.1 no such user"]);
    let url = url(&world);
    let set = json!({ "webhook_url": url });
    let profile = customer.ask("PATCH", "/api/customer/profile", Some(&set)).json();
    let secret = profile["customer"]["webhook_secret"].as_str().unwrap();
    let endpoint = Endpoint::start(&world, secret);
    let delivered = send(&customer, "b@dest.test");
    let bounced = send(&customer, "nobody@dest.test");
    endpoint.hears(&delivered, &["email.sent", "email.delivered"]);
    endpoint.hears(&bounced, &["email.sent", "email.bounced"]);
    // What is told is what the API lists, under the event's id.
    let path = format!("/api/emails/{}/events", bounced["id"].as_str().unwrap());
    let listed = customer.ask("GET", &path, None).json();
    let event = listed["events"].as_array().unwrap().last().unwrap().clone();
    let heard = endpoint.heard();
    let told = heard
        .iter()
        .find(|request| request["payload"]["type"] == "email.bounced")
        .unwrap();
    assert_eq!(told["payload"]["data"], event);
    assert_eq!(told["id"], format!("msg_{}", event["id"].as_str().unwrap()));
    // A new secret signs at once; the old one still does, too.
    let webhooks = customer.ask("GET", "/api/customer/webhooks", None).json();
    let path = format!(
        "/api/customer/webhooks/{}",
        webhooks["webhooks"][0]["id"].as_str().unwrap()
    );
    let rotated = customer
        .ask("POST", &format!("{path}/rotate-secret"), None)
        .json();
    for secret in [secret, rotated["secret"].as_str().unwrap()] {
        endpoint.trusts(secret);
        let sample = post(
            &customer,
            &format!("{path}/test"),
            Some(&json!({ "event": "email.opened" })),
        );
        eventually("the sample", || {
            endpoint
                .heard()
                .iter()
                .any(|request| request["id"] == sample["message_id"])
                .then_some(())
        });
    }
}

#[test]
fn a_redirect_is_a_failure_and_410_the_end() {
    let (world, _host, _program, customer) = stage();
    let (path, secret) = add(
        &customer,
        &json!({ "url": url(&world), "events": ["email.delivered"] }),
    );
    let endpoint = Endpoint::start(&world, &secret);
    endpoint.answers(302);
    let email = send(&customer, "b@dest.test");
    let failed = attempts(&customer, &path, 1).remove(0);
    assert_eq!(
        (&failed["status"], &failed["delivered"]),
        (&json!(302), &json!(false)),
        "{failed}"
    );
    assert!(failed["next_attempt_at"].is_string(), "{failed}");
    endpoint.answers(200);
    let replay = format!("{path}/attempts/{}/replay", failed["id"].as_str().unwrap());
    assert_eq!(post(&customer, &replay, None)["message_id"], failed["message_id"]);
    let again = eventually("a delivery", || {
        let newest = attempts(&customer, &path, 2).remove(0);
        (newest["delivered"] == json!(true)).then_some(newest)
    });
    assert_eq!(
        (&again["message_id"], &again["response"]),
        (&failed["message_id"], &json!("ok"))
    );
    endpoint.hears(&email, &["email.delivered"]);
    // All of the day once more.
    let before = endpoint.heard().len();
    let stretch = json!({ "since": "2020-01-01", "scope": "all" });
    assert_eq!(
        post(&customer, &format!("{path}/replay"), Some(&stretch))["messages"],
        1
    );
    eventually("one more request", || {
        (endpoint.heard().len() > before).then_some(())
    });
    endpoint.answers(410);
    send(&customer, "b@dest.test");
    let webhook = eventually("a webhook that is not active", || {
        let webhook = customer.ask("GET", &path, None).json()["webhook"].clone();
        (webhook["is_active"] == json!(false)).then_some(webhook)
    });
    assert_eq!(webhook["disabled_reason"], "gone");
}

/// The endpoint is down, then the server is killed while messages wait: each is told once both are back.
#[test]
fn nothing_is_lost_while_either_side_is_down() {
    const MAILS: usize = 5;
    let (world, _host, program, customer) = stage();
    let (path, secret) = add(&customer, &json!({ "url": url(&world) }));
    let send_all = || -> Vec<Value> { (0..MAILS).map(|_| send(&customer, "b@dest.test")).collect() };
    let refused = send_all();
    attempts(&customer, &path, 2 * MAILS);
    program.kill();
    let endpoint = Endpoint::start(&world, &secret);
    let program = world.start();
    let interrupted = send_all();
    program.kill();
    let _program = world.start();
    for email in refused.iter().chain(&interrupted) {
        endpoint.hears(email, &["email.sent", "email.delivered"]);
    }
}

#[test]
fn listen_passes_on_what_trigger_and_mail_make() {
    let (world, _host, program, customer) = stage();
    let endpoint = Endpoint::start(&world, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let key = world.path("key");
    std::fs::write(&key, &customer.api_key).unwrap();
    let key = key.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
    command
        .args(["--config", world.settings.path().to_str().unwrap(), "--json"])
        .args([
            "listen",
            "--forward-to",
            &endpoint.url,
            "--key-file",
            key,
            "--count",
            "3",
        ])
        .stdout(Stdio::piped());
    let mut listen = tools::Background::start(&mut command);
    let mut lines = BufReader::new(listen.0.stdout.take().expect("piped")).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    endpoint.trusts(next()["secret"].as_str().unwrap());
    let triggered = program.json(&["trigger", "complained", "--key-file", key]);
    let sample = &triggered["sent"][0]["message_id"];
    let passed = next();
    assert_eq!(
        (&passed["id"], &passed["status"]),
        (sample, &json!(200)),
        "{passed}"
    );
    // What happens while the server is away is passed on when it is back.
    let email = send(&customer, "b@dest.test");
    program.kill();
    let program = world.start();
    let kinds: BTreeSet<String> = (0..2)
        .map(|_| next()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        BTreeSet::from(["email.delivered".into(), "email.sent".into()])
    );
    assert!(eventually("the end of listen", || listen.0.try_wait().unwrap()).success());
    endpoint.hears(&email, &["email.sent", "email.delivered"]);
    let webhooks = customer.ask("GET", "/api/customer/webhooks", None).json();
    assert_eq!(webhooks["pagination"]["total"], 0, "{webhooks}");
    let none = program.cli(&["trigger", "complained", "--key-file", key]);
    assert_eq!(
        none.status.code(),
        Some(4),
        "{}",
        String::from_utf8_lossy(&none.stderr)
    );
}
