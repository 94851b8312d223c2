//! The TXT record in which a verifier finds the public key (RFC 6376 §3.6).

use super::keys::Algorithm;

/// RFC 1035 §3.3: the most octets one character-string of a TXT record can have.
const STRING_MAX: usize = 255;

/// A TXT record to be published in the signing domain's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// `selector._domainkey.domain`, without the root's dot.
    pub name: String,
    /// The whole value, as a verifier sees it. Most control panels take it in this form.
    pub value: String,
}

impl DnsRecord {
    /// The record's type, always `TXT`.
    pub const TYPE: &'static str = "TXT";

    /// The record of a public key: `public_key` in base64, for RSA a SubjectPublicKeyInfo (RFC 6376 §3.6.1), for
    /// Ed25519 the bare 32 octets (RFC 8463 §4.2).
    pub(super) fn new(domain: &str, selector: &str, algorithm: Algorithm, public_key: &str) -> Self {
        let kind = match algorithm {
            Algorithm::RsaSha256 => "rsa",
            Algorithm::Ed25519Sha256 => "ed25519",
        };
        Self {
            name: format!("{selector}._domainkey.{domain}"),
            value: format!("v=DKIM1; k={kind}; p={public_key}"),
        }
    }

    /// The value cut into character-strings of at most 255 octets, as the wire and a zone file need it. A verifier
    /// joins them with nothing between (RFC 6376 §3.6.2.2).
    pub fn strings(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.value.as_str();
        std::iter::from_fn(move || {
            // The value is ASCII: every position is between characters.
            let (string, after) = rest.split_at_checked(STRING_MAX).unwrap_or((rest, ""));
            rest = after;
            (!string.is_empty()).then_some(string)
        })
    }

    /// The record as one line of a zone file: `name. IN TXT ( "…" "…" )`.
    pub fn zone_line(&self) -> String {
        let strings: Vec<String> = self.strings().map(|string| format!("\"{string}\"")).collect();
        format!("{}. IN {} ( {} )", self.name, Self::TYPE, strings.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_into_strings() {
        for length in [0, 1, 254, 255, 256, 392, 510, 511] {
            let record = DnsRecord {
                name: "s._domainkey.example.com".into(),
                value: "x".repeat(length),
            };
            let strings: Vec<&str> = record.strings().collect();
            assert_eq!(strings.concat(), record.value);
            assert_eq!(strings.len(), length.div_ceil(STRING_MAX), "{length}");
            assert!(
                strings.iter().all(|string| string.len() <= STRING_MAX),
                "{length}"
            );
        }
    }

    #[test]
    fn a_record_is_printed_for_a_zone_file() {
        let record = DnsRecord::new("example.com", "e1", Algorithm::Ed25519Sha256, "AAAA");
        assert_eq!(
            record.zone_line(),
            "e1._domainkey.example.com. IN TXT ( \"v=DKIM1; k=ed25519; p=AAAA\" )"
        );
    }
}
