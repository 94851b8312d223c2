//! One rule: on which replies it speaks, and what it says of them.

use std::fmt;
use std::ops::Range;

use smtp::client::EnhancedCode;

use super::class::Class;
use super::said::Said;

/// To what a reply was the answer, as far as its meaning goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The greeting.
    Connect,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA and what follows it.
    Data,
}

impl Stage {
    const ALL: [Self; 6] = [
        Self::Connect,
        Self::Hello,
        Self::StartTls,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
    ];

    /// Its name in files of rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Hello => "hello",
            Self::StartTls => "starttls",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
        }
    }

    /// The stage of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl From<smtp::client::Stage> for Stage {
    /// RSET comes before a transaction, and is taken for its beginning.
    fn from(stage: smtp::client::Stage) -> Self {
        use smtp::client::Stage as Sent;
        match stage {
            Sent::Connect => Self::Connect,
            Sent::Hello => Self::Hello,
            Sent::StartTls => Self::StartTls,
            Sent::Rset | Sent::Mail => Self::Mail,
            Sent::Rcpt => Self::Rcpt,
            Sent::Data | Sent::Message | Sent::EndOfData => Self::Data,
        }
    }
}

/// Whose file a rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The file that comes with the program, `rules.toml`.
    Program,
    /// A file of the operator.
    Operator,
}

/// Where a rule is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In whose file.
    pub author: Author,
    /// The line at which it begins, counted from one.
    pub line: usize,
}

/// A rule. It speaks when each of its conditions holds; of a list one member must.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) class: Class,
    /// Names of providers.
    pub(super) providers: Vec<String>,
    pub(super) codes: Vec<CodePattern>,
    pub(super) enhanced: Vec<EnhancedPattern>,
    pub(super) stages: Vec<Stage>,
    /// As they were written.
    pub(super) texts: Vec<String>,
    /// Replies that it decides, for whoever reads it and for the tests.
    pub(super) examples: Vec<String>,
}

/// The turn of a rule: those with an earlier one are asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    ProviderText,
    ProviderCode,
    Text,
    Enhanced,
    Code,
    Stage,
}

impl Rule {
    /// Whether it would speak on everything.
    pub(super) fn has_no_condition(&self) -> bool {
        self.providers.is_empty()
            && self.codes.is_empty()
            && self.enhanced.is_empty()
            && self.stages.is_empty()
            && self.texts.is_empty()
    }

    pub(super) fn turn(&self) -> Turn {
        let (of_provider, with_text) = (!self.providers.is_empty(), !self.texts.is_empty());
        if of_provider && with_text {
            Turn::ProviderText
        } else if of_provider {
            Turn::ProviderCode
        } else if with_text {
            Turn::Text
        } else if !self.enhanced.is_empty() {
            Turn::Enhanced
        } else if !self.codes.is_empty() {
            Turn::Code
        } else {
            Turn::Stage
        }
    }

    /// Whether it speaks, given which providers it may be and whether one of its texts was heard.
    pub(super) fn speaks(&self, said: &Said, providers: &[&str], heard: bool) -> bool {
        let provider = self.providers.is_empty()
            || self
                .providers
                .iter()
                .any(|name| providers.contains(&name.as_str()));
        provider
            && (self.texts.is_empty() || heard)
            && any_or_none(&self.codes, said.code, |pattern, code| pattern.fits(code))
            && any_or_none(&self.enhanced, said.enhanced, |pattern, code| pattern.fits(code))
            && any_or_none(&self.stages, said.stage, |stage, said| *stage == said)
    }
}

/// Whether there is nothing to fulfil, or something that fulfils one of the conditions.
fn any_or_none<P, T: Copy>(patterns: &[P], value: Option<T>, fits: impl Fn(&P, T) -> bool) -> bool {
    patterns.is_empty() || value.is_some_and(|value| patterns.iter().any(|pattern| fits(pattern, value)))
}

/// Reply codes: `550`, `45x`, `5xx`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodePattern(Range<u16>);

impl CodePattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches('x');
        let width: u16 = match (text.len(), text.len() - digits.len()) {
            (3, 0) => 1,
            (3, 1) => 10,
            (3, 2) => 100,
            _ => return None,
        };
        let first = digits.parse::<u16>().ok()?.checked_mul(width)?;
        (200..600).contains(&first).then_some(Self(first..first + width))
    }

    fn fits(&self, code: u16) -> bool {
        self.0.contains(&code)
    }
}

/// Enhanced codes: `5.7.26`, `x.7.26`, `5.7.x`, `5.7.606-649`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EnhancedPattern {
    class: Option<u8>,
    subject: Option<u16>,
    detail: Range<u16>,
}

impl EnhancedPattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let class = match numbers.next()? {
            "x" => None,
            "4" => Some(4),
            "5" => Some(5),
            _ => return None,
        };
        let subject = match numbers.next()? {
            "x" => None,
            number => Some(thousand(number)?),
        };
        let detail = match numbers.next()? {
            "x" => 0..1000,
            range => match range.split_once('-') {
                Some((first, last)) => thousand(first)?..thousand(last)? + 1,
                None => thousand(range)?..thousand(range)? + 1,
            },
        };
        (numbers.next().is_none() && !detail.is_empty()).then_some(Self {
            class,
            subject,
            detail,
        })
    }

    fn fits(&self, code: EnhancedCode) -> bool {
        self.class.is_none_or(|class| class == code.class)
            && self.subject.is_none_or(|subject| subject == code.subject)
            && self.detail.contains(&code.detail)
    }
}

/// A number of up to three digits.
fn thousand(digits: &str) -> Option<u16> {
    let sound = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| digits.parse().ok()).flatten()
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_with_x_for_any_digit() {
        for (pattern, code, expected) in [
            ("550", 550, true),
            ("550", 551, false),
            ("55x", 559, true),
            ("55x", 560, false),
            ("4xx", 400, true),
            ("4xx", 500, false),
        ] {
            let pattern = CodePattern::parse(pattern).unwrap();
            assert_eq!(pattern.fits(code), expected, "{pattern:?} {code}");
        }
        for wrong in ["", "55", "5505", "x50", "xxx", "5x0", "999", "+50"] {
            assert_eq!(CodePattern::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn enhanced_codes_are_written_with_x_and_ranges() {
        for (pattern, code, expected) in [
            ("5.7.26", "5.7.26", true),
            ("5.7.26", "4.7.26", false),
            ("x.7.26", "4.7.26", true),
            ("5.7.x", "5.7.999", true),
            ("5.7.x", "5.6.1", false),
            ("5.7.606-649", "5.7.606", true),
            ("5.7.606-649", "5.7.649", true),
            ("5.7.606-649", "5.7.650", false),
            ("5.x.x", "5.1.1", true),
        ] {
            let pattern = EnhancedPattern::parse(pattern).unwrap();
            let code = EnhancedCode::parse(code).unwrap();
            assert_eq!(pattern.fits(code), expected, "{pattern:?} {code}");
        }
        for wrong in [
            "", "5.7", "5.7.1.1", "2.0.0", "5.7.9-1", "5.7.1000", "5.y.1", "5.7.-1",
        ] {
            assert_eq!(EnhancedPattern::parse(wrong), None, "{wrong:?}");
        }
    }
}
