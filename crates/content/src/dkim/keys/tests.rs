use super::*;

/// One RSA key in both forms; made for these tests only.
pub(in crate::dkim) const RSA_PEM: &str = include_str!("../../../tests/keys/rsa-2048.pem");
const RSA_PKCS1_PEM: &str = include_str!("../../../tests/keys/rsa-2048-pkcs1.pem");

/// The key of RFC 8463 appendix A.2.
pub(in crate::dkim) const ED25519_PEM: &str = include_str!("../../../tests/keys/ed25519-rfc8463.pem");

const RSA_1024_PEM: &str = include_str!("../../../tests/keys/rsa-1024.pem");
const EC_PEM: &str = include_str!("../../../tests/keys/ec-p256.pem");

#[test]
fn keys_are_read_in_every_form() {
    for (pem, algorithm) in [
        (RSA_PEM, Algorithm::RsaSha256),
        (RSA_PKCS1_PEM, Algorithm::RsaSha256),
        (ED25519_PEM, Algorithm::Ed25519Sha256),
    ] {
        let dos = format!("Key of the newsletter\r\n{}", pem.replace('\n', "\r\n"));
        for text in [pem, &dos] {
            assert_eq!(
                PrivateKey::from_pem(text).unwrap().algorithm(),
                algorithm,
                "{text}"
            );
        }
    }
    let records = [RSA_PEM, RSA_PKCS1_PEM].map(|pem| {
        PrivateKey::from_pem(pem)
            .unwrap()
            .dns_record("a.example", "s")
            .unwrap()
    });
    assert_eq!(records[0], records[1]);
}

#[test]
fn rfc_8463_appendix_a_record() {
    let record = PrivateKey::from_pem(ED25519_PEM)
        .unwrap()
        .dns_record("football.example.com", "brisbane")
        .unwrap();
    assert_eq!(record.name, "brisbane._domainkey.football.example.com");
    assert_eq!(
        record.value,
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    );
}

#[test]
fn what_is_wrong_with_a_key_is_said() {
    let label = |label: &str| label.to_owned();
    let cut_short = RSA_PEM.split("-----END").next().unwrap();
    let damaged = ED25519_PEM.replace("MC4C", "M*4C");
    let wrong_content = ED25519_PEM.replace("BCIEIJ1h", "BCIEIZ1h");
    let traditional_encrypted = RSA_PKCS1_PEM.replace(
        "RSA PRIVATE KEY-----\nMII",
        "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMII",
    );
    let encrypted = ED25519_PEM.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let public = ED25519_PEM.replace("PRIVATE KEY", "PUBLIC KEY");
    let table: &[(&str, KeyError)] = &[
        ("", KeyError::NoPem),
        ("v=DKIM1; k=rsa; p=AAAA", KeyError::NoPem),
        (
            cut_short,
            KeyError::Unterminated {
                label: label("PRIVATE KEY"),
            },
        ),
        (
            &damaged,
            KeyError::NotBase64 {
                label: label("PRIVATE KEY"),
            },
        ),
        (&traditional_encrypted, KeyError::Encrypted),
        (&encrypted, KeyError::Encrypted),
        (
            &public,
            KeyError::WrongBlock {
                label: label("PUBLIC KEY"),
            },
        ),
        (EC_PEM, KeyError::WrongAlgorithm),
        (RSA_1024_PEM, KeyError::RsaSize),
    ];
    for (text, expected) in table {
        assert_eq!(PrivateKey::from_pem(text).unwrap_err(), *expected, "{text}");
    }
    let error = PrivateKey::from_pem(&wrong_content).unwrap_err();
    assert!(
        matches!(
            error,
            KeyError::Rejected {
                algorithm: Algorithm::Ed25519Sha256,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn nothing_private_is_printed() {
    let made = generate("example.com", "r", "e").unwrap();
    let keys = [&made.rsa, &made.ed25519].map(|key| PrivateKey::from_pem(&key.private_key_pem).unwrap());
    assert_eq!(
        format!("{keys:?}"),
        "[PrivateKey(rsa-sha256), PrivateKey(ed25519-sha256)]"
    );
    assert!(!format!("{made:#?}").contains("PRIVATE KEY"));
}

#[test]
fn generated_keys_sign_and_their_records_fit_the_dns() {
    let made = generate("example.com", "r1", "e1").unwrap();
    assert_eq!(made.rsa.record.name, "r1._domainkey.example.com");
    assert!(
        made.rsa
            .record
            .value
            .starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA")
    );
    assert_eq!(made.rsa.record.strings().count(), 2);
    assert_eq!(made.ed25519.record.strings().count(), 1);
    assert!(made.rsa.private_key_pem.lines().all(|line| line.len() <= 64));

    assert!(matches!(
        generate("example.com", "s", "s"),
        Err(KeyError::Name(SignerError::SameSelector { .. }))
    ));
    assert!(matches!(
        generate("exam ple", "r", "e"),
        Err(KeyError::Name(SignerError::BadDomain { .. }))
    ));
}
