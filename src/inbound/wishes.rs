//! What a sender asks of us in `X-Postrider-*` fields; they are taken out before anybody else sees the message.

use api::limits::IDEMPOTENCY_KEY_MAX;
use bytes::Bytes;
use content::header::{self, Field};
use ledger::Stream;
use ledger::limits::{METADATA_BYTES_MAX, METADATA_ENTRIES_MAX, TAG_BYTES_MAX};
use serde_json::{Map, Value};

/// What the name of each such field begins with.
const PREFIX: &str = "X-Postrider-";

/// What a sender asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) tag: Option<String>,
    /// A JSON object.
    pub(super) metadata: Option<String>,
    pub(super) track_opens: Option<bool>,
    pub(super) track_clicks: Option<bool>,
    pub(super) stream: Stream,
    /// When it is to leave, in milliseconds since the epoch.
    pub(super) send_at_unix_ms: Option<u64>,
    pub(super) idempotency_key: Option<String>,
}

/// A field whose value cannot be, or a name that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadWish(pub(super) String);

/// Reads and removes the fields from a piece of a message that begins with its header of `length` octets. The octets
/// around them stay as they are.
pub(super) fn take(piece: &Bytes, length: usize) -> (Bytes, usize, Result<Wishes, BadWish>) {
    let header = piece.get(..length).unwrap_or_default();
    let ours: Vec<Field<'_>> = header::fields(header).filter(is_ours).collect();
    if ours.is_empty() {
        return (piece.clone(), length, Ok(Wishes::default()));
    }
    let mut rest = Vec::with_capacity(piece.len());
    let mut from = 0;
    for field in &ours {
        let place = field.position();
        rest.extend_from_slice(piece.get(from..place.start).unwrap_or_default());
        from = place.end;
    }
    rest.extend_from_slice(piece.get(from..).unwrap_or_default());
    let removed = piece.len() - rest.len();
    (rest.into(), length - removed, read(&ours))
}

fn is_ours(field: &Field<'_>) -> bool {
    field
        .name
        .get(..PREFIX.len())
        .is_some_and(|begins| begins.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

fn read(fields: &[Field<'_>]) -> Result<Wishes, BadWish> {
    let mut wishes = Wishes::default();
    let mut metadata = Map::new();
    for field in fields {
        let name =
            String::from_utf8_lossy(field.name.get(PREFIX.len()..).unwrap_or_default()).to_ascii_lowercase();
        let bad = || BadWish(format!("{PREFIX}{name}"));
        let value = std::str::from_utf8(field.value).map_err(|_| bad())?;
        let value = value.replace("\r\n", "").trim().to_owned();
        let switch = || match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "0" => Ok(Some(false)),
            _ => Err(bad()),
        };
        match name.as_str() {
            "tag" if (1..=TAG_BYTES_MAX).contains(&value.len()) => wishes.tag = Some(value),
            "track-opens" => wishes.track_opens = switch()?,
            "track-clicks" => wishes.track_clicks = switch()?,
            "stream" => {
                let streams = [Stream::Transactional, Stream::Broadcast, Stream::Shared];
                let stream = streams.into_iter().find(|stream| stream.as_str() == value);
                wishes.stream = stream.ok_or_else(bad)?;
            }
            "send-at" => wishes.send_at_unix_ms = Some(ledger::unix_ms(&value).ok_or_else(bad)?),
            "idempotency-key" if is_key(&value) => wishes.idempotency_key = Some(value),
            name => {
                let key = name
                    .strip_prefix("metadata-")
                    .filter(|key| !key.is_empty())
                    .ok_or_else(bad)?;
                metadata.insert(key.to_owned(), Value::String(value));
            }
        }
    }
    if !metadata.is_empty() {
        let count = metadata.len();
        let text = Value::Object(metadata).to_string();
        if count > METADATA_ENTRIES_MAX || text.len() > METADATA_BYTES_MAX {
            return Err(BadWish(format!("{PREFIX}metadata")));
        }
        wishes.metadata = Some(text);
    }
    Ok(wishes)
}

fn is_key(value: &str) -> bool {
    (1..=IDEMPOTENCY_KEY_MAX).contains(&value.len()) && value.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(message: &str) -> (String, Result<Wishes, BadWish>) {
        let length = header::block_length(message.as_bytes()).unwrap();
        let (rest, header, wishes) = take(&Bytes::copy_from_slice(message.as_bytes()), length);
        let rest = String::from_utf8(rest.to_vec()).unwrap();
        assert_eq!(header::block_length(rest.as_bytes()), Some(header), "{rest:?}");
        (rest, wishes)
    }

    #[test]
    fn fields_are_read_and_leave_no_trace() {
        let (rest, wishes) = taken(
            "From: a@b.example\r\nX-Postrider-Tag: welcome\r\nx-postrider-METADATA-Order: 17\r\nSubject: folded\r\n here\r\n\
             X-Postrider-Track-Opens: off\r\nX-Postrider-Stream:\r\n broadcast\r\nX-Postrider-Send-At: 2026-11-25T12:00:00Z\r\n\
             X-Postrider-Idempotency-Key: k-1\r\n\r\nX-Postrider-Tag: body\r\n",
        );
        assert_eq!(
            rest,
            "From: a@b.example\r\nSubject: folded\r\n here\r\n\r\nX-Postrider-Tag: body\r\n"
        );
        let expected = Wishes {
            tag: Some("welcome".into()),
            metadata: Some("{\"order\":\"17\"}".into()),
            track_opens: Some(false),
            track_clicks: None,
            stream: Stream::Broadcast,
            send_at_unix_ms: Some(1_795_608_000_000),
            idempotency_key: Some("k-1".into()),
        };
        assert_eq!(wishes, Ok(expected));
    }

    #[test]
    fn a_message_without_them_is_not_touched() {
        let message = "From: a@b.example\r\n\r\nbody\r\n";
        assert_eq!(taken(message), (message.to_owned(), Ok(Wishes::default())));
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (field, named) in [
            ("X-Postrider-Tga: welcome", "X-Postrider-tga"),
            ("X-Postrider-Tag: ", "X-Postrider-tag"),
            ("X-Postrider-Stream: bulk", "X-Postrider-stream"),
            ("X-Postrider-Send-At: tomorrow", "X-Postrider-send-at"),
            ("X-Postrider-Track-Clicks: maybe", "X-Postrider-track-clicks"),
            ("X-Postrider-Idempotency-Key: a b", "X-Postrider-idempotency-key"),
            ("X-Postrider-Metadata-: x", "X-Postrider-metadata-"),
        ] {
            let (rest, wishes) = taken(&format!("{field}\r\nFrom: a@b.example\r\n\r\n"));
            assert_eq!(wishes, Err(BadWish(named.into())));
            assert_eq!(rest, "From: a@b.example\r\n\r\n");
        }
    }
}
