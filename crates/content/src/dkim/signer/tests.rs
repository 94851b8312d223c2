use aws_lc_rs::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};

use super::*;
use crate::dkim::keys::tests::{ED25519_PEM, RSA_PEM};
use crate::dkim::{BodyHash, KeyError};

fn signer() -> Signer {
    let keys = [("r1", RSA_PEM), ("e1", ED25519_PEM)];
    let keys = keys.map(|(selector, pem)| SelectedKey::new(selector, PrivateKey::from_pem(pem).unwrap()));
    Signer::new("Example.com", keys.into()).unwrap()
}

/// The fields for an empty body, as text.
fn sign(header: &str) -> String {
    let fields = signer().sign(header.as_bytes(), &BodyHash::new().finish(), 1_700_000_000);
    String::from_utf8(fields).unwrap()
}

/// The names in the first `h=`.
fn signed_names(fields: &str) -> Vec<String> {
    let (_, after) = fields
        .split_once("h=")
        .and_then(|(_, after)| after.split_once("h="))
        .unwrap();
    let (names, _) = after.split_once(';').unwrap();
    names.split(':').map(|name| name.trim().to_owned()).collect()
}

#[test]
fn a_signature_field_looks_like_this() {
    let fields = sign("From: joe@example.com\r\nSubject: x\r\n\r\n");
    let expected = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;\r\n\
        \ts=r1; t=1700000000;\r\n\
        \tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\
        \th=From:From:To:Cc:Subject:Subject:Reply-To;\r\n\
        \tb=";
    assert!(fields.starts_with(expected), "{fields}");
    let (_, second) = fields.split_once("\r\nDKIM-Signature:").unwrap();
    assert!(
        second.starts_with(" v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com;\r\n\ts=e1;"),
        "{second}"
    );
    assert!(fields.ends_with("==\r\n"));
}

#[test]
fn every_line_is_short_and_every_fold_begins_with_white_space() {
    let all: String = SIGNED
        .iter()
        .map(|(name, _)| format!("{name}: x\r\n").repeat(3))
        .collect();
    for header in ["", "From: joe@example.com\r\n", &all] {
        let fields = sign(header);
        for line in fields.strip_suffix("\r\n").unwrap().split("\r\n") {
            assert!(line.len() <= LINE_LENGTH, "{line:?}");
            assert!(
                line.starts_with("DKIM-Signature: v=1;") || line.starts_with('\t'),
                "{line:?}"
            );
            assert!(!line.trim().is_empty(), "{fields:?}");
        }
    }
}

#[test]
fn rfc_6376_section_5_4_what_is_signed() {
    let often = "To: a@b.example\r\n".repeat(INSTANCES_MAX + 3);
    let often_signed = vec!["To"; INSTANCES_MAX];
    let table: &[(&str, &[&str])] = &[
        ("", &["From", "To", "Cc", "Subject", "Reply-To"]),
        (
            "Received: x\r\nX-Own: y\r\nSender: z\r\n",
            &["From", "To", "Cc", "Subject", "Reply-To"],
        ),
        (
            "fROM: a\r\nDATE: x\r\n",
            &["From", "From", "To", "Cc", "Subject", "Reply-To", "Date", "Date"],
        ),
        (
            "From: a\r\nFrom: b\r\n",
            &["From", "From", "From", "To", "Cc", "Subject", "Reply-To"],
        ),
        (
            "\r\nFrom: in the body\r\n",
            &["From", "To", "Cc", "Subject", "Reply-To"],
        ),
        (
            &often,
            &[&["From"][..], &often_signed, &["Cc", "Subject", "Reply-To"]].concat(),
        ),
    ];
    for (header, expected) in table {
        assert_eq!(signed_names(&sign(header)), *expected, "{header:?}");
    }
}

#[test]
fn rfc_6376_section_5_4_2_instances_are_signed_from_the_bottom_up() {
    let signed = SignedHeader::of(b"To: 1\r\nFrom: a\r\nTo: 2\r\n");
    assert_eq!(
        String::from_utf8(signed.canonical).unwrap(),
        "from:a\r\nto:2\r\nto:1\r\n"
    );
}

#[test]
fn the_empty_line_may_be_given_or_not() {
    assert_eq!(
        sign("From: a@example.com\r\n"),
        sign("From: a@example.com\r\n\r\n")
    );
}

#[test]
fn names_are_checked() {
    let key = |selector: &str| SelectedKey::new(selector, PrivateKey::from_pem(ED25519_PEM).unwrap());
    let error = |domain: &str, selectors: &[&str]| {
        let keys = selectors.iter().map(|selector| key(selector)).collect();
        Signer::new(domain, keys).unwrap_err()
    };
    let bad_domain = |name: &str| SignerError::BadDomain { name: name.into() };
    let bad_selector = |name: &str| SignerError::BadSelector { name: name.into() };
    assert_eq!(error("", &["s"]), bad_domain(""));
    assert_eq!(error("example..com", &["s"]), bad_domain("example..com"));
    assert_eq!(
        error("b\u{fc}cher.example", &["s"]),
        bad_domain("b\u{fc}cher.example")
    );
    assert_eq!(error("example.com; x=1", &["s"]), bad_domain("example.com; x=1"));
    assert_eq!(error("example.com", &["a b"]), bad_selector("a b"));
    assert_eq!(
        error("example.com", &["s", "S"]),
        SignerError::SameSelector { selector: "S".into() }
    );
    assert_eq!(
        error("Example.com", &[]),
        SignerError::NoKey {
            domain: "example.com".into()
        }
    );
    assert_eq!(
        error("a.b", &["1", "2", "3"]),
        SignerError::TooManyKeys {
            domain: "a.b".into(),
            count: 3
        }
    );
    assert!(Signer::new("example.com", vec![key("2024._x")]).is_ok());
}

/// The signed message of RFC 8463 appendix A.3: its signatures cover the same fields in the same form as ours do.
const RFC_8463_HEADER: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";

/// What both signatures of the appendix hash: its fields in the order of its `h=`, then the signature's own.
fn rfc_8463_input(own: &str) -> Vec<u8> {
    let mut canonical = Vec::new();
    for field in header::fields(RFC_8463_HEADER.as_bytes()) {
        push_relaxed_field(field.name, field.value, &mut canonical);
        canonical.extend_from_slice(b"\r\n");
    }
    push_relaxed_field(b"DKIM-Signature", own.as_bytes(), &mut canonical);
    canonical
}

#[test]
fn rfc_8463_appendix_a_ed25519_signature() -> Result<(), KeyError> {
    let own = " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    let hashed = digest::digest(&digest::SHA256, &rfc_8463_input(own));
    let signature = PrivateKey::from_pem(ED25519_PEM)?.sign(&hashed);
    let expected = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";
    assert_eq!(BASE64_STANDARD.encode(&signature), expected);
    let public_key = BASE64_STANDARD
        .decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        .unwrap();
    assert!(
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(hashed.as_ref(), &signature)
            .is_ok()
    );
    Ok(())
}

/// The appendix's RSA key has 1024 bits, too few to sign with (RFC 8301); its signature still proves our canonical form.
#[test]
fn rfc_8463_appendix_a_rsa_signature() {
    let own = " v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    let public_key = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\
        Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLz\
        BfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
    let signature = "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9\
        mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=";
    let [public_key, signature] = [public_key, signature].map(|text| BASE64_STANDARD.decode(text).unwrap());
    let verified = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, public_key)
        .verify(&rfc_8463_input(own), &signature);
    assert!(verified.is_ok());
}
