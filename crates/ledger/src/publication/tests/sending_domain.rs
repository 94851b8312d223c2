use super::super::{DOMAIN_OCTETS_MAX, sending_domain};

#[test]
fn domains_get_their_canonical_name() {
    for (text, name) in [
        ("shop.example", "shop.example"),
        ("Shop.EXAMPLE.", "shop.example"),
        (" shop.example\n", "shop.example"),
        ("a.test", "a.test"),
        ("a.invalid", "a.invalid"),
        ("news.shop.co.uk", "news.shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("BÜCHER。example", "xn--bcher-kva.example"),
        ("me.github.io", "me.github.io"),
        ("1.example", "1.example"),
        ("r3---sn.example", "r3---sn.example"),
        ("localhost.example", "localhost.example"),
        // An exception of the list: everything else below `ck` is a suffix.
        ("www.ck", "www.ck"),
    ] {
        assert_eq!(sending_domain(text).as_deref(), Ok(name), "{text}");
    }
}

#[test]
fn what_is_not_a_domain_of_ones_own_is_refused_with_what_to_do() {
    let label = "x".repeat(64);
    let long = format!("{}example", "abcdefghi.".repeat(DOMAIN_OCTETS_MAX / 10 + 1));
    let endless = "ü".repeat(100_000);
    for (text, says) in [
        ("", "is empty"),
        ("  ", "is empty"),
        (".", "not a domain name"),
        ("shop.example..", "not a domain name"),
        ("shop..example", "not a domain name"),
        (".shop.example", "not a domain name"),
        ("-shop.example", "not a domain name"),
        ("shop-.example", "not a domain name"),
        ("shop example", "not a domain name"),
        ("shop!.example", "not a domain name"),
        ("xn--a.example", "not a domain name"),
        (&format!("{label}.example"), "not a domain name"),
        (&long, "longer than"),
        (&endless, "longer than"),
        ("https://shop.example/", "the domain alone"),
        ("me@shop.example", "the domain alone"),
        ("shop.example:25", "the domain alone"),
        ("192.0.2.1", "IP address"),
        ("[192.0.2.1]", "IP address"),
        ("[IPv6:2001:db8::1]", "IP address"),
        ("2001:db8::1", "IP address"),
        ("１９２.0.2.1", "IP address"),
        ("127.1", "IP address"),
        ("*.shop.example", "wildcard"),
        ("_dmarc.shop.example", "underscore"),
        ("com", "top-level domain"),
        ("example", "top-level domain"),
        ("рф", "top-level domain"),
        ("co.uk", "public suffix"),
        ("CO.UK.", "public suffix"),
        ("github.io", "public suffix"),
        ("公司.cn", "public suffix"),
        ("anything.ck", "public suffix"),
        ("localhost", "reserved"),
        ("a.localhost", "reserved"),
        ("shop.onion", "reserved"),
    ] {
        let fault = sending_domain(text).expect_err(text).to_string();
        assert!(fault.contains(says), "{text:.80}: {fault}");
    }
}

#[test]
fn the_longest_domain_leaves_room_for_its_records() {
    let fill = DOMAIN_OCTETS_MAX - ".example".len();
    let labels = "a.".repeat(fill / 2);
    let name = format!(
        "{}{}.example",
        "b".repeat(fill % 2 + 1),
        labels.trim_end_matches('.')
    );
    let name = name.get(name.len() - DOMAIN_OCTETS_MAX..).expect("long enough");
    assert_eq!(sending_domain(name).as_deref(), Ok(name));
    assert!(sending_domain(&format!("b{name}")).is_err());
    assert_eq!(format!("{}._domainkey.{name}", "s".repeat(63)).len(), 253);
}
