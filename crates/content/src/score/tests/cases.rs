//! For every check a message with its fault, and one that is near to it and has it not.

use super::{Mail, good_html, good_text};

/// A check, and how a good message is changed.
pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) wrong: fn(&mut Mail),
    pub(super) near: fn(&mut Mail),
}

const fn case(id: &'static str, wrong: fn(&mut Mail), near: fn(&mut Mail)) -> Case {
    Case { id, wrong, near }
}

/// A letter that is HTML alone, with what stands in its head.
fn with_head(mail: &mut Mail, head: &str) {
    mail.html = Some(good_html("").replace("</head>", &format!("{head}</head>")));
}

fn without(mail: &mut Mail, part: &str) {
    let html = good_html("");
    assert!(html.contains(part), "{part}");
    mail.html = Some(html.replace(part, ""));
}

/// A document with one image and so many letters.
fn image_and_letters(mail: &mut Mail, image: &str, letters: usize) {
    mail.document(&format!(
        "<html><body>{image}<p>{}</p></body></html>",
        "word ".repeat(letters / 4)
    ));
}

fn styled(mail: &mut Mail, style: &str) {
    mail.body(&format!(
        "<p style=\"{style}\">{}</p>",
        "Some words that stand here. ".repeat(20)
    ));
}

const IMAGE: &str = "<img src=\"https://i.example/a.png\" width=\"9\" alt=\"Tree\">";
const PIXEL: &str = "<img src=\"https://i.example/p.gif\" width=\"1\" height=\"1\" alt=\"\">";
const UNSUBSCRIBE: &str = "List-Unsubscribe";
const POST: &str = "List-Unsubscribe-Post";

#[rustfmt::skip] // One case a line or two: this is a table.
pub(super) const CASES: &[Case] = &[
    // Structure.
    case("gtube", |m| m.plain("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"), |m| m.say("GTUBE is a test string.")),
    case("body_empty", |m| m.plain(" \n"), |m| m.document(IMAGE)),
    case("body_short", |m| m.plain("See you then."), |m| m.plain("See you then, on Monday at five, at the gate.")),
    case("text_part_missing", |m| m.text = None, |m| m.html = None),
    case("parts_differ", |m| m.text = Some("Please look at the HTML. https://garden.example/u/1".into()), |m| m.text = Some(good_text("And more."))),
    case("parts_links_differ", |m| m.text = Some(good_text("").replace("https://", "")), |m| m.body("")),
    case("text_part_is_html", |m| m.text = Some("<p>Hello</p>".into()), |m| m.text = Some(good_text("1 < 2 and p > q"))),
    case("line_long", |m| m.text = Some("word ".repeat(200)), |m| m.text = Some(good_text(&"word ".repeat(199)))),
    case("control_characters", |m| m.say("a\u{7}b"), |m| m.say("a\tb\r\nc")),
    // Headers.
    case("header_name_invalid", |m| m.field("X Y", "1"), |m| m.field("X-Y_z", "1")),
    case("header_control", |m| m.field("X-A", "b\r\nBcc: c@d.example"), |m| m.field("X-A", "b; c")),
    case("header_not_ascii", |m| m.field("X-A", "\u{fc}"), |m| m.field("X-A", "=?utf-8?q?=C3=BC?=")),
    case("header_empty", |m| m.field("X-A", " "), |m| m.field("X-A", "0")),
    case("header_long", |m| m.field("X-A", &"a".repeat(901)), |m| m.field("X-A", &"a".repeat(900))),
    case("header_repeated", |m| { m.field("Reply-To", "a@garden.example"); m.field("reply-to", "a@garden.example"); },
        |m| { m.field("X-A", "1"); m.field("X-A", "2"); }),
    case("date_invalid", |m| m.field("Date", "tomorrow"), |m| m.field("Date", "Tue, 3 Nov 2026 10:00:00 +0100")),
    case("message_id_invalid", |m| m.field("Message-ID", "<1>"), |m| m.field("Message-ID", "<1@garden.example>")),
    case("to_undisclosed", |m| m.field("To", "undisclosed-recipients:;"), |m| m.field("To", "a@b.example")),
    case("priority_high", |m| m.field("X-Priority", "1 (Highest)"), |m| m.field("X-Priority", "3 (Normal)")),
    case("read_receipt", |m| m.field("Disposition-Notification-To", "a@garden.example"), |m| m.field("Auto-Submitted", "no")),
    case("precedence_junk", |m| m.field("Precedence", "junk"), |m| m.field("Precedence", "bulk")),
    // Sender.
    case("from_invalid", |m| m.from("Garden"), |m| m.from("letters@garden.example")),
    case("from_several", |m| m.from("a@b.example, c@d.example"), |m| m.from("\"A, B\" <a@b.example>")),
    case("from_name_missing", |m| m.from("letters@garden.example"), |m| m.from("G <letters@garden.example>")),
    case("from_name_blank", |m| m.from("\"\" <letters@garden.example>"), |m| m.from("<letters@garden.example>")),
    case("from_name_url", |m| m.from("\"www.garden.example\" <letters@garden.example>"), |m| m.from("garden.example <letters@garden.example>")),
    case("from_name_address", |m| m.from("\"help@bank.example\" <letters@garden.example>"), |m| m.from("\"letters@garden.example\" <letters@garden.example>")),
    case("from_name_capitals", |m| m.from("GARDEN SOCIETY <a@garden.example>"), |m| m.from("NASA <a@garden.example>")),
    case("from_name_long", |m| m.from(&format!("{} <a@garden.example>", "Name ".repeat(9))), |m| m.from(&format!("{} <a@garden.example>", "Name ".repeat(8)))),
    case("from_name_disguised", |m| m.from("P\u{430}ypal <a@garden.example>"), |m| m.from("\u{410}\u{43d}\u{43d}\u{430} Smith <a@garden.example>")),
    case("from_domain_disguised", |m| m.from("Pay <a@p\u{430}ypal.example>"), |m| m.from("Pay <a@b\u{fc}cher.example>")),
    case("from_digits", |m| m.from("Garden <123abc@garden.example>"), |m| m.from("Garden <12abc@garden.example>")),
    case("from_free_mail", |m| m.from("Garden <garden@GMAIL.com>"), |m| m.from("Garden <garden@gmail.com.example>")),
    case("from_no_reply", |m| m.from("Garden <No-Reply@garden.example>"), |m| m.from("Garden <reply@garden.example>")),
    case("from_top_level", |m| m.from("Garden <a@garden.xyz>"), |m| m.from("Garden <a@xyz.example>")),
    case("reply_to_invalid", |m| m.field("Reply-To", "nobody"), |m| m.field("Reply-To", "A <a@garden.example>")),
    case("reply_to_elsewhere", |m| m.field("Reply-To", "a@other.example"), |m| m.field("Reply-To", "A <a@mail.garden.example>")),
    case("reply_to_free_mail", |m| m.field("Reply-To", "A <a@gmail.com>"), |m| { m.from("A <a@gmx.de>"); m.field("Reply-To", "a@gmail.com"); }),
    // Subject.
    case("subject_empty", |m| m.subject("  "), |m| m.subject("Hi")),
    case("subject_short", |m| m.subject("Hi"), |m| m.subject("Hello")),
    case("subject_cut", |m| m.subject(&"word ".repeat(15)), |m| m.subject(&"word ".repeat(14))),
    case("subject_long", |m| m.subject(&"word ".repeat(41)), |m| m.subject(&"word ".repeat(40))),
    case("subject_capitals", |m| m.subject("ALL OF IT MUST GO"), |m| m.subject("NASA and ESA")),
    case("subject_url", |m| m.subject("Look at https://a.example"), |m| m.subject("Look at this")),
    case("subject_gappy", |m| m.subject("S A L E today"), |m| m.subject("Plan A or B")),
    case("subject_exclamations", |m| m.subject("Apples!!"), |m| m.subject("Apples!")),
    case("subject_question_exclamation", |m| m.subject("Apples?!"), |m| m.subject("Apples?")),
    case("subject_money", |m| m.subject("$500 for you"), |m| m.subject("Apples for $5")),
    case("subject_fake_reply", |m| m.subject("Re: your order"), |m| { m.subject("Re: your order"); m.field("In-Reply-To", "<a@b.example>"); }),
    case("subject_emoji", |m| m.subject("Apples \u{1f34e}\u{1f34e}\u{1f34e}\u{1f34e}"), |m| m.subject("Apples \u{1f34e}\u{1f34e}\u{1f34e}")),
    case("subject_disguised", |m| m.subject("Your acc\u{43e}unt"), |m| m.subject("Your \u{441}\u{447}\u{451}\u{442}")),
    case("subject_encoded", |m| m.subject("=?utf-8?q?Apples?="), |m| m.subject("Is 1 =? 2")),
    case("subject_line_break", |m| m.subject("Apples\nBcc: a@b.example"), |m| m.subject("Apples\tand pears")),
    case("subject_phrase", |m| m.subject("You have won"), |m| m.say("You have won")),
    // Templates.
    case("template_braces", |m| m.say("Dear {{ name }}"), |m| m.say("Sets are written {1, {2}}")),
    case("template_statement", |m| m.say("{% if x %}"), |m| m.say("5 {% of it")),
    case("template_erb", |m| m.text = Some(good_text("<%= name %>")), |m| m.text = Some(good_text("5 <% 6"))),
    case("template_star_pipe", |m| m.say("Dear *|FNAME|*"), |m| m.say("a *|b")),
    case("template_dollar", |m| m.say("Dear ${user.name}"), |m| m.say("It is $5 {or 6}")),
    case("template_brackets", |m| m.say("Dear [[first name]]"), |m| m.say("See [[1]]")),
    case("template_percent", |m| m.say("Dear %FIRST_NAME%"), |m| m.say("From 5% TO 6%")),
    case("template_capitals", |m| m.say("Dear [FIRSTNAME]"), |m| m.say("See [RFC], [URGENT] and [Anna]")),
    case("template_null", |m| m.say("Hello undefined, how are you"), |m| m.say("The rule is null and void")),
    case("template_no_name", |m| m.say("Hello , how are you"), |m| m.say("Hello, how are you")),
    case("template_filler", |m| m.say("Lorem ipsum"), |m| m.say("Latin words")),
    // Text.
    case("text_capitals", |m| m.say(&"SHOUTING WORDS ".repeat(60)), |m| m.say(&"SHOUTING ".repeat(9))),
    case("text_capitals_most", |m| m.plain(&"SHOUTING WORDS ".repeat(20)), |m| m.plain(&"SHOUTING words ".repeat(20))),
    case("text_long_words", |m| m.say(&"extraordinarily ".repeat(6)), |m| m.say("extraordinarily unquestionable things")),
    case("text_gappy", |m| m.say("Buy v.i.a.g.r here"), |m| m.say("The U.S.A. and others")),
    case("text_blank_lines", |m| m.text = Some(good_text(&"\n".repeat(20))), |m| m.text = Some(good_text("\n\n"))),
    case("text_exclamations", |m| m.say("Apples!!!"), |m| m.say("Apples! Pears! Plums!")),
    case("text_currency", |m| m.say(&"$5 ".repeat(26)), |m| m.say(&"$5 ".repeat(25))),
    case("text_emoji", |m| m.say(&"\u{1f34e}".repeat(21)), |m| m.say(&"\u{1f34e}".repeat(20))),
    case("text_mixed_scripts", |m| m.say("your acc\u{43e}unt"), |m| m.say("the word \u{441}\u{447}\u{451}\u{442}")),
    case("text_split_words", |m| m.say("via\u{200b}gra"), |m| m.say("gar\u{ad}den \u{200b} tree")),
    case("text_turned", |m| m.say("a\u{202e}b"), |m| m.say("\u{5d0}\u{5d1}")),
    case("text_disguised_words", |m| m.say("buy v1agra,"), |m| m.say("version 1 of a11y")),
    case("phrase_money", |m| m.say("Earn money. Easy money"), |m| m.say("They earn money")),
    case("phrase_prize", |m| m.say("You\u{2019}ve  been\nselected"), |m| m.say("You have wonderful trees")),
    case("phrase_advance_fee", |m| m.say("He left no next of kin."), |m| m.say("The next of kind")),
    case("phrase_credit", |m| m.say("Bad credit? Payday loan"), |m| m.say("Bad credit is a problem")),
    case("phrase_investment", |m| m.say("Double your bitcoin"), |m| m.say("Double your harvest")),
    case("phrase_pharmacy", |m| m.body("<p>V<b>ia</b>gra</p>"), |m| m.say("The viagram")),
    case("phrase_weight", |m| m.say("A miracle cure"), |m| m.say("A miracle")),
    case("phrase_adult", |m| m.say("Hot singles"), |m| m.say("A hot single")),
    case("phrase_gambling", |m| m.say("Online casino"), |m| m.say("A casino")),
    case("phrase_home_work", |m| m.say("No experience needed"), |m| m.say("We work from home")),
    case("phrase_account_threat", |m| m.say("Your account has been suspended"), |m| m.say("Your account has been opened")),
    case("phrase_urgency", |m| m.say("Act now. Last chance"), |m| m.say("This is your last chance")),
    case("phrase_guarantee", |m| m.say("No risk, no obligation"), |m| m.say("There is no obligation")),
    case("phrase_excuse", |m| m.say("This is not spam"), |m| m.say("This is not a spoon")),
    case("phrase_greeting", |m| m.say("Dear friend"), |m| m.say("Dear friends of apples")),
    case("phrase_click_here", |m| m.say("Click here"), |m| m.say("The clock here")),
    // HTML.
    case("html_script", |m| m.body("<script>x</script>"), |m| m.body("<noscript>x</noscript>")),
    case("html_handler", |m| m.body("<p onclick=\"x()\">x</p>"), |m| m.body("<p data-on=\"x\">x</p>")),
    case("html_form", |m| m.body("<form action=\"https://a.example\"></form>"), |m| m.body("<p>form</p>")),
    case("html_frame", |m| m.body("<iframe src=\"https://a.example\"></iframe>"), |m| m.body("<p>iframe</p>")),
    case("html_object", |m| m.body("<object></object>"), |m| m.body("<p>object</p>")),
    case("html_media", |m| m.body("<video></video>"), |m| m.body("<p>video</p>")),
    case("html_drawing", |m| m.body("<svg></svg>"), |m| m.body(IMAGE)),
    case("html_marquee", |m| m.body("<marquee>x</marquee>"), |m| m.body("<b>x</b>")),
    case("html_base", |m| with_head(m, "<base href=\"https://a.example\">"), |m| m.body("<p>base</p>")),
    case("html_refresh", |m| with_head(m, "<meta http-equiv=\"Refresh\" content=\"0;url=https://a.example\">"),
        |m| with_head(m, "<meta name=\"refresh\" content=\"0\">")),
    case("html_external_style", |m| with_head(m, "<link rel=\"stylesheet\" href=\"https://a.example/a.css\">"),
        |m| with_head(m, "<link rel=\"icon\" href=\"https://a.example/a.ico\">")),
    case("html_import", |m| with_head(m, "<style>@IMPORT url(x)</style>"), |m| with_head(m, "<style>@media print{}</style>")),
    case("html_style_long", |m| with_head(m, &format!("<style>{}</style>", "a{b:c}".repeat(2731))), |m| with_head(m, &format!("<style>{}</style>", "a{b:c}".repeat(2730)))),
    case("html_unsupported_style", |m| m.body("<p style=\"Position: absolute\">x</p>"), |m| m.body("<p style=\"padding: 0\">x</p>")),
    case("html_hidden_text", |m| styled(m, "display: none"), |m| m.body("<p style=\"display:none\">Few words</p>")),
    case("html_zero_font", |m| styled(m, "font-size:0"), |m| styled(m, "font-size:9px")),
    case("html_same_colour", |m| styled(m, "color:#fefefe"), |m| styled(m, "color:#fefefe;background:#003")),
    case("html_faint_text", |m| styled(m, "color:#ccc"), |m| styled(m, "color:#777")),
    case("html_huge_font", |m| styled(m, "font-size:80px"), |m| styled(m, "font-size:40px")),
    case("html_comments_in_words", |m| m.body("<p>V<!-- x -->ia</p>"), |m| m.body("<p>V <!-- x --> ia<!--[if mso]>x<![endif]-->gra</p>")),
    case("html_comments_many", |m| m.body(&format!("<!--{}-->", "x".repeat(2000))), |m| m.body(&format!("<!--[if mso]>{}<![endif]-->", "x".repeat(2000)))),
    case("html_numbered_letters", |m| m.body(&"&#x41;&#66;".repeat(5)), |m| m.body(&"&#8211;&#65;".repeat(9))),
    case("html_unbalanced", |m| m.body("<div><div></div>"), |m| m.body("<div><p></div>")),
    case("html_cut_off", |m| m.html = Some(good_html("") + "<!-- "), |m| m.html = Some(good_html("") + "<!-- -->")),
    case("html_deep", |m| m.body(&format!("{}x{}", "<div>".repeat(101), "</div>".repeat(101))), |m| m.body(&"<div>x</div>".repeat(101))),
    case("html_saved_page", |m| m.body("<!-- saved from url=(0014)about:internet -->"), |m| m.body("<!-- saved -->")),
    case("html_word_processor", |m| m.body("<p class=\"MsoNormal\">x</p>"), |m| m.body("<p class=\"Normal\">x</p>")),
    case("html_charset", |m| m.html = Some(good_html("").replace("utf-8", "iso-8859-1")), |m| with_head(m, "<meta http-equiv=\"content-type\" content=\"text/html; charset=UTF-8\">")),
    case("html_clipped", |m| m.body(&"<p>Words</p>".repeat(9000)), |m| m.body(&"<p>Words</p>".repeat(8000))),
    case("html_text_share", |m| m.body(&"<p style=\"padding:0 0 0 0;margin:0\"></p>".repeat(600)), |m| m.body(&"<p>x</p>".repeat(600))),
    case("html_doctype_missing", |m| without(m, "<!DOCTYPE html>"), |m| m.document("<p>x</p>")),
    case("html_document_missing", |m| m.document("<p>x</p>"), |m| m.document("<body>x</body>")),
    case("html_title_missing", |m| without(m, "Garden letter"), |m| m.document("<p>x</p>")),
    case("html_viewport_missing", |m| without(m, "<meta name=\"viewport\" content=\"width=device-width\">"), |m| m.document("<p>x</p>")),
    case("html_lang_missing", |m| without(m, " lang=\"en\""), |m| m.document("<p>x</p>")),
    // Images.
    case("image_only", |m| image_and_letters(m, IMAGE, 40), |m| image_and_letters(m, PIXEL, 40)),
    case("image_mostly", |m| image_and_letters(m, IMAGE, 200), |m| image_and_letters(m, IMAGE, 400)),
    case("image_link_short", |m| image_and_letters(m, &format!("<a href=\"https://a.example\">{IMAGE}</a>"), 100), |m| image_and_letters(m, IMAGE, 100)),
    case("image_alt_missing", |m| m.body("<img src=\"https://a.example/a.png\">"), |m| m.body("<img src=\"https://a.example/a.png\" alt>")),
    case("image_link_alt_empty", |m| m.link("https://a.example", &IMAGE.replace("Tree", "")), |m| m.body(&IMAGE.replace("Tree", ""))),
    case("image_source_missing", |m| m.body("<img alt=\"x\">"), |m| m.body(IMAGE)),
    case("image_size_missing", |m| m.body("<img src=\"https://a.example/a.png\">"), |m| m.body("<img src=\"https://a.example/a.png\" style=\"width:5px\">")),
    case("image_data", |m| m.body("<img src=\"DATA:image/png;base64,x\">"), |m| m.body("<img src=\"cid:a\">")),
    case("image_not_https", |m| m.body("<img src=\"http://a.example/a.png\">"), |m| m.body(IMAGE)),
    case("image_relative", |m| m.body("<img src=\"/a.png\">"), |m| m.body("<img src=\"//a.example/a.png\"><img src=\"cid:a\">")),
    case("image_many", |m| m.body(&IMAGE.repeat(41)), |m| m.body(&IMAGE.repeat(40))),
    case("image_pixels", |m| m.body(&PIXEL.repeat(2)), |m| m.body(PIXEL)),
    // Links.
    case("link_numeric_host", |m| m.link("https://3232235777/x", "x"), |m| m.link("https://1.a.example/x", "x")),
    case("link_userinfo", |m| m.link("https://bank.example@a.example/", "x"), |m| m.link("https://a.example/@b", "x")),
    case("link_port", |m| m.link("https://a.example:8443/", "x"), |m| m.link("https://a.example:443/", "x")),
    case("link_host_escaped", |m| m.link("https://%61.example/", "x"), |m| m.link("https://a.example/%61", "x")),
    case("link_host_missing", |m| m.link("https:///", "x"), |m| m.link("https:///a.example", "x")),
    case("link_private_host", |m| m.link("https://192.168.1.1/", "x"), |m| m.link("https://192.0.3.1/", "x")),
    case("link_host_deep", |m| m.link("https://a.b.c.d.e.example/", "x"), |m| m.link("https://a.b.c.d.example/", "x")),
    case("link_long", |m| m.link(&format!("https://a.example/{}", "x".repeat(1500)), "x"), |m| m.link(&format!("https://a.example/{}", "x".repeat(1400)), "x")),
    case("link_nested", |m| m.link("https://a.example/?u=http://b.example&amp;v=https%3A%2F%2Fc.example", "x"), |m| m.link("https://a.example/?u=http://b.example", "x")),
    case("link_top_level", |m| m.link("https://a.zip/", "x"), |m| m.link("https://zip.example/", "x")),
    case("link_shortener", |m| m.link("https://www.bit.ly/x", "x"), |m| m.link("https://rabbit.ly/x", "x")),
    case("link_free_host", |m| m.link("https://me.github.io/x", "x"), |m| m.link("https://github.example/x", "x")),
    case("link_download", |m| m.link("https://a.example/Setup.EXE?x", "x"), |m| m.link("https://a.example/x?file=a.exe", "x")),
    case("link_other_domain", |m| m.link("https://evil.example/", "www.bank.com"), |m| m.link("https://click.bank.com/x", "https://www.bank.com/y")),
    case("link_less_secure", |m| m.link("http://a.example/", "https://a.example/"), |m| m.link("https://a.example/", "https://a.example/")),
    case("link_homograph", |m| m.link("https://xn--pypal-4ve.example/", "x"), |m| m.link("https://b\u{fc}cher.example/", "x")),
    case("link_turned", |m| m.link("https://a.example/\u{202e}gpj.exe", "x"), |m| m.link("https://a.example/\u{5d0}", "x")),
    case("link_invisible", |m| m.link("https://a.exam\u{200b}ple/", "x"), |m| m.link("https://a.example/%E2%80%8B", "x")),
    case("link_script", |m| m.link("java\nscript:alert(1)", "x"), |m| m.link("https://a.example/javascript:x", "x")),
    case("link_data", |m| m.link("data:text/html,x", "x"), |m| m.link("https://a.example/data:x", "x")),
    case("link_scheme_unknown", |m| m.link("file:///etc", "x"), |m| m.link("mailto:a@b.example", "x")),
    case("link_dead", |m| m.link("#", "x"), |m| m.link("#top", "x")),
    case("link_relative", |m| m.link("/prune", "x"), |m| m.link("#prune", "x")),
    case("link_white_space", |m| m.link("https://a.example/a b", "x"), |m| m.link(" https://a.example/a%20b ", "x")),
    case("link_not_https", |m| m.link("http://a.example/", "x"), |m| m.link("HTTPS://a.example/", "x")),
    case("link_text_missing", |m| m.link("https://a.example/", " "), |m| m.link("https://a.example/", IMAGE)),
    case("link_many", |m| m.body(&"<a href=\"https://a.example\">x</a> ".repeat(60)), |m| m.body(&"<a href=\"https://a.example\">x</a> ".repeat(50))),
    case("link_many_domains", |m| m.body(&(0..13).map(|n| format!("<a href=\"https://a{n}.example\">x</a> ")).collect::<String>()),
        |m| m.body(&(0..13).map(|n| format!("<a href=\"https://{n}.a.example\">x</a> ")).collect::<String>())),
    case("link_only", |m| m.plain("Look: https://a.example/x"), |m| m.plain("Look at what we found last week: https://a.example/x")),
    // Compliance.
    case("unsubscribe_field_missing", |m| m.headers.clear(), |m| m.set(UNSUBSCRIBE, "<mailto:u@garden.example>")),
    case("unsubscribe_field_invalid", |m| m.set(UNSUBSCRIBE, "https://garden.example/u"), |m| m.set(UNSUBSCRIBE, "<mailto:u@g.example>, <https://g.example/u>")),
    case("unsubscribe_field_not_https", |m| m.set(UNSUBSCRIBE, "<http://g.example/u>"), |m| m.set(UNSUBSCRIBE, "<https://g.example/u>")),
    case("unsubscribe_field_several_https", |m| m.set(UNSUBSCRIBE, "<https://g.example/u>, <https://g.example/v>"), |m| m.set(UNSUBSCRIBE, "<https://g.example/u>, <mailto:u@g.example>")),
    case("unsubscribe_field_long", |m| m.set(UNSUBSCRIBE, &format!("<https://g.example/{}>", "u".repeat(500))), |m| m.set(UNSUBSCRIBE, &format!("<https://g.example/{}>", "u".repeat(400)))),
    case("one_click_missing", |m| m.headers.retain(|(name, _)| name != POST), |m| m.headers.clear()),
    case("one_click_invalid", |m| m.set(POST, "One-Click"), |m| m.set(POST, " list-unsubscribe=one-click ")),
    case("one_click_alone", |m| m.set(UNSUBSCRIBE, "<mailto:u@g.example>"), |m| m.set(UNSUBSCRIBE, "<mailto:u@g.example>, <https://g.example/u>")),
    case("unsubscribe_link_missing", |m| { m.html = Some(good_html("").replace("Unsubscribe", "Here")); m.text = None; }, |m| { m.html = Some(good_html("").replace("Unsubscribe", "Hier ABMELDEN")); m.text = None; }),
    case("unsubscribe_link_dead", |m| m.link("#", "Unsubscribe"), |m| m.link("#", "Subscribe")),
    case("postal_address_missing", |m| m.plain("We write from Springfield, 12 of us, and now come many words between this and the next street that we name."), |m| m.plain("Hauptstra\u{df}e 5, Berlin")),
    case("preview_wasted", |m| m.document("<body><p>View this email in your browser</p></body>"), |m| m.document("<body><p>Apples. View this email in your browser</p></body>")),
    case("preview_short", |m| m.document(IMAGE), |m| m.document("<body><p>Apples and bees and what went wrong</p></body>")),
];
