//! A small world for one test: a folder, a network of loopback addresses, a name service, and what lives there.
//!
//! Each world owns one network 127.x.y.0/24, so that port numbers can be fixed and never collide: Postrider is host 1,
//! other hosts take the numbers a test gives them. All mail exchangers listen on the same port, as on the Internet.
//! Nothing waits for a fixed time: [`eventually`] polls until what must come has come, with a deadline generous enough
//! for a slow machine, and says what was missing when it passes.

pub mod browser;
pub mod client;
pub mod connection;
pub mod customer;
pub mod host;
pub mod program;
pub mod settings;
pub mod tools;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use postrider::demo::dns::{Data, Responder};
use tempfile::TempDir;

pub use client::Client;
pub use connection::Connection;
pub use host::{Action, Host, Moment};
pub use program::Program;
pub use settings::Settings;

/// The port of every mail exchanger in a world; Postrider's `delivery.smtp_port`.
pub const SMTP_PORT: u16 = 2526;
/// The port of Postrider's relay listener.
pub const RELAY_PORT: u16 = 2525;
/// The port of Postrider's submission listener.
pub const SUBMISSION_PORT: u16 = 2587;
/// The port of Postrider's operator HTTP.
pub const OPERATOR_PORT: u16 = 8025;
/// The port of Postrider's customer HTTP.
pub const API_PORT: u16 = 8080;

/// How long anything may take before a test gives up on it.
const DEADLINE: Duration = Duration::from_secs(90);

/// The world of one test.
pub struct World {
    /// The name service that Postrider asks.
    pub dns: Responder,
    /// What the next program started here will be told.
    pub settings: Settings,
    network: [u8; 3],
    folder: TempDir,
}

impl World {
    /// An empty world with sensible settings: a relay listener for everybody in it, and retries after a second.
    pub fn new() -> Self {
        static WORLDS: AtomicU8 = AtomicU8::new(1);
        let process = u8::try_from(std::process::id() % 250).expect("below 250") + 1;
        let network = [127, process, WORLDS.fetch_add(1, Ordering::Relaxed)];
        let dns = Responder::start(Ipv4Addr::LOCALHOST.into()).expect("a free port for the name service");
        let folder = tempfile::Builder::new()
            .prefix("postrider-world-")
            .tempdir()
            .expect("a temporary folder");
        let own = Ipv4Addr::new(network[0], network[1], network[2], 1);
        let settings = Settings::new(folder.path(), own, dns.address());
        Self {
            dns,
            settings,
            network,
            folder,
        }
    }

    /// The address of host number `number`.
    pub fn address(&self, number: u8) -> IpAddr {
        let [a, b, c] = self.network;
        IpAddr::V4(Ipv4Addr::new(a, b, c, number))
    }

    /// A path in this world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Postrider's relay listener.
    pub fn relay(&self) -> SocketAddr {
        SocketAddr::new(self.address(1), RELAY_PORT)
    }

    /// Postrider's submission listener, when the settings have one.
    pub fn submission(&self) -> SocketAddr {
        SocketAddr::new(self.address(1), SUBMISSION_PORT)
    }

    /// A scripted mail exchanger as host number `number`.
    pub fn host(&self, number: u8) -> Host {
        Host::start(SocketAddr::new(self.address(number), SMTP_PORT))
    }

    /// Gives `domain` one mail exchanger for each of `exchangers`: its preference and its host number.
    pub fn mx(&self, domain: &str, exchangers: &[(u16, u8)]) -> &Self {
        for (preference, number) in exchangers {
            let name = format!("mx{number}.{domain}");
            self.dns.add(domain, Data::Mx(*preference, name.clone()));
            self.a(&name, *number);
        }
        self
    }

    /// Gives `name` the address of host number `number`.
    pub fn a(&self, name: &str, number: u8) -> &Self {
        if let IpAddr::V4(address) = self.address(number) {
            self.dns.add(name, Data::A(address));
        }
        self
    }

    /// Makes keys for `domain`, publishes them, and has Postrider sign with both.
    pub fn sign(&mut self, domain: &str) {
        let keys = content::dkim::generate(domain, "rsa1", "ed1").expect("keys");
        for key in [keys.rsa, keys.ed25519] {
            let file = format!("{}.pem", key.selector);
            postrider::config::write_private(&self.path(&file), &key.private_key_pem).expect("a file");
            self.dns.add(&key.record.name, Data::Txt(key.record.value));
            let entry = format!(
                "domain = '{domain}'\nselector = '{}'\nprivate_key = '{file}'",
                key.selector
            );
            self.settings.push("dkim", &entry);
        }
    }

    /// Publishes the TXT records of a domain, as the API tells them.
    pub fn publish(&self, domain: &serde_json::Value) {
        for record in domain["dns_records"].as_array().expect("records") {
            if record["type"] == "TXT" {
                let text = |name: &str| record[name].as_str().expect("a text");
                self.dns.add(text("name"), Data::Txt(text("value").to_owned()));
            }
        }
    }

    /// Settings for a second server in this world: another address, another folder, the same name service.
    pub fn second_settings(&self) -> Settings {
        let folder = self.path("second");
        std::fs::create_dir_all(&folder).expect("the world's folder can be written");
        let [a, b, c] = self.network;
        Settings::new(&folder, Ipv4Addr::new(a, b, c, 200), self.dns.address())
    }

    /// Starts Postrider with the settings as they are and waits until it is ready.
    pub fn start(&self) -> Program {
        self.settings.write();
        Program::start_under(&self.settings, Program::command(&self.settings), "/health/ready")
    }

    /// Starts Postrider with the settings as they are and waits until it lives; it need not be ready to take mail.
    pub fn start_unready(&self) -> Program {
        self.settings.write();
        Program::start_under(&self.settings, Program::command(&self.settings), "/health/live")
    }

    /// A client at the relay listener, greeted.
    pub fn client(&self) -> Client {
        Client::connect(self.relay())
    }
}

/// Polls `look` until it finds something. Panics with `what` when the deadline has passed.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            Instant::now() < end,
            "waited {} s in vain for {what}",
            DEADLINE.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
