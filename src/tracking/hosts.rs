//! How links begin: with a tracking host of the sender's own where readers reach it over https, else as the operator says.
//!
//! **Promise.** A host is used only if DNS was seen to lead it here, and only over https: with a certificate of ours that
//! stands for it and is valid now, or behind a proxy of which the operator says that it has one for every such host. It is
//! decided anew for each e-mail, so a certificate that expires, or a record that goes, costs readers nothing.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::Uri;
use certs::Certificates;
use ledger::Domain;

use crate::clock;
use crate::config::{Config, TrackingHosts};

/// Hosts that links lead to, and those that they must not be led away from.
pub(crate) struct Hosts {
    base: Option<Base>,
    termination: Termination,
    untracked: Vec<String>,
    hostname: String,
}

/// The installation's own URL.
struct Base {
    /// Without a slash at the end.
    url: String,
    host: String,
    /// What stands behind the host: a port, a path.
    rest: String,
    https: bool,
}

/// Who speaks TLS with those who ask for a customer's host.
enum Termination {
    Nobody,
    Us(Arc<Certificates>),
    Proxy,
}

impl Hosts {
    pub(crate) fn new(config: &Config, certificates: &Arc<Certificates>) -> Self {
        let api = &config.api;
        let termination = match api.tracking_hosts {
            TrackingHosts::Proxy => Termination::Proxy,
            TrackingHosts::Certificates if api.tls => Termination::Us(Arc::clone(certificates)),
            TrackingHosts::Certificates => Termination::Nobody,
        };
        Self {
            base: api.tracking_url.as_deref().and_then(Base::parse),
            termination,
            untracked: api.untracked_domains.clone(),
            hostname: config.server.hostname.clone(),
        }
    }

    /// Whether anything can be put into mail at all.
    pub(crate) fn are_wanted(&self) -> bool {
        self.base.is_some()
    }

    /// The host that a customer's is to lead to.
    pub(crate) fn target(&self) -> &str {
        let own = self.base.as_ref().map(|base| base.host.as_str());
        // Where the URL has no name that DNS could lead to, the server's own is one that leads here.
        own.filter(|host| host.contains('.') && host.parse::<IpAddr>().is_err())
            .unwrap_or(&self.hostname)
    }

    /// How the links of a domain's mail begin, without a slash at the end.
    pub(crate) fn base(&self, domain: &Domain) -> Option<String> {
        let base = self.base.as_ref()?;
        let own = domain
            .tracking_host()
            .filter(|host| base.https && self.is_secure(host));
        Some(match own {
            Some(host) => format!("https://{host}{}", base.rest),
            None => base.url.clone(),
        })
    }

    /// Hosts whose links stay as they are in mail of whoever has these domains.
    pub(crate) fn untracked<'a>(&'a self, domains: &'a [Arc<Domain>]) -> Vec<&'a str> {
        let ours = self.base.iter().map(|base| base.host.as_str());
        let operators = self.untracked.iter().map(String::as_str);
        let customers = domains.iter().filter_map(|domain| domain.own_host());
        ours.chain(operators).chain(customers).collect()
    }

    fn is_secure(&self, host: &str) -> bool {
        match &self.termination {
            Termination::Nobody => false,
            Termination::Proxy => true,
            Termination::Us(certificates) => {
                let now = i64::try_from(clock::now().unix_ms() / 1000).unwrap_or(i64::MAX);
                certificates.cover(host, now)
            }
        }
    }
}

impl Base {
    fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        let port = authority.port().map(|port| format!(":{port}"));
        Some(Self {
            url: url.to_owned(),
            host: authority.host().trim_end_matches('.').to_ascii_lowercase(),
            rest: port.unwrap_or_default() + uri.path().trim_end_matches('/'),
            https: uri.scheme_str() == Some("https"),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ledger::{AccountId, DomainId, DomainStatus, RecordFinding, RecordState};

    use super::*;

    /// Where nothing is tracked.
    pub(in crate::tracking) fn nowhere() -> Hosts {
        Hosts {
            base: None,
            termination: Termination::Nobody,
            untracked: Vec::new(),
            hostname: "mail.test".into(),
        }
    }

    fn domain(chosen: Option<&str>, published: Option<(&str, RecordState)>) -> Arc<Domain> {
        let finding = |(name, state): (&str, RecordState)| RecordFinding {
            purpose: "tracking".into(),
            kind: "CNAME".into(),
            name: name.into(),
            value: "track.example".into(),
            required: false,
            state,
            found: Vec::new(),
            reason: String::new(),
        };
        Arc::new(Domain {
            id: DomainId::from_bytes([1; 16]),
            account: AccountId::from_bytes([1; 16]),
            name: "shop.example".into(),
            status: DomainStatus::Verified,
            ownership_token: "t".into(),
            created_unix_ms: 0,
            verified_unix_ms: None,
            last_checked_unix_ms: None,
            missing_since_unix_ms: None,
            tracking_enabled: true,
            track_opens: None,
            track_clicks: None,
            tracking_host: chosen.map(str::to_owned),
            dkim: Vec::new(),
            findings: published.into_iter().map(finding).collect(),
        })
    }

    fn hosts(url: &str, termination: Termination) -> Hosts {
        Hosts {
            base: Base::parse(url),
            termination,
            untracked: vec!["calendar.example".into()],
            hostname: "mx.example".into(),
        }
    }

    #[test]
    fn links_begin_with_the_customers_host_once_it_leads_here_and_is_secure() {
        use RecordState::{Invalid, Pending, Valid};
        let own = "https://track.example:8443/mail";
        for (url, proxy, chosen, published, expected) in [
            (own, true, None, None, own),
            (
                own,
                true,
                None,
                Some(("click.shop.example", Valid)),
                "https://click.shop.example:8443/mail",
            ),
            (own, true, None, Some(("click.shop.example", Pending)), own),
            (own, true, None, Some(("click.shop.example", Invalid)), own),
            (own, false, None, Some(("click.shop.example", Valid)), own),
            // Chosen since it was last looked up.
            (
                own,
                true,
                Some("go.shop.example"),
                Some(("click.shop.example", Valid)),
                own,
            ),
            (
                "https://track.example",
                true,
                Some("go.shop.example"),
                Some(("go.shop.example", Valid)),
                "https://go.shop.example",
            ),
            (
                "http://track.example",
                true,
                None,
                Some(("click.shop.example", Valid)),
                "http://track.example",
            ),
        ] {
            let termination = if proxy {
                Termination::Proxy
            } else {
                Termination::Nobody
            };
            let base = hosts(url, termination).base(&domain(chosen, published));
            assert_eq!(base.as_deref(), Some(expected), "{url} {chosen:?} {published:?}");
        }
    }

    #[test]
    fn no_link_is_led_through_us_twice() {
        let domains = [
            domain(None, None),
            domain(Some("go.shop.example"), None),
            domain(None, Some(("click.shop.example", RecordState::Valid))),
        ];
        let hosts = hosts("https://Track.example", Termination::Nobody);
        assert_eq!(
            hosts.untracked(&domains),
            [
                "track.example",
                "calendar.example",
                "go.shop.example",
                "click.shop.example"
            ]
        );
    }

    #[test]
    fn a_customers_host_leads_to_a_name() {
        for (url, expected) in [
            ("https://track.example:8443", "track.example"),
            ("http://127.0.0.1:8080", "mx.example"),
            ("http://[::1]:8080", "mx.example"),
            ("http://localhost:8080", "mx.example"),
        ] {
            assert_eq!(hosts(url, Termination::Nobody).target(), expected, "{url}");
        }
    }
}
