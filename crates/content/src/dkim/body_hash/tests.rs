use super::*;
use mail_auth::AuthenticatedMessage;
use proptest::prelude::*;

/// The digest of what the relaxed form is expected to be.
fn digest_of(relaxed: &[u8]) -> BodyDigest {
    BodyDigest(
        digest::digest(&digest::SHA256, relaxed)
            .as_ref()
            .try_into()
            .unwrap(),
    )
}

fn hash_in_pieces(body: &[u8], cuts: &[usize]) -> BodyDigest {
    let mut hash = BodyHash::new();
    let mut rest = body;
    for cut in cuts {
        let (piece, after) = rest.split_at(cut % (rest.len() + 1));
        hash.push(piece);
        rest = after;
    }
    hash.push(rest);
    hash.finish()
}

/// RFC 6376 §3.4.4 word by word, over the whole body at once.
fn reference(body: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in split_crlf(body) {
        let mut reduced: Vec<u8> = Vec::new();
        for &octet in line {
            match octet {
                b' ' | b'\t' if reduced.last() == Some(&b' ') => {}
                b' ' | b'\t' => reduced.push(b' '),
                _ => reduced.push(octet),
            }
        }
        if reduced.last() == Some(&b' ') {
            reduced.pop();
        }
        lines.push(reduced);
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
        .into_iter()
        .flat_map(|line| [line, b"\r\n".to_vec()].concat())
        .collect()
}

fn split_crlf(body: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    lines.push(rest);
    lines
}

#[test]
fn rfc_6376_section_3_4_4_relaxed_body() {
    let long_line = "word ".repeat(400);
    let long_relaxed = format!("{}\r\n", long_line.trim_end());
    let table: &[(&str, &str)] = &[
        // The example of §3.4.5.
        (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
        ("", ""),
        ("\r\n", ""),
        ("\r\n\r\n \t\r\n", ""),
        (" \t ", ""),
        ("a", "a\r\n"),
        ("a \t", "a\r\n"),
        ("a\r\n\t", "a\r\n"),
        ("\r\n\r\na\r\n", "\r\n\r\na\r\n"),
        ("a\r\n\r\n \r\nb", "a\r\n\r\n\r\nb\r\n"),
        ("  a", " a\r\n"),
        ("\ta\tb\t\r\n", " a b\r\n"),
        ("a\r", "a\r\r\n"),
        ("a \rb\n c\r\n", "a \rb\n c\r\n"),
        ("a\r\r\n", "a\r\r\n"),
        ("a\n\r\n\r", "a\n\r\n\r\r\n"),
        (&long_line, &long_relaxed),
    ];
    for (body, relaxed) in table {
        assert_eq!(
            hash_in_pieces(body.as_bytes(), &[]),
            digest_of(relaxed.as_bytes()),
            "{body:?}"
        );
        assert_eq!(
            String::from_utf8_lossy(&reference(body.as_bytes())),
            *relaxed,
            "{body:?}"
        );
    }
}

#[test]
fn rfc_8463_appendix_a_body_hash() {
    let body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let printed = BASE64_STANDARD.encode(hash_in_pieces(body, &[]).as_bytes());
    assert_eq!(printed, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

#[test]
fn an_irregular_space_is_found_wherever_it_lies_in_a_block() {
    for length in [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
        for at in 0..length {
            for irregular in ["\t", "  ", " \r\n", " \t"] {
                let body = format!("{}{irregular}{}", "x".repeat(at + 1), "y ".repeat(length - at));
                assert_eq!(
                    hash_in_pieces(body.as_bytes(), &[]),
                    digest_of(&reference(body.as_bytes())),
                    "{body:?}"
                );
            }
        }
    }
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => "[a-z]{1,12}",
        2 => "[a-z ]{60,300}",
        4 => Just(" ".to_owned()),
        2 => Just("\t".to_owned()),
        4 => Just("\r\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("\u{fc}".to_owned()),
    ];
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat().into_bytes())
}

/// Bodies that begin and end with content. On lines of nothing but white space at the end mail-auth 0.13 departs from
/// RFC 6376 §3.4.4: it hashes them as empty lines where they should be left out.
fn crlf_body() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec("[a-c \t]{0,90}", 0..12);
    let last = "[a-c \t]{0,9}x[ \t]{0,3}(\r\n){0,4}";
    (lines, last).prop_map(|(lines, last)| format!("x{}\r\n{last}", lines.join("\r\n")).into_bytes())
}

proptest! {
    #[test]
    fn any_cut_gives_the_digest_of_the_relaxed_form(body in body(), cuts in prop::collection::vec(0_usize..400, 0..8)) {
        let expected = digest_of(&reference(&body));
        prop_assert_eq!(hash_in_pieces(&body, &cuts), expected);
        prop_assert_eq!(hash_in_pieces(&body, &vec![1; body.len()]), expected);
    }

    #[test]
    fn mail_auth_computes_the_same(body in crlf_body()) {
        let signature = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n";
        let message = [signature.as_bytes(), b"From: a@a.example\r\n\r\n", &body].concat();
        let theirs = AuthenticatedMessage::parse(&message).unwrap();
        let (_, _, _, digest) = theirs.body_hashes.first().unwrap();
        prop_assert_eq!(hash_in_pieces(&body, &[]).as_bytes().to_vec(), digest.clone());
    }
}
