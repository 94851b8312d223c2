//! Signing keys, from the files that the configuration names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use content::dkim::{PrivateKey, SelectedKey, Signer, Signers};
use thiserror::Error;

use crate::config::Dkim;

/// A signing key cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// A file cannot be read or holds no usable key.
    #[error("signing key {path}: {why}; `postrider dkim new {domain}` makes new ones")]
    File {
        /// Which file.
        path: PathBuf,
        /// The domain that it signs for.
        domain: String,
        /// What is wrong with it.
        why: String,
    },
    /// The keys of a domain do not go together.
    #[error("signing keys of {domain}: {why}")]
    Keys {
        /// The domain.
        domain: String,
        /// What is wrong.
        why: String,
    },
}

/// The signers of all domains, their keys read and parsed once.
///
/// # Errors
/// The first key that cannot be used.
pub fn signers(entries: &[Dkim]) -> Result<Signers, KeyFileError> {
    let mut domains: BTreeMap<&str, Vec<SelectedKey>> = BTreeMap::new();
    for entry in entries {
        let key = load(&entry.private_key).map_err(|why| KeyFileError::File {
            path: entry.private_key.clone(),
            domain: entry.domain.clone(),
            why,
        })?;
        domains
            .entry(&entry.domain)
            .or_default()
            .push(SelectedKey::new(&entry.selector, key));
    }
    let signers = domains.into_iter().map(|(domain, keys)| {
        Signer::new(domain, keys).map_err(|error| KeyFileError::Keys {
            domain: domain.to_owned(),
            why: error.to_string(),
        })
    });
    let signers: Vec<Signer> = signers.collect::<Result<_, _>>()?;
    Signers::new(signers).map_err(|error| KeyFileError::Keys {
        domain: "all domains".into(),
        why: error.to_string(),
    })
}

fn load(path: &Path) -> Result<PrivateKey, String> {
    let pem = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    PrivateKey::from_pem(&pem).map_err(|error| error.to_string())
}
