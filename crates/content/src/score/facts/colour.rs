//! Colours as CSS writes them, and how far apart two are (WCAG 2.2, contrast ratio).

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(u8, u8, u8);

pub(super) const BLACK: Colour = Colour(0, 0, 0);
pub(super) const WHITE: Colour = Colour(255, 255, 255);
/// What browsers give to links.
pub(super) const LINK: Colour = Colour(0, 0, 238);

/// Names that occur in mail.
const NAMED: &[(&str, Colour)] = &[
    ("white", WHITE),
    ("black", BLACK),
    ("red", Colour(255, 0, 0)),
    ("green", Colour(0, 128, 0)),
    ("lime", Colour(0, 255, 0)),
    ("blue", Colour(0, 0, 255)),
    ("navy", Colour(0, 0, 128)),
    ("yellow", Colour(255, 255, 0)),
    ("orange", Colour(255, 165, 0)),
    ("gray", Colour(128, 128, 128)),
    ("grey", Colour(128, 128, 128)),
    ("silver", Colour(192, 192, 192)),
    ("lightgray", Colour(211, 211, 211)),
    ("lightgrey", Colour(211, 211, 211)),
    ("darkgray", Colour(169, 169, 169)),
    ("darkgrey", Colour(169, 169, 169)),
    ("whitesmoke", Colour(245, 245, 245)),
    ("snow", Colour(255, 250, 250)),
    ("ivory", Colour(255, 255, 240)),
    ("maroon", Colour(128, 0, 0)),
    ("purple", Colour(128, 0, 128)),
    ("fuchsia", Colour(255, 0, 255)),
    ("teal", Colour(0, 128, 128)),
    ("olive", Colour(128, 128, 0)),
    ("aqua", Colour(0, 255, 255)),
    ("cyan", Colour(0, 255, 255)),
];

impl Colour {
    /// Reads a colour that hides what is behind it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(digits) = text.strip_prefix('#') {
            return Self::of_hex(digits);
        }
        if let Some((function, arguments)) = text.split_once('(') {
            let opaque =
                function.trim().eq_ignore_ascii_case("rgb") || function.trim().eq_ignore_ascii_case("rgba");
            return opaque.then(|| Self::of_arguments(arguments)).flatten();
        }
        if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Self::of_hex(text); // `bgcolor=ffffff`
        }
        let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        named.map(|(_, colour)| *colour)
    }

    fn of_hex(digits: &str) -> Option<Self> {
        let number = u32::from_str_radix(digits, 16).ok()?;
        let octet = |shift: u32| u8::try_from((number >> shift) & 0xff).ok();
        let nibble = |shift: u32| {
            u8::try_from((number >> shift) & 0xf)
                .ok()
                .map(|nibble| nibble * 17)
        };
        match digits.len() {
            3 => Some(Self(nibble(8)?, nibble(4)?, nibble(0)?)),
            6 => Some(Self(octet(16)?, octet(8)?, octet(0)?)),
            _ => None,
        }
    }

    fn of_arguments(arguments: &str) -> Option<Self> {
        let mut numbers = arguments
            .trim_end_matches(')')
            .split([',', ' ', '/'])
            .filter(|number| !number.is_empty())
            .map(|number| number.trim().parse::<f32>());
        let mut channel = || numbers.next()?.ok().map(|number| number.clamp(0.0, 255.0) as u8);
        let colour = Self(channel()?, channel()?, channel()?);
        match numbers.next() {
            None => Some(colour),
            Some(opacity) => opacity.is_ok_and(|opacity| opacity >= 1.0).then_some(colour),
        }
    }

    /// 1 (the same) to 21 (black on white).
    pub(super) fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let share = f32::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_css_has_them() {
        for (text, colour) in [
            ("#fff", Some(WHITE)),
            (" #FFFFFF ", Some(WHITE)),
            ("ffffff", Some(WHITE)),
            ("White", Some(WHITE)),
            ("rgb(255, 255,255)", Some(WHITE)),
            ("rgb(255 255 255)", Some(WHITE)),
            ("rgba(255,255,255,1)", Some(WHITE)),
            ("rgba(255,255,255,.5)", None),
            ("transparent", None),
            ("#ffff", None),
            ("#\u{e4}a", None),
            ("rgb(", None),
            ("", None),
        ] {
            assert_eq!(Colour::parse(text), colour, "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 0.01);
        assert!((WHITE.contrast(WHITE) - 1.0).abs() < 0.01);
        let grey = Colour::parse("#767676").unwrap();
        assert!((grey.contrast(WHITE) - 4.54).abs() < 0.01);
    }
}
