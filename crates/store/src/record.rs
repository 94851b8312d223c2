//! How values are written by those who keep records in a store: versioned, length-prefixed, and read back without trust.
//!
//! Every record starts with its version. Integers are LEB128 varints; texts and byte strings carry their length. A
//! record that does not decode to its last octet is damaged: reading one never panics and never allocates more than
//! the record's own size. What the fields are is for each crate to say, in its own `record.rs`.

use bytes::Bytes;
use thiserror::Error;

/// What is wrong with a stored record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// It ends before it is complete.
    #[error("the record is cut short")]
    Short,
    /// Octets are left over behind it.
    #[error("the record is longer than its content")]
    Long,
    /// A newer program wrote it.
    #[error("the record has version {0}, which this program does not read")]
    Version(u8),
    /// A number, text, address or state that cannot be.
    #[error("the record holds a bad {0}")]
    Value(&'static str),
}

/// Writes one record.
#[derive(Debug)]
pub struct RecordWriter(Vec<u8>);

impl RecordWriter {
    /// A record of `version`, with room for `capacity` octets.
    pub fn new(version: u8, capacity: usize) -> Self {
        let mut out = Vec::with_capacity(capacity);
        out.push(version);
        Self(out)
    }

    /// Appends one octet.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// Appends a number: a LEB128 varint.
    pub fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.byte(number.to_le_bytes()[0])
    }

    /// Appends octets of a length that the reader knows.
    pub fn array(&mut self, octets: &[u8]) -> &mut Self {
        self.0.extend_from_slice(octets);
        self
    }

    /// Appends octets with their length.
    pub fn bytes(&mut self, octets: &[u8]) -> &mut Self {
        self.number(octets.len() as u64).array(octets)
    }

    /// Appends a text with its length.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Appends a yes or no.
    pub fn flag(&mut self, set: bool) -> &mut Self {
        self.byte(u8::from(set))
    }

    /// Appends a number that may be absent.
    pub fn optional_number(&mut self, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.flag(true).number(number),
            None => self.flag(false),
        }
    }

    /// Appends a text that may be absent.
    pub fn optional_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.flag(true).text(text),
            None => self.flag(false),
        }
    }

    /// The record.
    pub fn finish(self) -> Bytes {
        Bytes::from(self.0)
    }
}

/// Reads one record.
#[derive(Debug)]
pub struct RecordReader<'a> {
    version: u8,
    rest: &'a [u8],
}

impl<'a> RecordReader<'a> {
    /// A reader of a record whose version is at most `newest`.
    ///
    /// # Errors
    /// [`RecordError::Short`] for an empty record, [`RecordError::Version`] for one that a newer program wrote.
    pub fn new(record: &'a [u8], newest: u8) -> Result<Self, RecordError> {
        match record.split_first() {
            None => Err(RecordError::Short),
            Some((&version, rest)) if (1..=newest).contains(&version) => Ok(Self { version, rest }),
            Some((&version, _)) => Err(RecordError::Version(version)),
        }
    }

    /// The version of the record.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The next octet.
    ///
    /// # Errors
    /// [`RecordError::Short`] behind the last.
    pub fn byte(&mut self) -> Result<u8, RecordError> {
        let (&byte, rest) = self.rest.split_first().ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(byte)
    }

    /// The next number.
    ///
    /// # Errors
    /// [`RecordError::Value`] for one that 64 bits cannot hold.
    pub fn number(&mut self) -> Result<u64, RecordError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(RecordError::Value("number"));
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RecordError::Value("number"))
    }

    /// The next `N` octets.
    ///
    /// # Errors
    /// [`RecordError::Short`] if there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (octets, rest) = self.rest.split_first_chunk::<N>().ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(*octets)
    }

    /// The next octets, of the length that stands before them.
    ///
    /// # Errors
    /// [`RecordError::Short`] if there are fewer.
    pub fn bytes(&mut self) -> Result<&'a [u8], RecordError> {
        let length = usize::try_from(self.number()?).map_err(|_| RecordError::Short)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next text.
    ///
    /// # Errors
    /// [`RecordError::Value`] for octets that are not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, RecordError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| RecordError::Value("text"))
    }

    /// The next yes or no.
    ///
    /// # Errors
    /// [`RecordError::Value`] for anything else.
    pub fn flag(&mut self) -> Result<bool, RecordError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Value("flag")),
        }
    }

    /// The next number that may be absent.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub fn optional_number(&mut self) -> Result<Option<u64>, RecordError> {
        self.flag()?.then(|| self.number()).transpose()
    }

    /// The next text that may be absent.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn optional_text(&mut self) -> Result<Option<&'a str>, RecordError> {
        self.flag()?.then(|| self.text()).transpose()
    }

    /// The next list, each element as `read` reads it; its length stands before it.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, RecordError>,
    ) -> Result<Vec<T>, RecordError> {
        let mut elements = Vec::new();
        for _ in 0..self.number()? {
            elements.push(read(self)?);
        }
        Ok(elements)
    }

    /// The record ends here.
    ///
    /// # Errors
    /// [`RecordError::Long`] if it does not.
    pub fn end(self) -> Result<(), RecordError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(RecordError::Long)
        }
    }
}
