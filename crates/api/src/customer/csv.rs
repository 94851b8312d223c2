//! Lists as CSV (RFC 4180): cells that spreadsheets would run, and columns as others name them.
//!
//! A cell that begins with `=`, `+`, `-`, `@` or TAB is a formula to a spreadsheet. It is written behind an apostrophe, and
//! reading takes exactly that one away again: what was exported and is imported is the same, apostrophes of its own too.

use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

/// Writes rows.
pub(super) fn written(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // A vector takes every octet.
        let _ = writer.write_record(&row);
    }
    writer.into_inner().unwrap_or_default()
}

/// A cell of somebody's words, as it is written.
pub(super) fn guarded(text: &str) -> String {
    match is_formula(text.trim_start_matches('\'')) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The same as it is read.
pub(super) fn bare(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t'])
}

/// The records of a file with the lines that they begin at. A byte order mark is none of its text.
pub(super) fn records(octets: &[u8]) -> impl Iterator<Item = (u64, ByteRecord)> + '_ {
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(octets);
    let (mut counted, mut line) = (0, 1);
    let records = reader.into_byte_records().map_while(Result::ok);
    records.map(move |record| {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        // Line ends and blank lines before a record may be counted to it.
        let ends = octets.get(start..).unwrap_or_default().iter();
        let start = start + ends.take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let passed = octets.get(counted..start).unwrap_or_default().iter();
        line += passed
            .filter(|octet| **octet == b'\n')
            .map(|_| 1_u64)
            .sum::<u64>();
        counted = start;
        (line, record)
    })
}

/// Where the columns of a list are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) email: usize,
    pub(super) reason: Option<usize>,
    pub(super) evidence: Option<usize>,
    pub(super) kind: Option<usize>,
    pub(super) domain: Option<usize>,
    pub(super) created: Option<usize>,
    pub(super) expires: Option<usize>,
}

impl Columns {
    /// The columns that a first record names; none if it names no address.
    pub(super) fn named(record: &ByteRecord) -> Option<Self> {
        let names: Vec<String> = record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).trim().to_lowercase())
            .collect();
        let find = |known: &[&str]| {
            known
                .iter()
                .find_map(|known| names.iter().position(|name| name == known))
        };
        Some(Self {
            email: find(&["email", "address", "recipient"])?,
            reason: find(&["reason", "status"]),
            evidence: find(&["evidence"]),
            kind: find(&["type"]),
            domain: find(&["domain_id"]),
            created: find(&["created_at", "created", "date"]),
            expires: find(&["expires_at"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+a", "'+a"),
            ("-a", "'-a"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("'=a", "''=a"),
            ("'a", "'a"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), cell);
            assert_eq!(bare(cell), text);
        }
        let lines = |text: &str| records(text.as_bytes()).map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(lines("a\r\nb\r\n\r\n\"c\r\n\"\r\nd"), [1, 2, 4, 6]);
        assert_eq!(lines("\u{feff}a\n\nb\n"), [1, 3]);
        let octets = written([vec!["a,\"b\"\r\nc".to_owned(), "d".to_owned()]]);
        assert_eq!(octets, b"\"a,\"\"b\"\"\r\nc\",d\r\n");
        let (line, record) = records(&octets).next().unwrap();
        assert_eq!(
            (line, record.get(0), record.get(1)),
            (1, Some(&b"a,\"b\"\r\nc"[..]), Some(&b"d"[..]))
        );
    }
}
