//! Mail of an account: what it is charged, how it is held, whose it is, and when it goes.

use std::sync::Arc;

use store::Batch;

use super::{NOW, at_once, create, email, ledger};
use crate::limits::{EMAIL_RETENTION_MS, TEMPLATE_GRACE_MS};
use crate::*;

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
