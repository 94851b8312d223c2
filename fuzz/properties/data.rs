//! Framing: what is stuffed is read again as it was, pieces change nothing, and no message ends where it should not.

use smtp::data::{BodyCheck, DataReader, Stuffer};

/// The first octet says how the others are cut.
///
/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let Some((&cut, message)) = octets.split_first() else {
        return;
    };
    let step = usize::from(cut) + 1;
    written_is_read_again(message, step);
    pieces_change_nothing(message, step);
    only_crlf_dot_crlf_ends(message);
}

fn written_is_read_again(message: &[u8], step: usize) {
    let mut wire = Vec::new();
    let mut stuffer = Stuffer::new();
    for piece in message.chunks(step) {
        stuffer.encode(piece, &mut wire);
    }
    stuffer.finish(&mut wire);
    let mut expected = message.to_vec();
    if !(message.is_empty() || message.ends_with(b"\r\n")) {
        expected.extend(b"\r\n");
    }
    assert_eq!(read(&wire, wire.len()), (expected, Some(wire.len())));
}

fn pieces_change_nothing(wire: &[u8], step: usize) {
    assert_eq!(read(wire, step), read(wire, wire.len()));
    let mut whole = BodyCheck::default();
    whole.push(wire);
    let mut pieces = BodyCheck::default();
    wire.chunks(step).for_each(|piece| pieces.push(piece));
    assert_eq!(
        (whole.fault(), whole.eight_bit()),
        (pieces.fault(), pieces.eight_bit())
    );
}

fn only_crlf_dot_crlf_ends(wire: &[u8]) {
    // The message begins behind the CRLF of the DATA command.
    let framed = [b"\r\n", wire].concat();
    let end = framed
        .windows(5)
        .position(|window| window == b"\r\n.\r\n")
        .map(|at| at + 3);
    assert_eq!(read(wire, wire.len()).1, end);
}

// What is read, and how much of the wire that took if the end was found.
fn read(wire: &[u8], step: usize) -> (Vec<u8>, Option<usize>) {
    let (mut reader, mut out, mut consumed) = (DataReader::new(), Vec::new(), 0);
    for segment in wire.chunks(step.max(1)) {
        let progress = reader.decode(segment, &mut out);
        consumed += progress.consumed;
        assert!(out.len() <= consumed);
        if progress.done {
            return (out, Some(consumed));
        }
        assert_eq!(progress.consumed, segment.len());
    }
    (out, None)
}
