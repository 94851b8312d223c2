//! The sections `[operator]` and `[api]`, and that nothing else has their addresses.

use std::net::SocketAddr;

use super::super::fault::Report;
use super::super::file::{Entry, File, Reader};
use super::super::{Api, Config, Operator, Server};
use super::overlap;

/// The file in `data_dir` that holds the operator token unless the configuration names another.
const TOKEN_FILE: &str = "operator.token";

pub(super) fn operator(entry: &Entry, reader: &mut Reader, server: Option<&Server>) -> Option<Operator> {
    let address = reader.read(entry, "address");
    let token_file = reader.optional(entry, "token_file");
    Some(Operator {
        address: address?,
        token_file: match token_file? {
            Some(path) => path,
            None => server?.data_dir.join(TOKEN_FILE),
        },
    })
}

pub(super) fn api(entry: &Entry, reader: &mut Reader) -> Option<Api> {
    let address = reader.read(entry, "address");
    let tls = reader.read(entry, "tls");
    let public_url: Option<Option<String>> = reader.optional(entry, "public_url");
    let tracking_url: Option<Option<String>> = reader.optional(entry, "tracking_url");
    let tracking_hosts = reader.read(entry, "tracking_hosts");
    let untracked_domains: Option<Vec<String>> = reader.read(entry, "untracked_domains");
    let body_max = reader.read(entry, "body_max");
    let rate_limit = reader.read(entry, "rate_limit");
    let rate_window = reader.read(entry, "rate_window");
    let failed_auth_limit = reader.read(entry, "failed_auth_limit");
    let trusted_proxies = reader.read(entry, "trusted_proxies");
    let cors_origins = reader.read(entry, "cors_origins");
    let header_timeout = reader.read(entry, "header_timeout");
    let body_timeout = reader.read(entry, "body_timeout");
    let simulator_domain: Option<String> = reader.read(entry, "simulator_domain");
    let public_url = public_url?.map(|url| url.trim_end_matches('/').to_owned());
    let tracking_url = tracking_url?.map(|url| url.trim_end_matches('/').to_owned());
    let api = Api {
        address: address?,
        tls: tls?,
        tracking_url: tracking_url.or_else(|| public_url.clone()),
        public_url,
        tracking_hosts: tracking_hosts?,
        untracked_domains: untracked_domains?
            .iter()
            .map(|host| host.trim_end_matches('.').to_ascii_lowercase())
            .collect(),
        body_max: body_max?,
        rate_limit: rate_limit?,
        rate_window: rate_window?,
        failed_auth_limit: failed_auth_limit?,
        trusted_proxies: trusted_proxies?,
        cors_origins: cors_origins?,
        header_timeout: header_timeout?,
        body_timeout: body_timeout?,
        simulator_domain: simulator_domain?.to_ascii_lowercase(),
    };
    exposure(&api, entry, reader.report);
    Some(api)
}

/// Settings that each are allowed and together give something away.
fn exposure(api: &Api, entry: &Entry, report: &mut Report) {
    if api.trusted_proxies.iter().any(|network| network.is_everything()) {
        let what = "trusts everybody: any client can claim any address and so evade every limit by address";
        report.warning(
            entry.offset("trusted_proxies"),
            entry.place("trusted_proxies"),
            what,
        );
    }
    if !api.tls && !api.address.ip().is_loopback() && api.trusted_proxies.is_empty() {
        let what = "keys and mail cross the network in clear text; set api.tls, or put a TLS proxy before it and \
                    name it in api.trusted_proxies";
        report.warning(entry.offset("address"), entry.place("address"), what);
    }
}

/// Each socket needs an address of its own.
pub(super) fn apart(config: &Config, file: &File, report: &mut Report) {
    let mut taken: Vec<(SocketAddr, String)> = config
        .listeners
        .iter()
        .map(|listener| (listener.address, format!("listener \"{}\"", listener.name)))
        .collect();
    for (section, address) in [("operator", config.operator.address), ("api", config.api.address)] {
        if let Some((_, taker)) = taken.iter().find(|(other, _)| overlap(*other, address)) {
            let entry = file.section(section);
            let what = format!("{address} is taken by {taker}");
            report.error(entry.offset("address"), entry.place("address"), what);
        }
        taken.push((address, format!("[{section}]")));
    }
}
