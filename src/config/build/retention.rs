//! The section `[retention]`.

use std::time::Duration;

use super::super::file::{Entry, Reader};

pub(super) fn retention(entry: &Entry, reader: &mut Reader) -> Option<ledger::Retention> {
    let ms = |lapse: Duration| u64::try_from(lapse.as_millis()).unwrap_or(u64::MAX);
    let events: Option<Duration> = reader.read(entry, "events");
    let logs: Option<Duration> = reader.read(entry, "logs");
    Some(ledger::Retention {
        events_ms: ms(events?),
        logs_ms: ms(logs?),
    })
}
