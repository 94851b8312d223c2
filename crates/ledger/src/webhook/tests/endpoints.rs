use super::*;
use crate::limits::{WEBHOOK_SECRETS_MAX, WEBHOOKS_MAX};
use crate::{DomainId, LedgerError};

#[test]
fn endpoints_are_kept_changed_found_and_removed() {
    let world = World::new();
    let account = world.account.id;
    let (first, second) = (world.endpoint(11, false), world.endpoint(12, true));
    let fresh = Ledger::new(Arc::clone(&world.store));
    assert_eq!(*fresh.webhooks(account).unwrap(), [first.clone(), second.clone()]);
    let domain = DomainId::new(NOW, [3; 10]);
    let alter = |endpoint: &mut Endpoint| {
        endpoint.name = "Other".into();
        endpoint.events = EventFilter::new(vec!["email.opened".into()]).unwrap();
        endpoint.domain_ids = vec![domain];
    };
    let changed = at_once(
        world
            .ledger
            .update_webhook(account, first.id, alter, &request(13)),
    )
    .unwrap();
    assert_eq!(world.ledger.webhook(account, first.id).unwrap(), changed);
    at_once(world.ledger.delete_webhook(account, second.id, &request(14))).unwrap();
    let stranger = crate::AccountId::new(NOW, [9; 10]);
    for (account, id) in [(account, second.id), (stranger, first.id)] {
        assert!(matches!(
            world.ledger.webhook(account, id),
            Err(LedgerError::NotFound)
        ));
        let gone = at_once(world.ledger.delete_webhook(account, id, &request(15)));
        assert!(matches!(gone, Err(LedgerError::NotFound)));
    }
    let wanted = |kind: &str, domain| world.ledger.webhooks_for(account, kind, domain).unwrap().len();
    assert_eq!(wanted("email.opened", Some(domain)), 1);
    assert_eq!(wanted("email.opened", None), 0);
    assert_eq!(wanted("email.sent", Some(domain)), 0);
    at_once(world.ledger.update_webhook(
        account,
        first.id,
        |endpoint| endpoint.is_active = false,
        &request(15),
    ))
    .unwrap();
    assert_eq!(
        wanted("email.opened", Some(domain)),
        0,
        "nothing stale is remembered"
    );

    let log = world.ledger.audit(0, 20).unwrap();
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).skip(1).collect();
    assert_eq!(
        actions,
        [
            "webhook.created",
            "webhook.created",
            "webhook.changed",
            "webhook.deleted",
            "webhook.changed"
        ]
    );
    assert!(
        log.iter().all(|entry| !entry.detail.contains("key=k")),
        "no query in it: {log:?}"
    );
}

#[test]
fn an_account_has_so_many_endpoints_and_an_endpoint_so_many_secrets() {
    let world = World::new();
    for number in (1..).take(WEBHOOKS_MAX) {
        world.endpoint(number, false);
    }
    let refused = at_once(world.ledger.create_webhook(
        &world.account,
        new_endpoint(200, false),
        &request(200),
    ));
    assert!(matches!(refused, Err(LedgerError::Limit(_))));

    let id = WebhookId::new(NOW, [1; 10]);
    let mut endpoint = world.ledger.webhook(world.account.id, id).unwrap();
    for number in 100..105 {
        let secret = Secret::new([number; 32]);
        endpoint = at_once(world.ledger.rotate_webhook_secret(
            world.account.id,
            id,
            &secret,
            &request(number),
        ))
        .unwrap();
        assert_eq!(endpoint.secrets[0].secret, secret, "the newest signs first");
    }
    assert_eq!(endpoint.secrets.len(), WEBHOOK_SECRETS_MAX);
    assert_eq!(
        endpoint.signing_secrets(u64::MAX).count(),
        1,
        "only the newest stays"
    );
}
