use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::limits::{EVIDENCE_CHARS_MAX, ISSUES_PER_RULE_MAX, OCTETS_MAX};
use super::*;

mod cases;

/// A message that can be changed.
#[derive(Debug, Clone)]
struct Mail {
    subject: String,
    html: Option<String>,
    text: Option<String>,
    from: Option<String>,
    headers: Vec<(String, String)>,
}

const GOOD_TEXT: &str = "This autumn we planted forty apple trees behind the old barn, and the first of them bear fruit. \
    In this letter you read how to prune a young tree, why leaves may stay where they fall, and when the market opens. \
    We wrote down what went wrong as well, because others can learn from it. The bees came through the summer well, and \
    the honey is in glasses now. If you want to help with the harvest, come on any Saturday; bring boots and a hat. There \
    is soup at noon and something warm to drink for everybody who stays until the work is done.";

fn good_html(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Garden letter</title>\
         <meta name=\"viewport\" content=\"width=device-width\"></head><body><p>{GOOD_TEXT}</p>\
         <p><a href=\"https://garden.example/prune\">How to prune a tree</a></p>{body}\
         <p>Garden Society, 12 Orchard Street, Springfield. <a href=\"https://garden.example/u/1\">Unsubscribe</a></p>\
         </body></html>"
    )
}

fn good_text(more: &str) -> String {
    format!(
        "{GOOD_TEXT}\n\nHow to prune a tree: https://garden.example/prune\n{more}\nGarden Society, 12 Orchard Street, \
         Springfield. Unsubscribe: https://garden.example/u/1\n"
    )
}

impl Mail {
    fn good() -> Self {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            subject: "Apples, bees and what went wrong".to_owned(),
            html: Some(good_html("")),
            text: Some(good_text("")),
            from: Some("Garden Society <letters@garden.example>".to_owned()),
            headers: vec![
                field("List-Unsubscribe", "<https://garden.example/u/1>"),
                field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ],
        }
    }

    /// Puts this into the HTML, and what a reader would read of it into the text.
    fn body(&mut self, html: &str) {
        self.html = Some(good_html(html));
    }

    /// A paragraph in both parts.
    fn say(&mut self, text: &str) {
        self.body(&format!("<p>{text}</p>"));
        self.text = Some(good_text(text));
    }

    fn link(&mut self, href: &str, anchor: &str) {
        self.body(&format!("<p><a href=\"{href}\">{anchor}</a></p>"));
    }

    fn document(&mut self, html: &str) {
        self.html = Some(html.to_owned());
        self.text = None;
    }

    fn plain(&mut self, text: &str) {
        self.html = None;
        self.text = Some(text.to_owned());
    }

    fn field(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The only value of this field.
    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.field(name, value);
    }

    fn from(&mut self, from: &str) {
        self.from = Some(from.to_owned());
    }

    fn subject(&mut self, subject: &str) {
        self.subject = subject.to_owned();
    }

    fn score(&self, rules: &Rules) -> Report {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        score(
            &Input {
                subject: &self.subject,
                html: self.html.as_deref(),
                text: self.text.as_deref(),
                from: self.from.as_deref(),
                headers: &headers,
            },
            rules,
        )
    }
}

fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::parse(Rules::TEXT).unwrap());
    &RULES
}

fn ids(report: &Report) -> Vec<&'static str> {
    report.issues.iter().map(|issue| issue.id).collect()
}

#[test]
fn a_good_message_has_no_issue() {
    let report = Mail::good().score(rules());
    assert_eq!(report.issues, []);
    assert_eq!(
        (report.score, report.grade, report.is_spam()),
        (100, Grade::APlus, false)
    );
    assert_eq!(report.recommendations, [] as [String; 0]);
    assert_eq!(report.rules_version, rules().version());
}

#[test]
fn every_check_finds_its_fault_and_not_what_is_near_to_it() {
    let rules = rules();
    let mut faults = Vec::new();
    for case in cases::CASES {
        for (make, expected) in [(case.wrong, true), (case.near, false)] {
            let mut mail = Mail::good();
            make(&mut mail);
            let report = mail.score(rules);
            if ids(&report).contains(&case.id) != expected {
                faults.push(format!(
                    "{} found: {}; all: {:?}",
                    case.id,
                    !expected,
                    ids(&report)
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_check_has_a_rule_and_a_case() {
    let rules = rules();
    let checks: BTreeSet<&str> = checks::all().map(|check| check.id).collect();
    let ruled: BTreeSet<&str> = rules.iter().map(Rule::id).collect();
    let tried: BTreeSet<&str> = cases::CASES.iter().map(|case| case.id).collect();
    assert_eq!(checks.len(), checks::all().count(), "two checks of one name");
    assert_eq!(checks.len(), rules.iter().len());
    assert_eq!(checks.difference(&ruled).collect::<Vec<_>>(), [] as [&&str; 0]);
    assert_eq!(checks.difference(&tried).collect::<Vec<_>>(), [] as [&&str; 0]);
}

#[test]
fn what_counts_as_spam_fails() {
    let rules = rules();
    let mut mail = Mail::good();
    mail.say("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X");
    let report = mail.score(rules);
    assert_eq!(
        (report.spam_score, report.score, report.grade),
        (1000.0, 0, Grade::F)
    );
    assert!(report.is_spam());

    let mut mail = Mail::good();
    mail.link("https://p\u{430}ypal.example/", "Account");
    mail.subject("YOU HAVE WON THE LOTTERY");
    let report = mail.score(rules);
    assert!(report.is_spam() && report.score <= 49, "{report:?}");
}

#[test]
fn a_rule_counts_once_however_often_it_finds() {
    let rules = rules();
    let links = |many: usize| -> Report {
        let links: String = (0..many)
            .map(|port| format!("<a href=\"https://a.example:{}/\">Go</a> ", 8000 + port))
            .collect();
        let mut mail = Mail::good();
        mail.body(&links);
        mail.score(rules)
    };
    let (one, many) = (links(1), links(12));
    assert_eq!(ids(&many), ["link_port"; ISSUES_PER_RULE_MAX]);
    assert_eq!((one.score, one.spam_score), (many.score, many.spam_score));
    assert_eq!(one.issues.len(), 1, "{one:?}");
    let points: f64 = many.issues.iter().map(|issue| issue.points).sum();
    assert_eq!(points, many.spam_score);
    assert_eq!(many.recommendations.len(), 1);
}

#[test]
fn what_gains_most_is_recommended_first() {
    let mut mail = Mail::good();
    mail.subject("");
    mail.from("letters@garden.example");
    let report = mail.score(rules());
    let fix = |id: &str| {
        report
            .issues
            .iter()
            .find(|issue| issue.id == id)
            .map(|issue| issue.fix.clone())
    };
    let expected: Vec<String> = ["subject_empty", "from_name_missing"]
        .into_iter()
        .filter_map(fix)
        .collect();
    assert_eq!(expected.len(), 2);
    assert_eq!(report.recommendations, expected);
}

#[test]
fn what_an_operator_leaves_out_does_not_run() {
    let text = "version = \"own\"\nthreshold = 2\n[[rule]]\nid = \"subject_empty\"\ncategory = \"subject\"\n\
                severity = \"critical\"\npoints = 1\nmessage = \"No subject.\"\nfix = \"Write one.\"\n";
    let rules = &Rules::parse(text).unwrap();
    let mut mail = Mail::good();
    mail.subject("");
    mail.from("nobody");
    let report = mail.score(rules);
    assert_eq!(ids(&report), ["subject_empty"]);
    // Half of the threshold: 100 − 25.5, rounded down.
    assert_eq!(
        (report.score, report.threshold, report.rules_version.as_str()),
        (74, 2.0, "own")
    );
}

#[test]
fn hostile_documents_are_answered() {
    let rules = rules();
    for unit in [
        "<",
        "<a>",
        "<div style=color:red>",
        "<!--",
        "&",
        "<a href=http://x ",
        "</a>",
        "http://",
        "{{",
        "a=b ",
        "<p>x",
    ] {
        let html = unit.repeat(100_000 / unit.len());
        let input = Input {
            subject: unit,
            html: Some(&html),
            text: Some(&html),
            ..Input::default()
        };
        let report = score(&input, rules);
        let mut evidence = report.issues.iter().map(|issue| issue.evidence.chars().count());
        assert!(evidence.all(|chars| chars <= EVIDENCE_CHARS_MAX), "{unit}");
        assert!(report.issues.len() <= rules.iter().len() * ISSUES_PER_RULE_MAX);
    }
}

#[test]
fn only_the_beginning_of_a_huge_part_is_looked_at() {
    let rules = rules();
    let text = format!("{}{}", "word ".repeat(OCTETS_MAX / 5 + 1), "viagra");
    let input = Input {
        subject: "Words",
        text: Some(&text),
        ..Input::default()
    };
    assert!(!ids(&score(&input, rules)).contains(&"phrase_pharmacy"));
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "<a href=\"https://b.example\">",
            "</a>",
            "<p style=\"color:#fff\">",
            "<div hidden>",
            "</div>",
            "<img src=x>",
            "<!--",
            "-->",
            "<style>",
            "</style>",
            "{{ x }}",
            "%NAME%",
            "act now",
            "you have won",
            "&#65;",
            "\u{202e}",
            "\u{200b}",
            "http://1.2.3.4:99/",
            "<script>",
            "\u{0}",
            "<td bgcolor=red style='font-size:0'>",
            "<",
            "\"",
            " ",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        any::<String>(),
    ]
}

fn document() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..30).prop_map(|pieces| pieces.concat())
}

/// Words that mean nothing to any rule.
fn prose() -> impl Strategy<Value = String> {
    prop::collection::vec("[b-df-hj-np-tv-z][aeiou][b-df-hj-np-tv-z][aeiou]{1,2}", 150..200)
        .prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_message_is_scored_the_same_twice(
        subject in document(), html in prop::option::of(document()), text in prop::option::of(document()),
        from in prop::option::of(document()), name in document(), value in document(),
    ) {
        let rules = rules();
        let headers = [(name.as_str(), value.as_str()), ("List-Unsubscribe", value.as_str())];
        let input = Input { subject: &subject, html: html.as_deref(), text: text.as_deref(), from: from.as_deref(), headers: &headers };
        let report = score(&input, rules);
        prop_assert_eq!(&report, &score(&input, rules));
        prop_assert!(report.score <= 100);
        prop_assert!(report.spam_score < report.threshold || report.score <= 49);
        for issue in &report.issues {
            prop_assert!(issue.evidence.chars().count() <= EVIDENCE_CHARS_MAX);
            prop_assert!(!issue.evidence.contains(char::is_control));
        }
    }

    #[test]
    fn a_phrase_of_spam_never_raises_the_score(
        words in prose(), before in prop::sample::subsequence(PHRASES.to_vec(), 0..6), phrase in prop::sample::select(PHRASES.to_vec()),
    ) {
        let rules = rules();
        let said = format!("{words}. {}", before.join(". "));
        let mut mail = Mail::good();
        mail.say(&said);
        let score_before = mail.score(rules);
        mail.say(&format!("{said}. {phrase}"));
        let score_after = mail.score(rules);
        prop_assert!(score_after.score <= score_before.score);
        prop_assert!(score_after.spam_score >= score_before.spam_score);
    }
}

const PHRASES: &[&str] = &[
    "earn money",
    "easy money",
    "you have won",
    "next of kin",
    "bad credit",
    "payday loan",
    "viagra",
    "miracle cure",
    "hot singles",
    "online casino",
    "work from home and earn",
    "your mailbox is full",
    "act now",
    "last chance",
    "no risk",
    "no obligation",
    "this is not spam",
    "dear friend",
    "click here",
    "lorem ipsum",
];
