//! The TOML file: which sections and keys it has, and where.
//!
//! The file is walked against the table of [`knobs`] rather than deserialized, because a deserializer stops at the
//! first fault and knows neither bounds nor what an unknown key was meant to be. A text that is not TOML is reported
//! as that alone: what a parser makes of the rest would be faults of the recovery, not of the file.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Report;
use super::knobs::{self, Knob, Preset, SECTIONS, Section};
use super::value::Setting;

/// A well-formed file, all of whose keys are known.
pub(super) struct File<'t> {
    root: DeTable<'t>,
}

/// One section as it stands in the file, or a section that the file leaves out.
#[derive(Clone, Copy)]
pub(super) struct Entry<'f> {
    section: &'static Section,
    table: Option<&'f DeTable<'f>>,
    offset: Option<usize>,
}

/// Takes values out of entries and notes what is wrong with them.
pub(super) struct Reader<'r, 't> {
    pub(super) report: &'r mut Report<'t>,
    folder: &'r Path,
}

impl<'t> File<'t> {
    /// Reads the shape of `text` and notes unknown sections and keys. `None` when it is not TOML, which is noted too.
    pub(super) fn read(text: &'t str, report: &mut Report<'t>) -> Option<Self> {
        let (root, faults) = DeTable::parse_recoverable(text);
        for fault in &faults {
            report.error(
                fault.span().map(|span| span.start),
                "",
                format!("not TOML: {}", fault.message()),
            );
        }
        if !faults.is_empty() {
            return None;
        }
        let file = Self {
            root: root.into_inner(),
        };
        file.refuse_unknown(report);
        Some(file)
    }

    /// The `[name]` section; without a table when the file leaves it out.
    pub(super) fn section(&self, name: &str) -> Entry<'_> {
        let section = known(name);
        match self.root.get_key_value(name) {
            Some((key, value)) => Entry {
                section,
                table: value.get_ref().as_table(),
                offset: Some(key.span().start),
            },
            None => Entry {
                section,
                table: None,
                offset: None,
            },
        }
    }

    /// The `[[name]]` sections, in the order of the file.
    pub(super) fn entries(&self, name: &str) -> Vec<Entry<'_>> {
        let section = known(name);
        let list = self.root.get(name).and_then(|value| value.get_ref().as_array());
        let entry = |value| Entry::of(section, value);
        list.map(|list| list.iter().filter_map(entry).collect())
            .unwrap_or_default()
    }

    fn refuse_unknown(&self, report: &mut Report) {
        for (name, value) in &self.root {
            let at = Some(name.span().start);
            let name: &str = name.get_ref();
            match (knobs::section(name), value.get_ref()) {
                (None, value) => report.error(at, name, unknown_section(name, value)),
                (Some(section), DeValue::Table(table)) if !section.repeated => {
                    refuse_unknown_keys(section, table, report);
                }
                (Some(section), DeValue::Array(list))
                    if section.repeated && list.iter().all(|entry| entry.get_ref().is_table()) =>
                {
                    for table in list.iter().filter_map(|entry| entry.get_ref().as_table()) {
                        refuse_unknown_keys(section, table, report);
                    }
                }
                (Some(section), _) if section.repeated => {
                    report.error(at, name, format!("may stand several times; write [[{name}]]"));
                }
                (Some(_), _) => report.error(at, name, format!("stands once; write [{name}]")),
            }
        }
    }
}

impl<'f> Entry<'f> {
    fn of(section: &'static Section, value: &'f Spanned<DeValue<'f>>) -> Option<Self> {
        Some(Self {
            section,
            table: Some(value.get_ref().as_table()?),
            offset: Some(value.span().start),
        })
    }

    /// Where `key` stands, or else its section.
    pub(super) fn offset(&self, key: &str) -> Option<usize> {
        let key = self.table.and_then(|table| table.get_key_value(key));
        key.map(|(key, _)| key.span().start).or(self.offset)
    }

    /// What stands at `key`, when it is a text.
    pub(super) fn text(&self, key: &str) -> Option<&'f str> {
        self.table?.get(key)?.get_ref().as_str()
    }

    /// The name of `key` in faults.
    pub(super) fn place(&self, key: &str) -> String {
        format!("{}.{key}", self.section.name)
    }
}

impl<'r, 't> Reader<'r, 't> {
    pub(super) fn new(report: &'r mut Report<'t>, folder: &'r Path) -> Self {
        Self { report, folder }
    }

    /// The value of a key that always has one, from the file or else its default; `None` after a fault.
    pub(super) fn read<T: Setting>(&mut self, entry: &Entry, key: &str) -> Option<T> {
        let knob = knob(entry.section, key);
        if let Some(value) = entry.table.and_then(|table| table.get(key)) {
            return self.setting(entry, knob, value.get_ref());
        }
        match knob.preset {
            Preset::Value(literal) => self.setting(entry, knob, &preset(literal)),
            Preset::Required(example) => {
                let what = format!("is missing; write {key} = {example}");
                self.report.error(entry.offset, entry.place(key), what);
                None
            }
            Preset::Unset { .. } => unreachable!("`{key}` may be absent; `optional` reads it"),
        }
    }

    /// The value of a key that may have none; `None` after a fault, `Some(None)` when it is absent.
    pub(super) fn optional<T: Setting>(&mut self, entry: &Entry, key: &str) -> Option<Option<T>> {
        let knob = knob(entry.section, key);
        match entry.table.and_then(|table| table.get(key)) {
            Some(value) => self.setting(entry, knob, value.get_ref()).map(Some),
            None => Some(None),
        }
    }

    fn setting<T: Setting>(&mut self, entry: &Entry, knob: &Knob, value: &DeValue) -> Option<T> {
        match T::read(value, &knob.kind, self.folder) {
            Ok(setting) => Some(setting),
            Err(wrong) => {
                self.report
                    .error(entry.offset(knob.key), entry.place(knob.key), wrong.0);
                None
            }
        }
    }
}

fn known(name: &str) -> &'static Section {
    knobs::section(name).unwrap_or_else(|| unreachable!("`{name}` is not in the table of knobs"))
}

fn knob(section: &'static Section, key: &str) -> &'static Knob {
    let found = section.knobs.iter().find(|knob| knob.key == key);
    found.unwrap_or_else(|| unreachable!("`{}.{key}` is not in the table of knobs", section.name))
}

fn preset(literal: &'static str) -> DeValue<'static> {
    match DeValue::parse(literal) {
        Ok(value) => value.into_inner(),
        Err(error) => unreachable!("the default {literal} is not TOML: {error}"),
    }
}

fn refuse_unknown_keys(section: &Section, table: &DeTable, report: &mut Report) {
    for (key, _) in table {
        let name: &str = key.get_ref();
        if !section.knobs.iter().any(|knob| knob.key == name) {
            let place = format!("{}.{name}", section.name);
            report.error(Some(key.span().start), place, unknown_key(section, name));
        }
    }
}

fn unknown_section(name: &str, value: &DeValue) -> String {
    if !value.is_table() && !value.is_array() {
        return match home_of(name) {
            Some(home) => format!("stands outside of any section; it belongs into {}", header(home)),
            None => "unknown key outside of any section".to_owned(),
        };
    }
    match nearest(name, SECTIONS.iter().map(|section| section.name)) {
        Some(nearest) => format!("unknown section; did you mean {}?", header(known(nearest))),
        None => "unknown section".to_owned(),
    }
}

fn unknown_key(section: &Section, name: &str) -> String {
    if let Some(nearest) = nearest(name, section.knobs.iter().map(|knob| knob.key)) {
        return format!("unknown key; did you mean `{nearest}`?");
    }
    if let Some(home) = home_of(name) {
        return format!("unknown key; it belongs into {}", header(home));
    }
    let keys: Vec<&str> = section.knobs.iter().map(|knob| knob.key).collect();
    format!("unknown key; {} has {}", header(section), keys.join(", "))
}

fn home_of(key: &str) -> Option<&'static Section> {
    SECTIONS
        .iter()
        .find(|section| section.knobs.iter().any(|knob| knob.key == key))
}

fn header(section: &Section) -> String {
    let name = section.name;
    if section.repeated {
        format!("[[{name}]]")
    } else {
        format!("[{name}]")
    }
}

/// The candidate that `name` was most likely meant to be, unless all are too far from it.
fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let near = candidates.map(|candidate| (distance(name, candidate), candidate));
    let (edits, candidate) = near.min_by_key(|(edits, _)| *edits)?;
    (edits <= candidate.len() / 3).then_some(candidate)
}

/// Number of insertions, deletions and replacements of octets that make `to` of `from` (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, from_octet) in from.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, to_octet) in row.iter_mut().skip(1).zip(to.bytes()) {
            let replaced = diagonal + usize::from(from_octet != to_octet);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (from, to, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("max", "mix", 1),
        ] {
            assert_eq!(distance(from, to), edits, "{from} -> {to}");
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["timeout", "servers", "cache_entries"];
        for (name, expected) in [
            ("timeuot", Some("timeout")),
            ("server", Some("servers")),
            ("cache_entrys", Some("cache_entries")),
            ("colour", None),
        ] {
            assert_eq!(nearest(name, names.into_iter()), expected, "{name}");
        }
    }
}
