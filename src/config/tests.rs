//! The reader against faulty and sound files, and the generated documents against the table.

use std::os::unix::fs::PermissionsExt;

use super::knobs::SECTIONS;
use super::*;

mod reports;

/// The least that a file must say.
const LEAST: &str = "[server]\nhostname = \"mail.example.org\"\n";

fn parse(text: &str) -> Result<Loaded, Faults> {
    Config::parse(text, Path::new("/etc/postrider"))
}

/// `text` has exactly the faults and warnings `expected`: each a line and a part of what is said of it. That it has no
/// listener, as most of the texts here, is not counted.
fn check(text: &str, expected: &[(usize, &str)]) {
    let faults = match parse(text) {
        Ok(loaded) => loaded.warnings,
        Err(faults) => faults,
    };
    let counted = faults
        .list()
        .iter()
        .filter(|fault| !fault.what.ends_with("no mail can come in"));
    let told: Vec<(usize, String)> = counted
        .map(|fault| (fault.line.unwrap_or(0), fault.to_string()))
        .collect();
    let same = told.len() == expected.len()
        && told
            .iter()
            .zip(expected)
            .all(|((line, what), (at, part))| line == at && what.contains(part));
    assert!(same, "{text}\nsaid {told:#?}\nexpected {expected:#?}");
}

#[test]
fn the_least_file_gives_every_default() {
    let Loaded { config, warnings } = parse(LEAST).unwrap();
    assert_eq!(
        warnings.to_string(),
        "warning: listener: there is none; no mail can come in"
    );
    assert_eq!(config.server.hostname, "mail.example.org");
    assert_eq!(config.server.data_dir, Path::new("/etc/postrider/data"));
    assert_eq!(config.sessions.message_size_max, 25 * 1024 * 1024);
    assert_eq!(config.sessions.idle_timeout, Duration::from_secs(300));
    assert_eq!(config.tls.outbound, OutboundTls::Opportunistic);
    assert_eq!(config.store.engine, Engine::RocksDb);
    assert_eq!(config.delivery.memory_max, 32 * 1024 * 1024);
    assert_eq!(config.delivery.smtp_port, 25);
    assert_eq!(config.retry.expire, Duration::from_secs(5 * 86_400));
    assert_eq!(
        config.operator.token_file,
        Path::new("/etc/postrider/data/operator.token")
    );
    assert_eq!(config.operator.address.to_string(), "127.0.0.1:8025");
    assert_eq!(config.api.base_url(), "http://127.0.0.1:8080");
    assert_eq!(config.api.body_max, 32 * 1024 * 1024);
    assert_eq!(
        (config.api.rate_limit, config.api.rate_window),
        (1000, Duration::from_secs(900))
    );
    assert_eq!(config.api.trusted_proxies, []);
    assert_eq!(config.api.cors_origins, [""; 0]);
    assert_eq!(config.log.format, LogFormat::Pretty);
}

#[test]
fn every_section_is_read() {
    let text = format!(
        "{LEAST}
[[listener]]
name = \"relay\"
kind = \"relay\"
address = \"[::]:25\"
trusted = [\"192.0.2.0/24\", \"::1\"]
account = \"shop@example.org\"
[[route]]
domain = \"*\"
to = \"smart.example.net\"
[[route]]
domain = \"*.example.org\"
to = \"[10.0.0.9]:2525\"
[retry]
first = \"1s\"
factor = 3
[dns]
servers = [\"127.0.0.1:5353\"]
[delivery]
source_address = \"192.0.2.25\"
[api]
address = \"0.0.0.0:8443\"
tls = true
public_url = \"https://api.example.org/mail/\"
trusted_proxies = [\"10.0.0.0/8\"]
cors_origins = [\"https://app.example.org\"]
simulator_domain = \"Sim.example.org\"
[log]
format = \"json\"
filter = \"info,postrider::outbound=debug\"
"
    );
    let config = parse(&text).unwrap().config;
    let listener = config.listeners.first().unwrap();
    assert_eq!((listener.kind, listener.trusted.len()), (ListenerKind::Relay, 2));
    assert_eq!(listener.account.as_deref(), Some("shop@example.org"));
    assert_eq!(config.api.base_url(), "https://api.example.org/mail");
    assert_eq!(config.api.simulator_domain, "sim.example.org");
    assert_eq!(config.retry.factor, 3.0);
    assert_eq!(config.dns.servers, ["127.0.0.1:5353".parse().unwrap()]);
    assert_eq!(
        config.delivery.source_address,
        Some("192.0.2.25".parse().unwrap())
    );
    let hop = |domain| route_for(&config.routes, domain).map(|route| route.to.to_string());
    assert_eq!(
        hop("www.example.org").as_deref(),
        Some("[10.0.0.9]:2525"),
        "the narrower pattern wins"
    );
    assert_eq!(hop("example.org").as_deref(), Some("smart.example.net"));
}

#[test]
fn each_fault_is_told_with_its_line_and_remedy() {
    let cases: [(&str, &[(usize, &str)]); 16] = [
        ("", &[(0, "server.hostname: is missing; write hostname = ")]),
        ("[server\n", &[(1, "not TOML")]),
        (
            "hostname = \"a.example\"\n",
            &[(0, "is missing"), (1, "it belongs into [server]")],
        ),
        (
            "[serve]\nhostname = \"a.example\"\n",
            &[(0, "missing"), (1, "did you mean [server]?")],
        ),
        (
            "[[server]]\nhostname = \"a.example\"\n",
            &[(1, "write [server]"), (1, "missing")],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[listener]\nname = \"a\"\n",
            &[(3, "write [[listener]]")],
        ),
        (
            "[server]\nhostnme = \"a.example\"\n",
            &[(1, "missing"), (2, "did you mean `hostname`?")],
        ),
        (
            "[server]\nhostname = \"mail\"\n",
            &[(2, "warning: server.hostname: \"mail\" is not fully")],
        ),
        (
            "[server]\nhostname = 7\n",
            &[(2, "expected a host name; found an integer")],
        ),
        (
            "[server]\nhostname = \"a.example\"\ndrain = \"2d\"\nmax = 1\n",
            &[(3, "0s to 1h; found \"2d\""), (4, "it belongs into [sessions]")],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[retry]\nfirst = \"2h\"\nmax = \"1h\"\nfactor = 0.5\njitter = nan\n",
            &[
                (6, "a number, 1 to 100; found 0.5"),
                (7, "a number, 0 to 1; found nan"),
            ],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[retry]\nfirst = \"2h\"\nmax = \"1h\"\n",
            &[(5, "shorter than `first`")],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[store]\nengine = \"sqlite\"\n[log]\nfilter = \"a=b=c\"\n",
            &[
                (4, "\"rocksdb\" or \"memory\"; found \"sqlite\""),
                (6, "log filter directives"),
            ],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[dns]\nservers = [\"127.0.0.1\"]\ntimeout = 5\n",
            &[
                (4, "an IP address and a port"),
                (5, "a time such as \"30s\", 1s to 1m; found an integer"),
            ],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[api]\ntoken_file = \"t\"\nbody_max = \"1KiB\"\n",
            &[
                (4, "it belongs into [operator]"),
                (5, "1MiB to 100MiB; found \"1KiB\""),
            ],
        ),
        (
            "[server]\nhostname = \"a.example\"\n[api]\npublic_url = \"api.example\"\ncors_origins = [\"https://a.example/\"]\n",
            &[
                (
                    4,
                    "a URL such as \"https://api.example.org\"; found \"api.example\"",
                ),
                (
                    5,
                    "an origin such as \"https://app.example.org\", or \"*\"; found",
                ),
            ],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn listeners_must_be_bindable_and_guarded() {
    let text = "\
[server]
hostname = \"a.example\"
[[listener]]
name = \"one\"
kind = \"relay\"
address = \"[::]:2525\"
[[listener]]
name = \"one\"
kind = \"submission\"
address = \"127.0.0.1:2525\"
trusted = [\"10.0.0.1/8\"]
[[listener]]
name = \"two\"
kind = \"submission\"
address = \"127.0.0.1:587\"
trusted = [\"10.0.0.0/8\"]
[[listener]]
name = \"three\"
kind = \"relay\"
address = \"127.0.0.1:2526\"
trusted = [\"0.0.0.0/0\"]
[[listener]]
name = \"two\"
kind = \"submission\"
address = \"0.0.0.0:587\"
";
    check(
        text,
        &[
            (3, "nobody could use this relay"),
            (11, "write 10.0.0.0/8"),
            (16, "takes mail only after authentication"),
            (21, "warning: listener.trusted: trusts everybody"),
            (23, "the name of another listener"),
            (25, "taken by listener \"two\" (127.0.0.1:587)"),
        ],
    );
}

#[test]
fn http_needs_addresses_of_its_own() {
    let listener =
        "[[listener]]\nname = \"r\"\nkind = \"relay\"\naddress = \"[::]:8025\"\ntrusted = [\"::1\"]\n";
    let text = format!("{LEAST}{listener}[operator]\naddress = \"127.0.0.1:8025\"\n");
    let taken = "operator.address: 127.0.0.1:8025 is taken by listener \"r\"";
    check(&text, &[(9, taken)]);
    let text = format!("{LEAST}[api]\naddress = \"127.0.0.1:8025\"\n");
    check(
        &text,
        &[(4, "api.address: 127.0.0.1:8025 is taken by [operator]")],
    );
}

#[test]
fn http_that_gives_something_away_is_warned_of() {
    for (lines, expected) in [
        ("address = \"0.0.0.0:8080\"\n", Some((4, "in clear text"))),
        ("address = \"0.0.0.0:8080\"\ntls = true\n", None),
        (
            "address = \"0.0.0.0:8080\"\ntrusted_proxies = [\"192.0.2.1\"]\n",
            None,
        ),
        ("trusted_proxies = [\"::/0\"]\n", Some((4, "trusts everybody"))),
    ] {
        check(&format!("{LEAST}[api]\n{lines}"), expected.as_slice());
    }
}

#[test]
fn only_a_relay_listener_has_an_account() {
    let text = format!(
        "{LEAST}[[listener]]\nname = \"s\"\nkind = \"submission\"\naddress = \"127.0.0.1:587\"\naccount = \"a@b.example\"\n\
         [[listener]]\nname = \"r\"\nkind = \"relay\"\naddress = \"127.0.0.1:25\"\ntrusted = [\"::1\"]\naccount = \"shop\"\n"
    );
    check(
        &text,
        &[
            (7, "takes the account from the login"),
            (13, "expected an e-mail address; found \"shop\""),
        ],
    );
}

#[test]
fn entries_are_not_told_twice() {
    let text = format!(
        "{LEAST}[[route]]\ndomain = \"*\"\nto = \"[a.example]\"\n[[route]]\ndomain = \"*\"\nto = \"[b.example]\"\n"
    );
    check(&text, &[(7, "\"*\" has a route already")]);
}

#[test]
fn a_route_back_to_this_server_is_warned_of() {
    let listener = "[[listener]]\nname = \"r\"\nkind = \"relay\"\naddress = \"0.0.0.0:2525\"\ntrusted = [\"127.0.0.1\"]\n";
    for (to, loops) in [
        ("[127.0.0.1]:2525", true),
        ("[localhost]:2525", true),
        ("[mail.example.org]:2525", true),
        ("[127.0.0.1]:2526", false),
        ("[other.example.org]:2525", false),
    ] {
        let text = format!("{LEAST}{listener}[[route]]\ndomain = \"*\"\nto = \"{to}\"\n");
        let warnings = parse(&text).unwrap().warnings.to_string();
        assert_eq!(
            warnings.contains("line 10: warning: route.to:"),
            loops,
            "{to}: {warnings}"
        );
    }
}

#[test]
fn key_files_must_be_readable_and_should_be_private() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, "").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let text = format!(
        "{LEAST}[[dkim]]\ndomain = \"example.org\"\nselector = \"a\"\nprivate_key = \"key.pem\"\n\
         [[dkim]]\ndomain = \"example.org\"\nselector = \"b\"\nprivate_key = \"missing.pem\"\n\
         [[dkim]]\ndomain = \"Example.org\"\nselector = \"a\"\nprivate_key = \"key.pem\"\n\
         [[certificate]]\ncertificate = \".\"\nprivate_key = \"key.pem\"\n"
    );
    let faults = Config::parse(&text, folder.path()).unwrap_err().to_string();
    for expected in [
        "line 6: warning: dkim.private_key: every user of this machine can use",
        "line 10: dkim.private_key: cannot read",
        "line 13: dkim.selector: \"a\" of example.org has a key already",
        "line 16: certificate.certificate:",
    ] {
        assert!(faults.contains(expected), "{expected:?} is not in\n{faults}");
    }
}

#[test]
fn a_missing_file_is_named_with_its_remedy() {
    let faults = Config::load(Path::new("/nonexistent/postrider.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        faults.starts_with("/nonexistent/postrider.toml: cannot read"),
        "{faults}"
    );
    assert!(faults.contains("`postrider init`"), "{faults}");
}

/// A date is no value of any kind: a knob that does not complain of one is not read.
#[test]
fn every_knob_of_the_table_is_read() {
    for section in SECTIONS {
        for knob in section.knobs {
            let (open, close) = if section.repeated {
                ("[[", "]]")
            } else {
                ("[", "]")
            };
            let text = format!("{open}{}{close}\n{} = 1979-05-27\n", section.name, knob.key);
            let place = format!("{}.{}", section.name, knob.key);
            let faults = parse(&text).unwrap_err();
            let told = faults
                .list()
                .iter()
                .any(|fault| fault.place == place && fault.what.starts_with("expected "));
            assert!(told, "{place}: {faults}");
        }
    }
}

#[test]
fn the_generated_file_is_a_sound_configuration() {
    let given = [
        ("server", vec![("hostname", "\"mail.example.org\"".to_owned())]),
        (
            "listener",
            vec![
                ("name", "\"submission\"".to_owned()),
                ("kind", "\"submission\"".to_owned()),
                ("address", "\"127.0.0.1:2587\"".to_owned()),
            ],
        ),
        (
            "listener",
            vec![
                ("name", "\"relay\"".to_owned()),
                ("kind", "\"relay\"".to_owned()),
                ("address", "\"127.0.0.1:2525\"".to_owned()),
                ("trusted", "[\"127.0.0.1\"]".to_owned()),
            ],
        ),
    ];
    let text = reference::sample(&given);
    let loaded = parse(&text).unwrap();
    assert_eq!(loaded.warnings, Faults::default(), "{}", loaded.warnings);
    assert_eq!(loaded.config.listeners.len(), 2);
    for knob in SECTIONS.iter().flat_map(|section| section.knobs) {
        let stands = text.lines().any(|line| {
            line.trim_start_matches('#')
                .starts_with(&format!("{} = ", knob.key))
        });
        assert!(stands, "{} is not in the generated file", knob.key);
    }
}

/// Each commented line of the generated file is right too: with the marks gone, everything but the files is found.
#[test]
fn examples_of_the_generated_file_are_sound() {
    let text: String = reference::sample(&[])
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(knob) if !knob.starts_with(' ') => format!("{knob}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let faults = parse(&text).unwrap_err();
    // The example of a listener is for submission, which takes no account.
    let excused =
        |what: &str| what.starts_with("cannot read") || what.starts_with("a submission listener takes");
    for fault in faults.list() {
        assert!(excused(&fault.what), "{fault}\n{text}");
    }
    assert_eq!(faults.list().len(), 7, "{faults}");
}

#[test]
fn the_reference_is_the_committed_one() {
    let (generated, committed) = (reference::markdown(), include_str!("../../docs/configuration.md"));
    let differing = generated
        .lines()
        .zip(committed.lines())
        .find(|(generated, committed)| generated != committed);
    let remedy = "write it anew: postrider config reference > docs/configuration.md";
    assert_eq!(differing, None, "{remedy}");
    assert_eq!(generated.lines().count(), committed.lines().count(), "{remedy}");
}
