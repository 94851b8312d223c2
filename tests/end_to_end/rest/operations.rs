//! Every operation with every status that the document lists: each is provoked over the socket, or stands in a list with
//! the reason why it cannot be.

use std::collections::BTreeSet;

use super::cast::How::{
    self, Bare, Broken, Crowded, Empty, Good, Hasty, Huge, Inactive, Keyless, Null, Pending, Plain, Query,
    Reused, Sent, Slow, Spare, Suspended, Twice, Twins, Unknown, Unlisted,
};
use super::cast::{BODY_MAX, Cast, HOOK_SECRET, PLACEHOLDERS};
use super::conventions;
use super::document::{self, Operation};
use crate::world::World;

/// An operation, a request that it takes, and how it answers.
pub struct Row {
    pub operation: &'static str,
    pub method: &'static str,
    /// In it and in the body `{email}`, `{domain}` and `{webhook}` are ids made for it, `{unsubscribed}` and `{suppressed}` addresses that
    /// are so, `{open}`, `{click}` and `{leave}` stand in a message that was sent, `{fresh}` is a word of its own.
    pub path: &'static str,
    pub body: &'static str,
    good: (u16, How),
    special: &'static [(u16, How)],
}

#[rustfmt::skip]
const fn row(
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    good: (u16, How),
    special: &'static [(u16, How)],
) -> Row {
    Row { operation, method, path, body, good, special }
}

/// The operations, with what is special about each. Asked of all of them but those for readers is 401, of those that take a key 429, of those that
/// take a body 400, 408, 413 and 415, of those with an id 404.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("send", "POST", "/api/send", SEND, (200, Good), &[(403, Pending), (403, Suspended), (403, Bare), (409, Twins), (422, Reused)]),
    row("batch", "POST", "/api/batch", BATCH, (200, Good), &[(403, Pending), (403, Suspended), (409, Twins), (422, Reused)]),
    row("bulk_send", "POST", "/api/bulk-send", BULK, (200, Good), &[(403, Pending), (403, Suspended), (403, Bare), (409, Twins), (422, Reused)]),
    row("get_email", "GET", "/api/emails/{email}", "", (200, Good), &[]),
    row("cancel_email", "DELETE", "/api/emails/{email}", "", (200, Good), &[(409, Twice)]),
    row("get_profile", "GET", "/api/customer/profile", "", (200, Good), &[]),
    row("update_profile", "PATCH", "/api/customer/profile", r#"{"name":"Ada"}"#, (200, Good), &[]),
    row("rotate_key", "POST", "/api/customer/rotate-key", "", (200, Spare), &[]),
    row("get_smtp_credentials", "GET", "/api/smtp-credentials", "", (200, Good), &[]),
    row("rotate_smtp_credentials", "POST", "/api/smtp-credentials/rotate", "", (200, Good), &[(200, Empty), (200, Null)]),
    row("list_domains", "GET", "/api/customer/domains", "", (200, Good), &[(400, Query("?page=0")), (400, Query("?limit=501")), (400, Query("?pages=1"))]),
    row("add_domain", "POST", "/api/customer/domains", r#"{"domain":"{fresh}.test"}"#, (201, Good), &[(403, Bare), (409, Twice)]),
    row("get_domain", "GET", "/api/customer/domains/{domain}", "", (200, Good), &[]),
    row("update_domain", "PATCH", "/api/customer/domains/{domain}", r#"{"track_opens":null}"#, (200, Good), &[]),
    row("delete_domain", "DELETE", "/api/customer/domains/{domain}", "", (200, Good), &[(404, Twice)]),
    row("verify_domain", "POST", "/api/customer/domains/{domain}/verify", "", (200, Good), &[]),
    row("rotate_dkim", "POST", "/api/customer/domains/{domain}/rotate-dkim", "", (200, Good), &[(409, Twice)]),
    row("list_unsubscribes", "GET", "/api/customer/unsubscribes", "", (200, Good), &[(400, Query("?page=0")), (400, Query("?source=x")), (400, Query("?pages=1"))]),
    row("add_unsubscribe", "POST", "/api/customer/unsubscribes", ADDRESS, (201, Good), &[(409, Twice)]),
    row("export_unsubscribes", "GET", "/api/customer/unsubscribes/export", "", (200, Good), &[(400, Query("?page=1"))]),
    row("import_unsubscribes", "POST", "/api/customer/unsubscribes/import", LIST, (200, Good), &[]),
    row("get_unsubscribe", "GET", "/api/customer/unsubscribes/{unsubscribed}", "", (200, Good), &[(400, Query("?domain_id=x"))]),
    row("update_unsubscribe", "PATCH", "/api/customer/unsubscribes/{unsubscribed}", r#"{"reason":null}"#, (200, Good), &[]),
    row("delete_unsubscribe", "DELETE", "/api/customer/unsubscribes/{unsubscribed}", "", (200, Good), &[(400, Query("?domain_id=x")), (404, Twice)]),
    row("list_suppressions", "GET", "/api/customer/suppressions", "", (200, Good), &[(400, Query("?limit=501")), (400, Query("?type=x")), (400, Query("?pages=1"))]),
    row("add_suppression", "POST", "/api/customer/suppressions", ADDRESS, (201, Good), &[(409, Twice)]),
    row("remove_suppressions", "DELETE", "/api/customer/suppressions?email={suppressed}", "", (200, Good), &[(400, Query("&type=x")), (400, Query("&pages=1")), (404, Twice)]),
    row("export_suppressions", "GET", "/api/customer/suppressions/export", "", (200, Good), &[(400, Query("?page=1"))]),
    row("import_suppressions", "POST", "/api/customer/suppressions/import", LIST, (200, Good), &[]),
    row("get_suppressions", "GET", "/api/customer/suppressions/{suppressed}", "", (200, Good), &[(400, Query("?scope=x"))]),
    row("delete_suppressions", "DELETE", "/api/customer/suppressions/{suppressed}", "", (200, Good), &[(400, Query("?type=x")), (404, Twice)]),
    row("list_webhooks", "GET", "/api/customer/webhooks", "", (200, Good), &[(400, Query("?page=0")), (400, Query("?pages=1"))]),
    row("add_webhook", "POST", "/api/customer/webhooks", r#"{"url":"https://{fresh}.rest.test/"}"#, (201, Good), &[(403, Crowded)]),
    row("get_webhook", "GET", "/api/customer/webhooks/{webhook}", "", (200, Good), &[]),
    row("update_webhook", "PATCH", "/api/customer/webhooks/{webhook}", r#"{"name":"{fresh}"}"#, (200, Good), &[]),
    row("delete_webhook", "DELETE", "/api/customer/webhooks/{webhook}", "", (200, Good), &[(404, Twice)]),
    row("rotate_webhook_secret", "POST", "/api/customer/webhooks/{webhook}/rotate-secret", "", (200, Good), &[]),
    row("list_webhook_attempts", "GET", "/api/customer/webhooks/{webhook}/attempts", "", (200, Good), &[(400, Query("?limit=501")), (400, Query("?pages=1"))]),
    row("replay_webhook_attempt", "POST", "/api/customer/webhooks/{webhook}/attempts/{attempt}/replay", "", (202, Good), &[(409, Inactive)]),
    row("replay_webhook", "POST", "/api/customer/webhooks/{webhook}/replay", r#"{"since":"2026-01-01"}"#, (202, Good), &[(409, Inactive)]),
    row("test_webhook", "POST", "/api/customer/webhooks/{webhook}/test", r#"{"event":"email.bounced"}"#, (202, Good), &[(202, Null), (409, Inactive)]),
    row("fetch_webhook", "POST", "/api/customer/webhooks/{fetched}/fetch", "{}", (200, Good), &[(409, Sent)]),
    row("score_content", "POST", "/api/content-score", r#"{"subject":"Hello","html":"<p>Hello</p>"}"#, (200, Good), &[]),
    row("get_health_score", "GET", "/api/customer/health-score", "", (200, Good), &[(404, Spare)]),
    row("refresh_health_score", "POST", "/api/customer/health-score/refresh", "", (200, Good), &[(404, Spare)]),
    row("get_outbound_statistics", "GET", "/api/stats/outbound", "", (200, Good), &[(400, Query("?filter=robots")), (400, Query("?fromdate=yesterday")), (400, Query("?tags=a"))]),
    row("get_outbound_series", "GET", "/api/stats/outbound/{metric}", "", (200, Good), &[(400, Query("?interval=year")), (400, Query("?interval=hour&fromdate=2020-01-01"))]),
    row("list_events", "GET", "/api/events", "", (200, Good), &[(400, Query("?type=lost")), (400, Query("?limit=501")), (400, Query("?pages=1")), (403, Unlisted)]),
    row("list_email_events", "GET", "/api/emails/{email}/events", "", (200, Good), &[(403, Unlisted)]),
    row("tell_bounce", "POST", "/webhooks/bounce", TOLD, (200, Good), &[(400, Null)]),
    row("tell_complaint", "POST", "/webhooks/complaint", TOLD, (200, Good), &[(400, Null)]),
    row("show_picture", "GET", "/track/o/{open}", "", (200, Good), &[(200, Unknown)]),
    row("follow_link", "GET", "/track/c/{click}", "", (302, Good), &[(404, Unknown)]),
    row("ask_to_unsubscribe", "GET", "/track/u/{leave}", "", (200, Good), &[(404, Unknown)]),
    row("unsubscribe", "POST", "/track/u/{leave}", "List-Unsubscribe=One-Click", (200, Good), &[(200, Twice), (404, Unknown), (408, Slow), (413, Huge)]),
];

const SEND: &str = r#"{"to":"ada@sim.postrider.invalid","subject":"{fresh}","text":"Hello"}"#;
const BATCH: &str =
    r#"{"emails":[{"to":"ada@sim.postrider.invalid","subject":"{fresh}","text":"Hello"},{"to":"nobody"}]}"#;
const BULK: &str =
    r#"{"subject":"{fresh}","text":"Hello","recipients":[{"email":"ada@sim.postrider.invalid"}]}"#;

const ADDRESS: &str = r#"{"email":"{fresh}@rest.test"}"#;
/// Of an e-mail that nobody sent.
const TOLD: &str = r#"{"emailId":"0197b6a0-0000-7000-8000-000000000001","reason":"{fresh}"}"#;
const LIST: &str = "email,reason\n{fresh}@rest.test,asked\n";

/// What takes mail over: a full store stops it, as [`a_full_store_takes_no_mail`] provokes.
const STOPPED: [&str; 3] = ["send", "batch", "bulk_send"];

/// What makes lists and events grow: a full store stops it too.
const GROWING: [&str; 6] = [
    "add_unsubscribe",
    "import_unsubscribes",
    "add_suppression",
    "import_suppressions",
    "tell_bounce",
    "tell_complaint",
];

/// What cannot be provoked, and why.
const UNPROVOKED: &[(u16, &str)] = &[(
    503,
    "what makes no mail goes on beside a full store, and only a broken disk ends it",
)];

/// What cannot be provoked of one operation, and why.
const UNPROVOKED_OF: &[(&str, u16, &str)] = &[(
    "unsubscribe",
    503,
    "a full store takes it, and only a broken disk does not",
)];

#[test]
fn every_operation_answers_every_status_of_its_document() {
    let mut world = World::new();
    let hook_secret = world.path("hook.secret");
    std::fs::write(&hook_secret, HOOK_SECRET).unwrap();
    world
        .settings
        .set("api.body_max", i64::try_from(BODY_MAX).unwrap())
        .set("api.body_timeout", "1s")
        .set("api.failed_auth_limit", 1_000_000)
        .set("reports.hook_secret_file", hook_secret.to_str().unwrap())
        .set("api.tracking_url", "https://track.test");
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let cast = Cast::new(&program).with_mail(&host);
    let documented = document::operations(&document::served(program.api()));
    assert_eq!(documented.len(), TABLE.len(), "operations that the table lacks");
    for operation in &documented {
        let row = of(operation);
        let asked = asked_of(operation, row);
        let mut covered: BTreeSet<u16> = asked.iter().map(|(status, _)| *status).collect();
        let unprovoked = UNPROVOKED.iter().filter(|_| !operation.is_public);
        covered.extend(unprovoked.map(|(status, _)| *status));
        let unprovoked = UNPROVOKED_OF.iter().filter(|(id, ..)| *id == row.operation);
        covered.extend(unprovoked.map(|(_, status, _)| *status));
        let listed: BTreeSet<u16> = operation.statuses.iter().copied().collect();
        let differ: Vec<_> = listed.symmetric_difference(&covered).collect();
        assert!(
            differ.is_empty(),
            "{}: {differ:?} is not listed or not provoked",
            row.operation
        );
        for (status, how) in asked {
            let reply = cast.provoke(row, how);
            assert_eq!(
                reply.status,
                status,
                "{} {how:?}: {}",
                row.operation,
                reply.text()
            );
            conventions::of_path(row.path)(&reply);
        }
    }
}

#[test]
fn a_full_store_takes_no_mail() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.settings.set("api.tracking_url", "https://track.test");
    let host = world.host(2);
    let program = world.start();
    let cast = Cast::new(&program).with_mail(&host);
    program.stop();
    world.settings.set("store.floor_bytes", "64TiB");
    let program = world.start_unready();
    for row in TABLE {
        let stopped = STOPPED.contains(&row.operation);
        // An e-mail or an address to read or to take back cannot be made now; what readers ask is in the message they have.
        let made = PLACEHOLDERS.iter().any(|made| row.path.contains(made));
        if made && !row.path.starts_with("/track") {
            continue;
        }
        let reply = match stopped {
            true => cast.keyed(row, "k"),
            false => cast.provoke(row, row.good.1),
        };
        let growing = GROWING.contains(&row.operation);
        let expected = if stopped || growing { 503 } else { row.good.0 };
        assert_eq!(reply.status, expected, "{}: {}", row.operation, reply.text());
        assert!(expected != 503 || reply.json()["error"] == "spool_unavailable");
        conventions::of_path(row.path)(&reply);
    }
    assert_eq!(program.queued(), 0);
    program.stop();
    // No key is taken by what was not accepted.
    world.settings.set("store.floor_bytes", 0);
    let _program = world.start();
    for row in TABLE.iter().filter(|row| STOPPED.contains(&row.operation)) {
        let reply = cast.keyed(row, "k");
        assert_eq!((reply.status, reply.header("idempotency-replayed")), (200, None));
    }
}

fn of(operation: &Operation) -> &'static Row {
    let row = TABLE.iter().find(|row| row.operation == operation.id);
    row.unwrap_or_else(|| panic!("{} is not in the table", operation.id))
}

/// All statuses that are asked of an operation.
fn asked_of(operation: &Operation, row: &Row) -> Vec<(u16, How)> {
    let mut asked = vec![row.good];
    asked.extend(row.special);
    if operation.is_public {
        return asked;
    }
    asked.push((401, Keyless));
    if operation.path.starts_with("/api/") {
        asked.push((429, Hasty));
    }
    if operation.has_body {
        asked.extend([(400, Broken), (408, Slow), (413, Huge), (415, Plain)]);
    }
    if operation.path.contains('{') {
        asked.push((404, Unknown));
    }
    asked
}
