use super::*;

use proptest::prelude::*;

const PURPOSES: [Purpose; 4] = [
    Purpose::Open,
    Purpose::Click,
    Purpose::Unsubscribe,
    Purpose::Bounce,
];

fn key(id: u8) -> TokenKey {
    TokenKey {
        id,
        secret: [id ^ 0x5a; SECRET_OCTETS],
    }
}

fn ring() -> KeyRing {
    KeyRing::new(&key(7), &[key(6), key(200)]).unwrap()
}

fn token(purpose: Purpose) -> Token {
    Token {
        purpose,
        email_id: *b"0123456789abcdef",
        number: 0x0102,
    }
}

#[test]
fn a_token_is_read_as_it_was_made() {
    for purpose in PURPOSES {
        let token = token(purpose);
        let url = ring().in_url(&token);
        assert_eq!(url.len(), URL_CHARACTERS);
        assert_eq!(ring().read_url(purpose, &url), Ok(token));
        let local_part = ring().in_local_part(&token);
        assert_eq!(local_part.len(), LOCAL_PART_CHARACTERS);
        assert_eq!(ring().read_local_part(purpose, &local_part), Ok(token));
        let shouted = local_part.to_ascii_uppercase();
        assert_eq!(ring().read_local_part(purpose, &shouted), Ok(token));
    }
}

/// What is in mail that has been sent has to be read for ever. The values were computed with another library.
#[test]
fn the_form_stays() {
    let token = token(Purpose::Click);
    let octets = ring().sealed(&token);
    assert_eq!(
        octets.get(..SAID_OCTETS),
        Some(&b"\x07c0123456789abcdef\x01\x02"[..])
    );
    let fixed = "B2MwMTIzNDU2Nzg5YWJjZGVmAQKK2YMObS36-aA4Lu_y48bi";
    assert_eq!(ring().in_url(&token), fixed);
    let bounce = ring().in_local_part(&super::Token {
        purpose: Purpose::Bounce,
        ..token
    });
    assert_eq!(
        bounce,
        "b.a5rdamjsgm2dknrxha4wcytdmrswmaicgmei5gjcpftezkjynskpkf2cju"
    );
}

#[test]
fn it_fits_where_it_is_put() {
    let host = format!("{}.example", "h".repeat(92));
    let url = format!("https://{host}/track/c/{}", ring().in_url(&token(Purpose::Click)));
    assert!(host.len() == 100 && url.len() < 200, "{}", url.len());
    // RFC 5321 §4.5.3.1.1.
    assert!(ring().in_local_part(&token(Purpose::Bounce)).len() <= 64);
}

#[test]
fn older_keys_still_read() {
    let old = KeyRing::new(&key(6), &[]).unwrap();
    let made = token(Purpose::Unsubscribe);
    let text = old.in_url(&made);
    assert_eq!(ring().read_url(Purpose::Unsubscribe, &text), Ok(made));
    let younger = KeyRing::new(&key(7), &[key(8)]).unwrap();
    assert_eq!(
        younger.read_url(Purpose::Unsubscribe, &text),
        Err(TokenError::UnknownKey(6))
    );
    let other_secret = TokenKey {
        secret: [1; SECRET_OCTETS],
        ..key(6)
    };
    let changed = KeyRing::new(&other_secret, &[]).unwrap();
    assert_eq!(
        changed.read_url(Purpose::Unsubscribe, &text),
        Err(TokenError::Forged)
    );
}

#[test]
fn a_ring_has_each_id_once_and_few_keys() {
    assert_eq!(
        KeyRing::new(&key(1), &[key(2), key(1)]).unwrap_err(),
        KeyRingError::SameId(1)
    );
    assert_eq!(
        KeyRing::new(&key(1), &[key(2), key(2)]).unwrap_err(),
        KeyRingError::SameId(2)
    );
    let many: Vec<TokenKey> = (1..=KEYS_MAX as u8).map(key).collect();
    assert_eq!(KeyRing::new(&key(0), &many).unwrap_err(), KeyRingError::TooMany);
    assert!(KeyRing::new(&key(0), many.split_last().unwrap().1).is_ok());
}

#[test]
fn no_token_is_good_for_another_purpose() {
    for made_for in PURPOSES {
        let url = ring().in_url(&token(made_for));
        let local_part = ring().in_local_part(&token(made_for));
        for read_for in PURPOSES.into_iter().filter(|purpose| *purpose != made_for) {
            assert_eq!(ring().read_url(read_for, &url), Err(TokenError::Purpose));
            assert_eq!(
                ring().read_local_part(read_for, &local_part),
                Err(TokenError::Purpose)
            );
            let disguised = format!(
                "{}{}",
                read_for.letter(),
                local_part.strip_prefix(made_for.letter()).unwrap()
            );
            assert_eq!(
                ring().read_local_part(read_for, &disguised),
                Err(TokenError::Purpose)
            );
            assert_eq!(
                ring().read_local_part(made_for, &disguised),
                Err(TokenError::Purpose)
            );
        }
    }
}

#[test]
fn every_altered_character_is_found() {
    let url = ring().in_url(&token(Purpose::Click));
    let local_part = ring().in_local_part(&token(Purpose::Bounce));
    for at in 0..url.len() {
        for other in ('!'..='~').filter(|other| !url.get(at..).unwrap().starts_with(*other)) {
            let altered = with(&url, at, other);
            assert!(ring().read_url(Purpose::Click, &altered).is_err(), "{altered}");
        }
    }
    for at in 0..local_part.len() {
        let here = local_part.as_bytes().get(at).copied().map(char::from).unwrap();
        for other in ('!'..='~').filter(|other| !other.eq_ignore_ascii_case(&here)) {
            let altered = with(&local_part, at, other);
            assert!(
                ring().read_local_part(Purpose::Bounce, &altered).is_err(),
                "{altered}"
            );
        }
    }
}

fn with(text: &str, at: usize, other: char) -> String {
    let mut altered = text.to_owned();
    altered.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
    altered
}

#[test]
fn cut_and_extended_ones_are_none() {
    let url = ring().in_url(&token(Purpose::Click));
    let local_part = ring().in_local_part(&token(Purpose::Bounce));
    for end in 0..url.len() {
        let read = ring().read_url(Purpose::Click, url.get(..end).unwrap());
        assert_eq!(read, Err(TokenError::Length));
    }
    for end in 0..local_part.len() {
        let read = ring().read_local_part(Purpose::Bounce, local_part.get(..end).unwrap());
        assert_eq!(read, Err(TokenError::Length));
    }
    for more in ["A", "=", "==", "AAAA", "\0", "\u{fc}"] {
        let read = ring().read_url(Purpose::Click, &format!("{url}{more}"));
        assert_eq!(read, Err(TokenError::Length));
        let read = ring().read_local_part(Purpose::Bounce, &format!("{local_part}{more}"));
        assert_eq!(read, Err(TokenError::Length));
    }
    let padded = format!("{}==", url.get(..URL_CHARACTERS - 2).unwrap());
    assert_eq!(
        ring().read_url(Purpose::Click, &padded),
        Err(TokenError::Spelling)
    );
    let no_dot = "b".repeat(LOCAL_PART_CHARACTERS);
    assert_eq!(
        ring().read_local_part(Purpose::Bounce, &no_dot),
        Err(TokenError::Spelling)
    );
}

#[test]
fn secrets_are_not_printed() {
    assert_eq!(format!("{:?}", key(7)), "TokenKey { id: 7, .. }");
    assert_eq!(format!("{:?}", ring()), "KeyRing { current: 7, older: [6, 200] }");
}

proptest! {
    #[test]
    fn any_token_comes_back(email_id: [u8; 16], number: u16, purpose in prop::sample::select(&PURPOSES)) {
        let token = Token { purpose, email_id, number };
        prop_assert_eq!(ring().read_url(purpose, &ring().in_url(&token)), Ok(token));
        prop_assert_eq!(ring().read_local_part(purpose, &ring().in_local_part(&token)), Ok(token));
    }

    #[test]
    fn any_text_is_refused(text in "\\PC{0,64}", token in "[A-Za-z0-9_-]{48}", local_part in "b\\.[a-z2-7]{58}") {
        prop_assert!(ring().read_url(Purpose::Click, &text).is_err());
        prop_assert!(ring().read_local_part(Purpose::Bounce, &text).is_err());
        prop_assert!(ring().read_url(Purpose::Click, &token).is_err());
        prop_assert!(ring().read_local_part(Purpose::Bounce, &local_part).is_err());
    }
}
