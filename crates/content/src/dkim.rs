//! DKIM signatures (RFC 6376), with RSA-SHA256 and, beside it, Ed25519-SHA256 (RFC 8463).
//!
//! A body is hashed while it arrives ([`BodyHash`]); when the header is complete, [`Signer::sign`] gives the
//! `DKIM-Signature:` fields to be put before the message. [`Signers`] knows which signer speaks for which author.
//! Keys are made by [`generate`], read by [`PrivateKey::from_pem`] and published as a [`DnsRecord`].
//!
//! ```
//! use content::dkim::{BodyHash, Signer, SelectedKey, PrivateKey, generate};
//!
//! let made = generate("example.com", "r1", "e1")?;
//! let keys = [&made.rsa, &made.ed25519]
//!     .map(|key| Ok(SelectedKey::new(&key.selector, PrivateKey::from_pem(&key.private_key_pem)?)));
//! let signer = Signer::new("example.com", keys.into_iter().collect::<Result<_, content::dkim::KeyError>>()?)?;
//!
//! let mut body = BodyHash::new();
//! body.push(b"Hi.\r\n");
//! let fields = signer.sign(b"From: joe@example.com\r\n\r\n", &body.finish(), 1_700_000_000);
//! assert!(fields.starts_with(b"DKIM-Signature: v=1; a=rsa-sha256;"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body_hash;
mod canonical;
mod keys;
mod record;
mod signer;
mod signers;

pub use body_hash::{BodyDigest, BodyHash};
pub use keys::{Algorithm, GeneratedKey, GeneratedKeys, KeyError, PrivateKey, generate};
pub use record::DnsRecord;
pub use signer::{SelectedKey, Signer, SignerError};
pub use signers::{Signers, SignersError};
