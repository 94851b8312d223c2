//! The digest of a body in "relaxed" form (RFC 6376 §3.4.4), computed while the body arrives.
//!
//! **Promise.** The digest is a function of the body: however it was cut into pieces, it is the same. Memory does not
//! grow with the body.
//!
//! Ordinary text is its own relaxed form but for the last empty lines, so the work is to find, fast, the stretches
//! that can be hashed as they lie; what is between them (runs of white space, tabs) goes through a small buffer.

use aws_lc_rs::digest;

/// Stretches shorter than this are gathered before they are hashed: each call into the hash has a price of its own.
const DIRECT_MIN: usize = 256;

/// How many gathered octets are hashed at once.
const STAGE_MAX: usize = 2048;

/// How many pairs of neighbouring octets are looked at together: enough for the compiler to use vector registers.
const BLOCK: usize = 64;

/// Hashes a body as it arrives.
///
/// ```
/// use content::dkim::BodyHash;
///
/// let mut whole = BodyHash::new();
/// whole.push(b"Hi.  \r\n\r\n");
/// let mut pieces = BodyHash::new();
/// pieces.push(b"Hi. ");
/// pieces.push(b" \r");
/// pieces.push(b"\n");
/// assert_eq!(whole.finish(), pieces.finish());
/// ```
#[derive(Clone)]
pub struct BodyHash {
    context: digest::Context,
    staged: Vec<u8>,
    /// CRLFs that count only if something follows them.
    line_ends: u64,
    /// White space that counts, as one space, only if the line goes on.
    space: bool,
    /// A CR at the end of a piece: whether it is half a CRLF, the next piece will tell.
    carriage_return: bool,
    has_content: bool,
}

/// The SHA-256 digest of a body in relaxed form: what goes into `bh=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyDigest([u8; 32]);

impl BodyDigest {
    /// The octets of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Default for BodyHash {
    fn default() -> Self {
        Self::new()
    }
}

impl BodyHash {
    /// The hash of a body of which nothing has been seen.
    pub fn new() -> Self {
        Self {
            context: digest::Context::new(&digest::SHA256),
            staged: Vec::new(),
            line_ends: 0,
            space: false,
            carriage_return: false,
            has_content: false,
        }
    }

    /// Takes the next piece of the body, of any length, cut anywhere.
    pub fn push(&mut self, piece: &[u8]) {
        let mut rest = self.resolve_carriage_return(piece);
        loop {
            rest = match rest {
                [] => return,
                [b' ' | b'\t', after @ ..] => {
                    self.space = true;
                    after
                }
                [b'\r', b'\n', after @ ..] => {
                    self.end_line();
                    after
                }
                [b'\r'] => {
                    self.carriage_return = true;
                    return;
                }
                _ => {
                    let (verbatim, after) = rest.split_at(verbatim_length(rest));
                    self.content(verbatim);
                    after
                }
            };
        }
    }

    /// The digest, when the body is complete. A body whose last line has no CRLF gets one, one without content is
    /// nothing at all (RFC 6376 §3.4.4).
    pub fn finish(mut self) -> BodyDigest {
        if self.carriage_return {
            self.content(b"\r");
        }
        if self.has_content {
            self.write(b"\r\n");
        }
        self.flush();
        let mut octets = [0; 32];
        octets.copy_from_slice(self.context.finish().as_ref());
        BodyDigest(octets)
    }

    fn resolve_carriage_return<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        if !self.carriage_return || piece.is_empty() {
            return piece;
        }
        self.carriage_return = false;
        if let [b'\n', after @ ..] = piece {
            self.end_line();
            return after;
        }
        self.content(b"\r");
        piece
    }

    fn end_line(&mut self) {
        self.space = false;
        self.line_ends += 1;
    }

    /// Text that stays as it is, and what was held back before it.
    fn content(&mut self, text: &[u8]) {
        for _ in 0..std::mem::take(&mut self.line_ends) {
            self.write(b"\r\n");
        }
        if std::mem::take(&mut self.space) {
            self.write(b" ");
        }
        self.write(text);
        self.has_content = true;
    }

    fn write(&mut self, octets: &[u8]) {
        if octets.len() >= DIRECT_MIN {
            self.flush();
            self.context.update(octets);
            return;
        }
        if self.staged.len() + octets.len() > STAGE_MAX {
            self.flush();
        }
        self.staged.extend_from_slice(octets);
    }

    fn flush(&mut self) {
        self.context.update(&self.staged);
        self.staged.clear();
    }
}

/// How much of a text that begins with content is its own relaxed form, whatever follows it: at least one octet.
///
/// Left for later are white space that may be at the end of a line and CRLFs that may be at the end of the body.
fn verbatim_length(text: &[u8]) -> usize {
    let certain = irregular_at(text).unwrap_or(match text {
        [head @ .., b' ' | b'\r'] => head.len(),
        _ => text.len(),
    });
    let (mut head, _) = text.split_at(certain);
    while let Some(shorter) = head.strip_suffix(b"\r\n") {
        head = shorter;
    }
    head.len()
}

/// Where the first white space lies that is not just one space within a line. The last octet is judged only if it is a
/// tab: for a space it takes the next one.
fn irregular_at(text: &[u8]) -> Option<usize> {
    let mut blocks = 0;
    while let Some(pairs) = text.get(blocks * BLOCK..=(blocks + 1) * BLOCK) {
        if has_irregular_space(pairs) {
            break;
        }
        blocks += 1;
    }
    let (_, rest) = text.split_at(blocks * BLOCK);
    let within = rest
        .windows(2)
        .position(|pair| matches!(pair, [b'\t', _] | [b' ', b' ' | b'\t' | b'\r']))
        .or_else(|| (rest.last() == Some(&b'\t')).then(|| rest.len() - 1));
    within.map(|at| blocks * BLOCK + at)
}

/// Whether any octet is a tab (the first aside, which was the last of the block before) or a space before another
/// space or a CR. Without branches, so that many octets are compared at once.
fn has_irregular_space(pairs: &[u8]) -> bool {
    let followers = pairs.iter().skip(1);
    pairs.iter().zip(followers).fold(false, |found, (&octet, &next)| {
        found | (next == b'\t') | ((octet == b' ') & ((next == b' ') | (next == b'\r')))
    })
}

#[cfg(test)]
mod tests;
