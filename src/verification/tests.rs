use ledger::{DkimKey, EmailId, RecordState};

use super::*;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn key(selector: &str, state: DkimState) -> DkimKey {
    DkimKey {
        selector: selector.into(),
        algorithm: "rsa-sha256".into(),
        private_key_pem: String::new(),
        record: "v=DKIM1; p=x".into(),
        state,
    }
}

fn domain(keys: Vec<DkimKey>) -> Domain {
    Domain {
        id: DomainId::from_bytes([1; 16]),
        account: AccountId::from_bytes(EmailId::new(0, [0; 10]).to_bytes()),
        name: "d.example".into(),
        status: DomainStatus::Pending,
        ownership_token: "t".into(),
        created_unix_ms: 0,
        verified_unix_ms: None,
        last_checked_unix_ms: None,
        missing_since_unix_ms: None,
        tracking_enabled: true,
        track_opens: None,
        track_clicks: None,
        tracking_host: None,
        dkim: keys,
        findings: Vec::new(),
    }
}

/// Ownership as told, and these selectors with whether they are seen.
fn report(owned: bool, selectors: &[(&str, bool)]) -> Report {
    let finding = |purpose: &str, name: String, seen| RecordFinding {
        purpose: purpose.into(),
        kind: "TXT".into(),
        name,
        value: String::new(),
        required: true,
        state: if seen {
            RecordState::Valid
        } else {
            RecordState::Pending
        },
        found: Vec::new(),
        reason: String::new(),
    };
    let mut findings = vec![finding("ownership", "_postrider.d.example".into(), owned)];
    findings.extend(
        selectors
            .iter()
            .map(|(selector, seen)| finding("dkim", format!("{selector}._domainkey.d.example"), *seen)),
    );
    let verified = findings.iter().all(|finding| finding.state == RecordState::Valid);
    Report {
        findings,
        verified,
        required_missing: !verified,
        undecided: false,
    }
}

#[test]
fn a_domain_is_verified_with_all_its_records_and_fails_when_they_are_gone_for_long() {
    let mut domain = domain(vec![key("a", DkimState::Active)]);
    apply(&mut domain, &report(true, &[("a", false)]), DAY_MS);
    assert_eq!(domain.status, DomainStatus::Pending);
    apply(&mut domain, &report(true, &[("a", true)]), 2 * DAY_MS);
    assert_eq!(
        (domain.status, domain.verified_unix_ms),
        (DomainStatus::Verified, Some(2 * DAY_MS))
    );

    apply(&mut domain, &report(true, &[("a", false)]), 3 * DAY_MS);
    assert!(domain.is_verified(), "a record may be gone for a while");
    let undecided = Report {
        required_missing: false,
        undecided: true,
        ..report(true, &[("a", false)])
    };
    apply(&mut domain, &undecided, 7 * DAY_MS);
    assert!(domain.is_verified(), "nothing follows from a resolver that fails");
    apply(&mut domain, &report(true, &[("a", true)]), 8 * DAY_MS);
    assert_eq!(domain.missing_since_unix_ms, None);
    apply(&mut domain, &report(true, &[("a", false)]), 9 * DAY_MS);
    apply(&mut domain, &report(true, &[("a", false)]), 12 * DAY_MS);
    assert_eq!(
        (domain.status, domain.verified_unix_ms),
        (DomainStatus::Failed, None)
    );
    apply(&mut domain, &report(true, &[("a", true)]), 13 * DAY_MS);
    assert!(domain.is_verified());
}

#[test]
fn new_keys_sign_once_they_are_seen_and_old_ones_go_after_a_week() {
    let mut domain = domain(vec![key("a", DkimState::Active)]);
    apply(&mut domain, &report(true, &[("a", true)]), 0);
    domain.dkim.push(key("b", DkimState::Next));
    apply(&mut domain, &report(true, &[("a", true), ("b", false)]), DAY_MS);
    assert!(domain.is_verified(), "the old key signs");
    assert_eq!(domain.signing_keys().next().unwrap().selector, "a");
    apply(
        &mut domain,
        &report(true, &[("a", true), ("b", true)]),
        2 * DAY_MS,
    );
    assert!(domain.is_verified());
    assert_eq!(
        domain
            .signing_keys()
            .map(|key| key.selector.as_str())
            .collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(domain.dkim.len(), 2);
    apply(&mut domain, &report(true, &[("b", true)]), 9 * DAY_MS);
    assert_eq!(domain.dkim.len(), 1, "the old key is gone");
}
