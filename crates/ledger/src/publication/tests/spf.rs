use super::*;

/// An SPF record of the domain, TXT records of others as `name: text`, and what is to be said.
type Case<'a> = (&'a str, &'a [&'a str], RecordState, &'a str);

fn check(cases: &[Case<'_>]) {
    for (record, others, state, says) in cases {
        let mut changes: Vec<(String, Answer)> = vec![("TXT shop.example".to_owned(), records(&[record]))];
        for other in *others {
            let (name, text) = other.split_once(": ").expect("name: text");
            let answer = match text {
                "(failed)" => Answer::Failed("SERVFAIL".to_owned()),
                "(empty)" => Answer::NoRecord,
                text => Answer::Records(text.split(" | ").map(str::to_owned).collect()),
            };
            changes.push((format!("TXT {name}"), answer));
        }
        let changes: Vec<(&str, Answer)> = changes
            .iter()
            .map(|(key, answer)| (key.as_str(), answer.clone()))
            .collect();
        assert_finding(
            &finding(DOMAIN, &changes),
            *state,
            says,
            &format!("{record} {others:?}"),
        );
    }
}

#[test]
fn our_host_is_found() {
    check(&[
        ("v=spf1 a:mx.postrider.test -all", &[], Valid, ""),
        ("V=SPF1  +A:MX.Postrider.TEST. ?All ", &[], Valid, ""),
        ("v=spf1 a:mx.postrider.test/24//64", &[], Valid, ""),
        (
            "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 mx a ptr exists:%{i}.x.test a:mx.postrider.test ~all",
            &[],
            Valid,
            "",
        ),
        (
            "v=spf1 include:a.test ~all",
            &["a.test: v=spf1 a:mx.postrider.test -all"],
            Valid,
            "",
        ),
        (
            "v=spf1 include:a.test ~all",
            &[
                "a.test: hello | v=spf1 include:b.test",
                "b.test: v=spf1 a:mx.postrider.test",
            ],
            Valid,
            "",
        ),
        (
            "v=spf1 include:a.test. ~all",
            &[
                "a.test: v=spf1 redirect=b.test",
                "b.test: v=spf1 a:mx.postrider.test",
            ],
            Valid,
            "",
        ),
        (
            "v=spf1 redirect=a.test",
            &["a.test: v=spf1 a:mx.postrider.test -all"],
            Valid,
            "",
        ),
        (
            "v=spf1 redirect=mx.postrider.test",
            &["mx.postrider.test: v=spf1 a -all"],
            Valid,
            "",
        ),
        (
            "v=spf1 redirect=nowhere.test a:mx.postrider.test ~all",
            &[],
            Valid,
            "",
        ),
        (
            "v=spf1 exp=why.test unknown=1 a:mx.postrider.test ~all",
            &[],
            Valid,
            "",
        ),
        (
            "v=spf1 a:mx.postrider.test include:%{i}.b.test ~all",
            &[],
            Valid,
            "",
        ),
        (
            "v=spf1 include:a.test include:a.test a:mx.postrider.test",
            &["a.test: v=spf1 -all"],
            Valid,
            "",
        ),
    ]);
}

#[test]
fn our_host_is_not_let_pass() {
    check(&[
        ("v=spf1", &[], Invalid, "does not allow our host"),
        (
            "v=spf1 a:other.test ~all",
            &[],
            Invalid,
            "does not allow our host",
        ),
        ("v=spf1 -all", &[], Invalid, "does not allow our host"),
        (
            "v=spf1 include:a.test ~all",
            &["a.test: v=spf1 -all"],
            Invalid,
            "does not allow our host",
        ),
        (
            "v=spf1 -a:mx.postrider.test ~all",
            &[],
            Invalid,
            "does not let it pass",
        ),
        (
            "v=spf1 ~a:mx.postrider.test a:mx.postrider.test",
            &[],
            Invalid,
            "does not let it pass",
        ),
        (
            "v=spf1 ?include:a.test ~all",
            &["a.test: v=spf1 a:mx.postrider.test"],
            Invalid,
            "does not let it pass",
        ),
        // RFC 7208 §5.2: an include matches only what passes.
        (
            "v=spf1 include:a.test ~all",
            &["a.test: v=spf1 ?a:mx.postrider.test"],
            Invalid,
            "does not allow our host",
        ),
        (
            "v=spf1 -all a:mx.postrider.test",
            &[],
            Invalid,
            "stands behind `all`",
        ),
        (
            "v=spf1 include:a.test",
            &["a.test: v=spf1 -all a:mx.postrider.test"],
            Invalid,
            "does not allow our host",
        ),
        // RFC 7208 §6.1: with `all` no redirect.
        (
            "v=spf1 ~all redirect=a.test",
            &["a.test: v=spf1 a:mx.postrider.test"],
            Invalid,
            "does not allow our host",
        ),
        (
            "v=spf1 include:%{i}.a.test ~all",
            &[],
            Invalid,
            "with macros cannot be followed",
        ),
    ]);
}

#[test]
fn everybody_is_let_pass() {
    check(&[
        ("v=spf1 a:mx.postrider.test +all", &[], Invalid, "`+all`"),
        ("v=spf1 a:mx.postrider.test all", &[], Invalid, "`+all`"),
        (
            "v=spf1 a:mx.postrider.test include:a.test -all",
            &["a.test: v=spf1 +all"],
            Invalid,
            "`+all`",
        ),
        (
            "v=spf1 a:mx.postrider.test redirect=a.test",
            &["a.test: v=spf1 all"],
            Invalid,
            "`+all`",
        ),
        // All of them fail: nothing behind is looked at.
        (
            "v=spf1 -include:a.test a:mx.postrider.test",
            &["a.test: v=spf1 +all"],
            Invalid,
            "behind `all`",
        ),
    ]);
}

#[test]
fn permanent_errors() {
    let ten = format!("v=spf1 a:mx.postrider.test{} ~all", " a:x.test".repeat(9));
    let eleven = format!("v=spf1 a:mx.postrider.test{} ~all", " a:x.test".repeat(10));
    let nested = "a.test: v=spf1 mx mx mx mx mx mx mx mx";
    check(&[
        (&ten, &[], Valid, ""),
        (&eleven, &[], Invalid, "more than 10 DNS look-ups"),
        (
            "v=spf1 a:mx.postrider.test include:a.test ~all",
            &[nested],
            Valid,
            "",
        ),
        (
            "v=spf1 a:mx.postrider.test mx include:a.test ~all",
            &[nested],
            Invalid,
            "more than 10 DNS look-ups",
        ),
        (
            "v=spf1 include:shop.example ~all",
            &[],
            Invalid,
            "comes back to `shop.example`",
        ),
        (
            "v=spf1 include:a.test",
            &["a.test: v=spf1 redirect=b.test", "b.test: v=spf1 include:A.test"],
            Invalid,
            "comes back to `a.test`",
        ),
        (
            "v=spf1 a:mx.postrider.test include:a.test",
            &[],
            Invalid,
            "`a.test`, which the record includes, has no SPF",
        ),
        (
            "v=spf1 a:mx.postrider.test include:a.test",
            &["a.test: (empty)"],
            Invalid,
            "has no SPF record",
        ),
        (
            "v=spf1 a:mx.postrider.test redirect=a.test",
            &["a.test: hello"],
            Invalid,
            "has no SPF record",
        ),
        (
            "v=spf1 a:mx.postrider.test include:a.test",
            &["a.test: v=spf1 a | v=spf1 mx"],
            Invalid,
            "has two SPF records",
        ),
        (
            "v=spf1 a:mx.postrider.test include:a.test",
            &["a.test: v=spf1 ip4:1.2.3"],
            Invalid,
            "SPF record of `a.test` cannot be read",
        ),
    ]);
    let two = records(&["v=spf1 a:mx.postrider.test ~all", "v=spf1 mx -all", "hello"]);
    let found = finding(DOMAIN, &[("TXT shop.example", two)]);
    assert_finding(&found, Invalid, "two SPF records", "two");
    assert_eq!(found.found, ["v=spf1 a:mx.postrider.test ~all", "v=spf1 mx -all"]);
}

#[test]
fn syntax() {
    let name = "x".repeat(254);
    for (term, is_sound) in [
        ("ip4:192.0.2.1", true),
        ("ip4:192.0.2.1/33", false),
        ("ip4:192.0.2.1/+3", false),
        ("ip4", false),
        ("ip4=192.0.2.1", true), // an unknown modifier
        ("ip6:2001:db8::1/129", false),
        ("ip6:192.0.2.1", false),
        ("a:", false),
        ("a/", false),
        ("a/33", false),
        ("a//129", false),
        ("a/24//64", true),
        ("mx:x.test/24", true),
        ("mx24", false),
        ("include:", false),
        ("include", false),
        ("ptr:x.test", true),
        ("exists", false),
        ("all:x.test", false),
        ("exp=", false),
        ("exp=a.test exp=b.test", false),
        ("redirect=", false),
        ("redirect=a.test redirect=b.test", false),
        ("ipv4:192.0.2.1", false),
        ("v=spf1", true), // an unknown modifier
        ("-", false),
        ("a:ü.test", false),
        ("\ta", false),
        (&format!("a:{name}"), false),
    ] {
        let record = format!("v=spf1 a:mx.postrider.test {term} ~all");
        let (state, says) = if is_sound {
            (Valid, "")
        } else {
            (Invalid, "cannot be read")
        };
        check(&[(&record, &[], state, says)]);
    }
}

#[test]
fn what_only_looks_like_spf() {
    check(&[
        (
            "\"v=spf1 a:mx.postrider.test ~all\"",
            &[],
            Invalid,
            "does not begin with `v=spf1`",
        ),
        (
            " v=spf1 a:mx.postrider.test ~all",
            &[],
            Invalid,
            "does not begin with `v=spf1`",
        ),
        (
            "v=spf1; a:mx.postrider.test ~all",
            &[],
            Invalid,
            "does not begin with `v=spf1`",
        ),
        (
            "v=spf10 a:mx.postrider.test ~all",
            &[],
            Invalid,
            "does not begin with `v=spf1`",
        ),
        (
            "spf1 a:mx.postrider.test ~all",
            &[],
            Invalid,
            "does not begin with `v=spf1`",
        ),
        ("site-verification=1", &[], Pending, "No SPF record is among"),
    ]);
    let among = records(&["site-verification=1", "v=spf1 a:mx.postrider.test ~all"]);
    let found = finding(DOMAIN, &[("TXT shop.example", among)]);
    assert_finding(&found, Valid, "", "among others");
    assert_eq!(found.found, ["v=spf1 a:mx.postrider.test ~all"]);
}

#[test]
fn failures_conclude_nothing() {
    check(&[
        (
            "v=spf1 include:a.test a:mx.postrider.test",
            &["a.test: (failed)"],
            Pending,
            "`a.test` could not be looked up",
        ),
        (
            "v=spf1 redirect=a.test",
            &["a.test: (failed)"],
            Pending,
            "`SERVFAIL`",
        ),
    ]);
}

#[test]
fn a_chain_without_end_is_left_after_ten_look_ups() {
    let mut zone = published();
    zone.insert(
        "TXT shop.example".to_owned(),
        records(&["v=spf1 include:n0.test"]),
    );
    for n in 0..100 {
        let next = format!("v=spf1 include:n{}.test", n + 1);
        zone.insert(format!("TXT n{n}.test"), records(&[&next]));
    }
    let (report, asked) = verify(&zone);
    let spf = report
        .findings
        .iter()
        .find(|finding| finding.purpose == "spf")
        .expect("spf");
    assert_finding(spf, Invalid, "more than 10 DNS look-ups", "chain");
    assert_eq!(
        asked.iter().filter(|name| name.starts_with("TXT n")).count(),
        SPF_LOOKUPS_MAX
    );
}
