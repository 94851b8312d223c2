//! The client's trust: anyone, or only who proves a name.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion};

use crate::{Roots, VERSIONS, provider};

/// Whom a client connects to.
#[derive(Debug, Clone)]
pub enum ClientTrust {
    /// Whoever answers: opportunistic TLS (RFC 7435, RFC 3207 §4.1).
    ///
    /// Any certificate is accepted: expired, self-signed, for another name. Where nothing announces that a domain can
    /// be verified, refusing would only make a sender fall back to no encryption at all, which protects less: TLS with
    /// an unproven peer still defeats everyone who merely listens. What the certificate was worth can be asked of the
    /// connection afterwards ([`crate::VerifiedPeer::from_connection`]).
    Any,
    /// Only a peer whose certificate leads to one of these roots and stands for the name asked for (MTA-STS,
    /// RFC 8461 §4.1; configured routes). The handshake fails otherwise.
    Verified(Roots),
}

/// The TLS configuration of a client: TLS 1.2 and 1.3, no client certificate, sessions of the last 256 peers are
/// remembered and resumed. Make it once for each kind of trust and keep it: what is remembered is in it.
pub fn client_config(trust: &ClientTrust) -> Arc<ClientConfig> {
    config(trust, VERSIONS)
}

#[expect(
    clippy::expect_used,
    reason = "the provider has cipher suites and groups for both versions, tested below"
)]
pub(crate) fn config(
    trust: &ClientTrust,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("aws-lc-rs speaks TLS 1.2 and 1.3");
    let config = match trust {
        ClientTrust::Any => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate { algorithms }))
            .with_no_client_auth(),
        ClientTrust::Verified(roots) => builder
            .with_root_certificates(roots.store())
            .with_no_client_auth(),
    };
    Arc::new(config)
}

/// Accepts every certificate, but not a handshake that its key has not signed: whoever answers is at least who the
/// certificate says, whatever that is worth.
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::HandshakeKind;
    use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
    use rustls::version::{TLS12, TLS13};

    use super::*;
    use crate::Certificates;
    use crate::testing::{Authority, connect};

    #[test]
    fn both_versions_are_spoken_and_resumed() {
        let authority = Authority::new();
        let server = Certificates::load(&[authority.issue("mx", &["mx.example.com"])])
            .unwrap()
            .server_config();
        for trust in [ClientTrust::Any, ClientTrust::Verified(authority.roots())] {
            for (versions, expected) in [
                (VERSIONS, TLSv1_3),
                (&[&TLS13][..], TLSv1_3),
                (&[&TLS12][..], TLSv1_2),
            ] {
                let client = config(&trust, versions);
                let first = connect(&client, &server, "mx.example.com").unwrap();
                assert_eq!(first.protocol_version(), Some(expected));
                assert_eq!(first.handshake_kind(), Some(HandshakeKind::Full));
                let second = connect(&client, &server, "mx.example.com").unwrap();
                assert_eq!(
                    second.handshake_kind(),
                    Some(HandshakeKind::Resumed),
                    "{expected:?}"
                );
            }
        }
    }

    #[test]
    fn rfc_7435_opportunistic_tls_accepts_any_certificate() {
        let authority = Authority::new();
        let client = client_config(&ClientTrust::Any);
        for pair in [
            authority.issue("mx", &["other.example"]),
            authority.issue_expired("old", &["mx.example.com"]),
        ] {
            let server = Certificates::load(&[pair]).unwrap().server_config();
            assert!(connect(&client, &server, "mx.example.com").is_ok());
        }
    }

    #[test]
    fn a_verifying_client_accepts_only_proof() {
        let authority = Authority::new();
        let stranger = Authority::new();
        let client = client_config(&ClientTrust::Verified(authority.roots()));
        for (pair, accepted) in [
            (authority.issue("good", &["mx.example.com"]), true),
            (authority.issue("wildcard", &["*.example.com"]), true),
            (authority.issue("wrong-name", &["other.example"]), false),
            (authority.issue_expired("old", &["mx.example.com"]), false),
            (stranger.issue("stranger", &["mx.example.com"]), false),
        ] {
            let server = Certificates::load(std::slice::from_ref(&pair))
                .unwrap()
                .server_config();
            assert_eq!(
                connect(&client, &server, "mx.example.com").is_ok(),
                accepted,
                "{pair:?}"
            );
        }
    }
}
