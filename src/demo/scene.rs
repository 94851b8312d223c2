//! Where the demonstration takes place: a folder with a configuration and keys, names in DNS, addresses, a user.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use smtp::address::Domain;
use tokio::sync::mpsc;

use super::DemoError;
use super::customer::Customer;
use super::dns::{Data, Responder};
use super::receiver::{self, Arrival};
use super::sender::Sending;
use crate::config::random_text;

const SENDER_DOMAIN: &str = "shop.example";
const RECIPIENT_DOMAIN: &str = "customer.example";
/// Whom the message is for.
pub(super) const RECIPIENT: &str = "you@customer.example";
const EXCHANGER: &str = "mx.customer.example";
const HOSTNAME: &str = "mail.shop.example";

/// The receiver's machine, as the name service knows it: another loopback address than the server's.
const RECEIVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OURS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Everything around the server.
pub(super) struct Scene {
    folder: Folder,
    names: Responder,
    submission: SocketAddr,
    operator: SocketAddr,
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
            submission: free_address(OURS, 2587)?,
            operator: free_address(OURS, 8025)?,
            api: free_address(OURS, 8080)?,
            receiver: free_address(RECEIVER, 2525)?,
        };
        // The sender's mail goes to the same receiver: failure notices can be watched arriving.
        for domain in [RECIPIENT_DOMAIN, SENDER_DOMAIN] {
            scene.names.add(domain, Data::Mx(10, EXCHANGER.to_owned()));
        }
        scene.names.add(EXCHANGER, Data::A(RECEIVER));
        scene.names.add(HOSTNAME, Data::A(OURS));
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

    /// Makes the customer, once the server runs.
    pub(super) async fn customer(&self) -> Result<Customer, DemoError> {
        let email = format!("hello@{SENDER_DOMAIN}");
        Customer::make(self.config_path(), self.api, email, SENDER_DOMAIN, &self.names).await
    }

    /// The message to `recipient`, and how it is handed over SMTP.
    pub(super) fn sending(&self, customer: &Customer, recipient: &str) -> Sending {
        Sending {
            config: self.config_path(),
            username: customer.email.clone(),
            password: customer.smtp_password.clone(),
            from: format!("hello@{SENDER_DOMAIN}"),
            to: recipient.to_owned(),
        }
    }

    /// The e-mail that goes over REST.
    pub(super) fn email(&self) -> Value {
        json!({
            "to": RECIPIENT,
            "from": format!("Shop <hello@{SENDER_DOMAIN}>"),
            "subject": "It works",
            "html": "<p>It works, over <b>REST</b> too.</p>",
        })
    }

    /// What is where.
    pub(super) fn introduction(&self) -> String {
        let Self {
            submission,
            operator,
            api,
            receiver,
            names,
            ..
        } = self;
        format!(
            "Postrider, a real server, with a small Internet of its own on loopback:\n\n  \
             server    {HOSTNAME}, submission at {submission}\n            \
             REST API at http://{api}, its reference at http://{api}/docs\n            \
             operators' HTTP at http://{operator}\n  \
             receiver  {EXCHANGER} at {receiver}\n  \
             names     DNS at {}\n  \
             folder    {}\n\n\
             An account is made, its domain {SENDER_DOMAIN} is verified in DNS, and two messages go to {RECIPIENT}.\n",
            names.address(),
            self.folder.path.display()
        )
    }

    /// Commands for a second terminal.
    pub(super) fn what_to_try(&self, customer: &Customer) -> String {
        let program = std::env::current_exe().unwrap_or_else(|_| "postrider".into());
        let command = format!("{} --config {}", program.display(), self.config_path().display());
        let (operator, api, key) = (self.operator, self.api, &customer.api_key);
        format!(
            "It stays up; Ctrl-C ends it. From another terminal, one more message over SMTP, one that cannot be delivered \
             (its sender is told), one over REST, and a look inside:\n\n  {}\n\n  {}\n\n  \
             curl -s http://{api}/api/send -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{}'\n\n  \
             curl -s http://{api}/api/customer/profile -H 'Authorization: Bearer {key}'\n  \
             {command} customer list\n  {command} domain list {}\n  \
             {command} queue list\n  {command} queue summary --json\n  curl http://{operator}/metrics\n",
            self.sending(customer, RECIPIENT),
            self.sending(customer, "nobody@no-such-domain.example"),
            self.email(),
            customer.email,
        )
    }

    fn configuration(&self) -> io::Result<String> {
        Ok(format!(
            r#"# Written by `postrider demo`: a server that finds its small Internet on loopback.
[server]
hostname = "{HOSTNAME}"
data_dir = "data"
drain = "5s"

[[listener]]
name = "submission"
kind = "submission"
address = "{submission}"

[delivery]
smtp_port = {port}

[dns]
servers = ["{names}"]

[retry]
first = "10s"

[operator]
address = "{operator}"

[api]
address = "{api}"

[log]
filter = "warn"
"#,
            submission = self.submission,
            port = self.receiver.port(),
            names = self.names.address(),
            operator = self.operator,
            api = self.api,
        ))
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
