//! The proof that a peer is who it should be.

use std::time::Duration;

use rustls::ClientConnection;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::ParsedCertificate;

use crate::{Roots, provider};

/// The peer of a connection has proven its name. Where policy demands that (MTA-STS), a message may be handed over
/// only against this token, and [`VerifiedPeer::from_connection`] is the only way to get one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPeer {
    name: ServerName<'static>,
}

/// Why a peer is not proven.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unverified {
    /// The handshake is not complete: nothing is proven yet.
    #[error("the TLS handshake is not complete")]
    HandshakePending,
    /// The peer has shown no certificate.
    #[error("the peer has shown no certificate")]
    NoCertificate,
    /// The certificate does not stand for the name, or leads to no trusted root, or its time is over.
    #[error("the peer's certificate is not accepted: {0}")]
    Rejected(rustls::Error),
}

impl VerifiedPeer {
    /// Checks what the peer has shown: its certificate leads to one of `roots`, is valid at `now_unix_s` (seconds since
    /// 1970) and stands for `name`. That it holds the certificate's key, the handshake has shown.
    ///
    /// The connection itself is checked, not how it was made: a configuration chosen by mistake, or a session resumed
    /// after the certificate expired, cannot give a token. It works for opportunistic connections too, to tell what
    /// their certificate was worth. It costs what verifying a chain costs, some tenths of a millisecond.
    ///
    /// # Errors
    /// [`Unverified`] says what is missing.
    pub fn from_connection(
        connection: &ClientConnection,
        name: &ServerName<'_>,
        roots: &Roots,
        now_unix_s: u64,
    ) -> Result<Self, Unverified> {
        if connection.is_handshaking() {
            return Err(Unverified::HandshakePending);
        }
        let chain = connection.peer_certificates().unwrap_or_default();
        let (end_entity, intermediates) = chain.split_first().ok_or(Unverified::NoCertificate)?;
        let certificate = ParsedCertificate::try_from(end_entity).map_err(Unverified::Rejected)?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_unix_s));
        let algorithms = provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &roots.store(),
            intermediates,
            now,
            algorithms,
        )
        .and_then(|()| verify_server_name(&certificate, name))
        .map_err(Unverified::Rejected)?;
        Ok(Self {
            name: name.to_owned(),
        })
    }

    /// The name that is proven.
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use rustls::ClientConnection;

    use super::*;
    use crate::testing::{Authority, NOW_UNIX_S, connect};
    use crate::{Certificates, ClientTrust, client_config};

    #[test]
    fn only_a_proven_name_gives_a_token() {
        let authority = Authority::new();
        let stranger = Authority::new();
        let [name, other] =
            ["mx.example.com", "other.example"].map(|name| ServerName::try_from(name).unwrap());
        let server = Certificates::load(&[authority.issue("mx", &["mx.example.com"])])
            .unwrap()
            .server_config();
        let client = client_config(&ClientTrust::Any);
        let full = connect(&client, &server, "mx.example.com").unwrap();
        let resumed = connect(&client, &server, "mx.example.com").unwrap();
        for connection in [full, resumed] {
            let check =
                |name, roots: &Roots, now| VerifiedPeer::from_connection(&connection, name, roots, now);
            assert_eq!(
                check(&name, &authority.roots(), NOW_UNIX_S).unwrap().name(),
                &name
            );
            assert!(matches!(
                check(&other, &authority.roots(), NOW_UNIX_S),
                Err(Unverified::Rejected(_))
            ));
            assert!(matches!(
                check(&name, &stranger.roots(), NOW_UNIX_S),
                Err(Unverified::Rejected(_))
            ));
            assert!(matches!(
                check(&name, &authority.roots(), 0),
                Err(Unverified::Rejected(_))
            ));
        }
    }

    #[test]
    fn nothing_is_proven_before_the_handshake_is_complete() {
        let roots = Authority::new().roots();
        let name = ServerName::try_from("mx.example.com").unwrap();
        let client = client_config(&ClientTrust::Verified(roots.clone()));
        let connection = ClientConnection::new(client, name.clone()).unwrap();
        let token = VerifiedPeer::from_connection(&connection, &name, &roots, NOW_UNIX_S);
        assert_eq!(token, Err(Unverified::HandshakePending));
    }
}
