use http::{HeaderMap, HeaderValue};
use standardwebhooks::Webhook;

use super::*;
use crate::limits::WEBHOOK_SECRET_OVERLAP_MS;

#[test]
fn receivers_with_the_published_library_compute_the_same_signature() {
    for (key, body) in [
        ([1u8; 32], r#"{"test":2432232314}"#),
        ([0xff; 32], ""),
        ([0x5a; 32], r#"{"data":{"subject":"Grüße 🚀"}}"#),
    ] {
        let secret = Secret::new(key);
        let theirs = Webhook::new(&secret.expose()).unwrap();
        for unix_s in [0, 1_614_265_330, 4_102_444_800] {
            let expected = theirs
                .sign("msg_p5jXN8AQM9LWM0D4loKWxJek", unix_s, body.as_bytes())
                .unwrap();
            let ours = sign(
                &secret,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                unix_s.unsigned_abs(),
                body.as_bytes(),
            );
            assert_eq!(ours, expected);
        }
    }
}

#[test]
fn requests_verify_with_the_old_and_the_new_secret_while_both_are_good() {
    // The library compares with its own clock.
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap();
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    let old = endpoint.secrets[0].secret.clone();
    let new = Secret::new([9; 32]);
    let mut rotation = request(2);
    rotation.now_unix_ms = now;
    let endpoint = at_once(world.ledger.rotate_webhook_secret(
        world.account.id,
        endpoint.id,
        &new,
        &rotation,
    ))
    .unwrap();
    let payload = payload();
    let verifies = |secret: &Secret, body: &[u8], at: u64| {
        // Signed for the time of the library's clock, by the secrets that are good at `at`.
        let good: Vec<&Secret> = endpoint.signing_secrets(at).collect();
        let headers = Headers::new(&endpoint, message(0), body, now);
        let signatures: Vec<&str> = headers.signature.split(' ').take(good.len()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", &headers.id),
            ("webhook-timestamp", &headers.timestamp),
            ("webhook-signature", &signatures.join(" ")),
        ] {
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        Webhook::new(&secret.expose())
            .unwrap()
            .verify(payload.body(), &map)
            .is_ok()
    };
    assert!(verifies(&new, payload.body(), now));
    assert!(verifies(&old, payload.body(), now));
    assert!(!verifies(&Secret::new([8; 32]), payload.body(), now));
    assert!(!verifies(&new, b"{}", now), "another body");
    let later = now + WEBHOOK_SECRET_OVERLAP_MS;
    assert!(verifies(&new, payload.body(), later));
    assert!(!verifies(&old, payload.body(), later), "its time is over");
}
