use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use RecordState::{Invalid, Pending, Valid};

mod records;
mod sending_domain;
mod spf;

const DOMAIN: &str = "shop.example";
const HOST: &str = "mx.postrider.test";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const RSA_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu5oIUrFDWZK7F4thFxpZa2or6jBEX3cSL6b2";
const RSA: &str =
    "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu5oIUrFDWZK7F4thFxpZa2or6jBEX3cSL6b2";
const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn plan() -> Plan<'static> {
    Plan {
        domain: DOMAIN,
        ownership_token: TOKEN,
        dkim: vec![("pr1r", RSA), ("pr1e", ED25519)],
        hostname: "MX.Postrider.test.",
        tracking_host: "click.shop.example",
        tracking_target: "Track.Postrider.test",
    }
}

/// Answers by `TYPE name`; whatever is not there does not exist.
type Zone = BTreeMap<String, Answer>;

fn published() -> Zone {
    expected(&plan())
        .into_iter()
        .map(|record| {
            let key = format!("{} {}", record.kind.as_str(), record.name);
            (key, Answer::Records(vec![record.value]))
        })
        .collect()
}

fn verify(zone: &Zone) -> (Report, Vec<String>) {
    let mut verification = Verification::new(&plan());
    let mut asked = Vec::new();
    while let Some(question) = verification.poll_question() {
        let key = format!("{} {}", question.kind.as_str(), question.name);
        verification.handle_answer(zone.get(&key).cloned().unwrap_or(Answer::NoName));
        asked.push(key);
        assert!(asked.len() <= questions_max(), "{asked:#?}");
    }
    (verification.finish(), asked)
}

fn questions_max() -> usize {
    expected(&plan()).len() * QUESTIONS_PER_RECORD_MAX + SPF_LOOKUPS_MAX
}

fn records(texts: &[&str]) -> Answer {
    Answer::Records(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// The finding of the record of this name, in an otherwise sound zone.
fn finding(name: &str, changes: &[(&str, Answer)]) -> RecordFinding {
    let mut zone = published();
    zone.extend(
        changes
            .iter()
            .map(|(key, answer)| ((*key).to_owned(), answer.clone())),
    );
    let (report, _) = verify(&zone);
    let others = report.findings.iter().filter(|finding| finding.name != name);
    for other in others {
        assert_eq!(
            (other.state, other.reason.as_str()),
            (Valid, ""),
            "{name}: {other:?}"
        );
    }
    report
        .findings
        .into_iter()
        .find(|finding| finding.name == name)
        .expect("the record is expected")
}

/// Checks a finding's state and that its reason contains `says`.
fn assert_finding(finding: &RecordFinding, state: RecordState, says: &str, case: &str) {
    assert_eq!(finding.state, state, "{case}: {finding:?}");
    assert!(
        finding.reason.contains(says),
        "{case}: {says:?} is not in {finding:?}"
    );
    assert_eq!(finding.reason.is_empty(), state == Valid, "{case}: {finding:?}");
}

#[test]
fn every_record_is_expected_with_its_purpose() {
    let shown: Vec<String> = expected(&plan())
        .iter()
        .map(|record| {
            let Expected {
                purpose,
                kind,
                name,
                value,
                required,
            } = record;
            format!("{} {required} {} {name} {value}", purpose.as_str(), kind.as_str())
        })
        .collect();
    assert_eq!(
        shown,
        [
            format!("ownership true TXT _postrider.shop.example postrider-verification={TOKEN}"),
            format!("dkim true TXT pr1r._domainkey.shop.example {RSA}"),
            format!("dkim true TXT pr1e._domainkey.shop.example {ED25519}"),
            "spf false TXT shop.example v=spf1 a:mx.postrider.test ~all".to_owned(),
            "dmarc false TXT _dmarc.shop.example v=DMARC1; p=none".to_owned(),
            "return_path false CNAME bounce.shop.example mx.postrider.test".to_owned(),
            "tracking false CNAME click.shop.example track.postrider.test".to_owned(),
        ]
    );
    assert_eq!(RecordType::Mx.as_str(), "MX");
}

#[test]
fn what_was_never_looked_up_is_pending() {
    let unseen = plan().unseen();
    assert_eq!(unseen.len(), expected(&plan()).len());
    for finding in unseen {
        assert_finding(&finding, Pending, "not looked up yet", &finding.name);
        assert!(finding.found.is_empty());
    }
}

#[test]
fn as_recommended_is_verified_with_one_question_for_each() {
    let (report, asked) = verify(&published());
    assert!(report.verified && !report.required_missing && !report.undecided);
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.state == Valid && finding.reason.is_empty())
    );
    let expected = expected(&plan());
    assert_eq!(asked.len(), expected.len());
    for (finding, expected) in report.findings.iter().zip(expected) {
        assert_eq!(finding.found, [expected.value]);
    }
}

#[test]
fn only_required_records_decide() {
    let dkim = "TXT pr1e._domainkey.shop.example";
    let ownership = "TXT _postrider.shop.example";
    let failed = || Answer::Failed("SERVFAIL".to_owned());
    // What changes, then: verified, required missing, undecided.
    for (changes, outcome) in [
        (vec![("TXT shop.example", Answer::NoRecord)], (true, false, false)),
        (
            vec![("CNAME bounce.shop.example", failed())],
            (true, false, false),
        ),
        (vec![(dkim, Answer::NoName)], (false, true, false)),
        (
            vec![(dkim, records(&["v=DKIM1; k=ed25519; p="]))],
            (false, true, false),
        ),
        (vec![(dkim, failed())], (false, false, true)),
        (
            vec![(dkim, failed()), (ownership, Answer::NoRecord)],
            (false, true, true),
        ),
    ] {
        let mut zone = published();
        zone.extend(
            changes
                .iter()
                .map(|(key, answer)| ((*key).to_owned(), answer.clone())),
        );
        let (report, _) = verify(&zone);
        let Report {
            verified,
            required_missing,
            undecided,
            ..
        } = report;
        assert_eq!((verified, required_missing, undecided), outcome, "{changes:?}");
    }
}

#[test]
fn stopped_early_nothing_is_concluded_of_the_rest() {
    let mut verification = Verification::new(&plan());
    assert_eq!(verification.poll_question(), verification.poll_question());
    verification.handle_answer(records(&[&format!("postrider-verification={TOKEN}")]));
    let report = verification.finish();
    assert!(!report.verified && !report.required_missing && report.undecided);
    let states: Vec<RecordState> = report.findings.iter().map(|finding| finding.state).collect();
    assert_eq!(
        states,
        [Valid, Pending, Pending, Pending, Pending, Pending, Pending]
    );
}

#[test]
fn answers_after_the_end_are_ignored() {
    let mut verification = Verification::new(&plan());
    while verification.poll_question().is_some() {
        verification.handle_answer(Answer::NoName);
    }
    verification.handle_answer(records(&["v=spf1 +all"]));
    let report = verification.finish();
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.state == Pending && finding.found.is_empty())
    );
}

#[test]
fn what_is_kept_of_hostile_answers_is_bounded() {
    let many: Vec<String> = (0..5000).map(|n| format!("postrider-verification={n}")).collect();
    let huge = vec![format!(
        "postrider-verification={}",
        "\u{7}\u{202E}ü".repeat(8000)
    )];
    let beyond = vec![
        "x".repeat(ANSWER_OCTETS_MAX),
        format!("postrider-verification={TOKEN}"),
    ];
    for (records, entries, state) in [
        (many, FOUND_ENTRIES_MAX, Invalid),
        (huge, 1, Invalid),
        (beyond, 0, Pending),
    ] {
        let mut zone = published();
        zone.insert("TXT _postrider.shop.example".to_owned(), Answer::Records(records));
        let (report, _) = verify(&zone);
        let finding = report.findings.first().expect("ownership");
        assert_eq!((finding.state, finding.found.len()), (state, entries));
        assert_kept(finding);
    }
}

fn assert_kept(finding: &RecordFinding) {
    assert!(finding.found.len() <= FOUND_ENTRIES_MAX);
    for text in finding.found.iter().chain([&finding.reason]) {
        assert!(text.chars().count() <= FOUND_CHARACTERS_MAX, "{text}");
        assert!(
            !text.contains(|c: char| c.is_control() || c == '\u{202E}'),
            "{text:?}"
        );
    }
}

/// Texts out of pieces that mean something, so that answers get far.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "v=spf1",
        " ",
        "include:",
        "redirect=",
        "shop.example",
        "a.test",
        "b.test",
        "a:",
        HOST,
        "+all",
        "-",
        "?",
        "all",
        "mx",
        "/33",
        "//129",
        "%{i}",
        "v=DMARC1",
        ";",
        "p=",
        "none",
        "pct=",
        "rua=mailto:",
        "@",
        "v=DKIM1",
        "k=rsa",
        RSA_KEY,
        "postrider-verification=",
        TOKEN,
        "\"",
        "\\",
        "\u{0}",
        "ß",
        "=",
        ":",
        ".",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
        Just(format!(
            "v=spf1 a:{HOST} include:a.test include:b.test redirect=shop.example.a.test"
        )),
        Just("v=spf1 include:b.test include:c.test include:d.test include:e.test ~all".to_owned()),
        ".{0,200}",
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => prop::collection::vec(text(), 0..4).prop_map(Answer::Records),
        1 => Just(Answer::NoRecord),
        1 => Just(Answer::NoName),
        1 => ".{0,300}".prop_map(Answer::Failed),
    ]
}

proptest! {
    #[test]
    fn any_answers_end_and_are_kept_bounded(answers in prop::collection::vec(answer(), 1..60)) {
        let mut verification = Verification::new(&plan());
        let mut answers = answers.iter().cycle();
        let mut asked = 0;
        while verification.poll_question().is_some() {
            verification.handle_answer(answers.next().expect("a cycle").clone());
            asked += 1;
            prop_assert!(asked <= questions_max());
        }
        let report = verification.finish();
        for finding in &report.findings {
            assert_kept(finding);
            prop_assert_eq!(finding.reason.is_empty(), finding.state == Valid);
        }
        prop_assert!(report.verified || report.required_missing || report.undecided);
        prop_assert!(!(report.verified && (report.required_missing || report.undecided)));
    }

    #[test]
    fn any_text_is_a_domain_or_a_fault(text in prop_oneof![".{0,80}", "[a-z0-9.*_@ -]{0,40}", "([a-z]{1,5}\\.){0,60}com"]) {
        if let Ok(name) = super::sending_domain(&text) {
            prop_assert!(name.len() <= DOMAIN_OCTETS_MAX && name.contains('.'));
            prop_assert_eq!(super::sending_domain(&name), Ok(name.clone()));
        }
    }
}
