//! PEM files: certificates and private keys, read with errors that name the file.

use std::fs;
use std::path::Path;

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::CertError;

/// All certificates of a file, in their order: at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertError> {
    let text = fs::read(path).map_err(|source| CertError::reading(path, source))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(path, &error))?;
    if certificates.is_empty() {
        return Err(CertError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

/// The first private key of a file: PKCS#8, PKCS#1 or SEC1.
pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertError> {
    let text = fs::read(path).map_err(|source| CertError::reading(path, source))?;
    // Both `ENCRYPTED PRIVATE KEY` (RFC 7468 §11) and `Proc-Type: 4,ENCRYPTED` (RFC 1421 §4.6.1.1).
    if String::from_utf8_lossy(&text).contains("ENCRYPTED") {
        return Err(CertError::EncryptedKey {
            path: path.to_owned(),
        });
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        Error::NoItemsFound => CertError::NoPrivateKey {
            path: path.to_owned(),
        },
        error => damaged(path, &error),
    })
}

fn damaged(path: &Path, error: &Error) -> CertError {
    CertError::BadPem {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
