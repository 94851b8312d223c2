//! The rules that come with the program, held to the replies of `tests/replies.txt` and to their own examples.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// One line of the file: `class | host | stage | reply`.
struct Line<'t> {
    class: &'t str,
    host: Option<&'t str>,
    stage: Option<Stage>,
    text: &'t str,
}

const REPLIES: &str = include_str!("../../tests/replies.txt");

fn lines() -> impl Iterator<Item = Line<'static>> {
    let is_line = |line: &&str| !line.is_empty() && !line.starts_with('#');
    REPLIES.lines().filter(is_line).map(|line| {
        let mut cells = line.splitn(4, '|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_else(|| panic!("four cells: {line}"));
        let (class, host, stage, text) = (cell(), cell(), cell(), cell());
        Line {
            class,
            host: (host != "-").then_some(host),
            stage: (stage != "-").then(|| Stage::parse(stage).unwrap_or_else(|| panic!("a stage: {line}"))),
            text,
        }
    })
}

fn classify<'r>(rules: &'r Rules, host: Option<&str>, stage: Option<Stage>, text: &str) -> Verdict<'r> {
    rules.classify(&Reply {
        text,
        mx: host,
        stage,
        ..Reply::default()
    })
}

#[test]
fn replies_have_the_classes_that_people_gave_them() {
    let mut wrong = Vec::new();
    for line in lines() {
        let verdict = classify(Rules::builtin(), line.host, line.stage, line.text);
        if verdict.class.as_str() != line.class {
            wrong.push(format!(
                "{} is {} by {}: {}",
                line.class,
                verdict.class.as_str(),
                verdict.rule_id,
                line.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(lines().count() >= 150, "{}", lines().count());
}

#[test]
fn every_class_that_others_can_cause_is_reached() {
    let reached: BTreeSet<&str> = lines().map(|line| line.class).collect();
    let ours = [
        Class::AutoReply,
        Class::Complaint,
        Class::Suppressed,
        Class::Canceled,
        Class::Policy,
    ];
    let missing: Vec<_> = Class::ALL
        .into_iter()
        .filter(|class| !ours.contains(class) && !reached.contains(class.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_example_is_decided_by_its_rule() {
    let rules = Rules::builtin();
    let wrong: Vec<_> = rules
        .examples()
        .map(|(id, host, text)| (id, classify(rules, host, None, text).rule_id, text))
        .filter(|(id, spoke, _)| id != spoke)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_rule_is_dead() {
    let rules = Rules::builtin();
    let mut spoke: BTreeSet<&str> = rules.examples().map(|(id, _, _)| id).collect();
    spoke.extend(lines().map(|line| classify(rules, line.host, line.stage, line.text).rule_id));
    let dead: Vec<_> = rules.ids().filter(|id| !spoke.contains(id)).collect();
    assert!(dead.is_empty(), "{dead:?}");
}

#[test]
fn classes_are_read_back_by_name_and_by_byte() {
    let mut bytes = BTreeSet::new();
    for class in Class::ALL {
        assert_eq!(Class::from_str(class.as_str()), Some(class));
        assert_eq!(Class::from_byte(class.to_byte()).unwrap(), class);
        assert!(bytes.insert(class.to_byte()));
    }
    assert_eq!(Class::from_str("nothing"), None);
    assert!(Class::from_byte(200).is_err());
    // What is stored stays readable: these three stand for the table.
    assert_eq!(Class::Unclassified.to_byte(), 0);
    assert_eq!(Class::RateLimited.to_byte(), 7);
    assert_eq!(Class::Policy.to_byte(), 31);
}

#[test]
fn no_block_and_no_fault_of_ours_suppresses() {
    for class in Class::ALL {
        let spared = matches!(
            class.severity(),
            Severity::Block | Severity::Admin | Severity::None
        ) || matches!(
            class.scope(),
            Scope::Ip | Scope::Sender | Scope::Message | Scope::Own | Scope::Route
        );
        if spared {
            let actions = [class.action(), class.action_when_expired()];
            let suppresses = |action: &Action| !matches!(action, Action::Never | Action::Unsubscribe);
            assert!(!actions.iter().any(suppresses), "{class:?}");
        }
    }
    assert_eq!(Class::InvalidRecipient.action(), Action::SuppressNow);
    assert_ne!(Class::InvalidRecipient.action_when_expired(), Action::SuppressNow);
}

#[test]
fn our_own_reason_comes_first() {
    for own in OwnReason::ALL {
        let verdict = Rules::builtin().classify(&Reply {
            own: Some(own),
            text: "550 5.1.1 user unknown",
            ..Reply::default()
        });
        assert_eq!((verdict.class, verdict.rule_id), (own.class(), own.rule_id()));
        assert!(verdict.rule_id.starts_with("own-"));
    }
}

#[test]
fn severity_follows_the_reply() {
    let severity = |text| classify(Rules::builtin(), None, None, text).severity;
    assert_eq!(severity("550 5.1.1 user unknown"), Severity::Hard);
    assert_eq!(severity("450 4.1.1 user unknown"), Severity::Soft);
    assert_eq!(
        severity("554 5.7.1 blocked using zen.spamhaus.org"),
        Severity::Block
    );
    assert_eq!(severity("554 zzz"), Severity::Hard);
    assert_eq!(severity("zzz"), Severity::Soft);
}

#[test]
fn a_provider_is_known_by_host_or_domain() {
    let rules = Rules::builtin();
    let text = "550 OU-002 Unfortunately";
    let rule = |mx, domain| {
        rules
            .classify(&Reply {
                text,
                mx,
                domain,
                ..Reply::default()
            })
            .rule_id
    };
    let expected = "microsoft-outlook-codes";
    assert_eq!(
        rule(Some("HOTMAIL-com.olc.protection.outlook.com."), None),
        expected
    );
    assert_eq!(rule(None, Some("hotmail.com")), expected);
    assert_ne!(rule(Some("nothotmail.com"), None), expected);
    assert_ne!(rule(None, None), expected);
}

const OPERATOR: &str = r#"
[providers]
gmail = ["relay.example.net"]
ours = ["mx.example.org"]

[[rule]]
id = "ours-blue-moon"
provider = "ours"
text = "blue moon"
class = "greylisted"

[[rule]]
id = "code-x.2.2"
enhanced = "x.2.2"
class = "remote_system"

[[rule]]
id = "gmail-by-operator"
provider = "gmail"
code = "599"
class = "policy"
"#;

#[test]
fn an_operators_rules_speak_first() {
    let operator = Rules::parse(OPERATOR).unwrap();
    let rules = Rules::builtin().extended_by(&operator).unwrap();
    let rule = |mx, text| classify(&rules, mx, None, text).rule_id.to_owned();
    assert_eq!(
        rule(Some("mx.example.org"), "550 5.1.1 blue moon, user unknown"),
        "ours-blue-moon"
    );
    let place = |mx, text| classify(&rules, mx, None, text).place;
    let operators = Place {
        author: Author::Operator,
        line: 6,
    };
    assert_eq!(place(Some("mx.example.org"), "550 blue moon"), Some(operators));
    let builtin = place(None, "550 5.1.1 user unknown").unwrap();
    assert_eq!(builtin.author, Author::Program);
    let line = include_str!("rules.toml").lines().nth(builtin.line).unwrap();
    assert_eq!(line, "id = \"text-user\"");
    assert_eq!(place(None, "zzz"), None);
    assert_eq!(rule(None, "550 5.1.1 user unknown"), "text-user");
    assert_eq!(
        classify(&rules, None, None, "552 5.2.2 zzz").class,
        Class::RemoteSystem
    );
    assert_eq!(rules.ids().filter(|id| *id == "code-x.2.2").count(), 1);
    assert_eq!(rule(Some("smtp.google.com"), "599 zzz"), "gmail-by-operator");
    assert_eq!(
        rule(
            Some("relay.example.net"),
            "550 5.1.1 The email account that you tried to reach does not exist"
        ),
        "gmail-no-such-user"
    );
}

#[test]
fn a_mistake_is_told_with_its_line() {
    let fault = |text: &str| {
        let error = Rules::parse(text).unwrap_err();
        (error.line, error.fault)
    };
    let rule = |rest: &str| format!("[[rule]]\nid = \"a\"\nclass = \"policy\"\ncode = \"550\"\n{rest}");
    assert!(matches!(fault("\nid = "), (2, RulesFault::Syntax(_))));
    assert_eq!(fault("x = 1"), (1, RulesFault::UnknownKey("x".into())));
    assert_eq!(
        fault(&rule("colour = 'red'")),
        (5, RulesFault::UnknownKey("colour".into()))
    );
    assert_eq!(
        fault(&rule("provider = 'none'")),
        (5, RulesFault::Provider("none".into()))
    );
    assert_eq!(
        fault(&rule("stage = 'quit'")),
        (5, RulesFault::Pattern("quit".into(), "stage"))
    );
    assert_eq!(
        fault(&rule("text = '*'")),
        (5, RulesFault::Pattern("*".into(), "text to look for"))
    );
    assert_eq!(
        fault(&rule("enhanced = 5")),
        (
            5,
            RulesFault::Type("enhanced".into(), "a string or a list of strings")
        )
    );
    assert_eq!(
        fault("[[rule]]\nid = 'a'\nclass = 'x'"),
        (3, RulesFault::Class("x".into()))
    );
    assert_eq!(fault("[[rule]]\nid = 'A b'"), (2, RulesFault::Id("A b".into())));
    assert_eq!(
        fault("[[rule]]\nclass = 'policy'"),
        (1, RulesFault::Missing("id"))
    );
    assert_eq!(fault("[[rule]]\nid = 'a'"), (1, RulesFault::Missing("class")));
    assert_eq!(
        fault("[[rule]]\nid = 'a'\nclass = 'policy'"),
        (1, RulesFault::NoCondition)
    );
    assert_eq!(fault(&rule(&rule(""))), (5, RulesFault::SameId("a".into())));
    assert_eq!(
        fault("rule = 1"),
        (1, RulesFault::Type("rule".into(), "written [[rule]]"))
    );
    let long = "a".repeat(crate::limits::RULE_TEXT_BYTES_MAX + 1);
    assert_eq!(
        fault(&rule(&format!("text = '{long}'"))),
        (5, RulesFault::TextTooLong)
    );
    let many = "'a',".repeat(crate::limits::RULE_LIST_MAX + 1);
    assert_eq!(
        fault(&rule(&format!("text = [{many}]"))),
        (5, RulesFault::ListTooLong)
    );
    assert_eq!(
        fault(&"#".repeat(crate::limits::RULES_BYTES_MAX + 1)),
        (1, RulesFault::FileTooLong)
    );
}

proptest! {
    #[test]
    fn any_text_has_a_verdict(text in any::<String>(), code in any::<Option<u16>>(), enhanced in any::<Option<String>>()) {
        let reply = Reply { text: &text, code, enhanced: enhanced.as_deref(), ..Reply::default() };
        let verdict = Rules::builtin().classify(&reply);
        prop_assert_eq!(verdict, Rules::builtin().classify(&reply));
    }

    #[test]
    fn a_reply_means_the_same_however_its_lines_are_joined(which in 0..REPLIES.lines().count(), cut in 0_usize..40) {
        let Some(line) = lines().nth(which) else { return Ok(()) };
        let Some((codes, words)) = line.text.split_once(' ') else { return Ok(()) };
        prop_assume!(codes.len() == 3 && codes.parse::<u16>().is_ok());
        let words: Vec<&str> = words.split(' ').collect();
        let (first, second) = words.split_at(cut.min(words.len()));
        let joined = format!("{codes}-{}\r\n{codes} {}", first.join(" "), second.join(" "));
        let whole = classify(Rules::builtin(), line.host, line.stage, line.text);
        prop_assert_eq!(whole, classify(Rules::builtin(), line.host, line.stage, &joined));
    }

    #[test]
    fn any_file_is_read_or_refused(text in any::<String>()) {
        let _ = Rules::parse(&text);
    }
}
