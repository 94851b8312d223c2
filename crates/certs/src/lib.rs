//! Which certificate for which name, and whom we trust.
//!
//! **Promise.** [`Certificates`] gives a server its identity: it picks the certificate for the name a client asks for,
//! and takes up renewed files without dropping a connection. [`client_config`] gives a client its trust: in anyone
//! ([`ClientTrust::Any`], opportunistic TLS) or only in who can prove a name ([`ClientTrust::Verified`]). Where policy
//! demands a proven peer, mail is handed over only against a [`VerifiedPeer`], and nothing but a successful check of
//! the connection at hand makes one.
//!
//! **Invariants.**
//! - Files are read on [`Certificates::load`], [`Certificates::reload`] and [`Roots::load`] only; a handshake never
//!   touches the disk. A reload that fails leaves everything as it was.
//! - TLS 1.2 and 1.3 (RFC 8996 retires what was before), aws-lc as the only cryptography.
//! - Certificates of a folder are found on the same occasions; those named one by one come before them.
//! - There is always a certificate to present: the first one configured, if no other fits.
//!
//! **Failures.** [`CertError`] names the file, what is wrong with it and what to do. An expired certificate is no
//! failure (senders rarely look, and no TLS would be worse) but [told](Certificates::loaded).

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod certificates;
mod client;
mod error;
mod folder;
mod pair;
mod peer;
mod pem;
mod roots;
mod self_signed;
#[cfg(test)]
mod testing;
mod x509;

use std::sync::Arc;

pub use certificates::Certificates;
pub use client::{ClientTrust, client_config};
pub use error::CertError;
pub use folder::FOLDER_PAIRS_MAX;
pub use pair::{CertificatePair, LoadedCertificate, Validity};
pub use peer::{Unverified, VerifiedPeer};
pub use roots::Roots;
pub use self_signed::self_signed;

/// The protocol versions spoken, preferred first. RFC 8996: none before TLS 1.2.
const VERSIONS: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// The cryptography of both sides; named here so that nothing depends on a process-wide default.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
