//! The author, and where answers go.

use super::super::facts::{Sender, is_bidi_control, is_invisible, mixes_scripts};
use super::super::url;
use super::{Check, Context, Found, each, when};
use crate::mime::AddressError;

/// Letters of a name from which capitals alone are noticed; shorter ones are abbreviations.
const CAPITALS_MIN: usize = 8;

pub(super) const CHECKS: &[Check] = &[
    Check::new("from_invalid", |context| {
        let several = |sender: &Sender| matches!(sender.fault, Some(AddressError::Several));
        let fault = context.facts.sender.as_ref().filter(|sender| !several(sender));
        each(fault.and_then(|sender| Some(format!("{}: {}", sender.raw, sender.fault?))))
    }),
    Check::new("from_several", |context| {
        of_sender(context, |sender| {
            when(matches!(sender.fault, Some(AddressError::Several)), || {
                sender.raw.as_str()
            })
        })
    }),
    Check::new("from_name_missing", |context| {
        of_sender(context, |sender| {
            when(sender.name.is_none(), || sender.raw.as_str())
        })
    }),
    Check::new("from_name_blank", |context| {
        of_name(context, |name, sender| {
            when(
                name.chars()
                    .all(|char| char.is_whitespace() || is_invisible(char)),
                || sender.raw.as_str(),
            )
        })
    }),
    Check::new("from_name_url", |context| {
        of_name(context, |name, _| {
            let lower = name.to_ascii_lowercase();
            when(lower.contains("://") || lower.contains("www."), || name)
        })
    }),
    Check::new("from_name_address", from_name_address),
    Check::new("from_name_capitals", |context| {
        of_name(context, |name, _| {
            let letters = name.chars().filter(|char| char.is_alphabetic()).count();
            when(
                letters >= CAPITALS_MIN && !name.chars().any(char::is_lowercase),
                || name,
            )
        })
    }),
    Check::with_limit("from_name_long", |context| {
        of_name(context, |name, _| {
            when(name.chars().count() > context.rule.limit(), || name)
        })
    }),
    Check::new("from_name_disguised", |context| {
        of_name(context, |name, _| {
            let hidden = |char: char| is_bidi_control(char) || (is_invisible(char) && char != '\u{200d}');
            when(
                name.contains(hidden) || name.split_whitespace().any(mixes_scripts),
                || name,
            )
        })
    }),
    Check::new("from_domain_disguised", |context| {
        of_sender(context, |sender| {
            let shown = url::shown(&sender.domain);
            when(
                shown.split('.').any(mixes_scripts) || shown.contains(is_invisible),
                || shown.as_ref(),
            )
        })
    }),
    Check::with_limit("from_digits", |context| {
        of_sender(context, |sender| {
            let digits = sender.local_part.bytes().take_while(u8::is_ascii_digit).count();
            when(digits > 0 && digits >= context.rule.limit(), || {
                sender.local_part.as_str()
            })
        })
    }),
    Check::with_list("from_free_mail", |context| {
        of_sender(context, |sender| {
            when(context.rule.list().contains(&sender.domain), || {
                sender.domain.as_str()
            })
        })
    }),
    Check::with_list("from_no_reply", |context| {
        of_sender(context, |sender| {
            let bare: String = sender
                .local_part
                .to_lowercase()
                .chars()
                .filter(|char| char.is_alphanumeric())
                .collect();
            when(context.rule.list().contains(&bare), || sender.local_part.as_str())
        })
    }),
    Check::with_list("from_top_level", |context| {
        of_sender(context, |sender| {
            when(
                context.rule.list().contains(url::top_level(&sender.domain)),
                || sender.domain.as_str(),
            )
        })
    }),
    Check::new("reply_to_invalid", |context| {
        let sound = |value: &&str| crate::mime::Address::parse(value).is_ok() || value.contains(',');
        each(context.facts.values("reply-to").filter(|value| !sound(value)))
    }),
    Check::new("reply_to_elsewhere", |context| {
        let Some(sender) = &context.facts.sender else {
            return Vec::new();
        };
        let elsewhere = |domain: &String| {
            !sender.domain.is_empty() && url::registered(domain) != url::registered(&sender.domain)
        };
        each(reply_domains(context).filter(elsewhere))
    }),
    Check::with_list("reply_to_free_mail", |context| {
        let own = context
            .facts
            .sender
            .as_ref()
            .is_some_and(|sender| context.rule.list().contains(&sender.domain));
        each(reply_domains(context).filter(|domain| !own && context.rule.list().contains(domain)))
    }),
];

fn of_sender<'a>(context: &Context<'a>, find: impl FnOnce(&'a Sender) -> Found) -> Found {
    context.facts.sender.as_ref().map(find).unwrap_or_default()
}

fn of_name<'a>(context: &Context<'a>, find: impl FnOnce(&'a str, &'a Sender) -> Found) -> Found {
    of_sender(context, |sender| match sender.name.as_deref() {
        Some(name) => find(name, sender),
        None => Vec::new(),
    })
}

/// An address in the name that is not the one behind it.
fn from_name_address(context: &Context<'_>) -> Found {
    of_name(context, |name, sender| {
        let own = format!("{}@{}", sender.local_part, sender.domain);
        let other = name
            .split_whitespace()
            .map(|word| word.trim_matches(|char: char| !char.is_alphanumeric()));
        let other = other.filter(|word| {
            let halves = word.split_once('@');
            halves.is_some_and(|(left, right)| !left.is_empty() && right.contains('.'))
        });
        each(other.filter(|word| !word.eq_ignore_ascii_case(&own)))
    })
}

fn reply_domains<'a>(context: &Context<'a>) -> impl Iterator<Item = String> + use<'a> {
    let addresses = context
        .facts
        .values("reply-to")
        .flat_map(|value| value.split(','));
    addresses.filter_map(|address| {
        let (_, domain) = address.rsplit_once('@')?;
        Some(domain.trim().trim_end_matches('>').to_lowercase())
    })
}
