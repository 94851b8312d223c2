//! Who is stopped by what was counted, what follows from it, and how it ends.

use std::sync::Arc;

use store::{Batch, Store, StoreError, open_memory};

use super::*;
use crate::tests::{NOW, at_once, create, request};
use crate::*;

const REQUEST: u8 = 77;

fn stage() -> (Arc<dyn Store>, Ledger, AccountId) {
    let store = open_memory();
    let ledger = Ledger::new(Arc::clone(&store));
    let account = at_once(create(&ledger, "a@b.example", 1)).unwrap().id;
    (store, ledger, account)
}

fn email(account: AccountId, number: u8) -> Email {
    Email {
        id: EmailId::new(NOW, [number; 10]),
        account,
        disposition: Disposition::Queued,
        sandbox: false,
        stream: Stream::Shared,
        track_opens: None,
        track_clicks: None,
        to: vec!["x@y.example".into()],
        created_unix_ms: NOW,
        message_id: "m@b.example".into(),
        template: None,
        from: "a@b.example".into(),
        subject: "s".into(),
        tag: None,
        metadata: None,
    }
}

/// `count` times this, in one batch.
fn happens(ledger: &Ledger, account: AccountId, count: usize, kind: &EventKind) {
    let context = EmailContext::of(&email(account, 1), None);
    let (mut batch, mut tally) = (Batch::new(), Tally::new());
    for _ in 0..count {
        let event = NewEvent {
            at_unix_ms: NOW,
            recipient: "x@y.example".into(),
            before: RecipientStatus::Queued,
            kind: kind.clone(),
        };
        ledger.record(&context, event, &mut tally, &mut batch);
    }
    tally.put(&mut batch);
    at_once(ledger.store.commit(batch)).unwrap();
}

fn sent() -> EventKind {
    EventKind::Sent {
        mx: None,
        attempts: 1,
    }
}

fn delivered() -> EventKind {
    EventKind::Delivered {
        reply: "250 ok".into(),
        mx: None,
        attempts: 1,
    }
}

fn bounced() -> EventKind {
    EventKind::Bounced {
        reply: "550 no".into(),
        class: "invalid_recipient".into(),
        hard: true,
        report: false,
    }
}

fn complained() -> EventKind {
    EventKind::Complained {
        feedback_type: "abuse".into(),
    }
}

fn judge(ledger: &Ledger, account: AccountId) -> Option<VerdictKind> {
    let verdict = at_once(ledger.judge(account, &request(REQUEST))).unwrap();
    verdict.map(|verdict| verdict.kind)
}

fn account(ledger: &Ledger, id: AccountId) -> Arc<Account> {
    ledger.account(id).unwrap().unwrap()
}

fn let_go(ledger: &Ledger, id: AccountId, kind: VerdictKind) {
    at_once(ledger.let_account_go(id, kind, &request(REQUEST + 1))).unwrap();
}

#[test]
fn bounces_pause_an_account_once_and_what_was_before_its_release_counts_no_more() {
    let (_, ledger, id) = stage();
    happens(&ledger, id, 199, &sent());
    happens(&ledger, id, 199, &bounced());
    assert_eq!(ledger.take_suspects().into_iter().collect::<Vec<_>>(), [id]);
    assert_eq!(ledger.take_suspects().len(), 0, "until it bounces again");
    assert_eq!(judge(&ledger, id), None, "199 are too few to judge");
    happens(&ledger, id, 1, &sent());
    assert_eq!(judge(&ledger, id), Some(VerdictKind::Pause));
    assert_eq!(judge(&ledger, id), None, "it is paused already");
    let paused = account(&ledger, id);
    assert_eq!(
        (paused.status, paused.hold()),
        (Status::Active, Some(HoldReason::Paused))
    );
    let stop = paused.stop().unwrap();
    assert_eq!(stop.reason, "bounces in 7 days are 99.50 %, more than 10 %");
    let log = ledger.audit(NOW, 10).unwrap();
    let entry = log.iter().find(|entry| entry.action == "account.paused").unwrap();
    assert_eq!((&entry.actor, &entry.detail), (&Actor::System, &stop.reason));
    assert!(ledger.health(id, NOW).unwrap().unwrap().verdict.is_some());

    let_go(&ledger, id, VerdictKind::Pause);
    assert_eq!(account(&ledger, id).hold(), None);
    assert_eq!(account(&ledger, id).reinstated_unix_ms, Some(NOW));
    assert_eq!(ledger.health(id, NOW).unwrap(), None, "nothing was sent since");
    assert_eq!(judge(&ledger, id), None);
    happens(&ledger, id, 200, &sent());
    happens(&ledger, id, 20, &bounced());
    assert_eq!(judge(&ledger, id), None, "10 % are not more than 10 %");
    let counted = ledger.health(id, NOW).unwrap().unwrap().rates;
    assert_eq!(counted.bounce, 10.0, "of what came after");
    happens(&ledger, id, 1, &bounced());
    assert_eq!(judge(&ledger, id), Some(VerdictKind::Pause), "again");
    let later = NOW + 40 * 86_400_000;
    assert_eq!(ledger.health(id, later).unwrap(), None, "all of it is long ago");
}

#[test]
fn a_refresh_suspends_who_is_complained_about() {
    let (_, ledger, id) = stage();
    happens(&ledger, id, 200, &sent());
    happens(&ledger, id, 200, &delivered());
    happens(&ledger, id, 3, &complained());
    assert_eq!(ledger.take_suspects().len(), 1);
    let customer = Request {
        actor: Actor::Customer,
        ..request(REQUEST)
    };
    at_once(ledger.refresh_health(id, &customer)).unwrap().unwrap();
    let suspended = account(&ledger, id);
    assert_eq!(suspended.status, Status::Suspended);
    assert_eq!(suspended.hold(), Some(HoldReason::Suspended));
    assert_eq!(
        suspended.stop().unwrap().reason,
        "complaints in 7 days are 1.50 %, more than 1 %"
    );
    let log = ledger.audit(NOW, 10).unwrap();
    let entry = log
        .iter()
        .find(|entry| entry.action == "account.suspended")
        .unwrap();
    assert_eq!(entry.actor, Actor::System, "whoever asked for the refresh");
    let_go(&ledger, id, VerdictKind::Pause);
    assert_eq!(
        account(&ledger, id).status,
        Status::Suspended,
        "it was not paused"
    );
    let_go(&ledger, id, VerdictKind::Suspend);
    assert_eq!(account(&ledger, id).status, Status::Active);
    at_once(ledger.refresh_health(id, &customer)).unwrap();
    assert_eq!(account(&ledger, id).status, Status::Active, "it is judged anew");
}

#[test]
fn a_status_that_is_set_is_a_stop_and_its_end() {
    let (_, ledger, id) = stage();
    happens(&ledger, id, 300, &sent());
    happens(&ledger, id, 300, &bounced());
    assert_eq!(judge(&ledger, id), Some(VerdictKind::Pause));
    let set = |status| {
        let change = AccountChange {
            status: Some(status),
            ..AccountChange::default()
        };
        at_once(ledger.update_account(id, &change, &request(REQUEST + 2))).unwrap()
    };
    let suspended = set(Status::Suspended);
    assert_eq!(suspended.stop().unwrap().reason, BY_OPERATOR);
    let active = set(Status::Active);
    assert_eq!(
        (active.hold(), &active.suspended),
        (None, &None),
        "a pause ends with it"
    );
    assert_eq!(judge(&ledger, id), None, "and what was before counts no more");
    assert_eq!(set(Status::Active).reinstated_unix_ms, active.reinstated_unix_ms);
}

#[test]
fn an_account_that_is_let_go_meanwhile_is_not_stopped_by_what_was_before() {
    let (_, ledger, id) = stage();
    happens(&ledger, id, 300, &sent());
    happens(&ledger, id, 300, &bounced());
    let (evidence, reinstated) = ledger.evidence_since(id, NOW).unwrap();
    assert_eq!(judge(&ledger, id), Some(VerdictKind::Pause));
    let_go(&ledger, id, VerdictKind::Pause);
    let acted = at_once(ledger.act(id, &evidence, reinstated, &request(REQUEST + 3)));
    assert_eq!(acted.unwrap(), None);
    assert_eq!(account(&ledger, id).hold(), None);
}

#[test]
fn mail_of_a_stopped_account_is_held_and_is_charged_when_it_leaves() {
    let (store, ledger, id) = stage();
    at_once(ledger.stop_account(id, VerdictKind::Pause, "why", &request(REQUEST))).unwrap();
    let mut email = email(id, 2);
    let mut batch = Batch::new();
    let admission = ledger
        .admit(&account(&ledger, id), &mut email, 1, NOW, &mut batch)
        .unwrap();
    assert_eq!(admission.held, Some(HoldReason::Paused));
    ledger.put_charge(id, &[admission], &mut batch);
    at_once(store.commit(batch)).unwrap();
    let month = Month::of(NOW);
    assert_eq!(ledger.charged(id, month).unwrap(), 0);
    let mut release = Batch::new();
    let stopped = account(&ledger, id);
    assert!(
        ledger
            .release(&stopped, email.id, NOW, &mut release)
            .unwrap()
            .is_none()
    );
    let_go(&ledger, id, VerdictKind::Pause);
    let free = account(&ledger, id);
    let (admission, disposition) = ledger
        .release(&free, email.id, NOW, &mut release)
        .unwrap()
        .unwrap();
    assert_eq!(disposition, Disposition::Queued);
    ledger.put_charge(id, &[admission], &mut release);

    // A second delivery of it is put aside before that is committed: the release must not take its hold away.
    let mut aside = Batch::new();
    ledger
        .put_aside((id, email.id), HoldReason::Paused, (1, NOW), &mut aside)
        .unwrap();
    at_once(store.commit(aside)).unwrap();
    assert!(matches!(
        at_once(store.commit(release)),
        Err(StoreError::Expectation { .. })
    ));
    let held = ledger.email(id, email.id).unwrap().unwrap();
    assert_eq!(held.disposition, Disposition::Held(HoldReason::Paused));
    let mut release = Batch::new();
    let (admission, _) = ledger
        .release(&free, email.id, NOW, &mut release)
        .unwrap()
        .unwrap();
    ledger.put_charge(id, &[admission], &mut release);
    at_once(store.commit(release)).unwrap();
    assert_eq!(
        ledger.charged(id, month).unwrap(),
        0,
        "what was on its way was paid for"
    );
    assert_eq!(ledger.held(None, 10).unwrap(), []);
}

#[test]
fn accounts_of_an_earlier_program_are_read() {
    let (_, ledger, id) = stage();
    let known = account(&ledger, id);
    let record = known.encode();
    // Version 1 ends before the two stops, of two octets each, and the time.
    let mut earlier = record[..record.len() - 5].to_vec();
    earlier[0] = 1;
    assert_eq!(Account::decode(&earlier), Ok((*known).clone()));
    let stop = |reason: &str| {
        Some(Stop {
            since_unix_ms: 7,
            reason: reason.into(),
        })
    };
    let stopped = Account {
        paused: stop("a"),
        suspended: stop("b"),
        reinstated_unix_ms: Some(9),
        ..(*known).clone()
    };
    assert_eq!(Account::decode(&stopped.encode()), Ok(stopped));
}

#[test]
fn a_baseline_is_read_as_it_was_written() {
    let mut counts = Counts::default();
    for (at, slot) in (1..).zip(counts.slots_mut()) {
        *slot = at;
    }
    counts.bounced_as.insert("mailbox_full".into(), 5);
    let baseline = crate::health::Baseline {
        at_unix_ms: NOW,
        counts: counts.clone(),
    };
    let read = crate::health::Baseline::decode(&baseline.encode()).unwrap();
    assert_eq!(read, baseline);
    assert_eq!(counts.clone().less(&counts), Counts::default());
    assert_eq!(counts.clone().less(&Counts::default()), counts);
}
