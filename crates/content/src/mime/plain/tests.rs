use proptest::prelude::*;

use super::*;
use crate::template::Template;

fn check(cases: &[(&str, &str)]) {
    for (html, expected) in cases {
        assert_eq!(text_of_html(html).as_deref(), Some(*expected), "{html}");
    }
}

#[test]
fn words_remain_and_markup_does_not() {
    check(&[
        ("", ""),
        ("plain", "plain"),
        ("  white \r\n\t space  ", "white space"),
        ("in<b>side</b> a <i>word</i>", "inside a word"),
        (
            "&lt;b&gt; &amp; &uuml; &#x1F600; &hellip;",
            "<b> & \u{fc} \u{1f600} \u{2026}",
        ),
        ("&copy 2024 &nosuch; AT&T & &#", "\u{a9} 2024 &nosuch; AT&T & &#"),
        ("a&nbsp;\u{a0} &nbsp;b<p>&nbsp;</p>c", "a b\n\nc"),
        ("1 < 2 <3 <> a<", "1 < 2 <3 <> a<"),
        ("a</>b</ c>d</", "abd</"),
        ("a<b c", "a"),
        ("a<b c=\"<p>", "a"),
        ("<B TITLE='>'>x</B\n>y<b/>z", "xyz"),
        ("<p =x>a<p x=>b<p \u{fc}=\u{fc}>c", "a\n\nb\n\nc"),
    ]);
}

#[test]
fn what_nobody_sees_is_left_out() {
    check(&[
        (
            "<!doctype html><html><head><meta charset=utf-8><title>no &lt;</title><style>a>b{}</style></head>\n\
             <body>yes</body></html>",
            "yes",
        ),
        ("<SCRIPT>if (a</b) '</scripts>'</Script\n>yes", "yes"),
        ("<style>p{}</style", ""),
        (
            "a<!-- no > -- <p>no</p> --><!----><!--->b<!-->c<!-- no --!>d<!-- no",
            "abcd",
        ),
        ("a<!x>b<?php no ?>c<![CDATA[no]]>d", "abcd"),
        (
            "<!--[if mso]><p>no</p><![endif]--><!--[if !mso]><!--><p>yes</p><!--<![endif]-->",
            "yes",
        ),
        ("<![if !mso]>yes<![endif]>", "yes"),
        (
            "<template><p>no<template>no</template>no<a href=no>no</a></template>yes",
            "yes",
        ),
        ("a</template>b", "ab"),
    ]);
}

#[test]
fn blocks_make_lines() {
    check(&[
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<p>two", "one\n\ntwo"),
        (
            "<h1>one</h1>two<blockquote>three</blockquote>four<hr>five",
            "one\n\ntwo\n\nthree\n\nfour\n\nfive",
        ),
        ("<div>one</div>two<div><div>three</div></div>", "one\ntwo\nthree"),
        ("a<br>b<br/>\n c", "a\nb\nc"),
        ("a<br><br><br><br>b<p><br></p>c", "a\n\nb\n\nc"),
        ("<div>a</div><br><div>b</div>", "a\n\nb"),
        ("a<br><div>b</div>", "a\nb"),
        (
            "<table width=600><tr><td><br><br><br></td></tr><tr><td>cell</td></tr></table>",
            "cell",
        ),
        (
            "x<table><tr><th>a</th><th>b</th></tr>\n<tr><td>1<td>2</table>y",
            "x\na b\n1 2\ny",
        ),
        ("<ul><li>one<li>two</ul>three", "- one\n- two\n\nthree"),
        (
            "<ol>\n<li> <p>one</p> </li>\n<li>two</li>\n</ol>",
            "- one\n\n- two",
        ),
        (
            "a<ul><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
            "a\n\n- b\n  - c\n- d",
        ),
        ("<ul><li></li></ul><p>a</p><li>b", "a\n\n- b"),
        (
            "a<pre>\n  two  spaces\n\n\n<b>  three</b> \n\tx </pre>b",
            "a\n\n  two  spaces\n\n  three\n\tx\n\nb",
        ),
    ]);
}

#[test]
fn links_say_where_they_lead() {
    check(&[
        (
            "<p>Please <a href=\"https://x.example/?a=1&amp;b=2&copy=3\">confirm</a>.</p>",
            "Please confirm (https://x.example/?a=1&b=2&copy=3).",
        ),
        ("<a href=https://x.example/>X </a>y", "X (https://x.example/) y"),
        (
            "<a href='https://x.example/'>https://x.example/</a>",
            "https://x.example/",
        ),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        (
            "<a href='https://x.example/'>https://y.example/</a>",
            "https://y.example/ (https://x.example/)",
        ),
        (
            "<a href=' https://x.example/\n a '>x</a>",
            "x (https://x.example/ a)",
        ),
        (
            "<a href=https://x.example/>a<a href=https://y.example/>b",
            "a (https://x.example/)b (https://y.example/)",
        ),
        (
            "<a href=https://x.example/ href=https://y.example/>a</a>",
            "a (https://x.example/)",
        ),
        (
            "<a href=https://x.example/><p>a</p></a><p>b",
            "a (https://x.example/)\n\nb",
        ),
        (
            "a<a href=https://x.example/></a><a href=https://y.example/><img></a>b",
            "a https://x.example/ https://y.example/ b",
        ),
        (
            "<a href='MAILTO:a@x.example?subject=b'>write</a>",
            "write (a@x.example)",
        ),
        ("<a href='mailto:a@x.example'>a@x.example</a>", "a@x.example"),
        ("<a href='tel:+4930123'>call</a>", "call (+4930123)"),
        (
            "<a href=javascript:no()>a</a> <a href=' Java&#10;Script:no()'>b</a> <a href='data:,no'>c</a>",
            "a b c",
        ),
        (
            "<a href=#top>a</a> <a href>b</a> <a name=c>c</a> <a href=mailto:>d</a>",
            "a b c d",
        ),
        (
            "<img src=no alt=\"A &amp; B\"><img alt><img src=no>text",
            "A & B text",
        ),
        (
            "<a href=https://x.example/><img alt=Shop></a>",
            "Shop (https://x.example/)",
        ),
    ]);
}

#[test]
fn places_of_a_template_stay() {
    check(&[
        (
            "<p>Dear {{ name }},<b>{{a.b}}</b> {{ order.items.0.n-a_m\u{e9} }}",
            "Dear {{ name }},{{a.b}} {{ order.items.0.n-a_m\u{e9} }}",
        ),
        ("<a href=\"{{ url }}\">go</a>", "go ({{ url }})"),
        (
            "<a href='https://x.example/{{ a.b }}?c={{c}}&amp;d={{ d }}'>go</a>",
            "go (https://x.example/{{ a.b }}?c={{c}}&d={{ d }})",
        ),
        ("<a href={{ url }} class=b>go</a>", "go ({{ url }})"),
        (
            "<a href=https://x.example/{{ a }}/{{{b}}{{c d>go</a>",
            "go (https://x.example/{{ a }}/{{{b}}{{c)",
        ),
        ("<a href={{ {{ b }}>go</a>", "go ({{)"),
        ("<a href=\"{{ url }}\">{{ url }}</a>", "{{ url }}"),
        (
            "<a href=\"mailto:{{ who.mail }}\">write</a><img alt=\"{{ alt }}\">",
            "write ({{ who.mail }}) {{ alt }}",
        ),
        ("<pre>{{  a  }}</pre>", "{{  a  }}"),
    ]);
}

#[test]
fn a_template_and_its_text_take_the_same_values() {
    let html =
        "<h1>Dear {{ name }}</h1><a href={{ url }}?to={{ id.0 }}>{{ go }}</a><script>{{ no }}</script>";
    let text = text_of_html(html).unwrap();
    let template = Template::parse("", None, Some(&text)).unwrap();
    let values = serde_json::json!({"name": "A", "url": "https://x.example/", "id": [7], "go": "on"});
    let rendered = template.render(values.as_object().unwrap()).unwrap();
    assert_eq!(
        rendered.text.as_deref(),
        Some("Dear A\n\non (https://x.example/?to=7)")
    );
}

/// With anything but one pass, each of these would take minutes.
#[test]
fn hostile_documents_are_done_in_one_pass() {
    for unit in [
        "<",
        "</",
        "<!",
        "<!--",
        "<!-->",
        "<a",
        "<a ",
        "<a>",
        "<a href=x>",
        "<a href='",
        "<a b='>",
        "</a>",
        "<b>",
        "<div>",
        "<p>",
        "<br>",
        "<ul><li>",
        "<li>x",
        "</ul>",
        "<table><tr><td>x",
        "<blockquote>",
        "<pre>",
        "<pre>  \n",
        "<template>",
        "</template>",
        "<script>",
        "<script></",
        "<title><",
        "&",
        "&#",
        "&#1",
        "&amp",
        "&nbsp;",
        "{{",
        "<a href={{x ",
        "<a href={{{{x",
        "<a href=\"x\" alt=y",
        "\u{a0}",
        " ",
        ">",
        "-->",
        "x ",
    ] {
        let html = unit.repeat(HTML_OCTETS_MAX / unit.len());
        let text = text_of_html(&html).unwrap();
        assert!(text.len() <= 3 * html.len(), "{unit}");
        assert_eq!(text_of_html(&format!("{html}{}", "x".repeat(unit.len()))), None);
    }
}

const PARTS: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<a href=",
    "<a href='",
    "'",
    "\"",
    "=",
    "</a>",
    "<img alt=",
    "<p>",
    "</p>",
    "<div>",
    "<br>",
    "<ul>",
    "<li>",
    "</li>",
    "</ul>",
    "<td>",
    "<pre>",
    "</pre>",
    "<template>",
    "</template>",
    "<script>",
    "</script>",
    "<title>",
    "&",
    "&amp;",
    "&nbsp;",
    "&#",
    "x",
    "\u{fc}",
    " ",
    "\n",
    "\r",
    "\t",
    "{{",
    "}}",
    "{{ a }}",
    "https://x.example/",
    "mailto:",
    "\u{a0}",
    "\0",
];

proptest! {
    #[test]
    fn any_text_is_a_document(html in "\\PC{0,200}") {
        text_of_html(&html).unwrap();
    }

    #[test]
    fn empty_lines_stand_alone(parts in prop::collection::vec(prop::sample::select(PARTS), 0..60)) {
        let html = parts.concat();
        let text = text_of_html(&html).unwrap();
        prop_assert!(!text.contains("\n\n\n"), "{text:?}");
        prop_assert!(!text.starts_with('\n') && !text.ends_with(['\n', ' ']), "{text:?}");
    }

    #[test]
    fn no_tag_is_in_the_text(
        pieces in prop::collection::vec(
            "</?[a-zA-Z][a-z0-9]{0,11}( [a-z]{1,4}(=(\"[^\"<>]{0,9}\"|'[^'<>]{0,9}'|[a-z:/{}]{1,9}))?){0,3} ?/?>|[a-z \n]{1,9}",
            0..40,
        )
    ) {
        let text = text_of_html(&pieces.concat()).unwrap();
        prop_assert!(!text.contains(['<', '>']), "{text:?}");
    }

    #[test]
    fn words_between_tags_are_kept(
        words in prop::collection::vec("[a-z]{1,9}", 0..20),
        tags in prop::collection::vec("</?(p|div|b|td|tr|ul|br|span|table|h1)>", 20),
    ) {
        let html: String = words.iter().zip(&tags).map(|(word, tag)| format!("{tag} {word} ")).collect();
        let text = text_of_html(&html).unwrap();
        prop_assert_eq!(text.split_whitespace().collect::<Vec<_>>(), words);
    }
}
