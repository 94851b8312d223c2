//! Header fields that were given. Those that the server writes (Date, Message-ID) are not asked for.

use mail_parser::DateTime;

use super::{Check, Context, Found, each};

/// Fields that stand once (RFC 5322 §3.6), and such as receivers expect once.
const ONCE: &[&str] = &[
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
    "mime-version",
    "content-type",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
];

pub(super) const CHECKS: &[Check] = &[
    Check::new("header_name_invalid", |context| {
        let names = context.facts.fields.iter().map(|field| field.0);
        // RFC 5322 §2.2: visible ASCII but the colon.
        each(names.filter(|name| {
            name.is_empty() || name.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b':')
        }))
    }),
    Check::new("header_control", |context| {
        in_values(context, |value| value.chars().any(char::is_control))
    }),
    Check::new("header_not_ascii", |context| {
        in_values(context, |value| !value.is_ascii())
    }),
    Check::new("header_empty", |context| {
        let empty = context
            .facts
            .fields
            .iter()
            .filter(|field| field.1.trim().is_empty());
        each(empty.map(|field| field.0))
    }),
    Check::with_limit("header_long", |context| {
        in_values(context, |value| value.len() > context.rule.limit())
    }),
    Check::new("header_repeated", |context| {
        let repeated = ONCE
            .iter()
            .copied()
            .filter(|name| context.facts.values(name).count() > 1);
        each(repeated)
    }),
    Check::new("date_invalid", |context| {
        let dates = context.facts.values("date");
        each(dates.filter(|date| DateTime::parse_rfc822(date).is_none_or(|date| !date.is_valid())))
    }),
    Check::new("message_id_invalid", |context| {
        each(context.facts.values("message-id").filter(|id| !is_message_id(id)))
    }),
    Check::new("to_undisclosed", |context| {
        let to = context.facts.values("to");
        each(to.filter(|to| to.to_ascii_lowercase().contains("undisclosed") || to.trim_end().ends_with(":;")))
    }),
    Check::new("priority_high", |context| {
        let high = |value: &&str| {
            let value = value.trim().to_ascii_lowercase();
            value.starts_with('1') || value.starts_with("high") || value.starts_with("urgent")
        };
        let names = ["x-priority", "importance", "priority", "x-msmail-priority"];
        each(
            names
                .into_iter()
                .flat_map(|name| context.facts.values(name))
                .filter(high),
        )
    }),
    Check::new("read_receipt", |context| {
        let names = [
            "disposition-notification-to",
            "return-receipt-to",
            "x-confirm-reading-to",
        ];
        each(
            names
                .into_iter()
                .filter(|name| context.facts.values(name).next().is_some()),
        )
    }),
    Check::new("precedence_junk", |context| {
        let precedence = context.facts.values("precedence");
        each(precedence.filter(|value| value.trim().eq_ignore_ascii_case("junk")))
    }),
];

fn in_values(context: &Context<'_>, wrong: impl Fn(&str) -> bool) -> Found {
    let fields = context.facts.fields.iter().filter(|field| wrong(field.1));
    each(fields.map(|field| format!("{}: {}", field.0, field.1)))
}

/// RFC 5322 §3.6.4, with a domain behind the `@` that is one.
fn is_message_id(id: &str) -> bool {
    let inside = id.trim().strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    let Some((left, right)) = inside.and_then(|id| id.split_once('@')) else {
        return false;
    };
    let odd = |char: char| char.is_whitespace() || char.is_control() || matches!(char, '<' | '>' | '@');
    !left.is_empty() && right.contains('.') && !left.contains(odd) && !right.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_have_two_halves() {
        for (id, sound) in [
            ("<a.b@c.example>", true),
            (" <a@c.example> ", true),
            ("a@c.example", false),
            ("<a@localhost>", false),
            ("<@c.example>", false),
            ("<a b@c.example>", false),
        ] {
            assert_eq!(is_message_id(id), sound, "{id}");
        }
    }
}
