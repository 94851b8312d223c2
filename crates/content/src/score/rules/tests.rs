use super::*;

const RULE: &str = "category = \"subject\"\nseverity = \"info\"\nmessage = \"m\"\nfix = \"f\"\n";

fn fault(text: &str) -> String {
    Rules::parse(text).unwrap_err().to_string()
}

#[test]
fn the_rules_that_come_with_the_program_are_sound() {
    let rules = Rules::parse(Rules::TEXT).unwrap();
    assert!(rules.iter().len() >= 60);
    for rule in rules.iter() {
        assert!(
            rule.points() > 0.0 || rule.advice() > 0,
            "{} weighs nothing",
            rule.id()
        );
        assert!(
            rule.message().ends_with('.') && rule.fix().ends_with('.'),
            "{}",
            rule.id()
        );
    }
}

#[test]
fn a_fault_is_told_with_its_line() {
    let file = |rule: &str| format!("version = \"1\"\nthreshold = 5\n[[rule]]\n{rule}");
    for (text, expected) in [
        ("version = \"1\"\nthreshold = \n".to_owned(), "line 2: not TOML"),
        ("threshold = 5\n".to_owned(), "line 1: \"version\" is missing"),
        ("version = \"1\"\n".to_owned(), "line 1: \"threshold\" is missing"),
        (
            "version = \"1\"\nthreshold = 0\nrule = []\n".to_owned(),
            "line 2: \"threshold\" must be more than 0",
        ),
        (
            "version = \"1\"\nthreshold = 5\nrule = 1\n".to_owned(),
            "line 3: \"rule\" must be tables",
        ),
        (
            "version = \"1\"\nthreshold = 5\nrules = 1\n".to_owned(),
            "line 3: \"rules\" is not a key here",
        ),
        (
            file(&format!("id = \"nothing\"\n{RULE}")),
            "line 4: there is no check \"nothing\"",
        ),
        (
            file(&format!("id = \"subject_url\"\n{RULE}limit = 5\n")),
            "line 9: \"limit\" is not a key here",
        ),
        (
            file(&format!("id = \"subject_cut\"\n{RULE}")),
            "line 3: \"limit\" is missing",
        ),
        (
            file(&format!("id = \"subject_cut\"\n{RULE}limit = -1\n")),
            "line 9: \"limit\" must be a whole number",
        ),
        (
            file(&format!("id = \"link_shortener\"\n{RULE}list = []\n")),
            "line 9: \"list\" must be a list",
        ),
        (
            file(&format!("id = \"link_shortener\"\n{RULE}list = [\" \"]\n")),
            "line 9: \"list\" must be a list",
        ),
        (
            file(&format!("id = \"subject_url\"\n{RULE}points = -1\n")),
            "line 9: \"points\" must be a number from 0 to 1000",
        ),
        (
            file(&format!("id = \"subject_url\"\n{RULE}points = nan\n")),
            "line 9: \"points\" must be a number",
        ),
        (
            file(&format!("id = \"subject_url\"\n{RULE}points = \"1\"\n")),
            "line 9: \"points\" must be a number",
        ),
        (
            file(&format!("id = \"subject_url\"\n{RULE}advice = 101\n")),
            "line 9: \"advice\" must be a whole number",
        ),
        (
            file(&format!(
                "id = \"subject_url\"\n{RULE}[[rule]]\nid = \"subject_url\"\n{RULE}"
            )),
            "line 10: a second rule for \"subject_url\"",
        ),
        (
            file("id = \"subject_url\"\ncategory = \"x\"\n"),
            "line 5: \"category\" must be one of",
        ),
        (
            file("id = \"subject_url\"\ncategory = \"subject\"\nseverity = \"bad\"\n"),
            "line 6: \"severity\" must be info",
        ),
        (
            file("id = \"subject_url\"\ncategory = \"subject\"\nseverity = \"info\"\nmessage = \"\"\n"),
            "line 7: \"message\" must be text",
        ),
        (" ".repeat(RULES_OCTETS_MAX + 1), "line 1: longer than"),
    ] {
        let fault = fault(&text);
        assert!(fault.starts_with(expected), "{fault}\n{expected}");
    }
}

#[test]
fn points_are_thousandths() {
    let text =
        format!("version = \"1\"\nthreshold = 5.0\n[[rule]]\nid = \"subject_url\"\n{RULE}points = 0.0014\n");
    let rules = Rules::parse(&text).unwrap();
    let points: Vec<f64> = rules.iter().map(Rule::points).collect();
    assert_eq!(points, [0.001]);
}
