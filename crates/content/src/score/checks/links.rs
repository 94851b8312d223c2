//! Links: where they lead, and whether they say so.

use std::collections::BTreeSet;

use super::super::facts::{Link, is_bidi_control, is_invisible, mixes_scripts};
use super::super::url::{self, Target};
use super::{Check, Context, Found, each, when};

/// Schemes that a mail client opens.
const OPENED: &[&str] = &[
    "http", "https", "mailto", "tel", "sms", "cid", "geo", "webcal", "whatsapp",
];

/// Words beside a single link that make it more than a link.
const WORDS_BESIDE_LINK: usize = 5;

pub(super) const CHECKS: &[Check] = &[
    Check::new("link_numeric_host", |context| {
        of_web(context, |_, target| url::is_numeric(&target.host))
    }),
    Check::new("link_userinfo", |context| {
        of_web(context, |_, target| target.userinfo)
    }),
    Check::new("link_port", |context| {
        of_web(context, |_, target| {
            target.port.is_some_and(|port| !matches!(port, 80 | 443))
        })
    }),
    Check::new("link_host_escaped", |context| {
        of_web(context, |_, target| target.host.contains('%'))
    }),
    Check::new("link_host_missing", |context| {
        of_web(context, |_, target| target.host.is_empty())
    }),
    Check::new("link_private_host", |context| {
        of_web(context, |_, target| url::is_private(&target.host))
    }),
    Check::with_limit("link_host_deep", |context| {
        of_web(context, |_, target| {
            target.host.split('.').count() > context.rule.limit()
        })
    }),
    Check::with_limit("link_long", |context| {
        of_web(context, |link, _| link.href.len() > context.rule.limit())
    }),
    Check::with_limit("link_nested", |context| {
        of_web(context, |_, target| {
            let inner = urls_within(&target.rest);
            inner > 0 && inner >= context.rule.limit()
        })
    }),
    Check::with_list("link_top_level", |context| {
        of_web(context, |_, target| {
            context.rule.list().contains(url::top_level(&target.host))
        })
    }),
    Check::with_list("link_shortener", |context| {
        of_web(context, |_, target| is_listed(context, target))
    }),
    Check::with_list("link_free_host", |context| {
        of_web(context, |_, target| is_listed(context, target))
    }),
    Check::with_list("link_download", |context| {
        of_web(context, |_, target| {
            let path = target
                .rest
                .split(['?', '#'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            path.rsplit_once('.')
                .is_some_and(|(_, extension)| context.rule.list().contains(extension))
        })
    }),
    Check::with_list("link_other_domain", |context| {
        let lies = |(link, target): (&Link, &Target)| {
            let shown = shown_host(context, link.anchor.as_deref()?)?;
            let same = url::registered(&shown) == url::registered(&target.host);
            (!same && !target.host.is_empty()).then(|| format!("{shown} leads to {}", target.host))
        };
        each(context.facts.web_links().filter_map(lies))
    }),
    Check::new("link_less_secure", |context| {
        of_web(context, |link, target| {
            target.scheme == "http" && anchor(link).starts_with("https://")
        })
    }),
    Check::new("link_homograph", |context| {
        let shown = context
            .facts
            .web_links()
            .map(|(_, target)| url::shown(&target.host));
        each(
            shown
                .filter(|host| host.split('.').any(mixes_scripts))
                .map(|host| host.into_owned()),
        )
    }),
    Check::new("link_turned", |context| {
        of_links(context, |link| link.href.contains(is_bidi_control))
    }),
    Check::new("link_invisible", |context| {
        of_links(context, |link| {
            link.href
                .contains(|char| is_invisible(char) && !is_bidi_control(char))
        })
    }),
    Check::new("link_script", |context| {
        of_schemes(context, &["javascript", "vbscript"])
    }),
    Check::new("link_data", |context| of_schemes(context, &["data", "blob"])),
    Check::new("link_scheme_unknown", |context| {
        let covered = ["javascript", "vbscript", "data", "blob"];
        of_links(context, |link| {
            let scheme = link.target.as_ref().map(|target| target.scheme.as_str());
            scheme.is_some_and(|scheme| !OPENED.contains(&scheme) && !covered.contains(&scheme))
        })
    }),
    Check::new("link_dead", |context| {
        of_markup(context, |link| {
            matches!(link.href.as_str(), "" | "#" | "http://" | "https://")
        })
    }),
    Check::new("link_relative", |context| {
        of_markup(context, |link| {
            let href = link.href.as_str();
            let placeholder = ["{{", "*|", "${", "<%"].iter().any(|mark| href.contains(mark));
            link.target.is_none() && !href.is_empty() && !href.starts_with('#') && !placeholder
        })
    }),
    Check::new("link_white_space", |context| {
        of_markup(context, |link| {
            link.href.contains(char::is_whitespace) && !link.href.contains("{{")
        })
    }),
    Check::new("link_not_https", |context| {
        of_web(context, |_, target| target.scheme == "http")
    }),
    Check::new("link_text_missing", |context| {
        // An image is a text of its own, which `image_link_alt_empty` looks at.
        let has_images = context
            .facts
            .page
            .as_ref()
            .is_some_and(|page| page.images.iter().any(|image| image.linked));
        of_markup(context, |link| {
            !has_images
                && link
                    .anchor
                    .as_deref()
                    .is_some_and(|anchor| anchor.trim().is_empty())
        })
    }),
    Check::with_limit("link_many", |context| {
        let links = context.facts.web_links().count();
        when(links > context.rule.limit(), || format!("{links} links"))
    }),
    Check::with_limit("link_many_domains", |context| {
        let domains: BTreeSet<&str> = context
            .facts
            .web_links()
            .map(|(_, target)| url::registered(&target.host))
            .collect();
        when(domains.len() > context.rule.limit(), || {
            format!("{} domains", domains.len())
        })
    }),
    Check::new("link_only", link_only),
];

fn of_links(context: &Context<'_>, wrong: impl Fn(&Link) -> bool) -> Found {
    each(
        context
            .facts
            .links
            .iter()
            .filter(|link| wrong(link))
            .map(|link| link.href.as_str()),
    )
}

fn of_markup(context: &Context<'_>, wrong: impl Fn(&Link) -> bool) -> Found {
    of_links(context, |link| link.is_markup() && wrong(link))
}

fn of_web(context: &Context<'_>, wrong: impl Fn(&Link, &Target) -> bool) -> Found {
    let wrong = context
        .facts
        .web_links()
        .filter(|(link, target)| wrong(link, target));
    each(wrong.map(|(link, _)| link.href.as_str()))
}

fn of_schemes(context: &Context<'_>, schemes: &[&str]) -> Found {
    of_links(context, |link| {
        let scheme = link.target.as_ref().map(|target| target.scheme.as_str());
        scheme.is_some_and(|scheme| schemes.contains(&scheme))
    })
}

/// Whether its host is in the list, or below one that is.
fn is_listed(context: &Context<'_>, target: &Target) -> bool {
    let above = target
        .host
        .match_indices('.')
        .filter_map(|(at, _)| target.host.get(at + 1..));
    std::iter::once(target.host.as_str())
        .chain(above)
        .any(|host| context.rule.list().contains(host))
}

/// How many URLs stand in what follows the host, encoded ones too.
fn urls_within(rest: &str) -> usize {
    let lower = rest.to_ascii_lowercase();
    lower.matches("://").count() + lower.matches("%3a%2f%2f").count()
}

fn anchor(link: &Link) -> String {
    link.anchor.as_deref().unwrap_or_default().trim().to_lowercase()
}

/// The host that the text of a link names, if it is nothing but a URL or a domain of a top level in the list.
fn shown_host(context: &Context<'_>, anchor: &str) -> Option<String> {
    let word = anchor.trim().trim_end_matches(['.', ',', '!', '…']);
    if word.is_empty() || word.contains(char::is_whitespace) || word.contains('@') {
        return None;
    }
    let has_scheme = word.contains("://");
    let url = if has_scheme {
        word.to_owned()
    } else {
        format!("https://{word}")
    };
    let host = Target::of(&url).filter(Target::is_web)?.host;
    let (before, top) = host.rsplit_once('.')?;
    let named = has_scheme || before.starts_with("www.") || context.rule.list().contains(top);
    named.then_some(host)
}

/// Hardly a word beside a link.
fn link_only(context: &Context<'_>) -> Found {
    let facts = context.facts;
    let Some((link, _)) = facts.web_links().next() else {
        return Vec::new();
    };
    let images = facts.page.as_ref().is_some_and(|page| !page.images.is_empty());
    let words = facts
        .shown()
        .split_whitespace()
        .filter(|word| !word.contains("://"))
        .take(WORDS_BESIDE_LINK)
        .count();
    when(!images && words < WORDS_BESIDE_LINK, || link.href.as_str())
}
