//! Where the demonstration takes place: a folder with a configuration and keys, names in DNS, addresses, a user.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use content::dkim::{DnsRecord, PrivateKey};
use smtp::address::Domain;
use tokio::sync::mpsc;

use super::DemoError;
use super::dns::{Data, Responder};
use super::receiver::{self, Arrival};
use super::sender::Sending;
use crate::config::{PasswordHash, random_octets, random_text, write_private};

const SENDER_DOMAIN: &str = "shop.example";
const RECIPIENT_DOMAIN: &str = "customer.example";
/// Whom the message is for.
pub(super) const RECIPIENT: &str = "you@customer.example";
const EXCHANGER: &str = "mx.customer.example";
const HOSTNAME: &str = "mail.shop.example";
const USERNAME: &str = "demo";
const SELECTORS: [&str; 2] = ["rsa1", "ed1"];

/// The receiver's machine, as the name service knows it: another loopback address than the server's.
const RECEIVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OURS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Everything around the server.
pub(super) struct Scene {
    folder: Folder,
    names: Responder,
    password: String,
    submission: SocketAddr,
    api: SocketAddr,
    receiver: SocketAddr,
}

/// The folder of the demonstration; a temporary one is removed in the end.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Scene {
    /// Sets the scene in `data`, or in a temporary folder.
    pub(super) fn set(data: Option<&Path>) -> Result<Self, DemoError> {
        let scene = Self {
            folder: Folder::make(data)?,
            names: Responder::start(OURS.into())?,
            password: random_text()?,
            submission: free_address(OURS, 2587)?,
            api: free_address(OURS, 8025)?,
            receiver: free_address(RECEIVER, 2525)?,
        };
        // The sender's mail goes to the same receiver: failure notices can be watched arriving.
        for domain in [RECIPIENT_DOMAIN, SENDER_DOMAIN] {
            scene.names.add(domain, Data::Mx(10, EXCHANGER.to_owned()));
        }
        scene.names.add(EXCHANGER, Data::A(RECEIVER));
        for record in scene.keys()? {
            scene.names.add(&record.name, Data::Txt(record.value));
        }
        fs::write(scene.config_path(), scene.configuration()?)?;
        Ok(scene)
    }

    /// The configuration file, as the server and the command line read it.
    pub(super) fn config_path(&self) -> PathBuf {
        self.folder.path.join("postrider.toml")
    }

    /// Starts the receiver.
    pub(super) async fn receiver(&self) -> Result<mpsc::Receiver<Arrival>, DemoError> {
        let pair = certs::self_signed(&self.folder.path.join("receiver-tls"), EXCHANGER)?;
        let certificates = certs::Certificates::load(&[pair])?;
        let hostname: Domain = EXCHANGER.parse().map_err(io::Error::other)?;
        Ok(receiver::start(self.receiver, hostname, certificates, self.names.address()).await?)
    }

    /// The message to `recipient`, and how it is handed over.
    pub(super) fn sending(&self, recipient: &str) -> Sending {
        Sending {
            config: self.config_path(),
            username: USERNAME,
            password: self.password.clone(),
            from: format!("hello@{SENDER_DOMAIN}"),
            to: recipient.to_owned(),
        }
    }

    /// What is where.
    pub(super) fn introduction(&self) -> String {
        let Self {
            submission,
            api,
            receiver,
            names,
            ..
        } = self;
        format!(
            "Postrider, a real server, with a small Internet of its own on loopback:\n\n  \
             server    {HOSTNAME}, submission at {submission}, operator HTTP at {api}\n  \
             receiver  {EXCHANGER} at {receiver}\n  \
             names     DNS at {}\n  \
             folder    {}\n\n\
             One message from hello@{SENDER_DOMAIN} to {RECIPIENT}:\n",
            names.address(),
            self.folder.path.display()
        )
    }

    /// Commands for a second terminal.
    pub(super) fn what_to_try(&self) -> String {
        let program = std::env::current_exe().unwrap_or_else(|_| "postrider".into());
        let command = format!("{} --config {}", program.display(), self.config_path().display());
        let api = self.api;
        format!(
            "It stays up; Ctrl-C ends it. From another terminal, one more message, one that cannot be delivered (its \
             sender is told), and a look inside:\n\n  {}\n\n  {}\n\n  \
             {command} queue list\n  {command} queue summary --json\n  curl http://{api}/metrics\n",
            self.sending(RECIPIENT),
            self.sending("nobody@no-such-domain.example"),
        )
    }

    /// The DNS records of the signing keys, which are made when the folder has none.
    fn keys(&self) -> Result<Vec<DnsRecord>, DemoError> {
        let [rsa, ed25519] = SELECTORS;
        if !self.key_path(rsa).exists() {
            let made = content::dkim::generate(SENDER_DOMAIN, rsa, ed25519)?;
            write_private(&self.key_path(rsa), &made.rsa.private_key_pem)?;
            write_private(&self.key_path(ed25519), &made.ed25519.private_key_pem)?;
        }
        let record = |selector| {
            let pem = fs::read_to_string(self.key_path(selector))?;
            Ok(PrivateKey::from_pem(&pem)?.dns_record(SENDER_DOMAIN, selector)?)
        };
        SELECTORS.into_iter().map(record).collect()
    }

    fn key_path(&self, selector: &str) -> PathBuf {
        self.folder
            .path
            .join("dkim")
            .join(format!("{SENDER_DOMAIN}.{selector}.pem"))
    }

    fn configuration(&self) -> io::Result<String> {
        let hash = PasswordHash::new(self.password.as_bytes(), random_octets()?);
        let mut text = format!(
            r#"# Written by `postrider demo`: a server that finds its small Internet on loopback.
[server]
hostname = "{HOSTNAME}"
data_dir = "data"
drain = "5s"

[[listener]]
name = "submission"
kind = "submission"
address = "{submission}"

[[credential]]
username = "{USERNAME}"
password_hash = "{hash}"

[delivery]
smtp_port = {port}

[dns]
servers = ["{names}"]

[retry]
first = "10s"

[api]
address = "{api}"

[log]
filter = "warn"
"#,
            submission = self.submission,
            hash = hash.as_str(),
            port = self.receiver.port(),
            names = self.names.address(),
            api = self.api,
        );
        for selector in SELECTORS {
            text += &format!(
                "\n[[dkim]]\ndomain = \"{SENDER_DOMAIN}\"\nselector = \"{selector}\"\nprivate_key = \"{}\"\n",
                self.key_path(selector).display()
            );
        }
        Ok(text)
    }
}

impl Folder {
    fn make(data: Option<&Path>) -> io::Result<Self> {
        let (path, temporary) = match data {
            Some(path) => (path.to_owned(), false),
            None => (
                std::env::temp_dir().join(format!("postrider-demo-{}", random_text()?)),
                true,
            ),
        };
        fs::create_dir_all(&path)?;
        Ok(Self {
            path: path.canonicalize()?,
            temporary,
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(folder = %self.path.display(), %error, "the temporary folder could not be removed");
        }
    }
}

/// `preferred` on `host` if nobody has it, else a port that the system finds.
fn free_address(host: Ipv4Addr, preferred: u16) -> io::Result<SocketAddr> {
    let host = IpAddr::V4(host);
    let socket = TcpListener::bind((host, preferred)).or_else(|_| TcpListener::bind((host, 0)))?;
    socket.local_addr()
}
