//! What can be wrong with certificates, said so that whoever reads it can put it right.

use std::io;
use std::path::{Path, PathBuf};

/// Why certificates, keys or roots cannot be used: which file, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// No pair is configured.
    #[error(
        "no certificate is configured: name a certificate and its private key, or let a self-signed one be made"
    )]
    NothingConfigured,
    /// The file is not there.
    #[error("{}: there is no such file: correct the path or put the file there", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there but cannot be read.
    #[error("{}: cannot be read ({source}): make it readable for the user Postrider runs as", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The PEM text is damaged.
    #[error("{}: is not valid PEM ({reason}): copy the file again", .path.display())]
    BadPem {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// A file that should hold certificates holds none.
    #[error(
        "{}: holds no certificate: expected \"-----BEGIN CERTIFICATE-----\" (are certificate and key swapped?)",
        .path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The certificate does not parse or cannot be used by a server.
    #[error("{}: the certificate cannot be used ({reason}): get a new one issued", .path.display())]
    BadCertificate {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// A file that should hold a private key holds none.
    #[error(
        "{}: holds no private key: expected \"-----BEGIN PRIVATE KEY-----\" (are certificate and key swapped?)",
        .path.display()
    )]
    NoPrivateKey {
        /// The file.
        path: PathBuf,
    },
    /// The private key is under a pass phrase.
    #[error(
        "{}: the key is encrypted, and nobody is there to type the pass phrase: openssl pkey -in OLD -out NEW",
        .path.display()
    )]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The private key is of a kind that cannot be used.
    #[error("{}: the private key cannot be used ({reason}): use RSA of 2048 bits or more, or ECDSA P-256", .path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// The key does not belong to the certificate.
    #[error(
        "{}: this key does not belong to the first certificate in {}: \
         use the key the certificate was requested with, and put the server's certificate before the intermediate ones",
        .private_key.display(), .certificate.display()
    )]
    KeyMismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        private_key: PathBuf,
    },
    /// A self-signed certificate is left without its key.
    #[error(
        "{}: the key of {} is gone: restore it, or delete the certificate so that both are made anew",
        .private_key.display(), .certificate.display()
    )]
    KeyLost {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file that should hold the key.
        private_key: PathBuf,
    },
    /// A self-signed certificate cannot be made for this name.
    #[error("no certificate can be made for \"{hostname}\" ({reason}): correct the host name")]
    BadHostname {
        /// The name.
        hostname: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written ({source}): make its folder writable for the user Postrider runs as", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder holds more certificates than are read.
    #[error(
        "{}: holds more than {max} certificates: remove those that nobody asks for any more",
        .folder.display(), max = crate::FOLDER_PAIRS_MAX
    )]
    TooMany {
        /// The folder.
        folder: PathBuf,
    },
    /// No trust anchors anywhere.
    #[error(
        "no file with trusted root certificates is found: install the package ca-certificates, or name the file"
    )]
    NoRoots,
    /// The system cannot make keys.
    #[error(
        "no keys can be made for TLS session tickets ({reason}): the system's random number generator failed"
    )]
    NoTickets {
        /// What the library says.
        reason: String,
    },
}

impl CertError {
    /// Reading `path` failed with `source`.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Unreadable { path, source },
        }
    }
}
