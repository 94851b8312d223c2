//! Tokens: what is read is what was written, letter by letter, and no other spelling and no altered token is.

use content::tracking::token::SECRET_OCTETS;
use content::tracking::{KeyRing, Purpose, Token, TokenKey};

const PURPOSES: [Purpose; 4] = [
    Purpose::Open,
    Purpose::Click,
    Purpose::Unsubscribe,
    Purpose::Bounce,
];

/// # Panics
/// If the property does not hold for `octets`, read as a token and as a change of one.
pub fn holds(octets: &[u8]) {
    let key = |id| TokenKey {
        id,
        secret: [id; SECRET_OCTETS],
    };
    let ring = KeyRing::new(&key(1), &[key(2)]).expect("two ids");
    if let Ok(text) = std::str::from_utf8(octets) {
        reads_back(&ring, text);
    }
    altered(&ring, octets);
}

/// A token of the current key has one spelling.
fn reads_back(ring: &KeyRing, text: &str) {
    for purpose in PURPOSES {
        if let Ok(token) = ring.read_url(purpose, text) {
            assert_eq!(token.purpose, purpose);
            assert_eq!(ring.in_url(&token), text);
        }
        if let Ok(token) = ring.read_local_part(purpose, text) {
            assert_eq!(token.purpose, purpose);
            assert_eq!(ring.in_local_part(&token), text.to_ascii_lowercase());
        }
    }
}

/// The first octet says where a token is changed, the second to what.
fn altered(ring: &KeyRing, octets: &[u8]) {
    let [at, to, rest @ ..] = octets else { return };
    let mut email_id = [0; 16];
    email_id
        .iter_mut()
        .zip(rest)
        .for_each(|(octet, given)| *octet = *given);
    for purpose in PURPOSES {
        let token = Token {
            purpose,
            email_id,
            number: u16::from(*to),
        };
        let written = ring.in_url(&token);
        assert_eq!(ring.read_url(purpose, &written), Ok(token));
        let mut changed = written.clone().into_bytes();
        let place = usize::from(*at) % changed.len();
        changed[place] = *to;
        if let Ok(changed) = String::from_utf8(changed) {
            assert_eq!(
                ring.read_url(purpose, &changed).is_ok(),
                changed == written,
                "{changed}"
            );
        }
        assert!(ring.read_url(purpose, &written[..place]).is_err());
    }
}
