//! What law and the large mailbox providers ask of mail that nobody asked for one by one: a way out (RFC 2369, RFC 8058),
//! and who sent it.

use super::super::facts::{Link, Page};
use super::{Check, Context, each, in_page, missing, when};

/// The only value there is (RFC 8058 §3.1).
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

pub(super) const CHECKS: &[Check] = &[
    Check::new("unsubscribe_field_missing", |context| {
        missing(unsubscribe(context).is_none())
    }),
    Check::new("unsubscribe_field_invalid", |context| {
        let uris = unsubscribe(context).map(|value| (value, uris(value)));
        let unsound = |uri: &&str| {
            !["https:", "http:", "mailto:"]
                .iter()
                .any(|scheme| has_scheme(uri, scheme))
        };
        each(
            uris.filter(|(_, uris)| uris.is_empty() || uris.iter().any(unsound))
                .map(|(value, _)| value),
        )
    }),
    Check::new("unsubscribe_field_not_https", |context| {
        let uris = unsubscribe(context).map(uris).unwrap_or_default();
        each(uris.into_iter().filter(|uri| has_scheme(uri, "http:")))
    }),
    Check::new("unsubscribe_field_several_https", |context| {
        // RFC 8058 §3.1: one HTTPS URI.
        let uris = unsubscribe(context).map(uris).unwrap_or_default();
        let https: Vec<&str> = uris.into_iter().filter(|uri| has_scheme(uri, "https:")).collect();
        when(https.len() > 1, || https.join(", "))
    }),
    Check::with_limit("unsubscribe_field_long", |context| {
        each(unsubscribe(context).filter(|value| value.len() > context.rule.limit()))
    }),
    Check::new("one_click_missing", |context| {
        let post = context.facts.values("list-unsubscribe-post").next();
        each(unsubscribe(context).filter(|_| post.is_none()))
    }),
    Check::new("one_click_invalid", |context| {
        let posts = context.facts.values("list-unsubscribe-post");
        each(posts.filter(|value| !value.trim().eq_ignore_ascii_case(ONE_CLICK)))
    }),
    Check::new("one_click_alone", |context| {
        let post = context.facts.values("list-unsubscribe-post").next();
        let https = unsubscribe(context)
            .map(uris)
            .unwrap_or_default()
            .iter()
            .any(|uri| has_scheme(uri, "https:"));
        each(post.filter(|_| !https))
    }),
    Check::with_list("unsubscribe_link_missing", |context| {
        let body = !context.facts.shown().trim().is_empty();
        missing(
            body && !context.facts.links.iter().any(|link| is_way_out(context, link))
                && !text_offers(context),
        )
    }),
    Check::with_list("unsubscribe_link_dead", |context| {
        let dead = |link: &&Link| is_way_out(context, link) && matches!(link.href.as_str(), "" | "#");
        let dead = context.facts.links.iter().filter(dead);
        each(dead.map(|link| link.anchor.as_deref().unwrap_or_default()))
    }),
    Check::with_list("postal_address_missing", |context| {
        missing(!has_postal_address(context))
    }),
    Check::with_list("preview_wasted", |context| {
        in_page(context, |page| {
            let preview = page.preview.trim_start().to_lowercase();
            each(
                context
                    .rule
                    .list()
                    .iter()
                    .find(|phrase| preview.starts_with(phrase.as_str()))
                    .map(|_| preview.clone()),
            )
        })
    }),
    Check::with_limit("preview_short", |context| {
        let letters = |page: &Page| page.preview.chars().filter(|char| char.is_alphanumeric()).count();
        in_page(context, |page| {
            when(letters(page) < context.rule.limit(), || page.preview.as_str())
        })
    }),
];

fn unsubscribe<'a>(context: &Context<'a>) -> Option<&'a str> {
    context.facts.values("list-unsubscribe").next()
}

/// The URIs between angle brackets.
fn uris(value: &str) -> Vec<&str> {
    let uris = value.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    uris.map(|(uri, _)| uri.trim()).collect()
}

fn has_scheme(uri: &str, scheme: &str) -> bool {
    uri.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Whether a link says that it ends a subscription, by its text or by where it leads.
fn is_way_out(context: &Context<'_>, link: &Link) -> bool {
    let said = [link.anchor.as_deref().unwrap_or_default(), &link.href].map(str::to_lowercase);
    said.iter().any(|said| {
        context
            .rule
            .list()
            .iter()
            .any(|word| said.contains(word.as_str()))
    })
}

/// Whether the text says how, as in "answer with unsubscribe".
fn text_offers(context: &Context<'_>) -> bool {
    let has_link = context.facts.links.iter().any(|link| !link.is_markup());
    let words = context.facts.words.text();
    context.facts.page.is_none()
        && has_link
        && context
            .rule
            .list()
            .iter()
            .any(|word| words.contains(word.as_str()))
}

/// A guess: a number as postal codes and houses have, near a word of the list.
fn has_postal_address(context: &Context<'_>) -> bool {
    let is_number = |word: &str| word.len() <= 6 && word.bytes().any(|byte| byte.is_ascii_digit());
    let words = context
        .facts
        .words
        .text()
        .split(|char: char| !char.is_alphanumeric());
    let (mut number, mut street) = (None, None);
    for (place, word) in words.filter(|word| !word.is_empty()).enumerate() {
        if is_number(word) {
            number = Some(place);
        } else if is_street(context, word) {
            street = Some(place);
        } else {
            continue;
        }
        if number
            .zip(street)
            .is_some_and(|(number, street): (usize, usize)| number.abs_diff(street) < NEAR_WORDS)
        {
            return true;
        }
    }
    false
}

/// A word of the list, or one that ends with a long one: `Hauptstraße`.
fn is_street(context: &Context<'_>, word: &str) -> bool {
    let ends = |street: &String| street.chars().count() >= 5 && word.ends_with(street.as_str());
    context.rule.list().contains(word) || context.rule.list().iter().any(ends)
}

/// Words within which a postal address stands.
const NEAR_WORDS: usize = 8;
