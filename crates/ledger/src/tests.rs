//! The ledger over the memory engine: what holds across its operations.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use store::{Batch, Store, open_memory};

use crate::bounce::Class;
use crate::limits::{EMAIL_RETENTION_MS, IDEMPOTENCY_MS, TEMPLATE_GRACE_MS};
use crate::*;

/// 2026-11-25T12:00:00Z
pub(crate) const NOW: u64 = 1_795_608_000_000;

/// Commits to memory are done when they are asked for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory engine never waits"),
    }
}

pub(crate) fn request(number: u8) -> Request {
    Request {
        actor: Actor::Operator,
        now_unix_ms: NOW,
        entropy: [number; 10],
    }
}

fn key(mode: Mode, number: u8) -> ApiKey {
    ApiKey::new(mode, [number; 32])
}

fn ledger() -> (Arc<dyn Store>, Ledger, Arc<Account>) {
    let store = open_memory();
    let ledger = Ledger::new(Arc::clone(&store));
    let account = at_once(create(&ledger, "a@b.example", 1)).unwrap();
    (store, ledger, account)
}

pub(crate) async fn create(ledger: &Ledger, email: &str, number: u8) -> Result<Arc<Account>, LedgerError> {
    let new = NewAccount {
        id: AccountId::new(NOW, [number; 10]),
        name: "Name".into(),
        email: email.into(),
        live_key: key(Mode::Live, number),
        test_key: key(Mode::Test, number),
    };
    let credential = Credential {
        password_hash: "$argon2id$…".into(),
        created_unix_ms: NOW,
        expires_unix_ms: Some(NOW + 1),
    };
    ledger.create_account(new, &credential, &request(number)).await
}

fn email(account: &Account, number: u8) -> Email {
    Email {
        id: EmailId::new(NOW, [number; 10]),
        account: account.id,
        disposition: Disposition::Queued,
        sandbox: false,
        stream: Stream::Shared,
        track_opens: None,
        track_clicks: Some(true),
        to: vec!["x@y.example".into()],
        created_unix_ms: NOW,
        message_id: "m@b.example".into(),
        template: None,
        from: "a@b.example".into(),
        subject: "s".into(),
        tag: None,
        metadata: Some("{}".into()),
    }
}

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
fn a_charge_is_on_disk_with_the_mail_or_not_at_all() {
    let (store, ledger, account) = ledger();
    let limited = Account {
        monthly_email_limit: Some(2),
        ..(*account).clone()
    };
    let month = Month::of(NOW);
    let admit = |number, commit: bool| {
        let mut batch = Batch::new();
        let mut email = email(&limited, number);
        let admission = ledger.admit(&limited, &mut email, 1, NOW, &mut batch).unwrap();
        ledger.put_charge(limited.id, std::slice::from_ref(&admission), &mut batch);
        if commit {
            at_once(store.commit(batch)).unwrap();
            admission.committed();
        }
        email.disposition
    };
    assert_eq!(admit(1, true), Disposition::Queued);
    assert_eq!(admit(2, false), Disposition::Queued, "not committed, not charged");
    assert_eq!(admit(3, true), Disposition::Queued);
    assert_eq!(admit(4, true), Disposition::Held(HoldReason::MonthlyQuota));
    assert_eq!(ledger.charged(limited.id, month).unwrap(), 2);

    // A fresh process reads the same.
    let ledger = Ledger::new(Arc::clone(&store));
    let held = ledger.held(None, 10).unwrap();
    assert_eq!(held, [(limited.id, email(&limited, 4).id)]);
    let mut batch = Batch::new();
    assert!(
        ledger
            .release(&limited, held[0].1, NOW, &mut batch)
            .unwrap()
            .is_none(),
        "nothing is left"
    );
    let next_month = month.end_unix_ms();
    let (admission, disposition) = ledger
        .release(&limited, held[0].1, next_month, &mut batch)
        .unwrap()
        .unwrap();
    assert_eq!(disposition, Disposition::Queued);
    ledger.put_charge(limited.id, std::slice::from_ref(&admission), &mut batch);
    at_once(store.commit(batch)).unwrap();
    admission.committed();
    assert!(ledger.held(None, 10).unwrap().is_empty());
    assert_eq!(ledger.charged(limited.id, Month::of(next_month)).unwrap(), 1);
    assert_eq!(
        ledger.email(limited.id, held[0].1).unwrap().unwrap().disposition,
        Disposition::Queued
    );
}

#[test]
fn what_is_held_keeps_the_time_for_which_it_is_scheduled() {
    let (store, ledger, account) = ledger();
    let poor = Account {
        monthly_email_limit: Some(0),
        ..(*account).clone()
    };
    let rich = Account {
        monthly_email_limit: None,
        ..(*account).clone()
    };
    let at = NOW + 3_600_000;
    let hold = |number| {
        let mut batch = Batch::new();
        let mut email = Email {
            disposition: Disposition::Scheduled(at),
            ..email(&poor, number)
        };
        let admission = ledger.admit(&poor, &mut email, 1, NOW, &mut batch).unwrap();
        at_once(store.commit(batch)).unwrap();
        admission.committed();
        assert_eq!(email.disposition, Disposition::Held(HoldReason::MonthlyQuota));
        email.id
    };
    for (number, now, released) in [(1, NOW, Disposition::Scheduled(at)), (2, at, Disposition::Queued)] {
        let id = hold(number);
        let mut batch = Batch::new();
        let (admission, disposition) = ledger.release(&rich, id, now, &mut batch).unwrap().unwrap();
        assert_eq!(disposition, released);
        at_once(store.commit(batch)).unwrap();
        admission.committed();
        assert_eq!(ledger.email(poor.id, id).unwrap().unwrap().disposition, released);
    }
}

#[test]
fn an_email_is_its_account_s_alone() {
    let (store, ledger, account) = ledger();
    let other = at_once(create(&ledger, "c@d.example", 7)).unwrap();
    let mut email = email(&account, 1);
    let mut batch = Batch::new();
    ledger
        .admit(&account, &mut email, 0, NOW, &mut batch)
        .unwrap()
        .committed();
    let outcome = Outcome {
        address: "x@y.example".into(),
        kind: OutcomeKind::Failed,
        attempts: 2,
        last_reply: Some("550 no".into()),
        at_unix_ms: NOW,
    };
    ledger.outcome(email.id, &outcome, &mut batch);
    at_once(store.commit(batch)).unwrap();
    assert_eq!(ledger.email(account.id, email.id).unwrap(), Some(email.clone()));
    assert_eq!(ledger.email(other.id, email.id).unwrap(), None);
    assert_eq!(ledger.outcomes(email.id).unwrap(), [outcome]);
}

#[test]
fn a_reply_stands_for_a_day_and_is_kept_with_its_request() {
    let (store, ledger, account) = ledger();
    let key = IdempotencyKey([1; 32]);
    let reply = |octets: usize, at| StoredReply {
        fingerprint: Fingerprint([9; 32]),
        at_unix_ms: at,
        status: 200,
        body: vec![b'x'; octets].into(),
    };
    let open = |now| match ledger.reply(account.id, key, now).unwrap() {
        ReplySlot::Open(slot) => slot,
        ReplySlot::Taken(reply) => panic!("taken: {reply:?}"),
    };
    let taken = |now| match ledger.reply(account.id, key, now).unwrap() {
        ReplySlot::Taken(reply) => Some(reply),
        ReplySlot::Open(_) => None,
    };
    let (first, second) = (open(NOW), open(NOW));
    let mut batch = Batch::new();
    first.put(&reply(300_000, NOW), &mut batch);
    at_once(store.commit(batch)).unwrap();
    let mut late = Batch::new();
    second.put(&reply(1, NOW), &mut late);
    assert!(
        at_once(store.commit(late)).is_err(),
        "of two at once one is refused"
    );
    assert_eq!(
        taken(NOW + IDEMPOTENCY_MS - 1),
        Some(reply(300_000, NOW)),
        "in pieces, whole"
    );
    let again = NOW + IDEMPOTENCY_MS;
    assert_eq!(taken(again), None);
    let mut batch = Batch::new();
    open(again).put(&reply(10, again), &mut batch);
    at_once(store.commit(batch)).unwrap();
    assert_eq!(
        taken(again),
        Some(reply(10, again)),
        "a shorter one behind a longer one"
    );

    assert_eq!(at_once(ledger.sweep(again + 1)).unwrap().replies, 1);
    assert_eq!(
        taken(again + 1),
        Some(reply(10, again)),
        "the younger reply stays"
    );
    at_once(ledger.sweep(again + IDEMPOTENCY_MS + 1)).unwrap();
    let (from, to) = (&b"I"[..], &b"J"[..]);
    assert!(store.scan(from, to, 10).unwrap().is_empty());
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

#[test]
fn a_template_goes_with_its_last_copy_and_old_records_go_with_time() {
    let (store, ledger, account) = ledger();
    let template = StoredTemplate {
        id: EmailId::new(NOW, [5; 10]),
        account: account.id,
        from: "f".into(),
        subject: "s".into(),
        tag: Some("t".into()),
        metadata: None,
        content: vec![7; 2_000_000].into(),
    };
    let mut batch = Batch::new();
    at_once(ledger.store_template(&template, 2, &mut batch)).unwrap();
    let mut copy = Email {
        template: Some(template.id),
        from: String::new(),
        subject: String::new(),
        metadata: None,
        ..email(&account, 6)
    };
    ledger
        .admit(&account, &mut copy, 0, NOW, &mut batch)
        .unwrap()
        .committed();
    at_once(store.commit(batch)).unwrap();
    assert_eq!(ledger.template(template.id).unwrap(), Some(template.clone()));
    let seen = ledger.email(account.id, copy.id).unwrap().unwrap();
    assert_eq!((seen.from.as_str(), seen.tag.as_deref()), ("f", Some("t")));

    let later = NOW + TEMPLATE_GRACE_MS + 1;
    let left = |ledger: &Ledger| {
        let mut batch = Batch::new();
        ledger.template_left(template.id, &mut batch);
        at_once(store.commit(batch)).unwrap();
    };
    left(&ledger);
    assert_eq!(
        at_once(ledger.sweep(later)).unwrap().templates,
        0,
        "one copy is left"
    );
    left(&ledger);
    assert_eq!(at_once(ledger.sweep(later)).unwrap().templates, 1);
    assert_eq!(ledger.template(template.id).unwrap(), None, "the content is gone");
    assert!(
        ledger.email(account.id, copy.id).unwrap().unwrap().subject == "s",
        "its head is not"
    );
    let end = NOW + EMAIL_RETENTION_MS + 1;
    assert_eq!(at_once(ledger.sweep(end)).unwrap().emails, 1);
    assert_eq!(ledger.email(account.id, copy.id).unwrap(), None);
}

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

proptest! {
    #[test]
    fn no_record_makes_a_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let record = [&[1][..], &octets].concat();
        let id = EmailId::new(NOW, [0; 10]);
        if let Ok(account) = Account::decode(&record) {
            prop_assert_eq!(Account::decode(&account.encode()), Ok(account));
        }
        if let Ok(domain) = Domain::decode(&record) {
            prop_assert_eq!(Domain::decode(&domain.encode()), Ok(domain));
        }
        if let Ok(email) = Email::decode(id, &record) {
            prop_assert_eq!(Email::decode(id, &email.encode()), Ok(email));
        }
        if let Ok(snapshot) = crate::health::Snapshot::decode(&record) {
            prop_assert_eq!(crate::health::Snapshot::decode(&snapshot.encode()), Ok(snapshot));
        }
        if let Ok(outcome) = Outcome::decode(b"a@b.example", &record) {
            prop_assert_eq!(Outcome::decode(b"a@b.example", &outcome.encode()), Ok(outcome));
        }
        if let Ok(found) = Suppression::decode(&record)
            && found.reason.as_ref().is_none_or(|reason| reason.len() <= limits::REASON_BYTES_MAX)
        {
            prop_assert_eq!(Suppression::decode(&found.encode()), Ok(found));
        }
    }
}
