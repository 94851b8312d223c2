//! Characters that look like others, or like nothing.

/// Whether nobody sees it: zero width, soft hyphens, marks of direction, tags.
pub(in crate::score) fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether it turns the direction of what follows (UAX #9 §2): embeddings, overrides, isolates.
pub(in crate::score) fn is_bidi_control(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Scripts of which letters pass for each other's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alike {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
}

/// Whether one word has letters of two scripts that look alike. None mixes them; those who imitate a word do.
pub(in crate::score) fn mixes_scripts(word: &str) -> bool {
    // `Wi-Fi-роутер` is three words.
    word.split(|char: char| !char.is_alphanumeric()).any(|word| {
        let mut scripts = word.chars().filter_map(Alike::of);
        let first = scripts.next();
        scripts.any(|script| Some(script) != first)
    })
}

impl Alike {
    fn of(char: char) -> Option<Self> {
        match char {
            // Signs of units and of mathematics are no words: micro, ohm.
            '\u{b5}' | '\u{2126}' | '\u{3a9}' | '\u{3bc}' | '\u{3c0}' => None,
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' if char.is_alphabetic() => Some(Self::Latin),
            '\u{370}'..='\u{3ff}' if char.is_alphabetic() => Some(Self::Greek),
            '\u{400}'..='\u{52f}' if char.is_alphabetic() => Some(Self::Cyrillic),
            '\u{531}'..='\u{587}' if char.is_alphabetic() => Some(Self::Armenian),
            '\u{13a0}'..='\u{13ff}' => Some(Self::Cherokee),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mix_scripts_are_found() {
        for (word, mixed) in [
            ("paypal", false),
            ("p\u{430}ypal", true),
            ("\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", false),
            ("m\u{fc}nchen", false),
            ("5\u{3bc}m", false),
            ("a\u{3b1}", true),
            ("Wi-Fi-\u{440}\u{43e}\u{443}", false),
            ("\u{65e5}\u{672c}go", false),
        ] {
            assert_eq!(mixes_scripts(word), mixed, "{word}");
        }
    }
}
