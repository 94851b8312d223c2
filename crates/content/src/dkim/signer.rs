//! Signing: which header fields are signed, and how the `DKIM-Signature:` fields are put together.
//!
//! One header is canonicalised and hashed once, however many keys sign it: the signatures differ only in the last
//! field they cover, their own.

use aws_lc_rs::digest;
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::body_hash::BodyDigest;
use super::canonical::push_relaxed_field;
use super::keys::{Algorithm, PrivateKey};
use crate::header::{self, Field};

/// RSA for everyone and Ed25519 for those who know it; more would cost every receiver time.
const KEYS_MAX: usize = 2;

/// The most instances of one field that are signed, from the bottom up. A message with more of them is malformed; the
/// bound keeps `h=` short enough to be a header field.
const INSTANCES_MAX: usize = 16;

/// RFC 5322 §2.1.1: lines should have no more than 78 octets.
const LINE_LENGTH: usize = 78;

/// When `h=` names a field once more than it occurs, so that nobody can add one without breaking the signature
/// (RFC 6376 §5.4 and §8.15).
#[derive(Clone, Copy, PartialEq, Eq)]
enum OverSign {
    /// Even if it does not occur: what the reader is shown and where the answer goes.
    Always,
    /// Only if it occurs: a relay may rightly add a missing one (RFC 6409 §8), but never a second.
    IfPresent,
}

/// The fields that are signed, in the order of `h=`. Trace fields and what mailing lists rewrite on purpose are not
/// among them (RFC 6376 §5.4.1).
const SIGNED: [(&str, OverSign); 14] = [
    ("From", OverSign::Always),
    ("To", OverSign::Always),
    ("Cc", OverSign::Always),
    ("Subject", OverSign::Always),
    ("Reply-To", OverSign::Always),
    ("Date", OverSign::IfPresent),
    ("Message-ID", OverSign::IfPresent),
    ("In-Reply-To", OverSign::IfPresent),
    ("References", OverSign::IfPresent),
    ("MIME-Version", OverSign::IfPresent),
    ("Content-Type", OverSign::IfPresent),
    ("Content-Transfer-Encoding", OverSign::IfPresent),
    ("List-Unsubscribe", OverSign::IfPresent),
    ("List-Unsubscribe-Post", OverSign::IfPresent),
];

/// A private key and the selector under which its public half is published.
#[derive(Debug)]
pub struct SelectedKey {
    selector: String,
    key: PrivateKey,
}

impl SelectedKey {
    /// Joins the two; the selector is checked by [`Signer::new`].
    pub fn new(selector: &str, key: PrivateKey) -> Self {
        Self {
            selector: selector.to_owned(),
            key,
        }
    }
}

/// Why a signer cannot be built, or names cannot be used for one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Nothing to sign with.
    #[error("no key is given for {domain}: name one RSA key, and best an Ed25519 key beside it")]
    NoKey {
        /// The signing domain.
        domain: String,
    },
    /// More keys than are of use.
    #[error("{count} keys are given for {domain}, but at most {KEYS_MAX} sign: remove the old ones")]
    TooManyKeys {
        /// The signing domain.
        domain: String,
        /// How many keys there are.
        count: usize,
    },
    /// Two keys cannot be published under one name.
    #[error("the selector \"{selector}\" is used for two keys: publish each under its own")]
    SameSelector {
        /// The selector in question.
        selector: String,
    },
    /// Not a domain name.
    #[error(
        "\"{name}\" is not a domain name: expected labels of letters, digits and hyphens (an IDN as xn--…)"
    )]
    BadDomain {
        /// The name in question.
        name: String,
    },
    /// Not a selector.
    #[error("\"{name}\" is not a selector: expected labels of letters, digits, hyphens and underscores")]
    BadSelector {
        /// The name in question.
        name: String,
    },
}

/// Signs the mail of one domain.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<SelectedKey>,
}

impl Signer {
    /// A signer for `domain` (any case; an internationalised name in its `xn--` form) with one or two keys, which sign
    /// in the order given.
    ///
    /// # Errors
    /// [`SignerError`] says which name or which number is wrong.
    pub fn new(domain: &str, keys: Vec<SelectedKey>) -> Result<Self, SignerError> {
        checked_names(domain, keys.iter().map(|key| key.selector.as_str()))?;
        let domain = domain.to_ascii_lowercase();
        match keys.len() {
            0 => Err(SignerError::NoKey { domain }),
            1..=KEYS_MAX => Ok(Self { domain, keys }),
            count => Err(SignerError::TooManyKeys { domain, count }),
        }
    }

    /// The signing domain (`d=`), in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The selectors and algorithms of the keys, in the order in which they sign.
    pub fn keys(&self) -> impl Iterator<Item = (&str, Algorithm)> {
        self.keys
            .iter()
            .map(|key| (key.selector.as_str(), key.key.algorithm()))
    }

    /// Signs a message: gives one complete `DKIM-Signature:` field for each key, folded and with CRLF, to be put before
    /// the message.
    ///
    /// `header_block` is the header of the message, with or without the empty line that ends it; `body` the digest of
    /// everything after that line; `now_unix_s` the time in seconds since 1970, for `t=`. Neither `l=` nor `x=` is set:
    /// the one would leave the end of the body open, the other end the life of a signature that may still be wanted.
    ///
    /// # Panics
    /// If a key that has signed before does not sign again, which would be a fault of the machine.
    pub fn sign(&self, header_block: &[u8], body: &BodyDigest, now_unix_s: u64) -> Vec<u8> {
        let signed = SignedHeader::of(header_block);
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(&signed.canonical);
        let body = BASE64_STANDARD.encode(body.as_bytes());
        let mut fields = Vec::with_capacity(2048);
        for SelectedKey { selector, key } in &self.keys {
            let (algorithm, domain, names) = (key.algorithm().as_str(), &self.domain, &signed.names);
            let mut value = format!(
                " v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n\ts={selector}; t={now_unix_s};\r\n\
                 \tbh={body};\r\n\th={names};\r\n\tb="
            );
            let signature = key.sign(&digest_with(hashed.clone(), value.as_bytes()));
            push_folded(&BASE64_STANDARD.encode(signature), &mut value);
            fields.extend_from_slice(b"DKIM-Signature:");
            fields.extend_from_slice(value.as_bytes());
            fields.extend_from_slice(b"\r\n");
        }
        fields
    }
}

/// Checks the names under which keys are published.
pub(super) fn checked_names<'a>(
    domain: &str,
    selectors: impl IntoIterator<Item = &'a str>,
) -> Result<(), SignerError> {
    if !is_name(domain, "-") {
        return Err(SignerError::BadDomain {
            name: domain.to_owned(),
        });
    }
    let mut seen: Vec<&str> = Vec::new();
    for selector in selectors {
        if !is_name(selector, "-_") {
            return Err(SignerError::BadSelector {
                name: selector.to_owned(),
            });
        }
        if seen.iter().any(|other| other.eq_ignore_ascii_case(selector)) {
            return Err(SignerError::SameSelector {
                selector: selector.to_owned(),
            });
        }
        seen.push(selector);
    }
    Ok(())
}

/// Dot-separated labels of 1 to 63 letters, digits and `punctuation`, 253 octets in all (RFC 1035 §2.3.4).
fn is_name(name: &str, punctuation: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || punctuation.contains(character);
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(allowed);
    name.len() <= 253 && name.split('.').all(is_label)
}

/// What the signatures of one message have in common.
struct SignedHeader {
    /// The value of `h=`, folded.
    names: String,
    /// The signed fields in relaxed form, each with its CRLF, in the order of `h=`.
    canonical: Vec<u8>,
}

impl SignedHeader {
    fn of(header_block: &[u8]) -> Self {
        let mut signed = Self {
            names: String::with_capacity(512),
            canonical: Vec::with_capacity(2048),
        };
        let present: Vec<(usize, Field<'_>)> = header::fields(header_block).filter_map(rank).collect();
        let mut column = "\th=".len();
        for (rank, (name, over_sign)) in SIGNED.iter().enumerate() {
            // RFC 6376 §5.4.2: of several instances the last one is named first.
            let mut instances = present.iter().rev().filter(|(other, _)| *other == rank);
            let mut count = 0;
            for (_, field) in instances.by_ref().take(INSTANCES_MAX) {
                push_relaxed_field(field.name, field.value, &mut signed.canonical);
                signed.canonical.extend_from_slice(b"\r\n");
                count += 1;
            }
            // One name more than there are instances; if some were left out, one more would name the next of them.
            let wanted = count > 0 || *over_sign == OverSign::Always;
            let over_signed = wanted && instances.next().is_none();
            for _ in 0..count + usize::from(over_signed) {
                column = signed.push_name(name, column);
            }
        }
        signed
    }

    /// Appends a name to `h=`, on a new line if it does not fit (white space may stand around the colons:
    /// RFC 6376 §3.5). `column` is where the line stands; gives where it stands then.
    fn push_name(&mut self, name: &str, column: usize) -> usize {
        let first = self.names.is_empty();
        if !first {
            self.names.push(':');
        }
        let fits = column + 1 + name.len() < LINE_LENGTH;
        if !fits {
            self.names.push_str("\r\n\t ");
        }
        self.names.push_str(name);
        if fits {
            column + usize::from(!first) + name.len()
        } else {
            "\t ".len() + name.len()
        }
    }
}

/// Where in [`SIGNED`] a field stands, if it is signed.
fn rank(field: Field<'_>) -> Option<(usize, Field<'_>)> {
    SIGNED
        .iter()
        .position(|(name, _)| field.is(name))
        .map(|rank| (rank, field))
}

/// The digest that is signed: of the header fields and, last and without CRLF, the signature's own field with an empty
/// `b=` (RFC 6376 §3.7).
fn digest_with(mut hashed: digest::Context, value: &[u8]) -> digest::Digest {
    let mut own = Vec::with_capacity(1024);
    push_relaxed_field(b"DKIM-Signature", value, &mut own);
    hashed.update(&own);
    hashed.finish()
}

/// Appends base64 in lines; white space within `b=` counts for nothing (RFC 6376 §3.5).
fn push_folded(base64: &str, value: &mut String) {
    let mut rest = base64;
    loop {
        let (line, after) = rest
            .split_at_checked(LINE_LENGTH - "\tb=;".len())
            .unwrap_or((rest, ""));
        value.push_str(line);
        if after.is_empty() {
            return;
        }
        value.push_str("\r\n\t ");
        rest = after;
    }
}

#[cfg(test)]
mod tests;
