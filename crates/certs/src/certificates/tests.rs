use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::testing::{Authority, NOW_UNIX_S, connect};
use crate::{ClientTrust, Validity, client_config};

/// The file name of the certificate that a client sees who asks for `name`.
fn presented(certificates: &Certificates, name: &str) -> String {
    let connection = connect(
        &client_config(&ClientTrust::Any),
        &certificates.server_config(),
        name,
    )
    .unwrap();
    let seen = connection.peer_certificates().unwrap()[0].clone();
    let choice = certificates.chooser.chosen.load();
    let holds_it = |path: &&Path| crate::pem::certificates(path).unwrap().contains(&seen);
    let path = choice
        .loaded
        .iter()
        .map(|loaded| loaded.path.as_path())
        .find(holds_it)
        .unwrap();
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn the_name_asked_for_decides() {
    let authority = Authority::new();
    let certificates = Certificates::load(&[
        authority.issue("first", &["mail.example.net"]),
        authority.issue("wildcard", &["*.example.com", "example.com"]),
        authority.issue("exact", &["mx.example.com", "MX2.Example.com"]),
        authority.issue("late", &["mx.example.com"]),
    ])
    .unwrap();
    let table = [
        ("mail.example.net", "first"),
        ("mx.example.com", "exact"),
        ("MX.EXAMPLE.COM", "exact"),
        ("mx2.example.com", "exact"),
        ("other.example.com", "wildcard"),
        ("example.com", "wildcard"),
        ("deep.other.example.com", "first"),
        ("unknown.example", "first"),
        ("192.0.2.1", "first"),
    ];
    for (name, expected) in table {
        assert_eq!(presented(&certificates, name), expected, "{name}");
    }
}

#[test]
fn web_clients_agree_on_http_and_others_are_refused() {
    let authority = Authority::new();
    let certificates = Certificates::load(&[authority.issue("web", &["api.example"])]).unwrap();
    let agreed = |offered: &[&str]| {
        let mut client = (*client_config(&ClientTrust::Verified(authority.roots()))).clone();
        client.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let connection = connect(&Arc::new(client), &certificates.web_config(), "api.example").ok()?;
        Some(
            connection
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
        )
    };
    for (offered, expected) in [
        (&["http/1.1", "h2"][..], Some(Some("h2"))),
        (&["http/1.1"], Some(Some("http/1.1"))),
        (&[], Some(None)),
        (&["smtp"], None),
    ] {
        let agreed = agreed(offered);
        assert_eq!(agreed.as_ref().map(Option::as_deref), expected, "{offered:?}");
    }
}

#[test]
fn a_reload_changes_what_new_connections_get() {
    let authority = Authority::new();
    let pair = authority.issue("mx", &["old.example"]);
    let certificates = Certificates::load(std::slice::from_ref(&pair)).unwrap();
    let server = certificates.server_config();
    authority.issue("mx", &["new.example"]);
    assert_eq!(certificates.loaded()[0].names, ["old.example"]);
    certificates.reload().unwrap();
    assert_eq!(certificates.loaded()[0].names, ["new.example"]);
    let client = client_config(&ClientTrust::Verified(authority.roots()));
    assert!(connect(&client, &server, "new.example").is_ok());
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let authority = Authority::new();
    let [first, second] =
        ["first", "second"].map(|file| authority.issue(file, &[&format!("{file}.example")]));
    let certificates = Certificates::load(&[first, second.clone()]).unwrap();
    let before = certificates.loaded();
    authority.issue("first", &["renewed.example"]);
    fs::remove_file(&second.private_key).unwrap();
    let error = certificates.reload().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&*second.private_key.to_string_lossy()),
        "{error}"
    );
    assert_eq!(certificates.loaded(), before);
    let server = certificates.server_config();
    let client = client_config(&ClientTrust::Verified(authority.roots()));
    assert!(connect(&client, &server, "second.example").is_ok());
}

#[test]
fn an_expired_certificate_is_used_and_told() {
    let authority = Authority::new();
    let certificates = Certificates::load(&[authority.issue_expired("old", &["mx.example.com"])]).unwrap();
    let now = i64::try_from(NOW_UNIX_S).unwrap();
    assert_eq!(certificates.loaded()[0].validity(now), Validity::Expired);
    assert!(matches!(
        certificates.loaded()[0].validity(1_500_000_000),
        Validity::Valid { .. }
    ));
}

#[test]
fn what_is_wrong_names_the_file() {
    let authority = Authority::new();
    let dir = authority.dir();
    let good = authority.issue("good", &["mx.example.com"]);
    let other = authority.issue("other", &["mx.example.com"]);
    let [certificate, key] =
        [&good.certificate, &good.private_key].map(|path| fs::read_to_string(path).unwrap());
    let write = |name: &str, text: &str| {
        fs::write(dir.join(name), text).unwrap();
        dir.join(name)
    };
    let (absent, empty) = (dir.join("absent.pem"), write("empty.pem", ""));
    let damaged = write(
        "damaged.pem",
        &certificate.replace("-----END CERTIFICATE-----", ""),
    );
    let nonsense = write(
        "nonsense.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let encrypted = write(
        "encrypted.pem",
        &key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
    );
    let bad_key = write(
        "bad-key.pem",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );

    type Expected = fn(&CertError) -> bool;
    let table: &[(&Path, &Path, &Path, Expected)] = &[
        (&absent, &good.private_key, &absent, |error| {
            matches!(error, CertError::Missing { .. })
        }),
        (&good.certificate, &absent, &absent, |error| {
            matches!(error, CertError::Missing { .. })
        }),
        (dir, &good.private_key, dir, |error| {
            matches!(error, CertError::Unreadable { .. })
        }),
        (&empty, &good.private_key, &empty, |error| {
            matches!(error, CertError::NoCertificate { .. })
        }),
        (&good.private_key, &good.certificate, &good.private_key, |error| {
            matches!(error, CertError::NoCertificate { .. })
        }),
        (&damaged, &good.private_key, &damaged, |error| {
            matches!(error, CertError::BadPem { .. })
        }),
        (&nonsense, &good.private_key, &nonsense, |error| {
            matches!(error, CertError::BadCertificate { .. })
        }),
        (&good.certificate, &empty, &empty, |error| {
            matches!(error, CertError::NoPrivateKey { .. })
        }),
        (&good.certificate, &encrypted, &encrypted, |error| {
            matches!(error, CertError::EncryptedKey { .. })
        }),
        (&good.certificate, &bad_key, &bad_key, |error| {
            matches!(error, CertError::BadKey { .. })
        }),
        (
            &good.certificate,
            &other.private_key,
            &other.private_key,
            |error| matches!(error, CertError::KeyMismatch { .. }),
        ),
    ];
    for (certificate, private_key, named, expected) in table {
        let pair = CertificatePair {
            certificate: (*certificate).into(),
            private_key: (*private_key).into(),
        };
        let error = Certificates::load(&[pair]).unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert!(
            error.to_string().starts_with(&format!("{}: ", named.display())),
            "{error}"
        );
    }
    assert!(matches!(
        Certificates::load(&[]),
        Err(CertError::NothingConfigured)
    ));
}

#[test]
fn one_file_may_hold_both() {
    let authority = Authority::new();
    let pair = authority.issue("mx", &["mx.example.com"]);
    let both = authority.dir().join("both.pem");
    let text = [&pair.private_key, &pair.certificate]
        .map(|path| fs::read_to_string(path).unwrap())
        .concat();
    fs::write(&both, text).unwrap();
    fs::set_permissions(&both, fs::Permissions::from_mode(0o600)).unwrap();
    let pair = CertificatePair {
        certificate: both.clone(),
        private_key: both,
    };
    assert_eq!(
        Certificates::load(&[pair]).unwrap().loaded()[0].names,
        ["mx.example.com"]
    );
}

#[test]
fn a_folder_is_listed_anew_and_a_broken_pair_changes_nothing() {
    let authority = Authority::new();
    let now = i64::try_from(NOW_UNIX_S).unwrap();
    let main = authority.issue("main", &["mail.example.net"]);
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, pair: &CertificatePair| {
        fs::copy(&pair.private_key, folder.path().join(format!("{name}.key"))).unwrap();
        fs::copy(&pair.certificate, folder.path().join(format!("{name}.pem"))).unwrap();
    };
    let certificates = Certificates::load_with_folder(std::slice::from_ref(&main), folder.path()).unwrap();
    assert!(!certificates.cover("click.shop.example", now));

    put("click", &authority.issue("click", &["click.shop.example"]));
    // One that is being written.
    fs::write(folder.path().join(".next.pem"), "half").unwrap();
    fs::write(folder.path().join("README"), "not one").unwrap();
    assert_eq!(presented(&certificates, "click.shop.example"), "main");
    certificates.reload().unwrap();
    assert!(certificates.cover("Click.shop.example", now));
    assert!(!certificates.cover("other.shop.example", now));
    assert!(
        !certificates.cover("click.shop.example", i64::MAX),
        "expired by then"
    );
    assert_eq!(presented(&certificates, "click.shop.example"), "click");
    assert_eq!(presented(&certificates, "unknown.example"), "main");

    fs::remove_file(folder.path().join("click.key")).unwrap();
    let error = certificates.reload().unwrap_err().to_string();
    assert!(error.contains("click.key"), "{error}");
    assert!(certificates.cover("click.shop.example", now));

    fs::remove_file(folder.path().join("click.pem")).unwrap();
    certificates.reload().unwrap();
    assert!(!certificates.cover("click.shop.example", now));
}
