//! The "relaxed" form of a header field (RFC 6376 §3.4.2): what both signer and verifier hash.

/// Appends `name:value` in relaxed form, without the CRLF that ends it: name in lower case, the value unfolded, white
/// space reduced to one space between words and to nothing at both ends.
pub(super) fn push_relaxed_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let mut words = words(value);
    if let Some(first) = words.next() {
        out.extend_from_slice(first);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

/// What stands between white space and folding.
///
/// Within a field a CRLF is always followed by white space, so parting words at it is unfolding. A CR or LF that
/// stands alone is no folding and stays in its word.
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            match rest {
                [b' ' | b'\t', after @ ..] | [b'\r', b'\n', after @ ..] => rest = after,
                [] => return None,
                _ => break,
            }
        }
        let (word, after) = rest.split_at(word_length(rest));
        rest = after;
        Some(word)
    })
}

/// The octets before the next white space or CRLF. Words are short: this is faster than a vectorised search for each.
fn word_length(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        match rest {
            [] | [b' ' | b'\t', ..] | [b'\r', b'\n', ..] => return text.len() - rest.len(),
            [_, after @ ..] => rest = after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6376_section_3_4_2_relaxed_header() {
        let table: &[(&str, &str, &str)] = &[
            // The examples of §3.4.5.
            ("A", " X\r\n", "a:X"),
            ("B", " Y\t\r\n\tZ  \r\n", "b:Y Z"),
            ("Subject", "", "subject:"),
            ("Subject", " \r\n \t\r\n", "subject:"),
            ("SUBJect", " AbC\t  def\r\n   ghi \r\n", "subject:AbC def ghi"),
            ("X", "no end", "x:no end"),
            ("X", " a\rb\nc\x0bd \r\n", "x:a\rb\nc\x0bd"),
            ("X", " \r \n \r\n", "x:\r \n"),
            ("X", " ends in CR\r", "x:ends in CR\r"),
            ("X", " gr\u{fc}n\r\n", "x:gr\u{fc}n"),
        ];
        for (name, value, expected) in table {
            let mut out = Vec::new();
            push_relaxed_field(name.as_bytes(), value.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), *expected, "{name}:{value:?}");
        }
    }
}
