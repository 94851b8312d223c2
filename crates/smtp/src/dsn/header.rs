//! The header of the original as the last part of the notice (RFC 6522 §4).

use super::Part;
use super::text::Charset;

/// The part. The octets stay as they were, except for what no line of a message may hold.
pub(super) fn part(header: &[u8], charset: Charset) -> Part {
    let mut lines = Vec::with_capacity(header.len() + 2);
    for line in header.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        write_line(line, &mut lines);
    }
    let is_utf8 = charset == Charset::Utf8 && !lines.is_ascii() && std::str::from_utf8(&lines).is_ok();
    // RFC 6533 §5.
    Part {
        content_type: if is_utf8 {
            "message/global-headers"
        } else {
            "text/rfc822-headers"
        },
        lines,
    }
}

fn write_line(line: &[u8], out: &mut Vec<u8>) {
    // No field begins so; a boundary does.
    if line.starts_with(b"--") {
        out.push(b' ');
    }
    for (index, piece) in line.chunks(LINE_OCTETS_MAX).enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\r\n ");
        }
        out.extend(
            piece
                .iter()
                .map(|byte| if matches!(byte, 0 | b'\r') { b'?' } else { *byte }),
        );
    }
    out.extend_from_slice(b"\r\n");
}

// RFC 5322 §2.1.1 allows 998; one is left for the space that continues a line.
const LINE_OCTETS_MAX: usize = 997;
