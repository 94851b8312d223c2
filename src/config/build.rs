//! From the sections of a file to a [`Config`], with what only several values together can get wrong.

mod bounces;
mod http;
mod reports;
mod retention;
mod webhooks;

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::fault::{Faults, Report};
use super::file::{Entry, File, Reader};
use super::{
    CertificatePair, Config, Delivery, Dkim, Dns, DomainPattern, Engine, Listener, ListenerKind, Loaded, Log,
    Lookup, NextHop, Retry, Route, Server, Sessions, Store, Tls,
};

/// Reads every section of `text`, noting each fault on the way.
pub(super) fn config(text: &str, folder: &Path) -> Result<Loaded, Faults> {
    let mut report = Report::new(text);
    let file = File::read(text, &mut report);
    let config = file.and_then(|file| sections(&file, &mut Reader::new(&mut report, folder)));
    let sound = !report.has_errors();
    let faults = report.finish();
    match config {
        Some(config) if sound => Ok(Loaded {
            config,
            warnings: faults,
        }),
        _ => Err(faults),
    }
}

/// Each section is read to its end before the first missing one ends the construction: all faults are wanted.
fn sections(file: &File, reader: &mut Reader) -> Option<Config> {
    let server = server(&file.section("server"), reader);
    let listeners = listeners(file, reader);
    let sessions = sessions(&file.section("sessions"), reader);
    let tls = tls(file, reader);
    let store = store(&file.section("store"), reader);
    let delivery = delivery(&file.section("delivery"), reader);
    let routes = routes(file, reader);
    let retry = retry(&file.section("retry"), reader);
    let dns = dns(&file.section("dns"), reader);
    let dkim = dkim(file, reader);
    let reports = reports::reports(&file.section("reports"), reader);
    let operator = http::operator(&file.section("operator"), reader, server.as_ref());
    let api = http::api(&file.section("api"), reader);
    let bounces = bounces::bounces(&file.section("bounces"), reader);
    let webhooks = webhooks::webhooks(&file.section("webhooks"), reader);
    let retention = retention::retention(&file.section("retention"), reader);
    let log = log(&file.section("log"), reader);
    let config = Config {
        server: server?,
        listeners,
        sessions: sessions?,
        tls: tls?,
        store: store?,
        delivery: delivery?,
        routes,
        retry: retry?,
        dns: dns?,
        dkim,
        reports: reports?,
        operator: operator?,
        api: api?,
        bounces: bounces?,
        webhooks: webhooks?,
        retention: retention?,
        log: log?,
    };
    together(&config, file, reader.report);
    Some(config)
}

fn server(entry: &Entry, reader: &mut Reader) -> Option<Server> {
    let hostname: Option<String> = reader.read(entry, "hostname");
    let data_dir = reader.read(entry, "data_dir");
    let drain = reader.read(entry, "drain");
    let hostname = hostname?.to_ascii_lowercase();
    if !hostname.contains('.') {
        let what =
            format!("\"{hostname}\" is not fully qualified; many receivers refuse mail from such a name");
        reader
            .report
            .warning(entry.offset("hostname"), entry.place("hostname"), what);
    }
    Some(Server {
        hostname,
        data_dir: data_dir?,
        drain: drain?,
    })
}

fn listeners(file: &File, reader: &mut Reader) -> Vec<Listener> {
    let entries = file.entries("listener");
    let mut listeners: Vec<Listener> = Vec::new();
    for entry in &entries {
        let Some(listener) = listener(entry, reader) else {
            continue;
        };
        for other in &listeners {
            distinguish(&listener, other, entry, reader.report);
        }
        listeners.push(listener);
    }
    if entries.is_empty() {
        reader
            .report
            .warning(None, "listener", "there is none; no mail can come in");
    }
    listeners
}

fn listener(entry: &Entry, reader: &mut Reader) -> Option<Listener> {
    let name = reader.read(entry, "name");
    let kind = reader.read(entry, "kind");
    let address = reader.read(entry, "address");
    let implicit_tls = reader.read(entry, "implicit_tls");
    let trusted = reader.read(entry, "trusted");
    let account = reader.optional(entry, "account");
    let listener = Listener {
        name: name?,
        kind: kind?,
        address: address?,
        implicit_tls: implicit_tls?,
        trusted: trusted?,
        account: account?,
    };
    trust(&listener, entry, reader.report);
    attribution(&listener, entry, reader.report);
    Some(listener)
}

/// Whom the listener trusts must fit what it is for.
fn trust(listener: &Listener, entry: &Entry, report: &mut Report) {
    let (at, place) = (entry.offset("trusted"), entry.place("trusted"));
    match listener.kind {
        ListenerKind::Relay if listener.trusted.is_empty() => {
            report.error(
                at,
                place,
                "is missing: nobody could use this relay; write trusted = [\"127.0.0.1\", \"::1\"]",
            );
        }
        ListenerKind::Relay if listener.trusted.iter().any(|network| network.is_everything()) => {
            report.warning(
                at,
                place,
                "trusts everybody: an open relay is found and abused within hours",
            );
        }
        ListenerKind::Submission if !listener.trusted.is_empty() => {
            report.error(
                at,
                place,
                "is for relays; a submission listener takes mail only after authentication",
            );
        }
        ListenerKind::Reports if !listener.trusted.is_empty() => {
            report.error(at, place, "is for relays; reports come from everybody");
        }
        ListenerKind::Relay | ListenerKind::Submission | ListenerKind::Reports => {}
    }
}

/// Only the mail of a relay listener belongs to an account that the configuration can name.
fn attribution(listener: &Listener, entry: &Entry, report: &mut Report) {
    let what = match listener.kind {
        ListenerKind::Submission => {
            "a submission listener takes the account from the login; remove it, or make this a relay listener"
        }
        ListenerKind::Reports => "a report belongs to the account of the mail that it is about; remove it",
        ListenerKind::Relay => return,
    };
    if listener.account.is_some() {
        report.error(entry.offset("account"), entry.place("account"), what);
    }
}

fn distinguish(listener: &Listener, other: &Listener, entry: &Entry, report: &mut Report) {
    if listener.name == other.name {
        let what = format!("\"{}\" is the name of another listener too", listener.name);
        report.error(entry.offset("name"), entry.place("name"), what);
    }
    if overlap(listener.address, other.address) {
        let what = format!(
            "{} is taken by listener \"{}\" ({})",
            listener.address, other.name, other.address
        );
        report.error(entry.offset("address"), entry.place("address"), what);
    }
}

fn sessions(entry: &Entry, reader: &mut Reader) -> Option<Sessions> {
    let max = reader.read(entry, "max");
    let max_per_address = reader.read(entry, "max_per_address");
    let message_size_max = reader.read(entry, "message_size_max");
    let recipients_max = reader.read(entry, "recipients_max");
    let idle_timeout = reader.read(entry, "idle_timeout");
    Some(Sessions {
        max: max?,
        max_per_address: max_per_address?,
        message_size_max: message_size_max?,
        recipients_max: recipients_max?,
        idle_timeout: idle_timeout?,
    })
}

fn tls(file: &File, reader: &mut Reader) -> Option<Tls> {
    let mut certificates = Vec::new();
    for entry in &file.entries("certificate") {
        let certificate = reader.read(entry, "certificate");
        let private_key: Option<PathBuf> = reader.read(entry, "private_key");
        if let (Some(certificate), Some(private_key)) = (certificate, private_key) {
            warn_if_public(&private_key, "private_key", entry, reader.report);
            certificates.push(CertificatePair {
                certificate,
                private_key,
            });
        }
    }
    let entry = file.section("tls");
    let outbound = reader.read(&entry, "outbound");
    let folder = reader.optional(&entry, "folder");
    Some(Tls {
        certificates,
        folder: folder?,
        outbound: outbound?,
    })
}

fn store(entry: &Entry, reader: &mut Reader) -> Option<Store> {
    let engine = reader.read(entry, "engine");
    let floor_bytes = reader.read(entry, "floor_bytes");
    let floor_inodes = reader.read(entry, "floor_inodes");
    if engine == Some(Engine::Memory) {
        let what = "keeps accepted mail in memory: it is lost when the process ends";
        reader
            .report
            .warning(entry.offset("engine"), entry.place("engine"), what);
    }
    Some(Store {
        engine: engine?,
        floor_bytes: floor_bytes?,
        floor_inodes: floor_inodes?,
    })
}

fn delivery(entry: &Entry, reader: &mut Reader) -> Option<Delivery> {
    let connections_per_route = reader.read(entry, "connections_per_route");
    let messages_per_connection = reader.read(entry, "messages_per_connection");
    let recipients_per_transaction = reader.read(entry, "recipients_per_transaction");
    let idle_connection = reader.read(entry, "idle_connection");
    let memory_max = reader.read(entry, "memory_max");
    let source_address = reader.optional(entry, "source_address");
    let ehlo_name = reader.optional(entry, "ehlo_name");
    let connect_timeout = reader.read(entry, "connect_timeout");
    let smtp_port = reader.read(entry, "smtp_port");
    Some(Delivery {
        connections_per_route: connections_per_route?,
        messages_per_connection: messages_per_connection?,
        recipients_per_transaction: recipients_per_transaction?,
        idle_connection: idle_connection?,
        memory_max: memory_max?,
        source_address: source_address?,
        ehlo_name: ehlo_name?,
        connect_timeout: connect_timeout?,
        smtp_port: smtp_port?,
    })
}

fn routes(file: &File, reader: &mut Reader) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for entry in &file.entries("route") {
        let domain: Option<DomainPattern> = reader.read(entry, "domain");
        let to = reader.read(entry, "to");
        let (Some(domain), Some(to)) = (domain, to) else {
            continue;
        };
        if routes.iter().any(|other| other.domain == domain) {
            let what = format!("\"{domain}\" has a route already");
            reader
                .report
                .error(entry.offset("domain"), entry.place("domain"), what);
        }
        routes.push(Route { domain, to });
    }
    routes.sort_by_key(|route| std::cmp::Reverse(route.domain.specificity()));
    routes
}

fn retry(entry: &Entry, reader: &mut Reader) -> Option<Retry> {
    let first = reader.read(entry, "first");
    let factor = reader.read(entry, "factor");
    let max = reader.read(entry, "max");
    let jitter = reader.read(entry, "jitter");
    let expire = reader.read(entry, "expire");
    let retry = Retry {
        first: first?,
        factor: factor?,
        max: max?,
        jitter: jitter?,
        expire: expire?,
    };
    if retry.max < retry.first {
        let what = "is shorter than `first`; write at least the same";
        reader.report.error(entry.offset("max"), entry.place("max"), what);
    }
    if retry.expire < retry.first {
        let what = "is shorter than `first`: no mail would be tried a second time";
        reader
            .report
            .error(entry.offset("expire"), entry.place("expire"), what);
    }
    Some(retry)
}

fn dns(entry: &Entry, reader: &mut Reader) -> Option<Dns> {
    let servers = reader.read(entry, "servers");
    let timeout = reader.read(entry, "timeout");
    let cache_entries = reader.read(entry, "cache_entries");
    let cache_max_ttl = reader.read(entry, "cache_max_ttl");
    Some(Dns {
        servers: servers?,
        timeout: timeout?,
        cache_entries: cache_entries?,
        cache_max_ttl: cache_max_ttl?,
    })
}

fn dkim(file: &File, reader: &mut Reader) -> Vec<Dkim> {
    let mut keys: Vec<Dkim> = Vec::new();
    for entry in &file.entries("dkim") {
        let Some(dkim) = dkim_key(entry, reader) else {
            continue;
        };
        if keys
            .iter()
            .any(|other| (&other.domain, &other.selector) == (&dkim.domain, &dkim.selector))
        {
            let what = format!(
                "\"{}\" of {} has a key already; each key has its own",
                dkim.selector, dkim.domain
            );
            reader
                .report
                .error(entry.offset("selector"), entry.place("selector"), what);
        }
        keys.push(dkim);
    }
    keys
}

fn dkim_key(entry: &Entry, reader: &mut Reader) -> Option<Dkim> {
    let domain: Option<String> = reader.read(entry, "domain");
    let selector: Option<String> = reader.read(entry, "selector");
    let private_key: Option<PathBuf> = reader.read(entry, "private_key");
    let dkim = Dkim {
        domain: domain?.to_ascii_lowercase(),
        selector: selector?.to_ascii_lowercase(),
        private_key: private_key?,
    };
    warn_if_public(&dkim.private_key, "private_key", entry, reader.report);
    Some(dkim)
}

fn log(entry: &Entry, reader: &mut Reader) -> Option<Log> {
    let format = reader.read(entry, "format");
    let filter = reader.read(entry, "filter");
    Some(Log {
        format: format?,
        filter: filter?,
    })
}

/// What sections that are right alone get wrong together.
fn together(config: &Config, file: &File, report: &mut Report) {
    http::apart(config, file, report);
    reports::fit(config, file, report);
    warn_of_loops(config, file, report);
}

/// A route that leads back here sends each message round until its hops are used up.
fn warn_of_loops(config: &Config, file: &File, report: &mut Report) {
    for entry in file.entries("route") {
        // Read anew because `config.routes` is in another order; faults were noted the first time.
        let Some(to) = entry.text("to").and_then(|text| text.parse::<NextHop>().ok()) else {
            continue;
        };
        if let Some(listener) = config
            .listeners
            .iter()
            .find(|listener| leads_to(&to, listener, config))
        {
            let what = format!(
                "\"{to}\" is this server's own listener \"{}\": mail would go in circles",
                listener.name
            );
            report.warning(entry.offset("to"), entry.place("to"), what);
        }
    }
}

fn leads_to(to: &NextHop, listener: &Listener, config: &Config) -> bool {
    if to.port.unwrap_or(config.delivery.smtp_port) != listener.address.port() {
        return false;
    }
    match to.address() {
        Some(address) => {
            address == listener.address.ip()
                || (listener.address.ip().is_unspecified() && address.is_loopback())
        }
        None => to.lookup == Lookup::Address && (to.host == config.server.hostname || to.host == "localhost"),
    }
}

/// Whether one socket bound to each address cannot be had. `[::]` takes IPv4 as well; port 0 is any free port.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let takes = |one: IpAddr, other: IpAddr| match one {
        IpAddr::V6(v6) => v6.is_unspecified(),
        IpAddr::V4(v4) => v4.is_unspecified() && other.is_ipv4(),
    };
    one.port() != 0
        && one.port() == other.port()
        && (one.ip() == other.ip() || takes(one.ip(), other.ip()) || takes(other.ip(), one.ip()))
}

fn warn_if_public(path: &Path, key: &str, entry: &Entry, report: &mut Report) {
    const OTHERS: u32 = 0o007;
    let mode = std::fs::metadata(path).map(|metadata| metadata.permissions().mode());
    if mode.is_ok_and(|mode| mode & OTHERS != 0) {
        let what = format!(
            "every user of this machine can use {0}; run chmod 600 {0}",
            path.display()
        );
        report.warning(entry.offset(key), entry.place(key), what);
    }
}
