//! A certificate and its private key: as configured, as loaded, as reported.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::x509::{self, Facts};
use crate::{CertError, pem};

/// Where a certificate chain and its private key are. Both may be in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePair {
    /// PEM: the server's certificate, then the intermediate ones.
    pub certificate: PathBuf,
    /// PEM: the private key of the first certificate (PKCS#8, PKCS#1 or SEC1), without pass phrase.
    pub private_key: PathBuf,
}

/// What is known of a certificate that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedCertificate {
    /// The file it came from.
    pub path: PathBuf,
    /// The names it stands for, in lower case; `*.example.com` for all names with one label more.
    pub names: Vec<String>,
    /// Valid from then on: seconds since 1970.
    pub not_before_unix_s: i64,
    /// Valid until then: seconds since 1970.
    pub not_after_unix_s: i64,
}

/// Whether a certificate is valid at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Its time has not come.
    NotYet,
    /// It is valid for this many seconds more.
    Valid {
        /// Seconds until it expires.
        expires_in_s: u64,
    },
    /// Its time is over: verifying senders refuse it. Renew it.
    Expired,
}

impl LoadedCertificate {
    /// Whether the certificate is valid at this time, in seconds since 1970.
    pub fn validity(&self, now_unix_s: i64) -> Validity {
        if now_unix_s < self.not_before_unix_s {
            return Validity::NotYet;
        }
        match u64::try_from(self.not_after_unix_s.saturating_sub(now_unix_s)) {
            Ok(expires_in_s) => Validity::Valid { expires_in_s },
            Err(_) => Validity::Expired,
        }
    }
}

/// A pair that has been read and fits together.
pub(crate) struct Identity {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) loaded: LoadedCertificate,
}

impl Identity {
    /// Reads a pair and checks that the key belongs to the certificate.
    pub(crate) fn load(pair: &CertificatePair, provider: &CryptoProvider) -> Result<Self, CertError> {
        let chain = pem::certificates(&pair.certificate)?;
        let facts = chain
            .first()
            .and_then(|certificate| x509::facts(certificate))
            .ok_or_else(|| {
                let reason = "it is not an X.509 certificate".to_owned();
                CertError::BadCertificate {
                    path: pair.certificate.clone(),
                    reason,
                }
            })?;
        let key = pem::private_key(&pair.private_key)?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| CertError::BadKey {
                path: pair.private_key.clone(),
                reason: error.to_string(),
            })?;
        let key = CertifiedKey::new(chain, key);
        match key.keys_match() {
            Ok(()) => Ok(Self {
                key: Arc::new(key),
                loaded: loaded(pair, facts),
            }),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(CertError::KeyMismatch {
                certificate: pair.certificate.clone(),
                private_key: pair.private_key.clone(),
            }),
            Err(error) => Err(CertError::BadCertificate {
                path: pair.certificate.clone(),
                reason: error.to_string(),
            }),
        }
    }
}

fn loaded(pair: &CertificatePair, facts: Facts) -> LoadedCertificate {
    LoadedCertificate {
        path: pair.certificate.clone(),
        names: facts.names,
        not_before_unix_s: facts.not_before_unix_s,
        not_after_unix_s: facts.not_after_unix_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_has_two_ends() {
        let loaded = LoadedCertificate {
            path: PathBuf::new(),
            names: Vec::new(),
            not_before_unix_s: 100,
            not_after_unix_s: 200,
        };
        let table = [
            (99, Validity::NotYet),
            (100, Validity::Valid { expires_in_s: 100 }),
            (200, Validity::Valid { expires_in_s: 0 }),
            (201, Validity::Expired),
            (i64::MAX, Validity::Expired),
        ];
        for (now_unix_s, expected) in table {
            assert_eq!(loaded.validity(now_unix_s), expected, "{now_unix_s}");
        }
    }
}
