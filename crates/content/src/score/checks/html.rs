//! The markup: what mail clients remove, and what is done to hide.

use super::super::facts::Page;
use super::super::facts::beginning;
use super::super::limits::ANCHOR_OCTETS_MAX;
use super::{Check, Context, Found, each, in_page, missing, when};

/// Elements of which each start tag wants an end tag.
const PAIRED: &[&str] = &[
    "html", "head", "body", "table", "div", "a", "span", "center", "font", "form",
];

/// Letters of ASCII written as numbers that may be chance.
const NUMBERED_LETTERS_MIN: usize = 1;

pub(super) const CHECKS: &[Check] = &[
    Check::new("html_script", |context| elements(context, &["script"])),
    Check::new("html_handler", |context| {
        in_page(context, |page| each(page.handlers.iter().cloned()))
    }),
    Check::new("html_form", |context| {
        elements(context, &["form", "input", "select", "textarea"])
    }),
    Check::new("html_frame", |context| {
        elements(context, &["iframe", "frame", "frameset"])
    }),
    Check::new("html_object", |context| {
        elements(context, &["object", "embed", "applet"])
    }),
    Check::new("html_media", |context| elements(context, &["audio", "video"])),
    Check::new("html_drawing", |context| elements(context, &["svg", "math"])),
    Check::new("html_marquee", |context| elements(context, &["marquee", "blink"])),
    Check::new("html_base", |context| elements(context, &["base"])),
    Check::new("html_refresh", |context| {
        in_page(context, |page| each(page.refresh.clone()))
    }),
    Check::new("html_external_style", |context| {
        in_page(context, |page| each(page.external_style.clone()))
    }),
    Check::new("html_import", |context| {
        in_page(context, |page| {
            when(contains_ignoring_case(&page.style, "@import"), || "@import")
        })
    }),
    Check::with_limit("html_style_long", |context| {
        in_page(context, |page| {
            more_than(page.style.len(), context.rule.limit(), "octets")
        })
    }),
    Check::with_list("html_unsupported_style", |context| {
        let known = |property: &&String| context.rule.list().contains(*property);
        in_page(context, |page| {
            each(page.properties.iter().filter(known).cloned())
        })
    }),
    Check::with_limit("html_hidden_text", |context| {
        unseen(context, |page| (page.hidden.letters, &page.hidden.sample))
    }),
    Check::with_limit("html_zero_font", |context| {
        unseen(context, |page| (page.zero_font.letters, &page.zero_font.sample))
    }),
    Check::with_limit("html_same_colour", |context| {
        unseen(context, |page| {
            (page.same_colour.letters, &page.same_colour.sample)
        })
    }),
    Check::with_limit("html_faint_text", |context| {
        unseen(context, |page| (page.faint.letters, &page.faint.sample))
    }),
    Check::with_limit("html_huge_font", |context| {
        in_page(context, |page| {
            when(page.font_px_max > context.rule.limit() as f32, || {
                format!("{} px", page.font_px_max)
            })
        })
    }),
    Check::with_limit("html_comments_in_words", |context| {
        in_page(context, |page| {
            more_than(page.comments_in_words, context.rule.limit(), "comments")
        })
    }),
    Check::with_limit("html_comments_many", |context| {
        let html = context.facts.html.len();
        in_page(context, |page| {
            let percent = (page.comment_octets * 100).checked_div(html).unwrap_or(0);
            more_than(percent, context.rule.limit(), "% of the HTML are comments")
        })
    }),
    Check::with_limit("html_numbered_letters", |context| {
        let letters = numbered_letters(context.facts.html);
        when(letters >= context.rule.limit().max(NUMBERED_LETTERS_MIN), || {
            format!("{letters} letters")
        })
    }),
    Check::new("html_unbalanced", unbalanced),
    Check::new("html_cut_off", |context| {
        let end = context.facts.html.get(
            context
                .facts
                .html
                .ceil_char_boundary(context.facts.html.len().saturating_sub(60))..,
        );
        in_page(context, |page| when(page.is_cut_off, || end.unwrap_or_default()))
    }),
    Check::with_limit("html_deep", |context| {
        in_page(context, |page| {
            more_than(page.depth, context.rule.limit(), "elements deep")
        })
    }),
    Check::new("html_saved_page", |context| {
        in_page(context, |page| each(page.saved_from.clone()))
    }),
    Check::new("html_word_processor", |context| {
        let marks = [
            "MsoNormal",
            "urn:schemas-microsoft-com:office:word",
            "docs-internal-guid",
        ];
        each(marks.into_iter().find(|mark| context.facts.html.contains(mark)))
    }),
    Check::new("html_charset", |context| {
        let other = |charset: &String| {
            !matches!(
                charset.trim().to_ascii_lowercase().as_str(),
                "utf-8" | "utf8" | "us-ascii"
            )
        };
        in_page(context, |page| each(page.charset.clone().filter(other)))
    }),
    Check::with_limit("html_clipped", |context| {
        more_than(context.facts.html_octets, context.rule.limit(), "octets")
    }),
    Check::with_limit("html_text_share", |context| {
        in_page(context, |page| {
            let octets = context.facts.html.len();
            let percent = (page.letters_seen * 100).checked_div(octets).unwrap_or(0);
            when(page.letters_seen > 0 && percent < context.rule.limit(), || {
                format!("{percent} % of the HTML are letters to read")
            })
        })
    }),
    Check::new("html_doctype_missing", |context| {
        in_page(context, |page| missing(!page.has_doctype && page.has("html")))
    }),
    Check::new("html_document_missing", |context| {
        in_page(context, |page| missing(!page.has("html") && !page.has("body")))
    }),
    Check::new("html_title_missing", |context| {
        in_page(context, |page| {
            missing(page.has("head") && page.title.trim().is_empty())
        })
    }),
    Check::new("html_viewport_missing", |context| {
        in_page(context, |page| missing(page.has("head") && !page.has_viewport))
    }),
    Check::new("html_lang_missing", |context| {
        let lang = |page: &Page| page.lang.as_deref().is_some_and(|lang| !lang.trim().is_empty());
        in_page(context, |page| missing(page.has("html") && !lang(page)))
    }),
];

/// Those of the elements that are there.
fn elements(context: &Context<'_>, names: &[&str]) -> Found {
    in_page(context, |page| {
        let there = names.iter().filter(|name| page.has(name));
        each(there.map(|name| format!("<{name}>")))
    })
}

fn more_than(number: usize, limit: usize, unit: &str) -> Found {
    when(number > limit, || format!("{number} {unit}"))
}

fn unseen<'a>(context: &'a Context<'_>, of: impl FnOnce(&'a Page) -> (usize, &'a String)) -> Found {
    let found = context.facts.page.as_ref().map(of);
    let found = found.filter(|(letters, _)| *letters > context.rule.limit());
    each(
        found.map(|(letters, sample)| format!("{letters} letters: {}", beginning(sample, ANCHOR_OCTETS_MAX))),
    )
}

fn unbalanced(context: &Context<'_>) -> Found {
    in_page(context, |page| {
        let tags = PAIRED.iter().map(|name| (name, page.tags(name)));
        let unequal = tags.filter(|(_, (opened, closed))| opened != closed);
        each(
            unequal
                .map(|(name, (opened, closed))| format!("<{name}>: {opened} start tags, {closed} end tags")),
        )
    })
}

/// Letters of ASCII that are written as their number, which nobody needs.
fn numbered_letters(html: &str) -> usize {
    let references = html.split("&#").skip(1);
    let is_letter = |reference: &str| {
        let reference = beginning(reference, 8);
        let hex = reference.strip_prefix(['x', 'X']);
        let (digits, radix) = hex.map_or((reference, 10), |digits| (digits, 16));
        let end = digits
            .find(|char: char| !char.is_digit(radix))
            .unwrap_or(digits.len());
        let number = digits
            .get(..end)
            .and_then(|digits| u32::from_str_radix(digits, radix).ok());
        number
            .and_then(char::from_u32)
            .is_some_and(|char| char.is_ascii_alphabetic())
    };
    references.filter(|reference| is_letter(reference)).count()
}

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.as_bytes()
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
