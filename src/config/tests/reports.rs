//! A host for reports and a listener for them belong together.

use super::{LEAST, ListenerKind, check, parse};

const HOST: &str = "[reports]\nhost = \"Bounces.Example.org\"\n";
const LISTENER: &str = "[[listener]]\nname = \"reports\"\nkind = \"reports\"\naddress = \"[::]:25\"\n";

#[test]
fn a_host_for_reports_and_a_listener_belong_together() {
    let text = format!("{LEAST}{HOST}{LISTENER}");
    check(&text, &[]);
    let config = parse(&text).unwrap().config;
    assert_eq!(config.reports.host.as_deref(), Some("bounces.example.org"));
    assert_eq!(config.listeners[0].kind, ListenerKind::Reports);
    check(
        &format!("{LEAST}{HOST}"),
        &[(4, "warning: reports.host: has no listener here")],
    );
    check(
        &format!("{LEAST}{LISTENER}"),
        &[(0, "reports.host: is missing: without it")],
    );
}

#[test]
fn a_listener_for_reports_trusts_nobody_and_is_nobodys() {
    check(
        &format!("{LEAST}{HOST}{LISTENER}trusted = [\"10.0.0.0/8\"]\naccount = \"a@example.org\"\n"),
        &[
            (9, "listener.trusted: is for relays; reports come from everybody"),
            (10, "listener.account: a report belongs to the account"),
        ],
    );
}
