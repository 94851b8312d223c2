//! PEM (RFC 7468), as much of it as a private key needs.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::{Algorithm, KeyError};

/// RFC 7468 §2: the base64 lines have 64 characters.
const LINE_LENGTH: usize = 64;

/// The content octets of the object identifiers in a PKCS#8 key (RFC 8017 App. C, RFC 8410 §3), with tag and length.
const OID_RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

/// One block of a PEM file.
pub(super) struct Block<'a> {
    /// `PRIVATE KEY` in `-----BEGIN PRIVATE KEY-----`.
    pub(super) label: &'a str,
    base64: &'a str,
}

impl Block<'_> {
    /// What is between the lines, decoded.
    pub(super) fn der(&self) -> Result<Vec<u8>, KeyError> {
        let dense: String = self.base64.split_ascii_whitespace().collect();
        BASE64_STANDARD.decode(dense).map_err(|_| KeyError::NotBase64 {
            label: self.label.to_owned(),
        })
    }
}

/// The first block of the text.
pub(super) fn first_block(text: &str) -> Result<Block<'_>, KeyError> {
    let (_, after_begin) = text.split_once("-----BEGIN ").ok_or(KeyError::NoPem)?;
    let (label, after_label) = after_begin.split_once("-----").ok_or(KeyError::NoPem)?;
    let end = format!("-----END {label}-----");
    let unterminated = || KeyError::Unterminated {
        label: label.to_owned(),
    };
    let (base64, _) = after_label.split_once(&end).ok_or_else(unterminated)?;
    // RFC 1421 headers (`Proc-Type: 4,ENCRYPTED`) are how PKCS#1 keys say that they have a pass phrase.
    if label == "ENCRYPTED PRIVATE KEY" || base64.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    Ok(Block { label, base64 })
}

/// A PKCS#8 private key as a PEM file.
pub(super) fn private_key(pkcs8: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(pkcs8);
    let mut text = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE_LENGTH).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text
}

/// What kind of key a PKCS#8 structure holds: SEQUENCE { version INTEGER, SEQUENCE { OBJECT IDENTIFIER … (RFC 5958 §2).
/// The identifier begins within the first octets: two sequence headers of at most four octets each and three for the
/// version lie before it.
pub(super) fn pkcs8_algorithm(der: &[u8]) -> Option<Algorithm> {
    (0..=11).filter_map(|at| der.get(at..)).find_map(|rest| {
        if rest.starts_with(OID_RSA) {
            Some(Algorithm::RsaSha256)
        } else if rest.starts_with(OID_ED25519) {
            Some(Algorithm::Ed25519Sha256)
        } else {
            None
        }
    })
}
