//! Signing while a message arrives: the header decides who signs, the body is hashed once as its pieces pass by.

use std::sync::Arc;

use bytes::Bytes;
use content::dkim::{BodyHash, Signer, Signers};
use content::header::block_length;

/// What is known so far of the message being received.
pub(super) struct Signing {
    signers: Arc<Signers>,
    /// The header block with the empty line behind it; all of the first piece when the empty line is not in it.
    header: Bytes,
    state: State,
}

enum State {
    /// No piece yet.
    Start,
    /// Nobody signs for the author, or the header is larger than a piece, which no honest one is.
    Unsigned,
    /// The body is being hashed for this signer.
    Hashing(Arc<Signer>, Box<BodyHash>),
}

/// The signatures of a message.
pub(super) struct Signed {
    /// The fields to put before the message.
    pub(super) fields: Vec<u8>,
    /// The domain that signed.
    pub(super) domain: String,
    /// How many signatures.
    pub(super) signatures: usize,
}

impl Signing {
    pub(super) fn new(signers: Arc<Signers>) -> Self {
        Self {
            signers,
            header: Bytes::new(),
            state: State::Start,
        }
    }

    /// The next octets of the message.
    pub(super) fn push(&mut self, piece: &Bytes) {
        match &mut self.state {
            State::Start => self.begin(piece),
            State::Unsigned => {}
            State::Hashing(_, hash) => hash.push(piece),
        }
    }

    /// The header block.
    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Whether there is anything to sign.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self.state, State::Hashing(..))
    }

    /// The signatures, with all octets of the message pushed.
    pub(super) fn sign(self, now_unix_s: u64) -> Option<Signed> {
        let State::Hashing(signer, hash) = self.state else {
            return None;
        };
        let fields = signer.sign(&self.header, &hash.finish(), now_unix_s);
        Some(Signed {
            fields,
            domain: signer.domain().to_owned(),
            signatures: signer.keys().count(),
        })
    }

    fn begin(&mut self, first: &Bytes) {
        let Some(end) = block_length(first) else {
            self.header = first.clone();
            self.state = State::Unsigned;
            return;
        };
        self.header = first.slice(..end);
        self.state = match self.signers.for_header(&self.header) {
            None => State::Unsigned,
            Some(signer) => {
                let signer = Arc::clone(signer);
                let mut hash = Box::new(BodyHash::new());
                hash.push(first.get(end..).unwrap_or_default());
                State::Hashing(signer, hash)
            }
        };
    }
}
