//! Whom a verifying client trusts: root certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;

use crate::{CertError, pem};

/// Where Linux distributions keep the roots, in one file: Debian and Alpine, Fedora and RHEL, openSUSE.
const SYSTEM_FILES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Root certificates.
#[derive(Debug, Clone)]
pub struct Roots {
    store: Arc<RootCertStore>,
}

impl Roots {
    /// Reads the roots from PEM files. Of bundles, certificates that rustls cannot use are passed over.
    ///
    /// # Errors
    /// [`CertError`] if a file cannot be read or gives no usable root, [`CertError::NoRoots`] without any file.
    pub fn load(files: &[PathBuf]) -> Result<Self, CertError> {
        let mut store = RootCertStore::empty();
        for path in files {
            let (added, _) = store.add_parsable_certificates(pem::certificates(path)?);
            if added == 0 {
                return Err(CertError::BadCertificate {
                    path: path.clone(),
                    reason: "no root is usable".to_owned(),
                });
            }
        }
        if store.is_empty() {
            return Err(CertError::NoRoots);
        }
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// No root: whoever trusts these trusts nobody.
    pub fn none() -> Self {
        Self {
            store: Arc::new(RootCertStore::empty()),
        }
    }

    /// Reads the roots of the system, from the first file that distributions agree on and that exists.
    ///
    /// # Errors
    /// [`CertError::NoRoots`] if there is none, else as for [`Roots::load`].
    pub fn system() -> Result<Self, CertError> {
        let found = SYSTEM_FILES.into_iter().find(|file| Path::new(file).exists());
        Self::load(&[PathBuf::from(found.ok_or(CertError::NoRoots)?)])
    }

    pub(crate) fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.store)
    }
}
