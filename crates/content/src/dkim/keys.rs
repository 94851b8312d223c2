//! Private keys: made, read from PEM, and used. What is wrong with a key is found here, before the first message.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use aws_lc_rs::{digest, error::Unspecified};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::record::DnsRecord;
use super::signer::{SignerError, checked_names};

mod pem;

/// RFC 6376 §3.3.3 obliges verifiers to handle keys up to 2048 bits; larger ones are common and mostly verified, but
/// beyond this a record no longer fits where resolvers expect it and signing takes milliseconds.
const RSA_BITS_MAX: usize = 4096;

/// How a signature is made: the value of `a=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `rsa-sha256` (RFC 6376 §3.3.1): every verifier knows it.
    RsaSha256,
    /// `ed25519-sha256` (RFC 8463): short and fast; verifiers that do not know it pass it over.
    Ed25519Sha256,
}

impl Algorithm {
    /// The name of the algorithm in `a=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
        }
    }
}

/// Why a key cannot be used, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No `-----BEGIN …-----` block.
    #[error("no PEM block in it: expected a line \"-----BEGIN PRIVATE KEY-----\" (is this the right file?)")]
    NoPem,
    /// A block without its end line.
    #[error(
        "the block \"{label}\" has no \"-----END {label}-----\" line: the file is cut short, copy it again"
    )]
    Unterminated {
        /// What the block says it is.
        label: String,
    },
    /// What is between the lines is not base64.
    #[error("what is inside \"{label}\" is not base64: the file is damaged, copy it again")]
    NotBase64 {
        /// What the block says it is.
        label: String,
    },
    /// A key under a pass phrase.
    #[error("the key is encrypted; store it without pass phrase: openssl pkey -in OLD -out NEW")]
    Encrypted,
    /// A block that holds no private key, or one of a kind DKIM does not use.
    #[error(
        "\"{label}\" is not a DKIM private key; expected \"PRIVATE KEY\" (PKCS#8, RSA or Ed25519) or \"RSA PRIVATE KEY\""
    )]
    WrongBlock {
        /// What the block says it is.
        label: String,
    },
    /// A private key, but neither RSA nor Ed25519.
    #[error("the private key is neither RSA nor Ed25519, and DKIM knows no other: generate a new one")]
    WrongAlgorithm,
    /// The key does not parse or is inconsistent.
    #[error("the {} key is not valid ({reason}): generate a new one", .algorithm.as_str())]
    Rejected {
        /// What kind of key it is meant to be.
        algorithm: Algorithm,
        /// What the cryptographic library says.
        reason: String,
    },
    /// An RSA key that verifiers refuse or cannot handle.
    #[error("an RSA key for DKIM must have 2048 to {RSA_BITS_MAX} bits (RFC 8301): generate a new one")]
    RsaSize,
    /// The domain or the selectors cannot be used.
    #[error(transparent)]
    Name(#[from] SignerError),
    /// No key could be made.
    #[error("the system gave no new key: its random number generator failed")]
    Generation,
}

/// A private key, ready to sign. Its `Debug` says what kind it is and nothing else.
pub struct PrivateKey(Pair);

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PrivateKey({})", self.algorithm().as_str())
    }
}

impl PrivateKey {
    /// Reads a private key from PEM text: PKCS#8 (`PRIVATE KEY`, RSA or Ed25519) or PKCS#1 (`RSA PRIVATE KEY`).
    /// Text around the block is passed over.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong and what to do about it.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::first_block(text)?;
        let der = block.der()?;
        let key = match block.label {
            "PRIVATE KEY" => Self::from_pkcs8(&der)?,
            "RSA PRIVATE KEY" => Self::rsa(RsaKeyPair::from_der(&der))?,
            label => {
                return Err(KeyError::WrongBlock {
                    label: label.to_owned(),
                });
            }
        };
        key.tried()
    }

    /// How this key signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Pair::Rsa(_) => Algorithm::RsaSha256,
            Pair::Ed25519(_) => Algorithm::Ed25519Sha256,
        }
    }

    /// The record to publish for this key, at `selector` in `domain`.
    ///
    /// # Errors
    /// [`KeyError::Name`] if one of them is not a name.
    pub fn dns_record(&self, domain: &str, selector: &str) -> Result<DnsRecord, KeyError> {
        checked_names(domain, [selector])?;
        let public_key = match &self.0 {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|Unspecified| {
                    let reason = "its public half cannot be encoded".to_owned();
                    KeyError::Rejected {
                        algorithm: Algorithm::RsaSha256,
                        reason,
                    }
                })?;
                BASE64_STANDARD.encode(der.as_ref())
            }
            Pair::Ed25519(pair) => BASE64_STANDARD.encode(pair.public_key().as_ref()),
        };
        Ok(DnsRecord::new(domain, selector, self.algorithm(), &public_key))
    }

    /// The signature of what hashes to `digest`.
    ///
    /// # Panics
    /// If the library cannot sign. Every key has signed once before it was handed out, and neither the length nor the
    /// content of a digest can make a difference.
    pub(super) fn sign(&self, digest: &digest::Digest) -> Vec<u8> {
        let signature = self.try_sign(digest);
        assert!(signature.is_ok(), "a key that has signed before must sign again");
        signature.unwrap_or_default()
    }

    fn try_sign(&self, digest: &digest::Digest) -> Result<Vec<u8>, Unspecified> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature)?;
                Ok(signature)
            }
            // RFC 8463 §3: what PureEdDSA signs is the SHA-256 digest.
            Pair::Ed25519(pair) => Ok(pair.try_sign(digest.as_ref())?.as_ref().to_vec()),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        match pem::pkcs8_algorithm(der) {
            Some(Algorithm::RsaSha256) => Self::rsa(RsaKeyPair::from_pkcs8(der)),
            Some(Algorithm::Ed25519Sha256) => match Ed25519KeyPair::from_pkcs8(der) {
                Ok(pair) => Ok(Self(Pair::Ed25519(Box::new(pair)))),
                Err(error) => Err(rejected(Algorithm::Ed25519Sha256, &error)),
            },
            None => Err(KeyError::WrongAlgorithm),
        }
    }

    fn rsa(pair: Result<RsaKeyPair, aws_lc_rs::error::KeyRejected>) -> Result<Self, KeyError> {
        let pair = pair.map_err(|error| match error.to_string().as_str() {
            "TooSmall" | "TooLarge" => KeyError::RsaSize,
            _ => rejected(Algorithm::RsaSha256, &error),
        })?;
        if pair.public_modulus_len() * 8 > RSA_BITS_MAX {
            return Err(KeyError::RsaSize);
        }
        Ok(Self(Pair::Rsa(Box::new(pair))))
    }

    /// The key, after it has signed something.
    fn tried(self) -> Result<Self, KeyError> {
        match self.try_sign(&digest::digest(&digest::SHA256, b"")) {
            Ok(_) => Ok(self),
            Err(error) => Err(KeyError::Rejected {
                algorithm: self.algorithm(),
                reason: format!("it does not sign: {error}"),
            }),
        }
    }
}

fn rejected(algorithm: Algorithm, error: &aws_lc_rs::error::KeyRejected) -> KeyError {
    KeyError::Rejected {
        algorithm,
        reason: error.to_string(),
    }
}

/// A new key as text, and the record that publishes it. Its `Debug` does not show the private half.
pub struct GeneratedKey {
    /// The selector under which the key is published.
    pub selector: String,
    /// The private key in PKCS#8 PEM: to be stored where only Postrider can read it.
    pub private_key_pem: String,
    /// What to publish.
    pub record: DnsRecord,
}

impl std::fmt::Debug for GeneratedKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("GeneratedKey")
            .field("selector", &self.selector)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// The two keys of a domain.
#[derive(Debug)]
pub struct GeneratedKeys {
    /// RSA of 2048 bits, which every verifier knows.
    pub rsa: GeneratedKey,
    /// Ed25519, for the verifiers that know it.
    pub ed25519: GeneratedKey,
}

/// Makes the keys of a domain: RSA-2048 under one selector, Ed25519 under another.
///
/// # Errors
/// [`KeyError::Name`] if the domain or a selector is no name or both selectors are the same, [`KeyError::Generation`]
/// if the system has no randomness to give.
pub fn generate(domain: &str, rsa_selector: &str, ed25519_selector: &str) -> Result<GeneratedKeys, KeyError> {
    checked_names(domain, [rsa_selector, ed25519_selector])?;
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|Unspecified| KeyError::Generation)?;
    let rsa: Pkcs8V1Der<'_> = rsa.as_der().map_err(|Unspecified| KeyError::Generation)?;
    let ed25519 =
        Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|Unspecified| KeyError::Generation)?;
    Ok(GeneratedKeys {
        rsa: generated(domain, rsa_selector, rsa.as_ref())?,
        ed25519: generated(domain, ed25519_selector, ed25519.as_ref())?,
    })
}

fn generated(domain: &str, selector: &str, pkcs8: &[u8]) -> Result<GeneratedKey, KeyError> {
    let private_key_pem = pem::private_key(pkcs8);
    // The record is derived from the text that will be stored: what is published is what will sign.
    let record = PrivateKey::from_pem(&private_key_pem)?.dns_record(domain, selector)?;
    Ok(GeneratedKey {
        selector: selector.to_owned(),
        private_key_pem,
        record,
    })
}

#[cfg(test)]
pub(super) mod tests;
