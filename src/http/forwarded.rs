//! The grammar of `Forwarded` (RFC 7239 §4).
//!
//! The header is read as a whole or not at all. A client may send the beginning of a quoted text that is never closed,
//! for a proxy to append to; whatever a lenient reader made of it would be the client's choice.

/// The `for` of each element, from left to right; an element without one gives an empty text. `None` when the header
/// is not what the grammar allows.
pub(super) fn hops(text: &str) -> Option<Vec<String>> {
    let mut rest = text;
    let mut hops = Vec::new();
    loop {
        let (hop, after) = element(rest)?;
        hops.push(hop);
        rest = match after.strip_prefix(',') {
            Some(next) => next,
            None if after.is_empty() => return Some(hops),
            None => return None,
        };
    }
}

/// `forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )`: its `for`, and what comes after it.
fn element(text: &str) -> Option<(String, &str)> {
    let mut hop = None;
    let mut rest = trim(text);
    loop {
        if !rest.starts_with([';', ',']) && !rest.is_empty() {
            let (name, value, after) = pair(rest)?;
            if name.eq_ignore_ascii_case("for") && hop.replace(value).is_some() {
                return None; // §4: each parameter MUST NOT occur more than once per element.
            }
            rest = trim(after);
        }
        match rest.strip_prefix(';') {
            Some(next) => rest = trim(next),
            None => return Some((hop.unwrap_or_default(), rest)),
        }
    }
}

/// `forwarded-pair = token "=" ( token / quoted-string )`: name, value without its quotes, and what comes after it.
fn pair(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = token(text)?;
    let rest = rest.strip_prefix('=')?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted).map(|(value, after)| (name, value, after)),
        None => token(rest).map(|(value, after)| (name, value.to_owned(), after)),
    }
}

/// A `token` (RFC 9110 §5.6.2). `:`, `[` and `]` pass too: many proxies write addresses with them unquoted.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:[]".contains(letter);
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The rest of a `quoted-string` (RFC 9110 §5.6.4) whose opening quote is gone.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_rfc_7239_section_4() {
        let cases: [(&str, Option<&[&str]>); 18] = [
            ("for=192.0.2.43", Some(&["192.0.2.43"])),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                Some(&["[2001:db8:cafe::17]:4711"]),
            ),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", Some(&["192.0.2.60"])),
            (
                "for=192.0.2.43, for=198.51.100.17",
                Some(&["192.0.2.43", "198.51.100.17"]),
            ),
            ("for=_hidden , for=unknown", Some(&["_hidden", "unknown"])),
            ("proto=https", Some(&[""])),
            ("proto=https,for=192.0.2.1", Some(&["", "192.0.2.1"])),
            ("for=192.0.2.1:80", Some(&["192.0.2.1:80"])),
            (";for=a;;", Some(&["a"])),
            ("", Some(&[""])),
            ("host=\"a,b;c\\\"d\";for=x", Some(&["x"])),
            ("for=\"a", None),
            ("for=a;host=\", for=192.0.2.1", None),
            ("for=a;host=\", for=\"[2001:db8::1]\"", None),
            ("for=\"a\\", None),
            ("for=a;for=b", None),
            ("for = a", None),
            ("192.0.2.1", None),
        ];
        for (text, expected) in cases {
            let hops = hops(text);
            let hops: Option<Vec<&str>> = hops
                .as_ref()
                .map(|hops| hops.iter().map(String::as_str).collect());
            assert_eq!(hops.as_deref(), expected, "{text:?}");
        }
    }
}
