use proptest::prelude::*;

use super::*;

// What is read, how much of the input that took, and whether the end was found: fed in steps of `step` octets.
fn decode(wire: &[u8], step: usize) -> (Vec<u8>, usize, bool) {
    let (mut reader, mut out, mut consumed, mut done) = (DataReader::new(), Vec::new(), 0, false);
    for segment in wire.chunks(step) {
        let progress = reader.decode(segment, &mut out);
        (consumed, done) = (consumed + progress.consumed, progress.done);
        assert!(out.len() <= consumed);
        if done {
            break;
        }
    }
    (out, consumed, done)
}

fn stuff(message: &[u8], step: usize) -> Vec<u8> {
    let (mut stuffer, mut out) = (Stuffer::new(), Vec::new());
    for piece in message.chunks(step) {
        stuffer.encode(piece, &mut out);
    }
    stuffer.finish(&mut out);
    out
}

fn fault(message: &[u8], step: usize) -> Option<BodyFault> {
    let mut check = BodyCheck::default();
    for piece in message.chunks(step) {
        check.push(piece);
    }
    check.fault()
}

#[test]
fn rfc5321_4_5_2_reading() {
    let cases: &[(&[u8], &[u8])] = &[
        (b".\r\n", b""),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n"),
        (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n"),
        (b"a\r\n.\r\r\n.\r\n", b"a\r\n\r\r\n"),
        (b"a\n.\n.\r\n.\r\n", b"a\n.\n.\r\n"),
        (b"a\n.\r\n.\r\n", b"a\n.\r\n"),
        (b"a\r.\r.\r\n.\r\n", b"a\r.\r.\r\n"),
        (b"a\r\n.\n.\r\n.\r\n", b"a\r\n\n.\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n"),
        (b"a\r\n.\0\r\n.\r\n", b"a\r\n\0\r\n"),
    ];
    for (wire, message) in cases {
        for step in 1..=wire.len() {
            let behind = [*wire, b"NOOP\r\n"].concat();
            assert_eq!(
                decode(&behind, step),
                (message.to_vec(), wire.len(), true),
                "{}",
                wire.escape_ascii()
            );
        }
    }
    assert_eq!(decode(b"a\r\n.\r", 10), (b"a\r\n".to_vec(), 5, false));
    let mut reader = DataReader::new();
    reader.decode(b".\r\n", &mut Vec::new());
    assert_eq!(
        reader.decode(b"x", &mut Vec::new()),
        Progress {
            consumed: 0,
            done: true
        }
    );
}

#[test]
fn rfc5321_4_5_2_writing() {
    let cases: &[(&[u8], &[u8])] = &[
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b".\r\n.\r\n..\r\n", b"..\r\n..\r\n...\r\n.\r\n"),
        (b"a.b\r\n..c", b"a.b\r\n...c\r\n.\r\n"),
        (b"\r\n.\r\n", b"\r\n..\r\n.\r\n"),
        (b"a\r", b"a\r\r\n.\r\n"),
        (b"a\n.\r\n", b"a\n.\r\n.\r\n"),
    ];
    for (message, wire) in cases {
        for step in 1..=message.len().max(1) {
            assert_eq!(
                stuff(message, step).escape_ascii().to_string(),
                wire.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn faults() {
    let line = |length: usize| [vec![b'a'; length - 2], b"\r\n".to_vec()].concat();
    let cases: &[(&[u8], Option<BodyFault>)] = &[
        (b"", None),
        (b"a\r\n\r\nb", None),
        (b"\n", Some(BodyFault::BareLineFeed)),
        (b"a\r\n\n", Some(BodyFault::BareLineFeed)),
        (b"\r", Some(BodyFault::BareCarriageReturn)),
        (b"\r\r\n", Some(BodyFault::BareCarriageReturn)),
        (b"a\rb\n", Some(BodyFault::BareLineFeed)),
        (b"a\0b", Some(BodyFault::Nul)),
        (&line(1000), None),
        (&line(1001), Some(BodyFault::LongLine)),
        (&[line(1000), line(1000)].concat(), None),
        (&[b'a'; 998], None),
        (&[b'a'; 999], Some(BodyFault::LongLine)),
    ];
    for (message, expected) in cases {
        for step in [1, 2, 3, 7, 999, 1000, 4000] {
            assert_eq!(
                fault(message, step),
                *expected,
                "{} by {step}",
                message.escape_ascii()
            );
        }
    }
}

#[test]
fn octets_above_127_are_noticed() {
    let mut check = BodyCheck::default();
    check.push(b"ASCII");
    assert!(!check.eight_bit());
    check.push(b"caf\xe9");
    check.push(b"ASCII");
    assert!(check.eight_bit());
}

// Octets in which what matters here is frequent.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), any::<u8>()];
    let text = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n.".to_vec()),
        octet.prop_map(|octet| vec![octet])
    ];
    prop::collection::vec(text, 0..40).prop_map(|texts| texts.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(message in octets(), write_step in 1..9usize, read_step in 1..9usize) {
        let wire = stuff(&message, write_step);
        let mut expected = message;
        if !(expected.is_empty() || expected.ends_with(b"\r\n")) {
            expected.extend(b"\r\n");
        }
        prop_assert_eq!(decode(&wire, read_step), (expected, wire.len(), true));
    }

    #[test]
    fn pieces_change_nothing(octets in octets(), step in 1..9usize) {
        prop_assert_eq!(decode(&octets, step), decode(&octets, octets.len().max(1)));
        prop_assert_eq!(fault(&octets, step), fault(&octets, octets.len().max(1)));
    }
}
