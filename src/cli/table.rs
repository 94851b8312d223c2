//! Tables for people: columns aligned, the last one as wide as it likes.

/// On which side the cells of a column begin.
#[derive(Clone, Copy)]
pub(super) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Lines of `rows` under the names of their columns, without spaces at the ends of lines.
pub(super) fn table<const COLUMNS: usize>(
    columns: [(&str, Align); COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let names = columns.map(|(name, _)| name.to_owned());
    let lines = || std::iter::once(&names).chain(rows);
    let mut widths = [0; COLUMNS];
    for line in lines() {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in lines() {
        let cells = line
            .iter()
            .zip(widths)
            .zip(columns)
            .map(|((cell, width), (_, align))| match align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A number of octets as people say it.
pub(super) fn octets(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| count >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", count / unit, count % unit * 10 / unit),
        None => format!("{count} B"),
    }
}

/// `count` things, with the right form of the noun.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [
            ["a".to_owned(), "7".to_owned(), "x".to_owned()],
            ["münchen".to_owned(), "12345".to_owned(), String::new()],
        ];
        let text = table(
            [
                ("NAME", Align::Left),
                ("SIZE", Align::Right),
                ("REST", Align::Left),
            ],
            &rows,
        );
        assert_eq!(text, "NAME      SIZE  REST\na            7  x\nmünchen  12345\n");
    }

    #[test]
    fn sizes_are_readable() {
        for (count, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KiB"),
            (26_214_400, "25.0 MiB"),
            (1 << 31, "2.0 GiB"),
        ] {
            assert_eq!(octets(count), expected);
        }
    }
}
