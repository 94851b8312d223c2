//! Which signer speaks for which author.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::signer::Signer;
use crate::author::author_domain;

/// The signers of all configured domains.
///
/// A signature counts for DMARC if its domain and the author's have the organisation in common (relaxed alignment,
/// RFC 7489 §3.1.1). So a domain without a signer of its own is signed by that of its nearest parent: with a signer for
/// `example.com`, mail from `joe@news.example.com` is signed with `d=example.com`. The reverse is never done: a
/// subdomain does not sign for its parent.
#[derive(Debug, Default)]
pub struct Signers {
    by_domain: BTreeMap<String, Arc<Signer>>,
}

/// Why signers cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignersError {
    /// Two signers for one domain.
    #[error("{domain} is configured for signing twice: keep one entry, with both keys in it")]
    SameDomain {
        /// The domain in question.
        domain: String,
    },
}

impl Signers {
    /// Gathers signers, one for each domain. None at all is fine: then nothing is signed.
    ///
    /// # Errors
    /// [`SignersError::SameDomain`] if two speak for the same domain.
    pub fn new(signers: impl IntoIterator<Item = Signer>) -> Result<Self, SignersError> {
        let mut by_domain = BTreeMap::new();
        for signer in signers {
            let domain = signer.domain().to_owned();
            if by_domain.insert(domain.clone(), Arc::new(signer)).is_some() {
                return Err(SignersError::SameDomain { domain });
            }
        }
        Ok(Self { by_domain })
    }

    /// Whether nothing is ever signed: then bodies need no hashing.
    pub fn is_empty(&self) -> bool {
        self.by_domain.is_empty()
    }

    /// The configured domains, in alphabetical order.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.by_domain.keys().map(String::as_str)
    }

    /// The signer for an author's domain (in lower case): its own, else the nearest parent's.
    pub fn for_domain(&self, domain: &str) -> Option<&Arc<Signer>> {
        let mut name = domain;
        loop {
            if let Some(signer) = self.by_domain.get(name) {
                return Some(signer);
            }
            (_, name) = name.split_once('.')?;
        }
    }

    /// The signer for the author of a message with this header.
    pub fn for_header(&self, header_block: &[u8]) -> Option<&Arc<Signer>> {
        if self.is_empty() {
            return None;
        }
        self.for_domain(&author_domain(header_block)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dkim::{PrivateKey, SelectedKey, generate};

    fn signer(domain: &str) -> Signer {
        let made = generate(domain, "r", "e").unwrap();
        let key = PrivateKey::from_pem(&made.ed25519.private_key_pem).unwrap();
        Signer::new(domain, vec![SelectedKey::new("e", key)]).unwrap()
    }

    #[test]
    fn the_nearest_domain_signs() {
        let signers = Signers::new(["Example.com", "deep.news.example.com"].map(signer)).unwrap();
        let table: &[(&str, Option<&str>)] = &[
            ("example.com", Some("example.com")),
            ("news.example.com", Some("example.com")),
            ("deep.news.example.com", Some("deep.news.example.com")),
            ("very.deep.news.example.com", Some("deep.news.example.com")),
            ("notexample.com", None),
            ("com", None),
            ("", None),
        ];
        for (domain, expected) in table {
            let found = signers.for_domain(domain).map(|signer| signer.domain());
            assert_eq!(found, *expected, "{domain}");
        }
        let header = b"From: \"x@other.example\" <joe@News.Example.com>\r\n\r\n";
        assert_eq!(
            signers.for_header(header).map(|signer| signer.domain()),
            Some("example.com")
        );
        assert!(signers.for_header(b"To: joe@example.com\r\n\r\n").is_none());
    }

    #[test]
    fn a_domain_has_one_signer() {
        let error = Signers::new(["example.com", "EXAMPLE.com"].map(signer)).unwrap_err();
        assert_eq!(
            error,
            SignersError::SameDomain {
                domain: "example.com".into()
            }
        );
        assert!(Signers::new([]).unwrap().is_empty());
    }
}
