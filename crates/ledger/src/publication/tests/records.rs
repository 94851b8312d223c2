use super::*;

const OWNERSHIP: &str = "_postrider.shop.example";
const DKIM: &str = "pr1r._domainkey.shop.example";
const DMARC: &str = "_dmarc.shop.example";
const BOUNCE: &str = "bounce.shop.example";

fn check_txt(name: &str, cases: &[(&[&str], RecordState, &str)]) {
    for (texts, state, says) in cases {
        let found = finding(name, &[(&format!("TXT {name}"), records(texts))]);
        assert_finding(&found, *state, says, &format!("{texts:?}"));
        assert_eq!(found.found.len(), texts.len(), "{texts:?}");
    }
}

#[test]
fn ownership() {
    check_txt(
        OWNERSHIP,
        &[
            (
                &["POSTRIDER-verification=0123456789ABCDEF0123456789abcdef"],
                Valid,
                "",
            ),
            (
                &[
                    "v=spf1 -all",
                    "postrider-verification=0123456789abcdef0123456789abcdef",
                    "hello",
                ],
                Valid,
                "",
            ),
            (
                &[
                    "postrider-verification=of-another",
                    "postrider-verification=0123456789abcdef0123456789abcdef",
                ],
                Valid,
                "",
            ),
            (&["hello", ""], Pending, "ours is not among them"),
            (
                &["\"postrider-verification=0123456789abcdef0123456789abcdef\""],
                Invalid,
                "quotes or white space",
            ),
            (
                &["postrider-verification= 0123456789abcdef 0123456789abcdef"],
                Invalid,
                "quotes or white space",
            ),
            (
                &["0123456789abcdef0123456789abcdef"],
                Invalid,
                "is missing before the token",
            ),
            (
                &["postrider-verification=0123456789abcdef"],
                Invalid,
                "cut off or mistyped",
            ),
            (
                &["postrider-verification=0123456789abcdeX0123456789abcdef"],
                Invalid,
                "cut off or mistyped",
            ),
            (
                &["postrider-verification=123456789abcdef0123456789abcdef"],
                Invalid,
                "cut off or mistyped",
            ),
            (
                &["postrider-verification=fedcba98765432100123fedcba987654"],
                Invalid,
                "of another account",
            ),
            (&["postrider-verification="], Invalid, "mistyped"),
            (
                &["postrider-verfication=0123456789abcdef0123456789abcdef"],
                Invalid,
                "looks like our record",
            ),
            (&["postrider 42"], Invalid, "looks like our record"),
        ],
    );
}

#[test]
fn dkim() {
    let key = RSA_KEY;
    let half = key.get(..40).expect("a prefix");
    let slip = format!("{half}X{}", key.get(41..).expect("the rest"));
    let folded = format!("{half} {}", key.get(40..).expect("the rest"));
    let with = |before: &str, key: &str, after: &str| format!("{before}p={key}{after}");
    let rsa = "v=DKIM1; k=rsa; ";
    for (text, state, says) in [
        (with("v=DKIM1;k=rsa;", key, ";"), Valid, ""),
        (with(" v = DKIM1 ; ", key, " "), Valid, ""),
        (
            with("v=DKIM1; h=sha1:sha256; s=email; t=s; n=note; ", key, ""),
            Valid,
            "",
        ),
        (with(rsa, &folded, ""), Valid, ""),
        (with("k=rsa; ", key, ""), Invalid, "does not begin with `v=DKIM1`"),
        (
            with("v=dkim1; k=rsa; ", key, ""),
            Invalid,
            "does not begin with `v=DKIM1`",
        ),
        (
            with("k=rsa; v=DKIM1; ", key, ""),
            Invalid,
            "does not begin with `v=DKIM1`",
        ),
        (key.to_owned(), Invalid, "tag=value"),
        (
            with("\"v=DKIM1; k=rsa; ", key, "\""),
            Invalid,
            "quotes or backslashes",
        ),
        (
            with("v=DKIM1\\; k=rsa\\; ", key, ""),
            Invalid,
            "quotes or backslashes",
        ),
        (with(rsa, half, ""), Invalid, "cut off"),
        (with(rsa, &slip, ""), Invalid, "mistyped"),
        (
            with(rsa, &key.to_ascii_lowercase(), ""),
            Invalid,
            "Upper and lower case",
        ),
        (
            with(rsa, "AAAAB3NzaC1yc2EAAAADAQABAAABgQ", ""),
            Invalid,
            "Another key",
        ),
        (with(rsa, "", ""), Invalid, "revokes"),
        ("v=DKIM1; k=rsa".to_owned(), Invalid, "revokes"),
        (with("v=DKIM1; k=ed25519; ", key, ""), Invalid, "`k=rsa`"),
        (with("v=DKIM1; h=sha1; ", key, ""), Invalid, "sha256"),
        (with("v=DKIM1; s=tlsrpt; ", key, ""), Invalid, "e-mail"),
        (with(rsa, key, &format!("; p={key}")), Invalid, "twice"),
        (
            with(rsa, key, &(0..40).map(|n| format!(";x{n}=")).collect::<String>()),
            Invalid,
            "more than 32 tags",
        ),
    ] {
        check_txt(DKIM, &[(&[&text], state, says)]);
    }
    check_txt(
        DKIM,
        &[
            (&["v=spf1 -all exp=p.example", RSA], Valid, ""),
            (&[RSA, ED25519], Invalid, "more than one key"),
            (&["v=spf1 -all"], Pending, "none with a key"),
        ],
    );
}

#[test]
fn dmarc() {
    check_txt(
        DMARC,
        &[
            (&["v=DMARC1"], Valid, ""),
            (&["v=DMARC1;"], Valid, ""),
            (
                &["v = DMARC1 ; P=REJECT; sp=quarantine; np=reject; adkim=s; aspf=r; fo=1:d; t=y; psd=n"],
                Valid,
                "",
            ),
            (
                &["v=DMARC1; rua=mailto:a@shop.example!10m, mailto:b@shop.example; p=none"],
                Valid,
                "",
            ),
            (&["v=DMARC1; p=none; unknown=1"], Valid, ""),
            (&["v=spf1 -all", "v=DMARC1; p=reject", "hello"], Valid, ""),
            (&["hello"], Pending, "none is a DMARC policy"),
            (
                &["v=DMARC1; p=none", "v=DMARC1; p=reject"],
                Invalid,
                "two DMARC records",
            ),
            (&["p=none"], Invalid, "does not begin with `v=DMARC1;`"),
            (&["p=none; v=DMARC1"], Invalid, "does not begin with `v=DMARC1;`"),
            (&["v=dmarc1; p=none"], Invalid, "does not begin with `v=DMARC1;`"),
            (
                &["\"v=DMARC1; p=none\""],
                Invalid,
                "does not begin with `v=DMARC1;`",
            ),
            (&["v=DMARC1 p=none"], Invalid, "does not begin with `v=DMARC1;`"),
            // Receivers ignore what RFC 9989 removed.
            (&["v=DMARC1; p=none; pct=50; rf=afrf; ri=86400"], Valid, ""),
            (
                &["v=DMARC1; p=nothing"],
                Invalid,
                "`nothing` is not a value of `p=`",
            ),
            (&["v=DMARC1; p="], Invalid, "is not a value of `p=`"),
            (&["v=DMARC1; p=none, sp=none"], Invalid, "is not a value of `p=`"),
            (&["v=DMARC1; adkim=strict"], Invalid, "`adkim=`"),
            (&["v=DMARC1; t=1"], Invalid, "`t=`"),
            (&["v=DMARC1; psd=x"], Invalid, "`psd=`"),
            (&["v=DMARC1; fo=2"], Invalid, "`fo=`"),
            (&["v=DMARC1; rua=a@shop.example"], Invalid, "`mailto:`"),
            (&["v=DMARC1; rua=mailto:shop.example"], Invalid, "`mailto:`"),
            (&["v=DMARC1; p=none; p=reject"], Invalid, "twice"),
            (&["v=DMARC1; none"], Invalid, "tag=value"),
        ],
    );
}

#[test]
fn cname() {
    let cname = "CNAME bounce.shop.example";
    for (answer, state, says) in [
        (records(&["MX.Postrider.Test."]), Valid, ""),
        (records(&["other.example"]), Invalid, "leads to `other.example`"),
        (
            records(&["mx.postrider.test.shop.example"]),
            Invalid,
            "with a dot at its end",
        ),
        (records(&[""]), Invalid, "leads to ``"),
        (Answer::NoName, Pending, "does not exist yet"),
        (Answer::NoRecord, Pending, "exists without a CNAME"),
        (records(&[]), Pending, "exists without a CNAME"),
        (Answer::Failed("timeout".to_owned()), Pending, "`timeout`"),
    ] {
        let found = finding(BOUNCE, &[(cname, answer.clone())]);
        assert_finding(&found, state, says, &format!("{answer:?}"));
    }
}

#[test]
fn a_chain_of_cnames_is_followed() {
    let link = |from: &str, to: &[&str]| (format!("CNAME {from}"), records(to));
    let own = |to: &[&str]| link(BOUNCE, to);
    let circle = || link("a.example", &[BOUNCE]);
    for (links, state, says) in [
        (
            vec![
                own(&["a.example"]),
                link("a.example", &["B.example."]),
                link("b.example", &[HOST]),
            ],
            Valid,
            "",
        ),
        (
            vec![own(&["a.example"]), link("a.example", &["b.example"])],
            Invalid,
            "leads to `a.example`, and in the end to `b.example`",
        ),
        (
            vec![own(&["a.example"]), link("a.example", &["a.example"])],
            Invalid,
            "leads in a circle by way of `a.example`",
        ),
        (vec![own(&["a.example"]), circle()], Invalid, "leads in a circle"),
        (vec![own(&["a.example", HOST])], Invalid, "several CNAME records"),
        (
            vec![
                own(&["a.example"]),
                ("CNAME a.example".to_owned(), Answer::Failed("timeout".to_owned())),
            ],
            Pending,
            "`timeout`",
        ),
    ] {
        let links: Vec<(&str, Answer)> = links
            .iter()
            .map(|(name, to)| (name.as_str(), to.clone()))
            .collect();
        let found = finding(BOUNCE, &links);
        assert_finding(&found, state, says, &format!("{links:?}"));
    }
}

#[test]
fn a_policy_above_holds_for_a_domain_without_one() {
    let inherited = |domain: &str, zone: &[(&str, Answer)]| {
        let plan = Plan { domain, ..plan() };
        let mut verification = Verification::new(&plan);
        let mut asked = Vec::new();
        while let Some(question) = verification.poll_question() {
            let answer = zone.iter().find(|(name, _)| *name == question.name);
            verification.handle_answer(answer.map_or(Answer::NoName, |(_, answer)| answer.clone()));
            asked.push(question.name);
        }
        let findings = verification.finish().findings.into_iter();
        let mut dmarc = findings.filter(|finding| finding.purpose == "dmarc");
        (dmarc.next().expect("the policy is expected"), asked)
    };
    let policy = || ("_dmarc.shop.example", records(&["v=DMARC1; p=reject; sp=none"]));
    let (found, _) = inherited("news.mail.shop.example", &[policy()]);
    assert_finding(&found, Valid, "", "two labels above");
    let near = ("_dmarc.mail.shop.example", records(&["v=DMARC1; p=nothing"]));
    let (found, _) = inherited("mail.shop.example", &[near, policy()]);
    assert_finding(&found, Invalid, "`nothing`", "its own comes first");
    let (found, asked) = inherited("shop.co.uk", &[("_dmarc.co.uk", records(&["v=DMARC1; p=none"]))]);
    assert_finding(&found, Pending, "does not exist yet", "of nobody's suffix");
    assert!(!asked.contains(&"_dmarc.co.uk".to_owned()), "{asked:?}");
    let (found, asked) = inherited("a.b.c.d.e.f.g.shop.example", &[policy()]);
    assert_finding(&found, Valid, "", "far above");
    let above = asked.iter().filter(|name| name.starts_with("_dmarc.")).count();
    assert!(above <= QUESTIONS_PER_RECORD_MAX, "{asked:?}");
}

#[test]
fn what_is_not_there_is_looked_for_where_it_often_is() {
    let own = |name| format!("TXT {name}");
    let alias = |name| format!("CNAME {name}");
    let doubled = |name| format!("TXT {name}.shop.example");
    let token = format!("postrider-verification={TOKEN}");
    for (name, changes, state, says) in [
        (
            OWNERSHIP,
            vec![(own(OWNERSHIP), Answer::NoName)],
            Pending,
            "does not exist yet",
        ),
        (
            OWNERSHIP,
            vec![(own(OWNERSHIP), Answer::NoRecord)],
            Pending,
            "no TXT record here yet",
        ),
        (
            OWNERSHIP,
            vec![(own(OWNERSHIP), Answer::Failed("SERVFAIL".to_owned()))],
            Pending,
            "could not be looked up",
        ),
        (
            OWNERSHIP,
            vec![
                (own(OWNERSHIP), Answer::NoName),
                (doubled(OWNERSHIP), records(&[&token])),
            ],
            Invalid,
            "Enter `_postrider` as its name",
        ),
        (
            OWNERSHIP,
            vec![
                (own(OWNERSHIP), Answer::NoName),
                (doubled(OWNERSHIP), records(&["hello"])),
            ],
            Pending,
            "does not exist yet",
        ),
        (
            DKIM,
            vec![(own(DKIM), Answer::NoName), (doubled(DKIM), records(&[RSA]))],
            Invalid,
            "Enter `pr1r._domainkey` as its name",
        ),
        (
            DOMAIN,
            vec![
                (own(DOMAIN), records(&["hello"])),
                (doubled(DOMAIN), records(&["v=spf1 a:mx.postrider.test ~all"])),
            ],
            Invalid,
            "Enter `@` as its name",
        ),
        (
            DKIM,
            vec![
                (own(DKIM), Answer::NoName),
                (alias(DKIM), records(&["keys.example"])),
            ],
            Invalid,
            "There is a CNAME to `keys.example`",
        ),
        (
            OWNERSHIP,
            vec![
                (own(OWNERSHIP), records(&["v=spf1 -all"])),
                (alias(OWNERSHIP), records(&["wild.example"])),
            ],
            Invalid,
            "There is a CNAME to `wild.example`",
        ),
        // A key that is where the CNAME leads is as good as here.
        (DKIM, vec![(alias(DKIM), records(&["keys.example"]))], Valid, ""),
        (
            DMARC,
            vec![
                (own(DMARC), Answer::NoName),
                (alias(DMARC), Answer::Failed("timeout".to_owned())),
            ],
            Pending,
            "does not exist yet",
        ),
    ] {
        let changes: Vec<(&str, Answer)> = changes
            .iter()
            .map(|(key, answer)| (key.as_str(), answer.clone()))
            .collect();
        assert_finding(
            &finding(name, &changes),
            state,
            says,
            &format!("{name} {changes:?}"),
        );
    }
}
