//! Events and counters over the memory engine, against models that keep everything in a list.

mod counters;
mod hits;
mod queries;
mod records;

use std::sync::Arc;

use proptest::prelude::*;
use store::{Batch, Store, open_memory};

use crate::keys;
use crate::tests::{NOW, at_once};
use crate::*;

const DAY: u64 = 86_400_000;

struct World {
    store: Arc<dyn Store>,
    ledger: Ledger,
    account: AccountId,
    emails: Vec<Email>,
}

/// What happens: to which e-mail and recipient, when, and what.
type Step = (usize, usize, u64, EventKind);

impl World {
    /// Two tagged e-mails, one without a tag, one of the sandbox.
    fn new() -> Self {
        let store = open_memory();
        let ledger = Ledger::new(Arc::clone(&store));
        let account = AccountId::new(NOW, [1; 10]);
        let emails: Vec<Email> = (0u8..4).map(|number| email(account, number)).collect();
        let mut batch = Batch::new();
        for email in &emails {
            batch.put(keys::email(email.id), email.encode());
        }
        at_once(store.commit(batch)).unwrap();
        Self {
            store,
            ledger,
            account,
            emails,
        }
    }

    /// Records the steps, some to a batch, and returns the events.
    fn record(&self, steps: &[Step], batch_size: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for steps in steps.chunks(batch_size) {
            let (mut batch, mut tally) = (Batch::new(), Tally::new());
            for (at, recipient, at_unix_ms, kind) in steps {
                let email = &self.emails[*at];
                let new = NewEvent {
                    at_unix_ms: *at_unix_ms,
                    recipient: email.to[*recipient].clone(),
                    before: RecipientStatus::Queued,
                    kind: kind.clone(),
                };
                let domain = DomainId::from_bytes([u8::try_from(*at % 2).unwrap(); 16]);
                let context = EmailContext::of(email, Some(domain));
                events.push(self.ledger.record(&context, new, &mut tally, &mut batch));
            }
            tally.put(&mut batch);
            at_once(self.store.commit(batch)).unwrap();
        }
        events
    }

    /// All pages of a query, by cursor.
    fn all(&self, query: &EventQuery, limit: usize) -> Vec<Event> {
        let mut events = Vec::new();
        let mut position = Position::Page(1);
        loop {
            let page = self.ledger.events(self.account, query, position, limit).unwrap();
            assert!(page.events.len() <= limit);
            for listed in page.events {
                let email = listed.email.unwrap();
                assert_eq!(email.id, listed.event.email, "joined with its own e-mail");
                events.push(listed.event);
            }
            match page.next {
                Some(next) => position = Position::After(next.to_string().parse().unwrap()),
                None => return events,
            }
        }
    }
}

fn email(account: AccountId, number: u8) -> Email {
    Email {
        id: EmailId::new(NOW, [number; 10]),
        account,
        disposition: Disposition::Queued,
        sandbox: number == 3,
        stream: if number == 0 {
            Stream::Broadcast
        } else {
            Stream::Shared
        },
        track_opens: None,
        track_clicks: None,
        to: vec!["Ann@y.example".into(), format!("joann{number}@y.example")],
        created_unix_ms: NOW,
        message_id: "m@b.example".into(),
        template: None,
        from: format!("Sender {number} <s{number}@b.example>"),
        subject: "s".into(),
        tag: [Some("red"), None, Some("blue"), None][usize::from(number)].map(str::to_owned),
        metadata: Some("{}".into()),
    }
}

fn arb_hit() -> impl Strategy<Value = Hit> {
    let actor = prop::sample::select(vec![HitActor::Human, HitActor::Machine, HitActor::Unknown]);
    let user_agent = prop::option::of("[a-z]{0,9}");
    (
        actor,
        0u32..2048,
        any::<(bool, bool)>(),
        any::<Option<std::net::IpAddr>>(),
        user_agent,
    )
        .prop_map(|(actor, bits, (first, first_of_all), ip, user_agent)| Hit {
            actor,
            signals: Signals::from_bits(bits),
            first,
            first_of_all,
            ip,
            user_agent,
        })
}

fn arb_kind() -> impl Strategy<Value = EventKind> {
    let text = || "\\PC{0,12}";
    let class = prop::sample::select(vec!["mailbox_full", "unknown_user"]);
    prop_oneof![
        any::<bool>().prop_map(|held| EventKind::Queued {
            hold: held.then_some(HoldReason::MonthlyQuota)
        }),
        any::<u64>().prop_map(|for_unix_ms| EventKind::Scheduled { for_unix_ms }),
        (prop::option::of(text()), any::<u32>()).prop_map(|(mx, attempts)| EventKind::Sent { mx, attempts }),
        (text(), text(), any::<u32>(), any::<Option<u64>>()).prop_map(|(reply, class, attempts, next)| {
            EventKind::Deferred {
                reply,
                class,
                attempts,
                next_attempt_unix_ms: next,
            }
        }),
        (text(), prop::option::of(text()), any::<u32>())
            .prop_map(|(reply, mx, attempts)| EventKind::Delivered { reply, mx, attempts }),
        (text(), class, any::<(bool, bool)>()).prop_map(|(reply, class, (hard, report))| {
            EventKind::Bounced {
                reply,
                class: class.to_owned(),
                hard,
                report,
            }
        }),
        text().prop_map(|reason| EventKind::Suppressed { reason }),
        text().prop_map(|why| EventKind::Failed { why }),
        Just(EventKind::Canceled),
        text().prop_map(|feedback_type| EventKind::Complained { feedback_type }),
        arb_hit().prop_map(|hit| EventKind::Opened { hit }),
        (arb_hit(), 0u16..3, text()).prop_map(|(hit, link, url)| EventKind::Clicked { hit, link, url }),
        text().prop_map(|source| EventKind::Unsubscribed { source }),
    ]
}

/// Times within three days, in no order.
fn arb_steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0usize..4, 0usize..2, NOW..NOW + 3 * DAY, arb_kind()), 0..60)
}
