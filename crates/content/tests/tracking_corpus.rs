//! Documents as mail has them, each with the number of its links and the marks that go, in `expected.tsv`: what is put
//! into them can be taken out again, and nothing else has changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may end")]
#![expect(clippy::disallowed_methods, reason = "the corpus lies in files")]

use std::path::Path;

use content::tracking::{Plan, rewrite_html};

/// Documents that end within a tag, a comment or text that is no markup: they get no picture.
const BREAK_OFF: &[&str] = &[
    "20-unclosed-quote.html",
    "19-unclosed-tag.html",
    "07-mso-unclosed.html",
];

fn click_url(number: u16) -> String {
    format!("https://t.example/c/{number}.")
}

#[test]
fn nothing_but_what_is_put_in_changes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracking_corpus");
    let table = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let plan = Plan {
        click_url: Some(&click_url),
        pixel_url: Some("https://t.example/o/x"),
        excluded_hosts: &["t.example"],
        ..Plan::default()
    };
    for row in table.lines() {
        let mut columns = row.split('\t');
        let (name, count) = (columns.next().unwrap(), columns.next().unwrap());
        let html = std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(rewrite_html(&html, &Plan::default()).html, html, "{name}");
        let rewritten = rewrite_html(&html, &plan);
        assert_eq!(rewritten.inserted.links.len().to_string(), count, "{name}");
        let unmarked = columns.fold(html.clone(), |html, mark| html.replace(mark, ""));
        let without_picture = match rewritten.html.split_once("<img src=\"https://t.example/o/x\"") {
            Some((before, picture)) => format!("{before}{}", picture.split_once('>').unwrap().1),
            None => {
                assert!(BREAK_OFF.contains(&name), "{name} has no picture");
                rewritten.html.to_string()
            }
        };
        assert_eq!(
            undone(&unmarked, &without_picture, &rewritten.inserted.links),
            unmarked,
            "{name}"
        );
    }
    assert!(table.lines().count() >= 60);
}

/// Puts what stood in the original where a URL of ours stands now, if it says the same as the link.
fn undone(original: &str, html: &str, links: &[String]) -> String {
    let mut undone = String::new();
    let mut rest = html;
    for (number, link) in links.iter().enumerate() {
        let (same, behind) = rest.split_once(&click_url(number as u16)).unwrap();
        undone.push_str(same);
        let value = original.strip_prefix(&undone).unwrap();
        let end = match undone.chars().last() {
            Some(quote @ ('"' | '\'')) => value.find(quote),
            _ => value.find([' ', '\t', '\r', '\n', '>']),
        };
        let value = value.get(..end.unwrap()).unwrap();
        assert_eq!(htmlize::unescape_attribute(value).trim().replace('\n', ""), *link);
        undone.push_str(value);
        rest = behind;
    }
    undone + rest
}
