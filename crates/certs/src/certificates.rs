//! The server's identity: which certificate for which name, exchanged while running.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::pair::{CertificatePair, Identity, LoadedCertificate, Validity};
use crate::{CertError, VERSIONS, folder, provider};

/// The certificates a server presents.
///
/// The name a client asks for (SNI, RFC 6066 §3) is looked up among the DNS names of all certificates: first as it is,
/// then as a wildcard (`*.example.com` stands for exactly one label: RFC 9525 §6.3). If neither is found, or no name
/// was asked for, the first certificate configured is presented: a sending server that does not verify will go on, and
/// one that does can tell its operator what it saw.
pub struct Certificates {
    sources: Sources,
    chooser: Arc<Chooser>,
    server: Arc<ServerConfig>,
    web: Arc<ServerConfig>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Certificates")
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl Certificates {
    /// Reads all pairs; the first one is the default. Where a name occurs twice, the earlier pair has it.
    ///
    /// # Errors
    /// [`CertError`] for the first pair that cannot be used.
    pub fn load(pairs: &[CertificatePair]) -> Result<Self, CertError> {
        Self::of(Sources {
            pairs: pairs.to_vec(),
            folder: None,
        })
    }

    /// The same, with the pairs `NAME.pem` and `NAME.key` of a folder behind them.
    ///
    /// # Errors
    /// As [`Self::load`]; also if the folder cannot be read.
    pub fn load_with_folder(pairs: &[CertificatePair], folder: &Path) -> Result<Self, CertError> {
        Self::of(Sources {
            pairs: pairs.to_vec(),
            folder: Some(folder.to_owned()),
        })
    }

    fn of(sources: Sources) -> Result<Self, CertError> {
        let chosen = ArcSwap::from_pointee(Choice::load(&sources.pairs()?)?);
        let chooser = Arc::new(Chooser { chosen });
        let server = server_config(Arc::clone(&chooser), &[])?;
        let web = server_config(Arc::clone(&chooser), WEB_PROTOCOLS)?;
        Ok(Self {
            sources,
            chooser,
            server,
            web,
        })
    }

    /// Reads the same files again, and whatever is in the folder now. From then on new connections get what is in them; those
    /// that exist are not touched.
    ///
    /// # Errors
    /// [`CertError`] for the first pair that cannot be used; then all certificates stay as they were.
    pub fn reload(&self) -> Result<(), CertError> {
        let choice = Choice::load(&self.sources.pairs()?)?;
        self.chooser.chosen.store(Arc::new(choice));
        Ok(())
    }

    /// Whether a client that asks for `name` gets a certificate that stands for it, and is valid at this time in seconds
    /// since 1970.
    pub fn cover(&self, name: &str, now_unix_s: i64) -> bool {
        let choice = self.chooser.chosen.load();
        let presented = choice.find(name);
        presented
            .is_some_and(|identity| matches!(identity.loaded.validity(now_unix_s), Validity::Valid { .. }))
    }

    /// What is loaded now, in the order of configuration: for the operator, and to warn of what expires.
    pub fn loaded(&self) -> Vec<LoadedCertificate> {
        self.chooser.chosen.load().loaded.clone()
    }

    /// The TLS configuration of a server: TLS 1.2 and 1.3, no client certificates, resumption with tickets (RFC 5077,
    /// RFC 8446 §2.2) whose keys change every six hours. It stays the same over reloads.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }

    /// The same for a server of HTTP, which is agreed on with the handshake (ALPN, RFC 7301). A client that wants
    /// another protocol is refused, and its tickets have keys of their own: what is said to one server cannot be led to
    /// the other.
    pub fn web_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.web)
    }
}

/// HTTP/2 and HTTP/1.1, preferred first (RFC 9113 §3.2).
const WEB_PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

fn server_config(chooser: Arc<Chooser>, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, CertError> {
    let no_tickets = |error: rustls::Error| CertError::NoTickets {
        reason: error.to_string(),
    };
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS);
    let mut config = builder
        .map_err(no_tickets)?
        .with_no_client_auth()
        .with_cert_resolver(chooser);
    config.ticketer = Ticketer::new().map_err(no_tickets)?;
    // What a client needs to resume it carries in its ticket: sessions take no memory here.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

/// Answers rustls during a handshake.
#[derive(Debug)]
struct Chooser {
    chosen: ArcSwap<Choice>,
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.chosen.load().for_name(hello.server_name()))
    }
}

/// Where certificates are.
#[derive(Debug)]
struct Sources {
    pairs: Vec<CertificatePair>,
    folder: Option<PathBuf>,
}

impl Sources {
    /// All pairs that there are now, those of the folder last.
    fn pairs(&self) -> Result<Vec<CertificatePair>, CertError> {
        let mut pairs = self.pairs.clone();
        if let Some(folder) = &self.folder {
            pairs.extend(folder::pairs(folder)?);
        }
        Ok(pairs)
    }
}

/// Certificates by name, as of one load.
struct Choice {
    default: Arc<CertifiedKey>,
    /// Keys are names in lower case, `*.example.com` for wildcards.
    by_name: HashMap<String, Arc<Identity>>,
    loaded: Vec<LoadedCertificate>,
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Choice")
            .field("loaded", &self.loaded)
            .finish_non_exhaustive()
    }
}

impl Choice {
    fn load(pairs: &[CertificatePair]) -> Result<Self, CertError> {
        let provider = provider();
        let identities: Vec<Arc<Identity>> = pairs
            .iter()
            .map(|pair| Identity::load(pair, &provider).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let default = Arc::clone(&identities.first().ok_or(CertError::NothingConfigured)?.key);
        let mut by_name = HashMap::new();
        for identity in &identities {
            for name in &identity.loaded.names {
                by_name
                    .entry(name.clone())
                    .or_insert_with(|| Arc::clone(identity));
            }
        }
        let loaded = identities.iter().map(|identity| identity.loaded.clone());
        Ok(Self {
            default,
            by_name,
            loaded: loaded.collect(),
        })
    }

    /// The certificate that stands for a name.
    fn find(&self, name: &str) -> Option<&Identity> {
        let name = name.to_ascii_lowercase();
        let wildcard = || self.by_name.get(&format!("*.{}", name.split_once('.')?.1));
        self.by_name.get(&name).or_else(wildcard).map(Arc::as_ref)
    }

    fn for_name(&self, server_name: Option<&str>) -> Arc<CertifiedKey> {
        let found = server_name.and_then(|name| self.find(name));
        Arc::clone(found.map_or(&self.default, |identity| &identity.key))
    }
}

#[cfg(test)]
mod tests;
