use super::*;

use proptest::prelude::*;

use super::limits::{HTML_OCTETS_MAX, LINKS_MAX, URL_OCTETS_MAX};

const PIXEL: &str = "<img src=\"https://t.example/o/x\" alt=\"\" width=\"1\" height=\"1\" border=\"0\" \
                     style=\"border:0;width:1px;height:1px;position:absolute\">";

fn click_url(number: u16) -> String {
    format!("https://t.example/c/{number}")
}

fn clicks() -> Plan<'static> {
    Plan {
        click_url: Some(&click_url),
        excluded_hosts: &["t.example", "apps.example"],
        ..Plan::default()
    }
}

fn opens() -> Plan<'static> {
    Plan {
        pixel_url: Some("https://t.example/o/x"),
        ..Plan::default()
    }
}

/// Each document, what comes of it when clicks are tracked, and where its links lead.
fn check(table: &[(&str, &str, &[&str])]) {
    for (html, expected, links) in table {
        let rewritten = rewrite_html(html, &clicks());
        assert_eq!(rewritten.html, *expected, "{html:?}");
        assert_eq!(rewritten.inserted.links, *links, "{html:?}");
        assert_eq!(
            matches!(rewritten.html, Cow::Borrowed(_)),
            html == expected,
            "{html:?}"
        );
    }
}

#[test]
fn only_the_value_changes() {
    check(&[
        ("", "", &[]),
        (
            "<a href=\"https://x.example/\">x</a>",
            "<a href=\"https://t.example/c/0\">x</a>",
            &["https://x.example/"],
        ),
        (
            "<A\r\n  Class=b   HREF = 'HTTP://x.example/?a&amp;b'\t>x</A >",
            "<A\r\n  Class=b   HREF = 'https://t.example/c/0'\t>x</A >",
            &["HTTP://x.example/?a&b"],
        ),
        (
            "<a href=https://x.example/ id=b><area href=https://y.example>",
            "<a href=https://t.example/c/0 id=b><area href=https://t.example/c/1>",
            &["https://x.example/", "https://y.example"],
        ),
        (
            "<a href=\"https://x.example\" href=\"https://y.example\">",
            "<a href=\"https://t.example/c/0\" href=\"https://y.example\">",
            &["https://x.example"],
        ),
        (
            "<a href='https://x.example'><a href='https://x.example'>",
            "<a href='https://t.example/c/0'><a href='https://t.example/c/1'>",
            &["https://x.example", "https://x.example"],
        ),
        (
            "<!--[if mso]><v:roundrect href=\"https://x.example\"/><![endif]--><a href='https://y.example'>",
            "<!--[if mso]><v:roundrect href=\"https://t.example/c/0\"/><![endif]--><a href='https://t.example/c/1'>",
            &["https://x.example", "https://y.example"],
        ),
        (
            "<a href='mailto:a@x.example'><link href='https://x.example'><img src='https://x.example'>",
            "<a href='mailto:a@x.example'><link href='https://x.example'><img src='https://x.example'>",
            &[],
        ),
        (
            "<a href='https://apps.example/'><a href='https://a.t.example/'>",
            "<a href='https://apps.example/'><a href='https://a.t.example/'>",
            &[],
        ),
        (
            "https://x.example <!-- <a href='https://x.example'> -->",
            "https://x.example <!-- <a href='https://x.example'> -->",
            &[],
        ),
    ]);
}

#[test]
fn marks_are_honoured_and_go() {
    check(&[
        (
            "<a data-no-track href=\"https://x.example/\">",
            "<a href=\"https://x.example/\">",
            &[],
        ),
        (
            "<a href=https://x.example/ \r\n clicktracking = 'off'>",
            "<a href=https://x.example/>",
            &[],
        ),
        (
            "<a href=https://x.example/ data-no-track/>",
            "<a href=https://x.example/ />",
            &[],
        ),
        (
            "<a data-msys-clicktrack=\"0\"href=https://x.example/>",
            "<a href=https://x.example/>",
            &[],
        ),
        (
            "<a href=\"https://x.example/\"ses:no-track class=b>",
            "<a href=\"https://x.example/\" class=b>",
            &[],
        ),
        (
            "<a class=\"a untracked b\" href='https://x.example/' CLASS=untracked>",
            "<a class=\"a b\" href='https://x.example/'>",
            &[],
        ),
        (
            "<a href='mailto:a@x.example' disable-tracking=true data-pm-no-track data-as-no-track>",
            "<a href='mailto:a@x.example'>",
            &[],
        ),
        (
            "<a href='https://x.example/' clicktracking=on class=tracked>",
            "<a href='https://t.example/c/0' clicktracking=on class=tracked>",
            &["https://x.example/"],
        ),
        (
            "<p class=untracked><a href='https://x.example/'>",
            "<p class=untracked><a href='https://t.example/c/0'>",
            &["https://x.example/"],
        ),
    ]);
    let marked = "<a href=https://x.example/ data-no-track></body>";
    assert_eq!(
        rewrite_html(marked, &opens()).html,
        format!("<a href=https://x.example/ data-no-track>{PIXEL}</body>"),
        "a mark goes only where it says something"
    );
}

#[test]
fn one_picture_before_the_end() {
    for (html, expected) in [
        ("", "P"),
        ("x", "xP"),
        ("<p>x", "<p>xP"),
        ("<body>x</body></html>", "<body>xP</body></html>"),
        ("<html>x</HTML >", "<html>xP</HTML >"),
        ("</body>x</BODY\n>y", "</body>xP</BODY\n>y"),
        ("x</html></body>y", "x</html>P</body>y"),
        (
            "x</body><!-- </body> --><script></body></script>",
            "xP</body><!-- </body> --><script></body></script>",
        ),
        (
            "<!--[if mso]></body><![endif]-->x",
            "<!--[if mso]></body><![endif]-->xP",
        ),
        ("<a title='</body>'>x", "<a title='</body>'>xP"),
    ] {
        let rewritten = rewrite_html(html, &opens());
        assert_eq!(rewritten.html, expected.replace('P', PIXEL), "{html:?}");
        assert!(rewritten.inserted.pixel);
    }
    let odd = Plan {
        pixel_url: Some("https://t.example/?a&\""),
        ..Plan::default()
    };
    assert!(
        rewrite_html("x", &odd)
            .html
            .contains("src=\"https://t.example/?a&amp;&quot;\" alt")
    );
}

#[test]
fn the_unsubscribe_link_is_put_in() {
    let unsubscribe = Plan {
        unsubscribe_url: Some("https://t.example/u/x"),
        ..clicks()
    };
    let html = "<a href=\"{{ unsubscribe_url }}\"><a href={{unsubscribe_url}} data-no-track><a href='{{ other }}'>\
                <a href=https://x.example> {{unsubscribe_url}}";
    let rewritten = rewrite_html(html, &unsubscribe);
    assert_eq!(
        rewritten.html,
        "<a href=\"https://t.example/u/x\"><a href=https://t.example/u/x><a href='{{ other }}'>\
         <a href=https://t.example/c/0> {{unsubscribe_url}}"
    );
    assert_eq!(rewritten.inserted.unsubscribe_links, 2);
    assert_eq!(rewritten.inserted.links, ["https://x.example"]);
    assert_eq!(
        rewrite_html("<a href={{unsubscribe_url}}>", &clicks()).html,
        "<a href={{unsubscribe_url}}>"
    );
}

#[test]
fn values_are_quoted_when_they_have_to_be() {
    let with_query = |number: u16| format!("https://t.example/?n={number}&\"'");
    let plan = Plan {
        click_url: Some(&with_query),
        ..Plan::default()
    };
    let html = "<a href=https://x.example/ b><a href='https://x.example/'><a href=\"https://x.example/\">";
    assert_eq!(
        rewrite_html(html, &plan).html,
        "<a href=\"https://t.example/?n=0&amp;&quot;&#39;\" b><a href='https://t.example/?n=1&amp;&quot;&#39;'>\
         <a href=\"https://t.example/?n=2&amp;&quot;&#39;\">"
    );
}

#[test]
fn bounds_hold() {
    let link = |url: &str| format!("<a href=\"{url}\">");
    let html = link("https://x.example/").repeat(LINKS_MAX + 2);
    let rewritten = rewrite_html(&html, &clicks());
    assert_eq!(rewritten.inserted.links.len(), LINKS_MAX);
    assert_eq!(rewritten.inserted.links_left, 2);
    assert!(rewritten.html.ends_with(&link("https://x.example/").repeat(2)));

    let at_bound = format!("https://x.example/{}", "x".repeat(URL_OCTETS_MAX - 18));
    assert_eq!(
        rewrite_html(&link(&at_bound), &clicks()).inserted.links,
        [&*at_bound]
    );
    assert!(
        rewrite_html(&link(&format!("{at_bound}x")), &clicks())
            .inserted
            .links
            .is_empty()
    );

    let padding = " ".repeat(HTML_OCTETS_MAX - link("https://x.example/").len());
    let largest = link("https://x.example/") + &padding;
    assert_eq!(rewrite_html(&largest, &clicks()).inserted.links.len(), 1);
    assert_eq!(
        rewrite_html(&format!("{largest} "), &clicks()).inserted,
        Inserted::default()
    );
}

#[test]
fn nothing_wanted_is_nothing_done() {
    let html = "<a href='https://x.example/' data-no-track>{{unsubscribe_url}}</body>";
    let rewritten = rewrite_html(html, &Plan::default());
    assert!(matches!(rewritten.html, Cow::Borrowed(same) if same == html));
    assert_eq!(rewritten.inserted, Inserted::default());
}

/// With anything but one pass, each of these would take minutes.
#[test]
fn hostile_documents_are_done_in_one_pass() {
    let all = Plan {
        unsubscribe_url: Some("https://t.example/u/x"),
        pixel_url: opens().pixel_url,
        ..clicks()
    };
    for unit in PARTS {
        let html = unit.repeat(HTML_OCTETS_MAX / unit.len());
        let rewritten = rewrite_html(&html, &all);
        assert!(rewritten.html.len() <= html.len() + 64 * LINKS_MAX, "{unit}");
    }
}

pub(super) const PARTS: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<!",
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<?",
    "<!--[if mso]>",
    "<![endif]-->",
    "<!--<![endif]-->",
    "<![if !mso]>",
    "<![endif]>",
    "<a",
    "<a ",
    "<A href=",
    "<a href='",
    "<a href=\"https://x.example/?a&amp;b\">",
    "<area href=https://y.example>",
    "<v:rect href='https://z.example'>",
    " href=https://x.example",
    " href='https://y.example/\u{fc}'",
    " data-no-track",
    " class=\"a untracked\"",
    " clicktracking=off ",
    "</a>",
    "<b>",
    "<p>",
    "</body>",
    "</html>",
    "<body>",
    "<svg>",
    "</svg>",
    "<math>",
    "<![CDATA[",
    "]]>",
    "<template>",
    "</template>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<title>",
    "</title>",
    "<textarea>",
    "</textarea>",
    "'",
    "\"",
    "=",
    "&",
    "&amp;",
    "&amp",
    "&notit;",
    "&#",
    "&#65",
    "&#x41;",
    "x",
    "\u{fc}",
    "\u{1f600}",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "{{",
    "}}",
    "{{unsubscribe_url}}",
    "https://x.example/",
    "mailto:",
];

/// The document before rewriting, made from that after it: every URL of ours gives back what stood in its place.
/// `unmarked` is the document without the marks that were honoured. Says where both part if they do.
fn undone(unmarked: &str, rewritten: &Rewritten<'_>) -> Result<(), String> {
    let html = match rewritten.html.split_once(PIXEL) {
        Some((before, behind)) if rewritten.inserted.pixel => format!("{before}{behind}"),
        None if !rewritten.inserted.pixel => rewritten.html.to_string(),
        _ => return Err("a picture too many or too few".into()),
    };
    let (mut left, mut right) = (unmarked, &*html);
    for (number, destination) in rewritten.inserted.links.iter().enumerate() {
        let url = click_url(number as u16);
        let (same, behind) = right.split_once(&url).ok_or(format!("no {url}"))?;
        let value = left
            .strip_prefix(same)
            .ok_or(format!("{same:?} is not in {left:?}"))?;
        let end = match same.chars().last() {
            Some(quote @ ('"' | '\'')) => value.find(quote),
            _ => value.find(|char: char| char.is_ascii_whitespace() || char == '>'),
        };
        let (value, rest) = value.split_at(end.ok_or("no end")?);
        let decoded = htmlize::unescape_attribute(value);
        // As a browser reads it: without controls and spaces at its ends (URL Standard §4.4).
        let read = decoded.trim_matches(|char: char| char <= ' ');
        if read.replace(['\t', '\r', '\n'], "") != *destination {
            return Err(format!("{decoded:?} is not {destination:?}"));
        }
        (left, right) = (rest, behind);
    }
    if left == right {
        Ok(())
    } else {
        Err(format!("{left:?} is not {right:?}"))
    }
}

/// What is put in behind half a tag would make a whole one of it.
#[test]
fn a_document_that_breaks_off_gets_no_picture() {
    for html in [
        "<p>x<a href=https://x.example",
        "<a href=\"https://x.example>",
        "x<!-- y",
        "<style>a{",
        "x<a",
    ] {
        let rewritten = rewrite_html(html, &opens());
        assert_eq!((&*rewritten.html, rewritten.inserted.pixel), (html, false));
    }
    for html in [
        "",
        "x",
        "<p>x",
        "<a href=https://x.example>x",
        "a < b",
        "<!-- x -->",
    ] {
        assert!(rewrite_html(html, &opens()).inserted.pixel, "{html}");
    }
}

proptest! {
    #[test]
    fn any_text_can_be_rewritten(html in "\\PC{0,200}") {
        let both = Plan { pixel_url: opens().pixel_url, ..clicks() };
        let rewritten = rewrite_html(&html, &both);
        prop_assert_eq!(undone(&html, &rewritten), Ok(()));
    }

    #[test]
    fn whatever_is_put_in_can_be_taken_out(
        parts in prop::collection::vec(prop::sample::select(PARTS), 0..60)
    ) {
        let html = parts
            .concat()
            .replace("data-no-track", "data-no-trick")
            .replace("untracked", "tracked")
            .replace("=off", "=on");
        let both = Plan { pixel_url: opens().pixel_url, ..clicks() };
        let rewritten = rewrite_html(&html, &both);
        prop_assert_eq!(undone(&html, &rewritten), Ok(()), "{:?}", html);
        // Ours are excluded, so there is nothing left to do; but a picture ends `svg` and `math` (HTML Standard
        // §13.2.6.5), and what follows reads differently then.
        if !html.contains("<svg") && !html.contains("<math") {
            let again = rewrite_html(&rewritten.html, &clicks());
            prop_assert_eq!(&again.inserted.links, &Vec::<String>::new());
            prop_assert_eq!(&again.html, &rewritten.html);
        }
    }

    #[test]
    fn marks_only_ever_go(parts in prop::collection::vec(prop::sample::select(PARTS), 0..60)) {
        let html = parts.concat();
        let rewritten = rewrite_html(&html, &clicks());
        let mut kept = html.chars();
        let without_urls = (0..rewritten.inserted.links.len() as u16)
            .rev()
            .fold(rewritten.html.to_string(), |html, number| html.replacen(&click_url(number), "", 1));
        prop_assert!(
            without_urls.chars().all(|char| kept.any(|other| other == char)),
            "{:?} became {:?}", html, rewritten.html
        );
    }
}
