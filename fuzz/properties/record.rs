//! Stored records: no octets make a reader panic, what is read is written and read again as it was, and a record that is
//! cut or lengthened is damage.

use std::fmt::Debug;

use bytes::Bytes;
use queue::{RecordError, decode_delivery, decode_message, encode_delivery, encode_message};

/// # Panics
/// If the property does not hold for `octets`, read as a message record and as a delivery record.
pub fn holds(octets: &[u8]) {
    let record = Bytes::copy_from_slice(octets);
    reads_back(&record, decode_message, encode_message);
    reads_back(&record, decode_delivery, encode_delivery);
}

fn reads_back<T: Debug + PartialEq>(
    record: &Bytes,
    decode: fn(&Bytes) -> Result<T, RecordError>,
    encode: fn(&T) -> Bytes,
) {
    let Ok(value) = decode(record) else {
        return;
    };
    assert_eq!(decode(&encode(&value)).as_ref(), Ok(&value));
    let shorter = record.slice(..record.len() - 1);
    assert_eq!(decode(&shorter), Err(RecordError::Short));
    let longer = Bytes::from([record, &[0][..]].concat());
    assert_eq!(decode(&longer), Err(RecordError::Long));
}
