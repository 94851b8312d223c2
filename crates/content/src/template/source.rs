//! One part of a template: its text without the places, and where in it each value goes.

use serde_json::{Map, Value};

use super::{Fault, NAME_OCTETS_MAX, PART_OCTETS_MAX, PLACES_MAX, RENDERED_OCTETS_MAX};

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// What is done to a value before it is put in its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Escape {
    Nothing,
    Html,
}

/// A part that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    text: String,
    places: Vec<Place>,
}

/// A place for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// How much of the text comes before it, counted from the place before.
    after: usize,
    /// At least one segment, parted by dots.
    name: String,
}

impl Source {
    /// Reads a part. A fault comes with its line.
    pub(super) fn parse(source: &str) -> Result<Self, (usize, Fault)> {
        if source.len() > PART_OCTETS_MAX {
            return Err((1, Fault::Length));
        }
        let mut part = Self {
            text: String::with_capacity(source.len()),
            places: Vec::new(),
        };
        let mut rest = source;
        while let Some((literal, behind)) = rest.split_once(OPEN) {
            let (name, next) = place_at(behind, part.places.len())
                .map_err(|fault| (line_of(source, source.len() - behind.len()), fault))?;
            part.text.push_str(literal);
            part.places.push(Place {
                after: literal.len(),
                name: name.to_owned(),
            });
            rest = next;
        }
        part.text.push_str(rest);
        Ok(part)
    }

    /// The variables that the part takes its values from.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.places
            .iter()
            .filter_map(|place| place.name.split('.').next())
    }

    /// The places of the part.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter()
    }

    /// The part with its values; a place without one stays empty. `None` if it gets too long.
    pub(super) fn render(&self, vars: &Map<String, Value>, escape: Escape) -> Option<String> {
        let mut rendered = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        for place in &self.places {
            let (literal, behind) = rest.split_at_checked(place.after)?;
            rendered.push_str(literal);
            rest = behind;
            if let Some(value) = place.value(vars) {
                push_value(&mut rendered, value, escape);
            }
            if rendered.len() > RENDERED_OCTETS_MAX {
                return None;
            }
        }
        rendered.push_str(rest);
        (rendered.len() <= RENDERED_OCTETS_MAX).then_some(rendered)
    }
}

impl Place {
    /// What stands between the braces.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What goes here: the variable, or what the rest of the name reaches within it.
    pub(super) fn value<'a>(&self, vars: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut segments = self.name.split('.');
        let variable = vars.get(segments.next()?)?;
        segments.try_fold(variable, |value, segment| match value {
            Value::Object(members) => members.get(segment),
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

/// Reads a place behind its opening braces: its name, and what follows the closing ones.
fn place_at(behind: &str, places: usize) -> Result<(&str, &str), Fault> {
    if places >= PLACES_MAX {
        return Err(Fault::Places);
    }
    let (name, next) = behind.split_once(CLOSE).ok_or(Fault::Open)?;
    let name = name.trim();
    let is_segment = |segment: &str| {
        let in_place = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-');
        !segment.is_empty() && segment.chars().all(in_place)
    };
    if name.len() > NAME_OCTETS_MAX || !name.split('.').all(is_segment) {
        return Err(Fault::Name);
    }
    Ok((name, next))
}

fn line_of(source: &str, at: usize) -> usize {
    source.bytes().take(at).filter(|octet| *octet == b'\n').count() + 1
}

fn push_value(rendered: &mut String, value: &Value, escape: Escape) {
    match (value, escape) {
        (Value::String(text), Escape::Html) => push_escaped(rendered, text),
        (Value::String(text), Escape::Nothing) => rendered.push_str(text),
        // Nothing in it needs escaping. Lists and objects have been refused before.
        (other, _) => rendered.push_str(&other.to_string()),
    }
}

/// Safe in HTML text and in quoted attribute values.
fn push_escaped(rendered: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => rendered.push_str("&amp;"),
            '<' => rendered.push_str("&lt;"),
            '>' => rendered.push_str("&gt;"),
            '"' => rendered.push_str("&quot;"),
            '\'' => rendered.push_str("&#39;"),
            plain => rendered.push(plain),
        }
    }
}
