//! Samples of events: what a receiver will get, of an e-mail that never was.

use ledger::webhook::{MessageId, Payload};
use ledger::{Event, EventKind, EventType, Hit, HitActor, RecipientStatus, Signals};
use serde_json::{Value, json};

use super::super::caller::Caller;
use super::super::send::fresh_id;
use super::super::wire::EventView;
use crate::platform::Platform;
use crate::problem::Problem;

const RECIPIENT: &str = "ada@example.org";
const HOST: &str = "mx.example.org";

/// A sample of this kind, with its id.
pub(super) fn make(
    platform: &dyn Platform,
    caller: &Caller,
    kind: EventType,
) -> Result<(MessageId, Payload), Problem> {
    let (status, kind) = happening(kind);
    let event = Event {
        email: fresh_id(platform),
        account: caller.account.id,
        sequence: 1,
        at_unix_ms: caller.now_unix_ms,
        recipient: RECIPIENT.to_owned(),
        status,
        kind,
    };
    let mut data = json!(EventView::of(&event, None));
    let domain = caller.domains.first();
    let domain = domain.map_or("example.com", |domain| domain.name.as_str());
    if let Value::Object(fields) = &mut data {
        fields.insert("from".to_owned(), json!(format!("noreply@{domain}")));
        fields.insert("tag".to_owned(), json!("sample"));
        fields.insert("metadata".to_owned(), json!({ "order": "17" }));
        fields.insert("test".to_owned(), json!(true));
    }
    let name = event.event_type().webhook_name().unwrap_or_default();
    let payload = Payload::new(name, event.at_unix_ms, &data.to_string());
    let payload = payload.map_err(|error| Problem::internal(&error))?;
    Ok((MessageId::from_bytes(event.id().to_bytes()), payload))
}

fn happening(kind: EventType) -> (RecipientStatus, EventKind) {
    let mx = Some(HOST.to_owned());
    match kind {
        EventType::Queued => (RecipientStatus::Queued, EventKind::Queued { hold: None }),
        EventType::Scheduled => {
            let for_unix_ms = 1_893_456_000_000;
            (RecipientStatus::Scheduled, EventKind::Scheduled { for_unix_ms })
        }
        EventType::Sent => (RecipientStatus::Sent, EventKind::Sent { mx, attempts: 1 }),
        EventType::Deferred => (
            RecipientStatus::Deferred,
            EventKind::Deferred {
                reply: "451 4.7.1 greylisted, try again".to_owned(),
                class: "greylisted".to_owned(),
                attempts: 1,
                next_attempt_unix_ms: None,
            },
        ),
        EventType::Delivered => {
            let reply = "250 2.0.0 ok".to_owned();
            let attempts = 1;
            let kind = EventKind::Delivered { reply, mx, attempts };
            (RecipientStatus::Delivered, kind)
        }
        EventType::Bounced => (
            RecipientStatus::Bounced,
            EventKind::Bounced {
                reply: "550 5.1.1 no such user".to_owned(),
                class: "invalid_recipient".to_owned(),
                hard: true,
                report: false,
            },
        ),
        EventType::Suppressed => {
            let reason = "bounce".to_owned();
            (RecipientStatus::Suppressed, EventKind::Suppressed { reason })
        }
        EventType::Failed => {
            let why = "given up after 30 attempts; the last was answered: 451 4.3.0 try later".to_owned();
            (RecipientStatus::Failed, EventKind::Failed { why })
        }
        EventType::Canceled => (RecipientStatus::Canceled, EventKind::Canceled),
        EventType::Complained => {
            let feedback_type = "abuse".to_owned();
            (
                RecipientStatus::Complained,
                EventKind::Complained { feedback_type },
            )
        }
        EventType::Opened => (RecipientStatus::Delivered, EventKind::Opened { hit: hit() }),
        EventType::Clicked => {
            let kind = EventKind::Clicked {
                hit: hit(),
                link: 0,
                url: "https://example.com/".to_owned(),
            };
            (RecipientStatus::Delivered, kind)
        }
        EventType::Unsubscribed => {
            let source = "one-click".to_owned();
            (RecipientStatus::Delivered, EventKind::Unsubscribed { source })
        }
    }
}

fn hit() -> Hit {
    Hit {
        actor: HitActor::Human,
        signals: Signals::default(),
        first: true,
        first_of_all: true,
        ip: Some([192, 0, 2, 1].into()),
        user_agent: Some("Mozilla/5.0".to_owned()),
    }
}
