//! What the tests of this crate share: an authority that issues certificates into files, and a handshake in memory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};
use tempfile::TempDir;

use crate::{CertificatePair, Roots};

/// 2023-11-14: a time at which what an [`Authority`] issues is valid.
pub(crate) const NOW_UNIX_S: u64 = 1_700_000_000;

/// A certificate authority with a folder for what it issues.
pub(crate) struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        fs::write(
            dir.path().join("root.pem"),
            params.self_signed(&key).unwrap().pem(),
        )
        .unwrap();
        Self {
            dir,
            issuer: Issuer::new(params, key),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::load(&[self.dir().join("root.pem")]).unwrap()
    }

    /// Issues a certificate into `file.crt` and `file.key`, in place of what was there.
    pub(crate) fn issue(&self, file: &str, names: &[&str]) -> CertificatePair {
        self.issue_until(file, names, 2100)
    }

    pub(crate) fn issue_expired(&self, file: &str, names: &[&str]) -> CertificatePair {
        self.issue_until(file, names, 2020)
    }

    fn issue_until(&self, file: &str, names: &[&str], year: i32) -> CertificatePair {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let pair = CertificatePair {
            certificate: self.dir().join(format!("{file}.crt")),
            private_key: self.dir().join(format!("{file}.key")),
        };
        fs::write(&pair.certificate, certificate.pem()).unwrap();
        fs::write(&pair.private_key, key.serialize_pem()).unwrap();
        pair
    }
}

/// Shakes hands in memory, until both sides have nothing more to say; gives the client's end.
pub(crate) fn connect(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &str,
) -> Result<ClientConnection, Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name)?;
    let mut server = ServerConnection::new(Arc::clone(server))?;
    while client.wants_write() || server.wants_write() {
        let mut sent = Vec::new();
        client.write_tls(&mut sent).unwrap();
        server.read_tls(&mut sent.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut answered = Vec::new();
        server.write_tls(&mut answered).unwrap();
        client.read_tls(&mut answered.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(client)
}
