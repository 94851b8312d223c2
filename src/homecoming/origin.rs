//! Which e-mail of ours a message is, from the header that came back of it.
//!
//! A token is the surest sign: in the return path that a receiver wrote down, in the fields for unsubscribing. Else it is the
//! id of the e-mail, in the Message-ID that was made here or in our trace field; ids cannot be guessed.

use ledger::{EmailId, Ledger, LedgerError};

use crate::tracking::Tokens;
use crate::tracking::homeward::Named;

/// Ids that are looked up for one header: ours are among the first, and each costs a read.
const IDS_MAX: usize = 16;

/// Words that are tried as tokens for one header; each costs a hash.
const TOKENS_MAX: usize = 256;

/// Characters of an id as text (RFC 9562 §4).
const ID_CHARACTERS: usize = 36;

/// The e-mail, if it is one of ours.
pub(super) fn find(header: &[u8], tokens: &Tokens, ledger: &Ledger) -> Result<Option<Named>, LedgerError> {
    if let Some(named) = named(header, tokens) {
        return Ok(Some(named));
    }
    for email in ids(header) {
        if ledger.find_email(email)?.is_some() {
            return Ok(Some(Named { email, recipient: 0 }));
        }
    }
    Ok(None)
}

fn named(header: &[u8], tokens: &Tokens) -> Option<Named> {
    words(header)
        .filter(|word| is_token_long(word.len()))
        .take(TOKENS_MAX)
        .find_map(|word| tokens.named(word))
}

fn is_token_long(length: usize) -> bool {
    use content::tracking::{LOCAL_PART_CHARACTERS, URL_CHARACTERS};
    length == LOCAL_PART_CHARACTERS || length == URL_CHARACTERS
}

fn ids(header: &[u8]) -> impl Iterator<Item = EmailId> {
    words(header)
        .filter(|word| word.len() == ID_CHARACTERS)
        .filter_map(|word| word.parse().ok())
        .take(IDS_MAX)
}

/// The runs of characters that tokens and ids have.
fn words(header: &[u8]) -> impl Iterator<Item = &str> {
    header
        .split(|octet| !octet.is_ascii_alphanumeric() && !matches!(octet, b'-' | b'_' | b'.'))
        .filter_map(|word| std::str::from_utf8(word).ok())
}

#[cfg(test)]
mod tests {
    use store::open_memory;

    use super::*;
    use crate::tracking::homeward::tests::tokens;

    #[test]
    fn a_token_anywhere_in_a_header_names_the_email() {
        let (tokens, email) = (tokens(), EmailId::new(1, [3; 10]));
        let path = tokens
            .return_path(email, ["a@dest.test"].into_iter(), "bounces.test")
            .unwrap();
        let header = format!("Subject: x\r\nReturn-Path: <{}>\r\n\r\n", path.as_str());
        let found = named(header.as_bytes(), &tokens).unwrap();
        assert_eq!(found.email, email);
        let forged = header.replace("<b.a", "<b.b");
        assert_eq!(named(forged.as_bytes(), &tokens), None);
    }

    #[test]
    fn an_id_counts_only_if_there_is_such_an_email() {
        let (ledger, email) = (Ledger::new(open_memory()), EmailId::new(1, [3; 10]));
        let header = format!("Message-ID: <{email}@src.test>\r\n\r\n");
        assert!(ids(header.as_bytes()).eq([email]));
        assert_eq!(find(header.as_bytes(), &tokens(), &ledger).unwrap(), None);
        let many = format!("{email} ").repeat(10_000);
        assert_eq!(ids(many.as_bytes()).count(), IDS_MAX);
    }
}
