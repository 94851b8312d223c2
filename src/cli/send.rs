//! `postrider send`: one message through the server, and what it said.

mod message;
mod session;
mod wire;

use std::io::Read;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use certs::{ClientTrust, Roots};
use clap::{Args, ValueEnum};
use serde_json::json;
use smtp::address::Mailbox;

use super::{Context, Failure};
use crate::config::{Config, Listener, ListenerKind, reachable};
use message::Draft;
use session::{Delivery, Login, Mail, Session};

/// The environment variable that holds the password, for scripts that have no file.
const PASSWORD_VARIABLE: &str = "POSTRIDER_PASSWORD";

#[derive(Args, Debug)]
pub(super) struct SendArgs {
    /// The sender
    #[arg(long)]
    from: Mailbox,
    /// The recipients
    #[arg(long, required = true, num_args = 1..)]
    to: Vec<Mailbox>,
    /// The subject of the message that is made
    #[arg(long, default_value = "A message from Postrider", conflicts_with = "file")]
    subject: String,
    /// The text of the message that is made
    #[arg(long, default_value = "Sent by `postrider send`.", conflicts_with = "file")]
    body: String,
    /// Send this message instead, header included; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The server [default: a listener of the configuration, for submission with --user, else for relaying]
    #[arg(long, value_name = "HOST:PORT")]
    server: Option<String>,
    /// Log in as this user; the password comes from --password-file or from POSTRIDER_PASSWORD
    #[arg(long)]
    user: Option<String>,
    /// A file with the password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Use of TLS
    #[arg(long, value_enum)]
    tls: Option<Tls>,
    /// Log in whatever certificate the server shows
    #[arg(long, requires = "user")]
    any_certificate: bool,
}

/// Use of TLS towards the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Tls {
    /// Clear text
    Never,
    /// STARTTLS when it is offered
    Opportunistic,
    /// STARTTLS, or nothing is sent
    Required,
    /// TLS from the first octet
    Implicit,
}

/// Where to connect.
struct Target {
    /// For the TLS handshake.
    host: String,
    address: SocketAddr,
    tls: Tls,
    trust: ClientTrust,
}

pub(super) fn run(args: SendArgs, context: &mut Context) -> Result<(), Failure> {
    let login = login(&args)?;
    let target = target(&args, context)?;
    let message = message(&args)?;
    let mail = Mail {
        reverse_path: &args.from,
        recipients: &args.to,
        message: &message,
    };
    let at = target.address;
    let delivery = deliver(&target, login.as_ref(), &mail).map_err(|failure| failure.at(at))?;
    tell(&delivery, at, context)
}

fn deliver(target: &Target, login: Option<&Login>, mail: &Mail) -> Result<Delivery, session::SessionError> {
    let wire = wire::connect(target)?;
    let mut session = Session::open(wire, target.tls)?;
    if let Some(login) = login {
        session.authenticate(login)?;
    }
    session.send(mail)
}

fn tell(delivery: &Delivery, at: SocketAddr, context: &mut Context) -> Result<(), Failure> {
    let refused: Vec<_> = delivery
        .refused
        .iter()
        .map(|(recipient, reply)| json!({ "recipient": recipient.as_str(), "reply": reply.to_string() }))
        .collect();
    let value = json!({
        "server": at.to_string(),
        "accepted": delivery.accepted.iter().map(Mailbox::as_str).collect::<Vec<_>>(),
        "refused": refused,
        "reply": delivery.reply.to_string(),
    });
    let mut text = String::new();
    if !delivery.accepted.is_empty() {
        text.push_str(&format!("{at}: {}\n", delivery.reply));
    }
    for (recipient, reply) in &delivery.refused {
        text.push_str(&format!("{at}: {recipient} refused: {reply}\n"));
    }
    context.output.result(&value, &text)?;
    match delivery.refused.len() {
        0 => Ok(()),
        count => Err(Failure::failed(format!(
            "{at} refused {count} of {} recipients",
            count + delivery.accepted.len()
        ))),
    }
}

fn login(args: &SendArgs) -> Result<Option<Login>, Failure> {
    let Some(username) = args.user.clone() else {
        return Ok(None);
    };
    let password = match &args.password_file {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?,
        None => std::env::var(PASSWORD_VARIABLE).map_err(|_| {
            Failure::usage(format!(
                "no password; give --password-file or set {PASSWORD_VARIABLE}"
            ))
        })?,
    };
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    Ok(Some(Login { username, password }))
}

fn target(args: &SendArgs, context: &Context) -> Result<Target, Failure> {
    match &args.server {
        Some(server) => named_target(server, args),
        None => own_target(&context.load()?.config, args),
    }
}

fn named_target(server: &str, args: &SendArgs) -> Result<Target, Failure> {
    let host = server
        .rsplit_once(':')
        .map_or(server, |(host, _)| host)
        .trim_matches(['[', ']']);
    let addresses = server.to_socket_addrs();
    let found = addresses
        .map_err(|error| Failure::usage(format!("--server {server}: {error}; write HOST:PORT")))?
        .next();
    let address = found.ok_or_else(|| Failure::unreachable(format!("{server} has no address")))?;
    Ok(Target {
        host: host.to_owned(),
        address,
        tls: args.tls.unwrap_or(Tls::Opportunistic),
        trust: trust(address, args)?,
    })
}

fn own_target(config: &Config, args: &SendArgs) -> Result<Target, Failure> {
    let kind = if args.user.is_some() {
        ListenerKind::Submission
    } else {
        ListenerKind::Relay
    };
    let fits = |listener: &&Listener| listener.kind == kind;
    let listener = config.listeners.iter().find(fits).ok_or_else(|| {
        let what = match kind {
            ListenerKind::Relay => {
                "the configuration has no relay listener; log in with --user, or name a --server"
            }
            ListenerKind::Submission | ListenerKind::Reports => {
                "the configuration has no submission listener; leave --user out, or name a --server"
            }
        };
        Failure::usage(what)
    })?;
    let from_listener = if listener.implicit_tls {
        Tls::Implicit
    } else {
        Tls::Opportunistic
    };
    let address = reachable(listener.address);
    Ok(Target {
        host: config.server.hostname.clone(),
        address,
        tls: args.tls.unwrap_or(from_listener),
        trust: trust(address, args)?,
    })
}

/// A password goes only to who proves its name, except on this machine, where nobody can be in between.
fn trust(address: SocketAddr, args: &SendArgs) -> Result<ClientTrust, Failure> {
    if args.user.is_none() || args.any_certificate || address.ip().is_loopback() {
        return Ok(ClientTrust::Any);
    }
    let roots =
        Roots::system().map_err(|error| Failure::failed(format!("{error}; or add --any-certificate")))?;
    Ok(ClientTrust::Verified(roots))
}

fn message(args: &SendArgs) -> Result<Vec<u8>, Failure> {
    let Some(file) = &args.file else {
        let draft = Draft {
            from: &args.from,
            to: &args.to,
            subject: &args.subject,
            body: &args.body,
        };
        return Ok(message::compose(&draft, crate::clock::now()));
    };
    let mut text = Vec::new();
    let read = match file.as_os_str().to_str() {
        Some("-") => std::io::stdin().read_to_end(&mut text).map(|_| ()),
        _ => std::fs::read(file).map(|octets| text = octets),
    };
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    Ok(message::with_crlf(&text))
}
