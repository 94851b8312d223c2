//! Text out of the DNS of others: bounded, and made fit to be shown and kept.

/// Octets of one answer that are looked at: a DNS message has no more (RFC 1035 §4.2.2), so none that came over the wire
/// is cut.
pub const ANSWER_OCTETS_MAX: usize = 65_535;

/// Records of one answer that are kept. Two are a fault already, more only have to show which ones.
pub const FOUND_ENTRIES_MAX: usize = 8;

/// Characters of one record that are kept: a DKIM record with an RSA key of 4096 bits has about 750.
pub const FOUND_CHARACTERS_MAX: usize = 1024;

/// Octets that a record takes of a message besides its data: compressed name, type, class, TTL and length
/// (RFC 1035 §3.2.1, §4.1.4).
const RECORD_OCTETS: usize = 12;

/// Characters of foreign text inside a reason.
const QUOTATION_CHARACTERS_MAX: usize = 100;

/// As much of an answer as a DNS message holds.
pub(super) fn bounded(records: Vec<String>) -> Vec<String> {
    let mut left = ANSWER_OCTETS_MAX;
    let fits = |record: &String| match left.checked_sub(record.len() + RECORD_OCTETS) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    records.into_iter().take_while(fits).collect()
}

/// What is kept of records.
pub(super) fn kept<'a>(records: impl Iterator<Item = &'a String>) -> Vec<String> {
    records
        .take(FOUND_ENTRIES_MAX)
        .map(|record| shown(record, FOUND_CHARACTERS_MAX))
        .collect()
}

/// Foreign text inside a reason.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", shown(text, QUOTATION_CHARACTERS_MAX))
}

/// Text without white space and quotes and in lower case: what is left when they were pasted along.
pub(super) fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '"' | '\'' | '\\' | '“' | '”'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// Whether `found` is `wanted` with a slip: cut off, or with one place that differs.
pub(super) fn nearly(found: &str, wanted: &str) -> bool {
    let same = |pair: &(u8, u8)| pair.0 == pair.1;
    let head = found.bytes().zip(wanted.bytes()).take_while(same).count();
    let tail = found
        .bytes()
        .rev()
        .zip(wanted.bytes().rev())
        .take_while(same)
        .count();
    head == found.len() || (head + tail) * 4 >= wanted.len().max(found.len()) * 3
}

fn shown(text: &str, characters_max: usize) -> String {
    let mut characters = text.chars().map(|character| {
        if is_hidden(character) {
            '\u{FFFD}'
        } else {
            character
        }
    });
    let mut shown: String = characters.by_ref().take(characters_max).collect();
    if characters.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Controls, and what changes the direction or the order of the text around it unseen.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
