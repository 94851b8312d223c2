//! Who asks, and how: everybody that it takes to hear each status of an operation.

use std::cell::Cell;
use std::thread;

use serde_json::{Value, json};

use super::operations::Row;
use super::{UNKNOWN, tomorrow};
use crate::world::customer::{Customer, Reply};
use crate::world::{Connection, Host, Program, eventually};

use How::{
    Bare, Broken, Crowded, Empty, Good, Hasty, Huge, Inactive, Keyless, Null, Pending, Plain, Query, Reused,
    Sent, Slow, Spare, Suspended, Twice, Twins, Unknown, Unlisted,
};

/// Octets of the largest body, as the server is told.
pub const BODY_MAX: usize = 1024 * 1024;

/// The secret of hooks.
pub const HOOK_SECRET: &str = "0123456789abcdef";

/// How a status is provoked.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// With a request that the operation takes.
    Good,
    /// The same by an account that nobody else needs.
    Spare,
    /// Without a key.
    Keyless,
    /// By an account that has had its requests.
    Hasty,
    /// With this behind the path.
    Query(&'static str),
    /// With the media type of a body and no body.
    Empty,
    /// With a body that is null.
    Null,
    /// With a body that is no JSON.
    Broken,
    /// With a body that never comes.
    Slow,
    /// With a body beyond the limit.
    Huge,
    /// With a body of another media type.
    Plain,
    /// With an id that nobody has.
    Unknown,
    /// By an account that is not active yet.
    Pending,
    /// By an account that is not active any more.
    Suspended,
    /// By an account without domains that may not have any.
    Bare,
    /// By an account whose events are not tracked.
    Unlisted,
    /// By an account that has as many webhooks as it may.
    Crowded,
    /// About a webhook that is not active.
    Inactive,
    /// About a webhook whose messages are not fetched.
    Sent,
    /// With the same request twice.
    Twice,
    /// With two requests of one idempotency key at the same time.
    Twins,
    /// With another request under a used idempotency key.
    Reused,
}

/// Where nobody is: an attempt fails at once.
const HOOK: &str = "https://hooks.rest.test/";

/// Webhooks that an account may have.
const WEBHOOKS_MAX: usize = 20;

/// What in a path has to be made.
pub const PLACEHOLDERS: [&str; 10] = [
    "{email}",
    "{domain}",
    "{unsubscribed}",
    "{suppressed}",
    "{webhook}",
    "{fetched}",
    "{attempt}",
    "{open}",
    "{click}",
    "{leave}",
];

/// Something that is counted.
const METRIC: &str = "clicks";

/// Who there is to ask.
pub struct Cast {
    pub owner: Customer,
    pending: Customer,
    suspended: Customer,
    bare: Customer,
    unlisted: Customer,
    crowded: Customer,
    hasty: Customer,
    spare: Customer,
    fresh: Cell<u32>,
    /// A message of the owner's, as somebody got it.
    mail: Option<String>,
}

impl Cast {
    pub fn new(program: &Program) -> Self {
        let with_status = |email: &str, status| {
            let customer = program.customer(email, &[]);
            program.json(&["customer", "set", email, "--status", status]);
            customer
        };
        let hasty = program.customer_with("hasty@rest.test", &[], &["--rate-limit", "1"]);
        hasty.ask("GET", "/api/customer/profile", None);
        let cast = Self {
            owner: program.customer("owner@rest.test", &["owner.test"]),
            pending: with_status("pending@rest.test", "pending"),
            suspended: with_status("suspended@rest.test", "suspended"),
            bare: program.customer_with("bare@rest.test", &[], &["--max-domains", "0"]),
            unlisted: program.customer_with("unlisted@rest.test", &[], &["--event-tracking", "false"]),
            crowded: program.customer("crowded@rest.test", &[]),
            hasty,
            spare: program.customer("spare@rest.test", &[]),
            fresh: Cell::new(0),
            mail: None,
        };
        program.json(&["customer", "set", "owner@rest.test", "--max-domains", "1000"]);
        for _ in 0..WEBHOOKS_MAX {
            add_webhook(&cast.crowded, &Value::Null);
        }
        cast
    }

    /// The same, with a message that `host` got.
    pub fn with_mail(mut self, host: &Host) -> Self {
        let sent = self.owner.send(&json!({
            "to": "ada@dest.test", "subject": "Hello", "stream_type": "broadcast",
            "html": "<a href=\"https://shop.example/\">look</a>",
        }));
        self.owner.becomes(&sent["id"], "delivered");
        // What is at the end of a line of quoted-printable goes on in the next.
        self.mail = Some(host.mail(1).remove(0).text.replace("=\r\n", ""));
        self
    }

    /// The token behind this path in the message.
    fn token(&self, path: &str) -> String {
        let mail = self.mail.as_ref().expect("a message");
        let (_, rest) = mail
            .split_once(path)
            .unwrap_or_else(|| panic!("no {path} in {mail}"));
        let token = rest
            .chars()
            .take_while(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'));
        token.collect()
    }

    /// The header of a request to `path`, with the media type that it takes.
    pub fn header(&self, customer: &Customer, path: &str) -> String {
        format!("{}{}", credentials(customer, path), media_type(path))
    }

    /// The template with what it asks for made.
    pub fn filled(&self, template: &str) -> String {
        let mut text = template.replace("{metric}", METRIC);
        if text.contains("{fresh}") {
            text = text.replace("{fresh}", &self.word());
        }
        if text.contains("{email}") {
            let email = json!({
                "to": "ada@sim.postrider.invalid", "subject": "later", "text": "x", "send_at": tomorrow(),
            });
            text = text.replace("{email}", self.owner.send(&email)["id"].as_str().expect("an id"));
        }
        if text.contains("{domain}") {
            let domain = json!({ "domain": format!("{}.test", self.word()) });
            let added = self
                .owner
                .ask("POST", "/api/customer/domains", Some(&domain))
                .json();
            text = text.replace("{domain}", added["domain"]["id"].as_str().expect("an id"));
        }
        for (placeholder, path) in [
            ("{open}", "/track/o/"),
            ("{click}", "/track/c/"),
            ("{leave}", "/track/u/"),
        ] {
            if text.contains(placeholder) {
                text = text.replace(placeholder, &self.token(path));
            }
        }
        for (placeholder, url) in [("{webhook}", json!(HOOK)), ("{fetched}", Value::Null)] {
            if text.contains(placeholder) {
                let id = add_webhook(&self.owner, &url);
                if text.contains("{attempt}") {
                    text = text.replace("{attempt}", &self.attempt(&id));
                }
                text = text.replace(placeholder, &id);
            }
        }
        for (placeholder, list) in [
            ("{unsubscribed}", "unsubscribes"),
            ("{suppressed}", "suppressions"),
        ] {
            if text.contains(placeholder) {
                let address = format!("{}@rest.test", self.word());
                let path = format!("/api/customer/{list}");
                let added = self.owner.ask("POST", &path, Some(&json!({ "email": address })));
                assert_eq!(added.status, 201, "{}", added.text());
                text = text.replace(placeholder, &address);
            }
        }
        text
    }

    /// The id of an attempt of this webhook.
    fn attempt(&self, id: &str) -> String {
        let path = format!("/api/customer/webhooks/{id}");
        self.owner.ask("POST", &format!("{path}/test"), None);
        eventually("an attempt", || {
            let listed = self.owner.ask("GET", &format!("{path}/attempts"), None).json();
            listed["attempts"][0]["id"].as_str().map(str::to_owned)
        })
    }

    fn word(&self) -> String {
        self.fresh.set(self.fresh.get() + 1);
        format!("word{}", self.fresh.get())
    }

    /// The reply to a request that is provoked.
    pub fn provoke(&self, row: &Row, how: How) -> Reply {
        let Row {
            method, path, body, ..
        } = *row;
        let unknown = |text: &str| {
            PLACEHOLDERS
                .iter()
                .fold(text.to_owned(), |text, made| text.replace(made, UNKNOWN))
        };
        // Who comes no further than the door needs no ids made.
        let path = match how {
            Good | Null | Twice | Inactive => self.filled(path),
            Sent => self.filled(&path.replace("{fetched}", "{webhook}")),
            Unknown => unknown(path).replace("{metric}", UNKNOWN),
            _ => unknown(path).replace("{metric}", METRIC),
        };
        let body = self.filled(body);
        let by =
            |customer: &Customer| customer.raw(method, &path, &self.header(customer, &path), body.as_bytes());
        let own = |header: &str, body: &[u8]| {
            let header = format!("{}{header}", credentials(&self.owner, &path));
            self.owner.raw(method, &path, &header, body)
        };
        let media_type = media_type(&path);
        match how {
            Good if body.is_empty() => own("", b""),
            Good | Unknown | Sent => by(&self.owner),
            Crowded => by(&self.crowded),
            Inactive => {
                let webhook: Vec<&str> = path.split('/').take(5).collect();
                let change = json!({ "is_active": false });
                let changed = self.owner.ask("PATCH", &webhook.join("/"), Some(&change));
                assert_eq!(changed.status, 200, "{}", changed.text());
                by(&self.owner)
            }
            Spare => by(&self.spare),
            Keyless => self.owner.raw(method, &path, media_type, body.as_bytes()),
            Hasty => by(&self.hasty),
            Query(query) => self.owner.ask(method, &format!("{path}{query}"), None),
            Empty => own(media_type, b""),
            Null => own(media_type, b"null"),
            Broken => own(media_type, b"{\"to\":"),
            Slow => self.never_ending(method, &path),
            Huge => own(media_type, &vec![b' '; BODY_MAX + 1]),
            Plain => own("Content-Type: text/plain\r\n", b"hello"),
            Pending => by(&self.pending),
            Suspended => by(&self.suspended),
            Bare => by(&self.bare),
            Unlisted => by(&self.unlisted),
            Twice => {
                assert!(by(&self.owner).status < 300, "the first");
                by(&self.owner)
            }
            Twins => self.twins(method, &path, &body),
            Reused => {
                let key = format!("{media_type}Idempotency-Key: {}\r\n", self.word());
                assert_eq!(own(&key, body.as_bytes()).status, 200);
                own(&key, body.replace("Hello", "Good bye").as_bytes())
            }
        }
    }

    /// The reply to a good request with an idempotency key.
    pub fn keyed(&self, row: &Row, key: &str) -> Reply {
        let header = format!("{}Idempotency-Key: {key}\r\n", self.header(&self.owner, row.path));
        self.owner.raw(row.method, row.path, &header, row.body.as_bytes())
    }

    fn never_ending(&self, method: &str, path: &str) -> Reply {
        let mut connection = Connection::open(self.owner.address());
        let header = self.header(&self.owner, path);
        connection.send(
            format!("{method} {path} HTTP/1.1\r\nHost: rest.test\r\n{header}Content-Length: 9\r\n\r\n{{")
                .as_bytes(),
        );
        connection.reply().expect("an answer to half a request")
    }

    /// Rounds of many at once, each round with a key of its own, until one of them meets another.
    fn twins(&self, method: &str, path: &str, body: &str) -> Reply {
        loop {
            let header = format!(
                "{}Idempotency-Key: {}\r\n",
                self.header(&self.owner, path),
                self.word()
            );
            let (owner, header) = (&self.owner, &header);
            let replies: Vec<Reply> = thread::scope(|scope| {
                let ask = || owner.raw(method, path, header, body.as_bytes());
                let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
                asked
                    .into_iter()
                    .map(|asked| asked.join().expect("an answer"))
                    .collect()
            });
            let done = |reply: &&Reply| reply.status == 200 && reply.header("idempotency-replayed").is_none();
            assert_eq!(
                replies.iter().filter(done).count(),
                1,
                "one of them is done, once"
            );
            if let Some(reply) = replies.into_iter().find(|reply| reply.status == 409) {
                return reply;
            }
        }
    }
}

/// Adds a webhook; its id.
pub fn add_webhook(customer: &Customer, url: &Value) -> String {
    let reply = customer.ask("POST", "/api/customer/webhooks", Some(&json!({ "url": url })));
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["webhook"]["id"].as_str().expect("an id").to_owned()
}

/// The header with what opens an operation.
fn credentials(customer: &Customer, path: &str) -> String {
    match path.starts_with("/webhooks/") {
        true => format!("Authorization: Bearer {HOOK_SECRET}\r\n"),
        false => format!("X-API-Key: {}\r\n", customer.api_key),
    }
}

/// The header of the body that an operation takes.
fn media_type(path: &str) -> &'static str {
    match path.ends_with("/import") {
        true => "Content-Type: text/csv\r\n",
        false => "Content-Type: application/json\r\n",
    }
}
