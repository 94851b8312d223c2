//! Who gets no mail: in which scope, for how long, and in which order that is listed.

use store::Batch;

use super::{NOW, at_once, ledger, request};
use crate::bounce::Class;
use crate::*;

fn suppression(account: &Account, email: &str, kind: SuppressionKind, number: u8) -> Suppression {
    Suppression {
        id: SuppressionId::new(NOW + u64::from(number), [number; 10]),
        account: account.id,
        email: email.into(),
        kind,
        scope: Scope::Account,
        source: (kind == SuppressionKind::Unsubscribe).then_some(UnsubscribeSource::Link),
        reason: Some("r".into()),
        evidence: Some("550 5.1.1 no".into()),
        email_id: Some(EmailId::new(NOW, [3; 10])),
        expires_unix_ms: None,
    }
}

#[test]
fn an_address_is_suppressed_in_its_scope_whatever_its_case() {
    use SuppressionKind::{Bounce, Complaint, Unsubscribe};
    let (_, ledger, account) = ledger();
    let domain = |number| DomainId::new(NOW, [number; 10]);
    let add = |found: &Suppression| at_once(ledger.add_suppression(found, &request(1)));
    let why = |address: &str, domain| {
        let found = ledger.suppressed(account.id, address, domain, NOW).unwrap();
        found.map(|found| found.kind)
    };
    assert_eq!(why("u@b.example", None), None);
    let letter = Suppression {
        scope: Scope::Domain(domain(1)),
        ..suppression(&account, "U@B.example", Unsubscribe, 1)
    };
    add(&letter).unwrap();
    assert_eq!(why("u@b.example", None), None, "only from that domain");
    assert_eq!(why("u@b.example", Some(domain(2))), None);
    assert_eq!(why("u@B.EXAMPLE", Some(domain(1))), Some(Unsubscribe));
    assert_eq!(why("u@b.example.org", Some(domain(1))), None, "no other address");
    assert!(matches!(add(&letter), Err(LedgerError::Taken(_))));
    add(&suppression(&account, "u@b.example", Bounce, 2)).unwrap();
    assert_eq!(why("u@b.example", None), Some(Bounce));
    add(&suppression(&account, "u@b.example", Complaint, 3)).unwrap();
    assert_eq!(
        why("u@b.example", Some(domain(1))),
        Some(Complaint),
        "the weightiest"
    );
    assert!(matches!(
        add(&suppression(&account, "nobody", Bounce, 4)),
        Err(LedgerError::Limit(_))
    ));
    // More domains than one scan reads.
    for number in 10..60 {
        add(&Suppression {
            scope: Scope::Domain(domain(number)),
            ..suppression(&account, "many@b.example", Unsubscribe, number)
        })
        .unwrap();
    }
    assert_eq!(why("many@b.example", Some(domain(59))), Some(Unsubscribe));
    assert_eq!(why("many@b.example", Some(domain(60))), None);
    let taken = |kind| {
        let what = (Some(kind), None);
        at_once(ledger.remove_suppressions(account.id, "U@b.example", what, &request(5)))
    };
    assert_eq!(taken(Unsubscribe).unwrap(), [letter]);
    assert!(matches!(taken(Unsubscribe), Err(LedgerError::NotFound)));
    assert_eq!(
        ledger
            .suppressions_of(account.id, "u@b.example", NOW)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_suppression_ends_with_its_time_and_is_swept() {
    let (store, ledger, account) = ledger();
    let put = |found: &Suppression| {
        let mut batch = Batch::new();
        ledger.suppress(found, &mut batch).unwrap();
        at_once(store.commit(batch)).unwrap();
    };
    let ending = Suppression {
        expires_unix_ms: Some(NOW + 10),
        ..suppression(&account, "a@b.example", SuppressionKind::Manual, 1)
    };
    put(&ending);
    let holds = |now| {
        ledger
            .suppressed(account.id, "a@b.example", None, now)
            .unwrap()
            .is_some()
    };
    assert!(holds(NOW + 9) && !holds(NOW + 10));
    at_once(ledger.sweep(NOW + 9)).unwrap();
    assert_eq!(
        ledger.suppressions_after(account.id, None, 9).unwrap(),
        std::slice::from_ref(&ending)
    );
    assert_eq!(at_once(ledger.sweep(NOW + 10)).unwrap().suppressions, 1);
    assert!(ledger.suppressions_after(account.id, None, 9).unwrap().is_empty());

    // What has become endless meanwhile outlives its first end.
    put(&ending);
    let what = (SuppressionKind::Manual, Scope::Account);
    let change = SuppressionChange {
        reason: Some(None),
        expires_unix_ms: Some(None),
    };
    let changed =
        at_once(ledger.change_suppression(account.id, "A@b.example", what, &change, &request(2))).unwrap();
    assert_eq!((changed.reason, changed.expires_unix_ms), (None, None));
    at_once(ledger.sweep(NOW + 10)).unwrap();
    put(&ending);
    assert!(holds(NOW + 10), "nor does one that ends take its place");
}

#[test]
fn three_expired_messages_leave_an_address_alone_for_a_while() {
    let (store, ledger, account) = ledger();
    let expire = |now| {
        let strike = Strike {
            account: account.id,
            address: "Full@b.example",
            email_id: EmailId::new(NOW, [1; 10]),
            class: Class::Expired,
            evidence: Some("452 4.2.2 full"),
            entropy: [8; 10],
        };
        let mut batch = Batch::new();
        let led_to = ledger
            .strike(&strike, Class::Expired.action(), now, &mut batch)
            .unwrap();
        at_once(store.commit(batch)).unwrap();
        led_to
    };
    let day = 86_400_000;
    assert_eq!(expire(NOW), None);
    assert_eq!(expire(NOW + day), None);
    let led_to = expire(NOW + 2 * day).unwrap();
    assert_eq!(led_to.expires_unix_ms, Some(NOW + 32 * day));
    let found = |now| {
        ledger
            .suppressed(account.id, "full@b.example", None, now)
            .unwrap()
    };
    assert_eq!(found(NOW + 3 * day), Some(led_to));
    assert_eq!(found(NOW + 32 * day), None);
    assert_eq!(expire(NOW + 33 * day), None, "counted anew");
    at_once(ledger.sweep(NOW + 70 * day)).unwrap();
    for kind in [b"U", b"u", b"x"] {
        let rows = store.scan(kind, &[kind[0] + 1], 10).unwrap();
        assert!(rows.is_empty(), "{rows:?}");
    }
}

#[test]
fn lists_are_newest_first_by_page_and_by_cursor() {
    let (_, ledger, account) = ledger();
    let all: Vec<Suppression> = (0..7)
        .map(|number| {
            let kind = SuppressionKind::ALL[usize::from(number % 2)];
            suppression(&account, &format!("{}@b.example", 9 - number), kind, number)
        })
        .collect();
    let imported = at_once(ledger.import_suppressions(&all, NOW)).unwrap();
    assert_eq!((imported.added, imported.known), (7, 0));
    let again = at_once(ledger.import_suppressions(&all, NOW)).unwrap();
    assert_eq!((again.added, again.known), (0, 7));

    let everything = SuppressionFilter::default();
    let list = |filter: &SuppressionFilter, paging: Paging| {
        let page = ledger.list_suppressions(account.id, filter, (&paging, 3), NOW);
        page.unwrap()
    };
    let newest: Vec<_> = all.iter().rev().cloned().collect();
    let mut paging = Paging::Page(1);
    let mut seen = Vec::new();
    for number in 1.. {
        let page = list(&everything, paging);
        assert_eq!(page.total, 7);
        assert_eq!(page.items, list(&everything, Paging::Page(number)).items);
        seen.extend(page.items);
        match page.next {
            Some(next) => paging = Paging::Behind(next),
            None => break,
        }
    }
    assert_eq!(seen, newest);
    let count = |filter: SuppressionFilter| list(&filter, Paging::Page(1)).total;
    let filter = SuppressionFilter::default;
    assert_eq!(
        count(SuppressionFilter {
            email: Some("3@B.".into()),
            ..filter()
        }),
        1
    );
    assert_eq!(
        count(SuppressionFilter {
            kind: Some(SuppressionKind::Unsubscribe),
            ..filter()
        }),
        3
    );
    assert_eq!(
        count(SuppressionFilter {
            source: Some(UnsubscribeSource::Api),
            ..filter()
        }),
        0
    );
    assert_eq!(
        count(SuppressionFilter {
            from_unix_ms: Some(NOW + 2),
            to_unix_ms: Some(NOW + 4),
            ..filter()
        }),
        3
    );
    let far = ledger.list_suppressions(account.id, &everything, (&Paging::Page(usize::MAX), 3), NOW);
    assert!(matches!(far, Err(LedgerError::Limit(_))));
}
