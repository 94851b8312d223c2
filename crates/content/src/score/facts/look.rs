//! How text looks that stands within certain elements: whether it is shown, how large, in which colours.

use super::colour::{BLACK, Colour, LINK, WHITE};
use super::tag::Tag;

/// Font sizes, in px, below which nobody reads.
const FONT_PX_READ_MIN: f32 = 2.0;

/// Contrast below which text is not seen at all.
const CONTRAST_SEEN_MIN: f32 = 1.2;

/// Contrast below which text is hard to see.
const CONTRAST_READ_MIN: f32 = 2.0;

/// What text inherits from the elements around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    hidden: bool,
    pub(super) font_px: f32,
    /// `None` if not known.
    colour: Option<Colour>,
    ground: Option<Colour>,
}

/// Whether text is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Seen,
    Faint,
    SameColour,
    ZeroFont,
    Hidden,
}

impl Look {
    pub(super) fn plain() -> Self {
        Self {
            hidden: false,
            font_px: 16.0,
            colour: Some(BLACK),
            ground: Some(WHITE),
        }
    }

    pub(super) fn sight(self) -> Sight {
        if self.hidden {
            return Sight::Hidden;
        }
        if self.font_px < FONT_PX_READ_MIN {
            return Sight::ZeroFont;
        }
        match self
            .colour
            .zip(self.ground)
            .map(|(colour, ground)| colour.contrast(ground))
        {
            Some(contrast) if contrast < CONTRAST_SEEN_MIN => Sight::SameColour,
            Some(contrast) if contrast < CONTRAST_READ_MIN => Sight::Faint,
            _ => Sight::Seen,
        }
    }

    /// That of what is in this element. `classes_may` says whether the style sheet of the document may change it.
    pub(super) fn within(mut self, tag: &Tag, classes_may: ClassesMay) -> Self {
        if tag.name() == "a" && tag.value("href").is_some() {
            self.colour = Some(LINK);
        }
        let classed = tag.value("class").is_some() || tag.value("id").is_some();
        if classed && classes_may.colour {
            self.ground = None;
        }
        for name in ["text", "color"] {
            self.paint(tag.value(name));
        }
        if let Some(colour) = tag.value("bgcolor").and_then(Colour::parse) {
            self.ground = Some(colour);
        }
        if tag.value("background").is_some() {
            self.ground = None;
        }
        let mut shrunk = Shrunk::default();
        for (property, value) in declarations(tag.value("style").unwrap_or_default()) {
            self.declare(property, value, &mut shrunk);
        }
        let hides = tag.value("hidden").is_some() || shrunk.hides();
        if hides && !(classed && classes_may.display) {
            self.hidden = true;
        }
        self
    }

    fn paint(&mut self, colour: Option<&str>) {
        if let Some(colour) = colour {
            self.colour = Colour::parse(colour);
        }
    }

    fn declare(&mut self, property: &str, value: &str, shrunk: &mut Shrunk) {
        let is = |name: &str| property.eq_ignore_ascii_case(name);
        let value = value.trim_end_matches("!important").trim();
        let says = |word: &str| value.eq_ignore_ascii_case(word);
        if is("color") {
            self.paint(Some(value));
        } else if is("background-color") || is("background") {
            self.ground = match Colour::parse(value) {
                None if says("transparent") || says("none") || says("inherit") => self.ground,
                colour => colour,
            };
        } else if is("background-image") && !says("none") {
            self.ground = None;
        } else if is("font-size") {
            self.font_px = font_px(value, self.font_px);
        } else if is("display") {
            shrunk.hidden |= says("none");
        } else if is("visibility") {
            shrunk.hidden |= says("hidden");
        } else if is("opacity") {
            shrunk.hidden |= value.parse().is_ok_and(|opacity: f32| opacity < 0.05);
        } else if is("text-indent") || is("left") || is("margin-left") {
            shrunk.hidden |= px(value).is_some_and(|px| px <= -999.0);
        } else if is("max-height") || is("height") || is("max-width") || is("width") {
            shrunk.flat |= px(value) == Some(0.0);
        } else if is("overflow") {
            shrunk.cut |= says("hidden");
        }
    }
}

/// What a style sheet in the document speaks of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClassesMay {
    pub(super) display: bool,
    pub(super) colour: bool,
}

#[derive(Default)]
struct Shrunk {
    hidden: bool,
    flat: bool,
    cut: bool,
}

impl Shrunk {
    fn hides(&self) -> bool {
        self.hidden || (self.flat && self.cut)
    }
}

/// The declarations of a `style` attribute.
pub(super) fn declarations(style: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = style
        .split(';')
        .filter_map(|declaration| declaration.split_once(':'));
    pairs.map(|(property, value)| (property.trim(), value.trim()))
}

/// A length in px or without a unit.
pub(super) fn px(value: &str) -> Option<f32> {
    let value = value.trim();
    let number = value.strip_suffix("px").unwrap_or(value).trim();
    number.parse().ok().filter(|px: &f32| px.is_finite())
}

/// A font size, where that around it is `around`.
fn font_px(value: &str, around: f32) -> f32 {
    let lower = value.to_ascii_lowercase();
    let number = |unit: &str| {
        let number = lower.strip_suffix(unit)?.trim().parse::<f32>().ok();
        number.filter(|number| number.is_finite())
    };
    let absolute = number("px")
        .or_else(|| number("rem").map(|rem| rem * 16.0))
        .or_else(|| number("pt").map(|pt| pt * 4.0 / 3.0));
    let relative = || {
        number("em")
            .or_else(|| number("%").map(|percent| percent / 100.0))
            .map(|share| share * around)
    };
    // Without a unit only 0 is a length.
    let zero = || lower.parse::<f32>().ok().filter(|number| *number == 0.0);
    absolute.or_else(relative).or_else(zero).unwrap_or(around)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn font_sizes_have_units() {
        for (value, expected) in [
            ("0", 0.0),
            ("0px", 0.0),
            ("1PX", 1.0),
            ("12pt", 16.0),
            ("2em", 40.0),
            ("50%", 10.0),
            ("2rem", 32.0),
            ("14", 20.0),
            ("large", 20.0),
            ("nanpx", 20.0),
        ] {
            assert!((font_px(value, 20.0) - expected).abs() < 0.01, "{value}");
        }
    }
}
