//! An account: who finds it, and its domains.

use super::{NOW, at_once, create, key, ledger, request};
use crate::*;

#[test]
fn an_account_is_found_by_id_address_and_keys_until_they_change() {
    let (_, ledger, account) = ledger();
    assert_eq!(ledger.account_of("A@B.example").unwrap().as_ref(), Some(&account));
    let who = |key: &ApiKey, now| ledger.authenticate(key, now).unwrap().map(|caller| caller.mode);
    assert_eq!(who(&key(Mode::Live, 1), NOW), Some(Mode::Live));
    assert_eq!(who(&key(Mode::Test, 1), NOW), Some(Mode::Test));
    assert_eq!(who(&key(Mode::Live, 2), NOW), None);

    let expires = Some(NOW + 10);
    at_once(ledger.rotate_key(account.id, &key(Mode::Live, 2), expires, &request(2))).unwrap();
    assert_eq!(who(&key(Mode::Live, 1), NOW), None, "the old key dies at once");
    assert_eq!(who(&key(Mode::Live, 2), NOW + 9), Some(Mode::Live));
    assert_eq!(who(&key(Mode::Live, 2), NOW + 10), None, "it has expired");
    assert_eq!(
        who(&key(Mode::Test, 1), NOW),
        Some(Mode::Test),
        "the other key stays"
    );

    let change = AccountChange {
        status: Some(Status::Suspended),
        ..AccountChange::default()
    };
    at_once(ledger.update_account(account.id, &change, &request(3))).unwrap();
    let caller = ledger.authenticate(&key(Mode::Test, 1), NOW).unwrap().unwrap();
    assert_eq!(
        caller.account.status,
        Status::Suspended,
        "nothing stale is remembered"
    );
    assert!(matches!(
        at_once(create(&ledger, "A@b.example", 9)),
        Err(LedgerError::Taken(_))
    ));
    let log = ledger.audit(0, 10).unwrap();
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["account.created", "key.rotated", "account.changed"]);
    assert!(
        log.iter().all(|entry| !entry.detail.contains(&"02".repeat(8))),
        "no key in it: {log:?}"
    );
}

#[test]
fn domains_are_bounded_and_named_once() {
    let (_, ledger, account) = ledger();
    let limited = Account {
        max_domains: 2,
        ..(*account).clone()
    };
    let domain = |name: &str, number| Domain {
        id: DomainId::new(NOW, [number; 10]),
        account: account.id,
        name: name.into(),
        status: DomainStatus::Pending,
        ownership_token: "t".into(),
        created_unix_ms: NOW,
        verified_unix_ms: None,
        last_checked_unix_ms: None,
        missing_since_unix_ms: None,
        tracking_enabled: true,
        track_opens: None,
        track_clicks: Some(false),
        tracking_host: Some("go.shop.example".into()),
        dkim: vec![DkimKey {
            selector: "s".into(),
            algorithm: "rsa-sha256".into(),
            private_key_pem: "secret".into(),
            record: "v=DKIM1; p=x".into(),
            state: DkimState::Retiring { since_unix_ms: 5 },
        }],
        findings: vec![RecordFinding {
            purpose: "dkim".into(),
            kind: "TXT".into(),
            name: "n".into(),
            value: "v".into(),
            required: true,
            state: RecordState::Invalid,
            found: vec!["f".into()],
            reason: "r".into(),
        }],
    };
    let add = |domain: Domain| at_once(ledger.add_domain(&limited, domain, &request(4)));
    assert_eq!(*add(domain("a.example", 1)).unwrap(), domain("a.example", 1));
    assert!(matches!(add(domain("a.example", 2)), Err(LedgerError::Taken(_))));
    add(domain("b.example", 3)).unwrap();
    assert!(matches!(add(domain("c.example", 4)), Err(LedgerError::Limit(_))));
    assert_eq!(
        *ledger.domains(account.id).unwrap()[0],
        domain("a.example", 1),
        "read back as written"
    );
    let id = domain("a.example", 1).id;
    let stranger = AccountId::new(NOW, [99; 10]);
    assert!(matches!(ledger.domain(stranger, id), Err(LedgerError::NotFound)));
    at_once(ledger.delete_domain(account.id, id, &request(5))).unwrap();
    assert_eq!(ledger.domains(account.id).unwrap().len(), 1);
    add(domain("a.example", 6)).unwrap();
    assert!(!format!("{:?}", domain("a.example", 1)).contains("secret"));
}
