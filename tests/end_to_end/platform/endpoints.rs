//! Webhook endpoints that do not behave: they hang, lead elsewhere, or have a name that leads inside. Plain sockets, so that
//! every connection is seen, also one that should never have been made.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_proto::rr::RecordType;
use postrider::demo::dns::Data;
use serde_json::{Value, json};

use super::webhooks::{add, attempts, send};
use crate::world::customer::Customer;
use crate::world::{Host, Program, World, eventually};

const PORT: u16 = 9000;
/// The name of an endpoint. Only the world's name service knows it.
const NAME: &str = "hook.test";
/// Host numbers: of the endpoint that a customer has, and of something that no customer should reach.
const OUTSIDE: u8 = 3;
const INSIDE: u8 = 4;

/// What an endpoint does with one request.
enum Manner {
    /// Answers this.
    Answer(String),
    /// Says nothing and waits until the other side hangs up.
    Silence,
    /// Says one octet after the other of a head that never ends, for as long as somebody listens.
    Trickle,
}

/// A server for as long as the tests run.
struct Endpoint {
    connections: Arc<AtomicUsize>,
}

impl Endpoint {
    /// `manner` says what is done with a request by its number, from 0, and its first line.
    fn start(address: SocketAddr, manner: impl Fn(usize, &str) -> Manner + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, manner) = (Arc::clone(&connections), Arc::new(manner));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let manner = Arc::clone(&manner);
                // Whoever hangs up early ends its own connection and no other.
                std::thread::spawn(move || serve(stream, |line| manner(number, line)));
            }
        });
        Self { connections }
    }

    /// One that answers everything with this status.
    fn answering(address: SocketAddr, status: u16) -> Self {
        Self::start(address, move |_, _| Manner::Answer(answer(status, "")))
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, manner: impl FnOnce(&str) -> Manner) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    match manner(&first) {
        Manner::Answer(answer) => stream.write_all(answer.as_bytes()),
        Manner::Silence => reader.read_to_end(&mut Vec::new()).map(drop),
        Manner::Trickle => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
            stream.set_read_timeout(Some(std::time::Duration::from_millis(20)))?;
            loop {
                stream.write_all(b"x")?;
                // Waits for the other side to hang up, but not for long.
                if matches!(reader.read(&mut [0]), Ok(0)) {
                    return Ok(());
                }
            }
        }
    }
}

/// An answer with this status and these further header lines.
fn answer(status: u16, lines: &str) -> String {
    format!("HTTP/1.1 {status} said\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

struct Stage {
    world: World,
    _host: Host,
    _program: Program,
    customer: Customer,
}

/// A world in which the endpoint may be reached by its address or by [`NAME`], and the hosts inside may not.
fn stage(timeout: &str) -> Stage {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.dns.set_ttl(0);
    let outside = world.address(OUTSIDE).to_string();
    world
        .settings
        .set("webhooks.timeout", timeout)
        .set("webhooks.plain_hosts", vec![outside.as_str(), NAME])
        .set("webhooks.allowed_networks", vec![format!("{outside}/32")]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    Stage {
        world,
        _host: host,
        _program: program,
        customer,
    }
}

impl Stage {
    fn at(&self, number: u8, port: u16) -> SocketAddr {
        SocketAddr::new(self.world.address(number), port)
    }

    fn a(&self, number: u8) -> Data {
        match self.world.address(number) {
            IpAddr::V4(address) => Data::A(address),
            IpAddr::V6(address) => Data::Aaaa(address),
        }
    }

    /// A webhook for one event of each e-mail.
    fn webhook(&self, url: &str) -> String {
        let body = json!({ "url": url, "events": ["email.delivered"] });
        add(&self.customer, &body).0
    }

    fn named_webhook(&self) -> String {
        self.webhook(&format!("http://{NAME}:{PORT}/"))
    }
}

/// What an attempt without an answer says of it.
fn failed(attempt: &Value) -> &str {
    assert_eq!(
        (&attempt["delivered"], &attempt["status"]),
        (&json!(false), &Value::Null),
        "{attempt}"
    );
    assert!(attempt["next_attempt_at"].is_string(), "{attempt}");
    attempt["error"].as_str().unwrap()
}

/// Silence, and a head that never ends: both are over after the time that a request has, and the message comes again.
#[test]
fn an_endpoint_that_hangs_is_given_up_and_tried_again() {
    let stage = stage("1s");
    let hanging: [fn() -> Manner; 2] = [|| Manner::Silence, || Manner::Trickle];
    let webhooks: Vec<String> = (PORT..)
        .zip(hanging)
        .map(|(port, hang)| {
            let address = stage.at(OUTSIDE, port);
            Endpoint::start(address, move |number, _| match number {
                0 => hang(),
                _ => Manner::Answer(answer(204, "")),
            });
            stage.webhook(&format!("http://{address}/"))
        })
        .collect();
    send(&stage.customer, "b@dest.test");
    for webhook in webhooks {
        let attempts = attempts(&stage.customer, &webhook, 2);
        let [second, first] = attempts.as_slice() else {
            panic!("{attempts:?}")
        };
        assert_eq!(failed(first), "no answer within 1s");
        assert_eq!(
            (&second["status"], &second["delivered"], &second["message_id"]),
            (&json!(204), &json!(true), &first["message_id"]),
            "{second}"
        );
    }
}

#[test]
fn an_endpoint_that_hangs_keeps_no_other_waiting() {
    const MAILS: usize = 10;
    let stage = stage("1m");
    let (slow, quick) = (stage.at(OUTSIDE, PORT), stage.at(OUTSIDE, PORT + 1));
    let hanging = Endpoint::start(slow, |_, _| Manner::Silence);
    Endpoint::answering(quick, 204);
    stage.webhook(&format!("http://{slow}/"));
    let webhook = stage.webhook(&format!("http://{quick}/"));
    for _ in 0..MAILS {
        send(&stage.customer, "b@dest.test");
    }
    let heard = attempts(&stage.customer, &webhook, MAILS);
    assert!(
        heard.iter().all(|attempt| attempt["status"] == json!(204)),
        "{heard:?}"
    );
    // It has as many requests as it may have, and no more come.
    eventually("requests that hang", || {
        (hanging.connections() >= 4).then_some(())
    });
    assert_eq!(hanging.connections(), 4);
}

/// Whatever kind of redirection: what it leads to never sees a connection.
#[test]
fn a_redirection_leads_nowhere() {
    let stage = stage("20s");
    let (outside, inside) = (stage.at(OUTSIDE, PORT), stage.at(OUTSIDE, PORT + 1));
    Endpoint::start(outside, move |_, line| {
        let status = line.trim_start_matches("POST /")[..3].parse().unwrap();
        Manner::Answer(answer(status, &format!("Location: http://{inside}/\r\n")))
    });
    let inside = Endpoint::answering(inside, 204);
    let statuses = [301, 302, 303, 307, 308];
    let webhooks = statuses.map(|status| stage.webhook(&format!("http://{outside}/{status}")));
    send(&stage.customer, "b@dest.test");
    for (webhook, status) in webhooks.iter().zip(statuses) {
        let attempt = attempts(&stage.customer, webhook, 1).pop().unwrap();
        assert_eq!(
            (&attempt["status"], &attempt["delivered"]),
            (&json!(status), &json!(false)),
            "{attempt}"
        );
        assert!(attempt["next_attempt_at"].is_string(), "{attempt}");
    }
    assert_eq!(inside.connections(), 0);
}

/// A public name may have any address: one that is not public is refused before anybody connects, beside one that is.
#[test]
fn a_name_that_leads_inside_is_not_connected_to() {
    let stage = stage("20s");
    let outside = Endpoint::answering(stage.at(OUTSIDE, PORT), 204);
    let inside = Endpoint::answering(stage.at(INSIDE, PORT), 204);
    stage.world.dns.add(NAME, stage.a(INSIDE));
    let webhook = stage.named_webhook();
    send(&stage.customer, "b@dest.test");
    let refused = attempts(&stage.customer, &webhook, 1).remove(0);
    assert_eq!(failed(&refused), "the host is not on the public Internet");
    assert_eq!(outside.connections(), 0);

    stage.world.dns.add(NAME, stage.a(OUTSIDE));
    let taken = attempts(&stage.customer, &webhook, 2).remove(0);
    assert_eq!(
        (&taken["status"], &taken["message_id"]),
        (&json!(204), &refused["message_id"]),
        "{taken}"
    );
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}

/// DNS rebinding: the name service gives a good address to whoever checks it, and another to whoever asks again. Nobody does.
#[test]
fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    let stage = stage("20s");
    let outside = Endpoint::answering(stage.at(OUTSIDE, PORT), 500);
    let inside = Endpoint::answering(stage.at(INSIDE, PORT), 204);
    let dns = &stage.world.dns;
    dns.add_once(NAME, stage.a(OUTSIDE)).add(NAME, stage.a(INSIDE));
    let webhook = stage.named_webhook();
    assert_eq!(
        dns.questions(NAME, RecordType::A),
        0,
        "it is resolved when it is used"
    );
    send(&stage.customer, "b@dest.test");
    let first = attempts(&stage.customer, &webhook, 1).pop().unwrap();
    assert_eq!(first["status"], 500, "{first}");
    // The next attempt asks anew, and judges anew.
    let second = attempts(&stage.customer, &webhook, 2).remove(0);
    assert_eq!(failed(&second), "the host is not on the public Internet");
    assert_eq!(dns.questions(NAME, RecordType::A), 2, "one question an attempt");
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}
