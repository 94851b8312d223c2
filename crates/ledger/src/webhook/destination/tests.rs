use super::*;

fn parse(url: &str) -> Result<String, DestinationError> {
    Destination::parse(url, &Policy::default()).map(|destination| destination.as_str().to_owned())
}

fn development() -> Policy {
    Policy {
        networks: vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
        plain_hosts: vec!["localhost".into(), "127.0.0.1".into()],
    }
}

#[test]
fn public_https_urls_are_taken_and_others_are_not() {
    use DestinationError::*;
    for (url, expected) in [
        ("https://example.com", Ok("https://example.com/")),
        ("HTTPS://EXAMPLE.com:443/a?b=c#d", Ok("https://example.com/a?b=c")),
        ("https://bücher.example/", Ok("https://xn--bcher-kva.example/")),
        ("https://example.com:8443/", Ok("https://example.com:8443/")),
        ("https://1.1.1.1/", Ok("https://1.1.1.1/")),
        ("https://[2606:4700::1111]/", Ok("https://[2606:4700::1111]/")),
        ("http://example.com/", Err(Scheme)),
        ("ftp://example.com/", Err(Scheme)),
        ("file:///etc/passwd", Err(Scheme)),
        ("example.com", Err(Syntax)),
        ("", Err(Syntax)),
        ("https://", Err(Syntax)),
        ("https://a b.example/", Err(Syntax)),
        ("https://example.com\\@127.0.0.1/", Err(Syntax)),
        ("https://example.com/\r\nX: y", Err(Syntax)),
        ("https://user@example.com/", Err(User)),
        ("https://:secret@example.com/", Err(User)),
        ("https://example.com:25/", Err(Port)),
        ("https://example.com:80/", Err(Port)),
        ("https://localhost/", Err(Host)),
        ("https://localhost./", Err(Host)),
        ("https://a.localhost/", Err(Host)),
        ("https://printer.local/", Err(Host)),
        ("https://metadata.google.internal/", Err(Host)),
        ("https://intranet/", Err(Host)),
    ] {
        assert_eq!(parse(url), expected.map(str::to_owned), "{url:?}");
    }
    let long = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX));
    assert_eq!(parse(&long), Err(TooLong));
    let escaped = format!("https://example.com/{}", "é".repeat(900));
    assert_eq!(parse(&escaped), Err(TooLong), "it grows when it is escaped");
}

#[test]
fn an_address_is_seen_through_every_spelling() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://127。0。0。1/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
    ] {
        assert_eq!(parse(url), Err(DestinationError::Host), "{url}");
    }
}

#[test]
fn only_public_addresses_are_public() {
    for (text, public) in [
        ("0.0.0.0", false),
        ("0.255.255.255", false),
        ("1.0.0.0", true),
        ("9.255.255.255", true),
        ("10.0.0.0", false),
        ("10.255.255.255", false),
        ("11.0.0.0", true),
        ("100.63.255.255", true),
        ("100.64.0.0", false),
        ("100.127.255.255", false),
        ("100.128.0.0", true),
        ("126.255.255.255", true),
        ("127.255.255.254", false),
        ("169.253.255.255", true),
        ("169.254.169.254", false),
        ("172.15.255.255", true),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("172.32.0.0", true),
        ("192.0.0.8", false),
        ("192.0.1.0", true),
        ("192.0.2.1", false),
        ("192.88.99.1", false),
        ("192.167.255.255", true),
        ("192.168.1.1", false),
        ("198.17.255.255", true),
        ("198.18.0.1", false),
        ("198.19.255.255", false),
        ("198.20.0.0", true),
        ("198.51.100.7", false),
        ("203.0.113.7", false),
        ("223.255.255.255", true),
        ("224.0.0.1", false),
        ("240.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("::1", false),
        ("::127.0.0.1", false),
        ("::ffff:1.1.1.1", true),
        ("::ffff:192.168.0.1", false),
        ("64:ff9b::1.1.1.1", true),
        ("64:ff9b::169.254.169.254", false),
        ("64:ff9b:1::1.1.1.1", false),
        ("100::1", false),
        ("1fff:ffff::1", false),
        ("2000::1", true),
        ("2001::1", false),
        ("2001:1ff::1", false),
        ("2001:200::1", true),
        ("2001:db8::1", false),
        ("2001:db9::1", true),
        ("2002:a00:1::1", false),
        ("2003::1", true),
        ("2606:4700:4700::1111", true),
        ("3fff::1", false),
        ("3fff:1000::1", true),
        ("4000::1", false),
        ("fc00::1", false),
        ("fd00:ec2::254", false),
        ("fe80::1", false),
        ("ff02::1", false),
    ] {
        assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
    }
}

#[test]
fn development_is_allowed_what_it_names_and_no_more() {
    let policy = development();
    for (url, good) in [
        ("http://localhost:3000/hook", true),
        ("http://127.0.0.1:80/", true),
        ("https://127.0.0.2:8443/", true),
        ("http://127.0.0.2:8080/", false),
        ("http://example.com/", false),
        ("https://10.0.0.1/", false),
        ("http://user@localhost/", false),
        ("ftp://localhost/", false),
    ] {
        assert_eq!(Destination::parse(url, &policy).is_ok(), good, "{url}");
    }
    for (address, admitted) in [
        ("127.0.0.1", true),
        ("::ffff:127.0.0.1", true),
        ("fd00::1", true),
        ("::1", false),
        ("10.0.0.1", false),
        ("1.1.1.1", true),
    ] {
        assert_eq!(policy.admits(address.parse().unwrap()), admitted, "{address}");
    }
}

#[test]
fn what_goes_into_a_request_is_taken_from_the_url() {
    let policy = development();
    for (url, authority, target, encrypted, port) in [
        (
            "https://example.com/a/b?c=d",
            "example.com",
            "/a/b?c=d",
            true,
            443,
        ),
        ("https://example.com:8443", "example.com:8443", "/", true, 8443),
        ("http://localhost/?", "localhost", "/?", false, 80),
        ("https://[2606:4700::1]/x", "[2606:4700::1]", "/x", true, 443),
    ] {
        let destination = Destination::parse(url, &policy).unwrap();
        assert_eq!(destination.authority(), authority);
        assert_eq!(destination.target(), target);
        assert_eq!(destination.is_encrypted(), encrypted);
        assert_eq!(destination.port(), port);
    }
    let dotted = Destination::parse("https://example.com./", &policy).unwrap();
    assert_eq!(dotted.host(), &Host::Name("example.com".into()));
}
