//! Finding the next hop: the one file that knows the resolver.
//!
//! A domain's mail goes to a *site*: the ordered hosts of its MX records, or what a static route says. Domains with the
//! same hosts share a site, and with it connections and limits. Sites are remembered for the TTL of their records.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{self, Name, RData};
use hickory_resolver::{Resolver, TokioResolver};
use ledger::publication::{Answer, RecordType};
use smtp::address::Domain;
use thiserror::Error;

use crate::config::{self, Lookup, NextHop, Route, route_for};

/// Hosts beyond this many are not tried: RFC 5321 §5.1 asks for at least two addresses to be tried, and lets a client bound them.
const HOSTS_MAX: usize = 16;
/// Addresses of one host beyond this many are not tried.
const ADDRESSES_MAX: usize = 8;
/// Domains whose site is remembered at once.
const SITES_MAX: usize = 50_000;

/// Where the mail of a domain goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Equal for domains that share their hosts; the name of the site in logs and metrics.
    pub key: Arc<str>,
    /// The hosts, most preferred first.
    pub hosts: Vec<Host>,
}

/// A host that takes mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// Lower is tried first; equal ones in random order (RFC 5321 §5.1).
    pub preference: u16,
    /// Name or address.
    pub name: String,
    /// Port.
    pub port: u16,
}

/// A site, and whether it was known without asking.
#[derive(Clone, Debug)]
pub struct Found {
    /// The site.
    pub site: Arc<Site>,
    /// Remembered from an earlier question.
    pub from_cache: bool,
}

/// Why a domain has no site.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoSite {
    /// Asking again later may help.
    #[error("{text}")]
    Temporary {
        /// Enhanced status code.
        status: &'static str,
        /// In words.
        text: String,
    },
    /// The domain takes no mail.
    #[error("{text}")]
    Permanent {
        /// Enhanced status code.
        status: &'static str,
        /// In words.
        text: String,
    },
}

impl NoSite {
    fn temporary(text: String) -> Self {
        Self::Temporary {
            status: "4.4.3",
            text,
        }
    }

    fn permanent(status: &'static str, text: String) -> Self {
        Self::Permanent { status, text }
    }
}

/// Finds sites and addresses.
pub struct Dns {
    resolver: TokioResolver,
    /// Remembers nothing: whoever verifies a domain wants to know what is there now.
    fresh: TokioResolver,
    hostname: String,
    smtp_port: u16,
    ttl_max: Duration,
    sites: Mutex<HashMap<Domain, (Arc<Site>, Instant)>>,
}

impl Dns {
    /// A resolver as configured. `hostname` is our own name: a site that leads back to us is a loop.
    ///
    /// # Errors
    /// The system's resolver configuration cannot be read and none was given.
    pub fn new(dns: &config::Dns, hostname: &str, smtp_port: u16) -> Result<Self, NetError> {
        Ok(Self {
            resolver: resolver(dns, dns.cache_entries as u64)?,
            fresh: resolver(dns, 0)?,
            hostname: hostname.to_ascii_lowercase(),
            smtp_port,
            ttl_max: dns.cache_max_ttl,
            sites: Mutex::default(),
        })
    }

    /// The site of `domain`, if it is remembered and still fresh.
    pub fn remembered(&self, domain: &Domain, now: Instant) -> Option<Arc<Site>> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites
            .get(domain)
            .filter(|(_, until)| now < *until)
            .map(|(site, _)| Arc::clone(site))
    }

    /// Forgets every site: the routes have changed.
    pub fn forget(&self) {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.resolver.clear_cache();
    }

    /// The site of `domain`: by the most specific of `routes`, else by its MX records.
    ///
    /// # Errors
    /// [`NoSite`], temporary or not.
    pub async fn site(&self, domain: &Domain, routes: &[Route]) -> Result<Found, NoSite> {
        if let Some(site) = self.remembered(domain, Instant::now()) {
            return Ok(Found {
                site,
                from_cache: true,
            });
        }
        let (site, until) = match route_for(routes, domain.as_str()) {
            Some(route) => self.routed(&route.to).await?,
            None if domain.is_literal() => self.literal(domain)?,
            None => self.exchangers(domain.as_str(), self.smtp_port).await?,
        };
        let site = Arc::new(site);
        self.remember(domain.clone(), Arc::clone(&site), until);
        Ok(Found {
            site,
            from_cache: false,
        })
    }

    /// The addresses of a host, IPv6 before IPv4 (RFC 6724), bounded.
    ///
    /// # Errors
    /// [`NoSite`]: for a single host, a reason to try the next one.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, NoSite> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let name = absolute(host)?;
        match self.resolver.lookup_ip(name).await {
            Ok(found) => {
                let mut addresses: Vec<IpAddr> = found.iter().collect();
                addresses.sort_by_key(IpAddr::is_ipv4);
                addresses.truncate(ADDRESSES_MAX);
                Ok(addresses)
            }
            Err(error) if error.is_no_records_found() => {
                Err(NoSite::permanent("5.4.4", format!("host {host} has no address")))
            }
            Err(error) => Err(NoSite::temporary(format!("address of {host}: {error}"))),
        }
    }

    /// What is published under `name` now.
    pub async fn published(&self, kind: RecordType, name: &str) -> Answer {
        let Ok(name) = absolute(name) else {
            return Answer::NoName;
        };
        let kind = match kind {
            RecordType::Txt => rr::RecordType::TXT,
            RecordType::Cname => rr::RecordType::CNAME,
            RecordType::Mx => rr::RecordType::MX,
        };
        match self.fresh.lookup(name, kind).await {
            Ok(found) => Answer::Records(
                found
                    .answers()
                    .iter()
                    .filter_map(|record| shown(&record.data, kind))
                    .collect(),
            ),
            Err(error) if error.is_nx_domain() => Answer::NoName,
            Err(error) if is_empty_answer(&error) => Answer::NoRecord,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    async fn routed(&self, to: &NextHop) -> Result<(Site, Instant), NoSite> {
        let port = to.port.unwrap_or(self.smtp_port);
        match to.lookup {
            Lookup::Mx => self.exchangers(&to.host, port).await,
            Lookup::Address => Ok((single(&to.host, port), Instant::now() + self.ttl_max)),
        }
    }

    /// RFC 5321 §4.1.3: the address of a literal is the host.
    fn literal(&self, domain: &Domain) -> Result<(Site, Instant), NoSite> {
        let text = domain.as_str().trim_matches(['[', ']']);
        let text = text.strip_prefix("ipv6:").unwrap_or(text);
        let address: IpAddr = text.parse().map_err(|_| {
            NoSite::permanent(
                "5.1.2",
                format!("{domain}: not an address that mail can be sent to"),
            )
        })?;
        Ok((
            single(&address.to_string(), self.smtp_port),
            Instant::now() + self.ttl_max,
        ))
    }

    async fn exchangers(&self, domain: &str, port: u16) -> Result<(Site, Instant), NoSite> {
        match self.resolver.mx_lookup(absolute(domain)?).await {
            Ok(lookup) => {
                let records = lookup.answers().iter().filter_map(|record| match &record.data {
                    RData::MX(mx) => Some((mx.preference, host_name(&mx.exchange))),
                    _ => None,
                });
                let hosts = self.usable(domain, records.collect(), port)?;
                Ok((site(hosts), lookup.valid_until()))
            }
            Err(error) if error.is_nx_domain() => Err(NoSite::permanent(
                "5.1.2",
                format!("domain {domain} does not exist"),
            )),
            // RFC 5321 §5.1: without MX records the domain itself is the host, if it has an address.
            Err(error) if is_empty_answer(&error) => {
                self.addresses(domain).await?;
                Ok((
                    single(domain, port),
                    Instant::now() + self.ttl_max.min(Duration::from_secs(300)),
                ))
            }
            Err(error) => Err(NoSite::temporary(format!("MX of {domain}: {error}"))),
        }
    }

    /// RFC 7505 (null MX), and RFC 5321 §5.1: hosts no better than ourselves would send the mail in a circle.
    fn usable(&self, domain: &str, records: Vec<(u16, String)>, port: u16) -> Result<Vec<Host>, NoSite> {
        if matches!(records.as_slice(), [(_, name)] if name.is_empty()) {
            return Err(NoSite::permanent(
                "5.1.10",
                format!("domain {domain} takes no mail (null MX)"),
            ));
        }
        let ours = records
            .iter()
            .filter(|(_, name)| *name == self.hostname)
            .map(|(preference, _)| *preference)
            .min();
        let mut hosts: Vec<Host> = records
            .into_iter()
            .filter(|(preference, name)| !name.is_empty() && ours.is_none_or(|ours| *preference < ours))
            .map(|(preference, name)| Host {
                preference,
                name,
                port,
            })
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts.truncate(HOSTS_MAX);
        match hosts.is_empty() {
            true => Err(NoSite::permanent(
                "5.4.6",
                format!("mail for {domain} loops back to {}", self.hostname),
            )),
            false => Ok(hosts),
        }
    }

    fn remember(&self, domain: Domain, site: Arc<Site>, until: Instant) {
        let until = until.min(Instant::now() + self.ttl_max);
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if sites.len() >= SITES_MAX {
            let now = Instant::now();
            sites.retain(|_, (_, until)| now < *until);
            if sites.len() >= SITES_MAX {
                sites.clear();
            }
        }
        sites.insert(domain, (site, until));
    }
}

fn resolver(dns: &config::Dns, cache_entries: u64) -> Result<TokioResolver, NetError> {
    let mut builder = if dns.servers.is_empty() {
        TokioResolver::builder_tokio()?
    } else {
        let servers = dns.servers.iter().map(|address| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
            NameServerConfig::new(address.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        Resolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let options = builder.options_mut();
    options.timeout = dns.timeout;
    options.cache_size = cache_entries;
    options.positive_max_ttl = Some(dns.cache_max_ttl);
    options.negative_max_ttl = Some(dns.cache_max_ttl);
    builder.build()
}

fn single(host: &str, port: u16) -> Site {
    site(vec![Host {
        preference: 0,
        name: host.to_ascii_lowercase(),
        port,
    }])
}

fn site(hosts: Vec<Host>) -> Site {
    let names: Vec<String> = hosts
        .iter()
        .map(|host| format!("{}:{}:{}", host.preference, host.name, host.port))
        .collect();
    Site {
        key: names.join(",").into(),
        hosts,
    }
}

/// A record of this kind as text: the strings of a TXT record belong together (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
fn shown(data: &RData, kind: rr::RecordType) -> Option<String> {
    if data.record_type() != kind {
        return None;
    }
    match data {
        RData::TXT(txt) => {
            let octets: Vec<u8> = txt
                .txt_data
                .iter()
                .flat_map(|string| string.iter().copied())
                .collect();
            Some(String::from_utf8_lossy(&octets).into_owned())
        }
        RData::CNAME(name) => Some(host_name(&name.0)),
        RData::MX(mx) => Some(host_name(&mx.exchange)),
        _ => None,
    }
}

/// The answer was "no such record", for a name that exists.
fn is_empty_answer(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NoError)
}

fn absolute(name: &str) -> Result<Name, NoSite> {
    let mut parsed = Name::from_utf8(name)
        .map_err(|_| NoSite::permanent("5.1.2", format!("{name} is not a name that DNS can hold")))?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

fn host_name(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns() -> Dns {
        let settings = config::Dns {
            servers: vec!["127.0.0.1:1".parse().expect("an address")],
            timeout: Duration::from_secs(1),
            cache_entries: 16,
            cache_max_ttl: Duration::from_secs(60),
        };
        Dns::new(&settings, "Relay.Example", 25).expect("a resolver")
    }

    fn hosts(records: &[(u16, &str)]) -> Result<Vec<String>, &'static str> {
        let records = records
            .iter()
            .map(|(preference, name)| (*preference, (*name).to_owned()))
            .collect();
        match dns().usable("d.example", records, 25) {
            Ok(hosts) => Ok(hosts.into_iter().map(|host| host.name).collect()),
            Err(NoSite::Permanent { status, .. } | NoSite::Temporary { status, .. }) => Err(status),
        }
    }

    #[tokio::test]
    async fn mx_records_become_hosts_in_order_without_loops() {
        let names = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(hosts(&[(20, "b"), (10, "a")]), names(&["a", "b"]));
        assert_eq!(hosts(&[(10, "a"), (10, "a")]), names(&["a"]));
        assert_eq!(hosts(&[(0, "")]), Err("5.1.10"));
        assert_eq!(
            hosts(&[(10, "a"), (20, "relay.example"), (20, "b"), (30, "c")]),
            names(&["a"])
        );
        assert_eq!(hosts(&[(10, "relay.example"), (20, "b")]), Err("5.4.6"));
    }
}
