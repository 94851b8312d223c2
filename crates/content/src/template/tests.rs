use super::*;
use serde_json::json;

fn vars(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(vars) => vars,
        other => panic!("{other} is not an object"),
    }
}

fn html(source: &str, values: Value) -> Result<String, RenderError> {
    let template = Template::parse("", Some(source), None).unwrap();
    template
        .render(&vars(values))
        .map(|rendered| rendered.html.unwrap())
}

fn in_part(part: Part, source: &str) -> Result<Template, TemplateError> {
    match part {
        Part::Subject => Template::parse(source, None, None),
        Part::Html => Template::parse("", Some(source), None),
        Part::Text => Template::parse("", None, Some(source)),
    }
}

#[test]
fn only_double_braces_are_special() {
    for source in [
        "",
        "\n",
        "plain\n\n",
        "a\r\nb\r\n",
        "@media{#id{color:red}}",
        "@media screen{a{color:red}}p{margin:0}",
        "{% if x %} {# not a comment #} %} #}",
        "{ { name } }",
        "$ {name} }} %{x}",
        "100 % {%- raw -%}",
        "\0",
    ] {
        let template = Template::parse("", Some(source), Some(source)).unwrap();
        let rendered = template.render(&Map::new()).unwrap();
        assert_eq!(rendered.html.as_deref(), Some(source));
        assert_eq!(rendered.text.as_deref(), Some(source));
        let subject = in_part(Part::Subject, source).unwrap();
        assert_eq!(subject.render(&Map::new()).unwrap().subject, one_line(source));
    }
}

#[test]
fn variables_are_filled_in() {
    let table: &[(&str, Value, &str)] = &[
        ("Hi {{ name }}!", json!({"name": "Joe"}), "Hi Joe!"),
        ("{{name}}{{\tname\n}}", json!({"name": "Joe"}), "JoeJoe"),
        ("{{ user.name }}", json!({"user": {"name": "Joe"}}), "Joe"),
        ("{{ list.1.x }}", json!({"list": [0, {"x": 2}]}), "2"),
        ("{{ 1 }}", json!({"1": "x"}), "x"),
        (
            "{{ n }} {{ f }} {{ b }}",
            json!({"n": -7, "f": 19.5, "b": true}),
            "-7 19.5 true",
        ),
        (
            "{{ big }}",
            json!({"big": 9_007_199_254_740_993_i64}),
            "9007199254740993",
        ),
        ("{{ name }}", json!({"name": ""}), ""),
        (
            "{{ a }}{{ b }}",
            json!({"a": "{{ b }", "b": "} {% x %}"}),
            "{{ b }} {% x %}",
        ),
        ("{{ first-name }}", json!({"first-name": "x", "unused": 1}), "x"),
        (
            "J\u{f6}rg {{ pr\u{e9}nom }}",
            json!({"pr\u{e9}nom": "\u{1f600}"}),
            "J\u{f6}rg \u{1f600}",
        ),
    ];
    for (source, values, expected) in table {
        assert_eq!(html(source, values.clone()).as_deref(), Ok(*expected), "{source}");
    }
}

#[test]
fn values_are_escaped_in_html_alone() {
    let template = Template::parse("{{ x }}", Some("<p>{{ x }}</p>"), Some("<{{ x }}>")).unwrap();
    let values = vars(json!({"x": "<b a=\"1\">'&amp;' https://x.example/"}));
    assert_eq!(
        template.render(&values).unwrap(),
        Rendered {
            subject: "<b a=\"1\">'&amp;' https://x.example/".into(),
            html: Some("<p>&lt;b a=&quot;1&quot;&gt;&#39;&amp;amp;&#39; https://x.example/</p>".into()),
            text: Some("<<b a=\"1\">'&amp;' https://x.example/>".into()),
        }
    );
}

#[test]
fn what_is_needed_is_known_beforehand() {
    let template = Template::parse("{{ a }}", Some("{{ c.d }} {{ b }}"), Some("{{ a }}{{ e.0 }}"));
    let template = template.unwrap();
    let required: Vec<&str> = template.required().iter().map(String::as_str).collect();
    assert_eq!(required, ["a", "b", "c", "e"]);
}

#[test]
fn what_is_missing_is_named() {
    let missing = |names: &[&str]| RenderError::Missing {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let not_text = |name: &str| RenderError::NotText { name: name.into() };
    let template = Template::parse("{{ a }}", Some("{{ b.c }}"), Some("{{ b.c }} {{ b.0 }}")).unwrap();
    for (values, expected) in [
        (json!({}), missing(&["a", "b.0", "b.c"])),
        (
            json!({"a": null, "b": {"c": null, "0": 0}}),
            missing(&["a", "b.c"]),
        ),
        (json!({"a": 1, "b": 1}), missing(&["b.0", "b.c"])),
        (json!({"a": 1, "b": [1]}), missing(&["b.c"])),
        (json!({"a": [1], "b": {"c": 1, "0": 1}}), not_text("a")),
        (json!({"a": 1, "b": {"c": {}, "0": 1}}), not_text("b.c")),
    ] {
        assert_eq!(template.render(&vars(values.clone())), Err(expected), "{values}");
    }
    assert_eq!(missing(&["a", "b.c"]).to_string(), "no value for a, b.c");
}

#[test]
fn faults_are_found_when_the_template_is_read() {
    let long = "x".repeat(PART_OCTETS_MAX + 1);
    let many = "{{ x }}\n".repeat(PLACES_MAX + 1);
    let long_name = format!("{{{{ {} }}}}", "x".repeat(NAME_OCTETS_MAX + 1));
    let table: &[(&str, usize, Fault)] = &[
        ("a\nb {{ name", 2, Fault::Open),
        ("{{ name }\n}", 1, Fault::Open),
        ("{{ }}", 1, Fault::Name),
        ("{{}}", 1, Fault::Name),
        ("{{{ name }}}", 1, Fault::Name),
        ("\n\n{{ first name }}", 3, Fault::Name),
        ("{{ #each }}", 1, Fault::Name),
        ("{{ a..b }}", 1, Fault::Name),
        ("{{ .a }}", 1, Fault::Name),
        ("{{ name|upper }}", 1, Fault::Name),
        ("{{ x() }}", 1, Fault::Name),
        ("{{ a {{ b }}", 1, Fault::Name),
        (&long_name, 1, Fault::Name),
        (&long, 1, Fault::Length),
        (&many, PLACES_MAX + 1, Fault::Places),
    ];
    for (source, line, message) in table {
        for part in [Part::Subject, Part::Html, Part::Text] {
            let expected = TemplateError {
                part,
                line: *line,
                message: *message,
            };
            let shown: String = source.chars().take(40).collect();
            assert_eq!(in_part(part, source), Err(expected), "{shown:?}");
        }
    }
    let shown = in_part(Part::Html, "{{ name").unwrap_err().to_string();
    assert_eq!(shown, "html, line 1: {{ without }}");
}

#[test]
fn what_is_filled_in_is_bounded() {
    let places = 100;
    let source = "{{ x }}".repeat(places);
    let fits = "x".repeat(RENDERED_OCTETS_MAX / places);
    assert_eq!(
        html(&source, json!({ "x": fits })).map(|html| html.len()),
        Ok(fits.len() * places)
    );
    let too_long = "x".repeat(RENDERED_OCTETS_MAX / places + 1);
    assert_eq!(
        html(&source, json!({ "x": too_long })),
        Err(RenderError::Length { part: Part::Html })
    );
}

#[test]
fn the_subject_is_one_line_of_bounded_length() {
    let template = Template::parse("Re:\t{{ x }}\r\n", None, None).unwrap();
    for (value, expected) in [
        ("a", Ok("Re: a")),
        ("a\r\nBcc: b@c.example", Ok("Re: a Bcc: b@c.example")),
        ("\r\n\0\u{85}", Ok("Re:")),
        (&"x".repeat(SUBJECT_OCTETS_MAX), Err(RenderError::SubjectLength)),
    ] {
        let rendered = template.render(&vars(json!({ "x": value })));
        let subject = rendered.as_ref().map(|rendered| rendered.subject.as_str());
        assert_eq!(subject.map_err(Clone::clone), expected, "{value:?}");
    }
}

#[test]
fn a_template_is_shared_between_threads_and_filled_in_many_times() {
    fn shared<T: Send + Sync + 'static>(value: T) -> std::sync::Arc<T> {
        std::sync::Arc::new(value)
    }
    let css = "<p>@media{#id{color:red}}</p>".repeat(3500);
    let template = Template::parse("{{ name }}", Some(&format!("{css}{{{{ name }}}}")), None);
    let template = shared(template.unwrap());
    for number in 0..1000 {
        let rendered = template.render(&vars(json!({ "name": number }))).unwrap();
        assert_eq!(rendered.subject, number.to_string());
        assert_eq!(rendered.html.unwrap(), format!("{css}{number}"));
    }
}
