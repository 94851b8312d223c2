//! Finding the next hop: MX records in all their forms, and routes that the operator chose.

use std::net::{Ipv6Addr, SocketAddr};

use hickory_proto::rr::RecordType;
use postrider::demo::dns::{Data, Fault};

use crate::world::{Action, Host, Moment, SMTP_PORT, World, eventually};

const TEXT: &str = "Subject: where to\r\n\r\nhello\r\n";

/// RFC 5321 §5.1: the exchanger with the lowest preference value is tried first.
#[test]
fn the_preferred_exchanger_gets_the_mail() {
    let world = World::new();
    world.mx("dest.test", &[(20, 3), (10, 2)]);
    let (preferred, other) = (world.host(2), world.host(3));
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    assert_eq!(preferred.mail(1)[0].recipients, ["b@dest.test"]);
    program.drained();
    assert_eq!(other.connections(), 0);
}

/// RFC 5321 §5.1: the others are tried when it cannot be reached or does not want to talk.
#[test]
fn the_next_exchanger_steps_in() {
    let world = World::new();
    world.mx("down.test", &[(10, 2), (20, 3)]);
    world.mx("busy.test", &[(10, 4), (20, 3)]);
    let (busy, backup) = (world.host(4), world.host(3));
    busy.always(
        Moment::Connect,
        Action::ReplyAndDisconnect("421 4.3.2 not now".into()),
    );
    let _program = world.start();
    let mut client = world.client();
    client.hello_and_submit("a@src.test", &["b@down.test"], TEXT);
    client.submit("a@src.test", &["b@busy.test"], TEXT);
    let mut recipients: Vec<String> = backup
        .mail(2)
        .into_iter()
        .flat_map(|mail| mail.recipients)
        .collect();
    recipients.sort();
    assert_eq!(recipients, ["b@busy.test", "b@down.test"]);
    assert!(busy.connections() >= 1);
}

/// RFC 5321 §5.1: exchangers of equal preference share the load, in random order.
#[test]
fn equal_exchangers_share_the_load() {
    let mut world = World::new();
    world.settings.set("delivery.messages_per_connection", 1);
    world.dns.set_ttl(0);
    world.mx("dest.test", &[(10, 2), (10, 3)]);
    let (one, other) = (world.host(2), world.host(3));
    let _program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    // Each connection chooses anew: that one of the two is never chosen in 40 times has a chance of 2 in 10^12.
    for _ in 0..40 {
        client.submit("a@src.test", &["b@dest.test"], TEXT);
    }
    eventually("40 messages", || {
        (one.count() + other.count() == 40).then_some(())
    });
    assert!(
        one.count() > 0 && other.count() > 0,
        "{} and {}",
        one.count(),
        other.count()
    );
}

/// RFC 5321 §5.1: a domain without MX records is its own exchanger.
#[test]
fn a_domain_without_mx_is_its_own_exchanger() {
    let world = World::new();
    world.a("dest.test", 2);
    let host = world.host(2);
    let _program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    assert_eq!(host.mail(1)[0].recipients, ["b@dest.test"]);
}

/// RFC 5321 §5.1: an alias is followed; the recipient's address stays as it was written.
#[test]
fn an_alias_is_followed() {
    let world = World::new();
    world.mx("real.test", &[(10, 2)]);
    world.dns.add("alias.test", Data::Cname("real.test".into()));
    let host = world.host(2);
    let _program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@alias.test"], TEXT);
    assert_eq!(host.mail(1)[0].recipients, ["b@alias.test"]);
}

/// RFC 7505: a null MX says that no mail is taken, at once and for good.
#[test]
fn a_null_mx_bounces() {
    let world = World::new();
    world.dns.add("dest.test", Data::Mx(0, ".".into()));
    assert!(bounce(&world, "b@dest.test").contains("5.1.10"));
}

/// RFC 5321 §5.1: a name that does not exist is a permanent error.
#[test]
fn a_missing_domain_bounces() {
    let world = World::new();
    assert!(bounce(&world, "b@nowhere.test").contains("Status: 5.1.2"));
}

/// Submits a message from a reachable sender and returns the failure notice that it gets.
fn bounce(world: &World, recipient: &str) -> String {
    world.mx("src.test", &[(10, 9)]);
    let sender = world.host(9);
    let program = world.start();
    world.client().hello_and_submit("a@src.test", &[recipient], TEXT);
    let notice = sender.mail(1).remove(0);
    assert_eq!(
        (notice.reverse_path.as_str(), notice.recipients),
        ("", vec!["a@src.test".to_owned()])
    );
    program.drained();
    notice.text
}

/// A name service that fails, or says nothing, is no answer: the mail waits, and goes when there is one.
#[test]
fn a_failing_name_service_only_delays() {
    let world = World::new();
    for (domain, fault) in [("broken.test", Fault::ServFail), ("silent.test", Fault::Silence)] {
        world.mx(domain, &[(10, 2)]);
        world.dns.fail(domain, Some(fault));
    }
    let host = world.host(2);
    let program = world.start();
    let mut client = world.client();
    client.hello_and_submit("a@src.test", &["b@broken.test"], TEXT);
    client.submit("a@src.test", &["b@silent.test"], TEXT);
    eventually("both to be deferred", || {
        let list = program.json(&["queue", "list"]);
        let deliveries = list["deliveries"].as_array()?.clone();
        deliveries
            .iter()
            .all(|delivery| delivery["attempts"].as_u64() > Some(0))
            .then_some(())
    });
    assert_eq!(host.count(), 0);
    world.dns.fail("broken.test", None).fail("silent.test", None);
    host.mail(2);
    program.drained();
}

/// RFC 7766: what does not fit in a UDP answer is asked for again over TCP.
#[test]
fn a_long_answer_comes_over_tcp() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.dns.fail("dest.test", Some(Fault::Truncated));
    let host = world.host(2);
    let _program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(1);
}

/// An answer is remembered for its TTL.
#[test]
fn an_answer_is_asked_for_once() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let _program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for count in 1..=5 {
        client.submit("a@src.test", &["b@dest.test"], TEXT);
        host.mail(count);
    }
    assert_eq!(world.dns.questions("dest.test", RecordType::MX), 1);
}

/// Domains behind the same exchangers share their connections.
#[test]
fn domains_of_one_site_share_a_connection() {
    let world = World::new();
    world.a("mx.host.test", 2);
    for domain in ["one.test", "two.test", "three.test"] {
        world.dns.add(domain, Data::Mx(10, "mx.host.test".into()));
    }
    let host = world.host(2);
    let _program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for (count, domain) in [(1, "one.test"), (2, "two.test"), (3, "three.test")] {
        client.submit("a@src.test", &[&format!("b@{domain}")], TEXT);
        host.mail(count);
    }
    assert_eq!(host.connections(), 1);
}

/// A host that has only an IPv6 address is reached by it.
#[test]
fn an_ipv6_host_is_reached() {
    let world = World::new();
    world.dns.add("dest.test", Data::Mx(10, "mx.dest.test".into()));
    world.dns.add("mx.dest.test", Data::Aaaa(Ipv6Addr::LOCALHOST));
    let host = Host::start(SocketAddr::from((Ipv6Addr::LOCALHOST, SMTP_PORT)));
    let _program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(1);
}

/// A static route needs no name service.
#[test]
fn a_static_route_is_taken_as_it_is() {
    let mut world = World::new();
    let next_hop = world.address(2);
    world
        .settings
        .push("route", &format!("domain = '*'\nto = '[{next_hop}]:{SMTP_PORT}'"));
    let host = world.host(2);
    let _program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(1);
    assert_eq!(world.dns.questions("dest.test", RecordType::MX), 0);
}

/// RFC 5321 §5.1, §6.3: a domain whose only exchanger is this very server would loop; it bounces instead.
#[test]
fn a_domain_that_leads_back_here_bounces() {
    let world = World::new();
    world.dns.add("dest.test", Data::Mx(10, "postrider.test".into()));
    world.a("postrider.test", 1);
    assert!(bounce(&world, "b@dest.test").contains("Status: 5.4.6"));
}
