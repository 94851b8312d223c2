//! Values of keys: from TOML to the types of the configuration, within the bounds of their kind.

use std::fmt;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use smtp::address::Mailbox;
use toml::de::{DeInteger, DeValue};

use super::domain::is_host_name;
use super::knobs::Kind;
use super::web::{is_base_url, is_origin};
use super::{DomainPattern, Engine, ListenerKind, LogFormat, Network, NextHop, OutboundTls, TrackingHosts};

/// What is wrong with a value and what to write instead.
pub(super) struct Wrong(pub(super) String);

/// A type that values of some kinds are read into.
pub(super) trait Setting: Sized {
    /// Reads `value`, which must be of `kind`; relative paths are relative to `folder`.
    fn read(value: &DeValue, kind: &Kind, folder: &Path) -> Result<Self, Wrong>;
}

impl Kind {
    /// The values of this kind in words, with their unit and bounds.
    pub fn expects(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Host => "a host name".to_owned(),
            Self::Mailbox => "an e-mail address".to_owned(),
            Self::Url => "a URL such as \"https://api.example.org\"".to_owned(),
            Self::Origin => "an origin such as \"https://app.example.org\", or \"*\"".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::PublicFile | Self::PrivateFile => "the path of a file".to_owned(),
            Self::Count { of, min, max } => format!("a number of {of}, {min} to {max}"),
            Self::Size { min, max } => {
                format!(
                    "a size such as \"25MiB\", {} to {}",
                    size_text(*min),
                    size_text(*max)
                )
            }
            Self::Lapse { min, max } => {
                format!(
                    "a time such as \"30s\", {} to {}",
                    lapse_text(*min),
                    lapse_text(*max)
                )
            }
            Self::Number { min, max } => format!("a number, {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                quoted.join(" or ")
            }
            Self::Address => "an IP address".to_owned(),
            Self::Socket => "an IP address and a port, such as \"127.0.0.1:25\" or \"[::1]:25\"".to_owned(),
            Self::Port => "a port, 1 to 65535".to_owned(),
            Self::Many(kind) => format!("a list, each {}", kind.expects()),
            Self::Networks => "a list of networks such as \"192.0.2.0/24\"".to_owned(),
            Self::Pattern => "a domain, \"*.\" and a domain, or \"*\"".to_owned(),
            Self::NextHop => "\"host:port\" or \"[host]:port\"".to_owned(),
            Self::Filter => "a level or log filter directives".to_owned(),
        }
    }
}

/// The shortest text of a length of time in whole units.
pub(super) fn lapse_text(lapse: Duration) -> String {
    let ms = lapse.as_millis();
    let whole = LAPSE_UNITS
        .iter()
        .find(|(_, unit)| ms > 0 && ms.is_multiple_of(u128::from(*unit)));
    match whole {
        Some((name, unit)) => format!("{}{name}", ms / u128::from(*unit)),
        None => "0s".to_owned(),
    }
}

/// The shortest text of a number of octets in whole units.
pub(super) fn size_text(octets: u64) -> String {
    let whole = SIZE_UNITS
        .iter()
        .find(|(_, unit)| octets > 0 && octets.is_multiple_of(*unit));
    match whole {
        Some((name, unit)) => format!("{}{name}", octets / unit),
        None => octets.to_string(),
    }
}

/// Units of time in milliseconds, the longest first.
const LAPSE_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Units of size in octets, the largest first.
const SIZE_UNITS: [(&str, u64); 5] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("", 1),
];

impl Setting for String {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let text = text(value, kind)?;
        let fits = match kind {
            Kind::Host => is_host_name(text),
            Kind::Mailbox => Mailbox::parse(text).is_ok(),
            Kind::Url => is_base_url(text),
            Kind::Origin => is_origin(text),
            Kind::Filter => tracing_subscriber::EnvFilter::builder().parse(text).is_ok(),
            _ => !text.trim().is_empty(),
        };
        if fits {
            Ok(text.to_owned())
        } else {
            Err(unexpected(kind, &format!("\"{text}\"")))
        }
    }
}

impl Setting for PathBuf {
    fn read(value: &DeValue, kind: &Kind, folder: &Path) -> Result<Self, Wrong> {
        let text = text(value, kind)?;
        if text.is_empty() {
            return Err(unexpected(kind, "an empty one"));
        }
        let path = folder.join(text);
        if matches!(kind, Kind::PublicFile | Kind::PrivateFile) {
            readable(&path)?;
        }
        Ok(path)
    }
}

impl Setting for bool {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        value.as_bool().ok_or_else(|| mistyped(value, kind))
    }
}

impl Setting for u64 {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let (number, min, max) = match (kind, value) {
            (Kind::Count { min, max, .. }, DeValue::Integer(number)) => (whole(number), *min, *max),
            (Kind::Size { min, max }, DeValue::Integer(number)) => (whole(number), *min, *max),
            (Kind::Size { min, max }, DeValue::String(text)) => (with_unit(text, &SIZE_UNITS), *min, *max),
            _ => return Err(mistyped(value, kind)),
        };
        let number = number.filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| unexpected(kind, &found(value)))
    }
}

impl Setting for usize {
    fn read(value: &DeValue, kind: &Kind, folder: &Path) -> Result<Self, Wrong> {
        let number = u64::read(value, kind, folder)?;
        Self::try_from(number).map_err(|_| unexpected(kind, &found(value)))
    }
}

impl Setting for u16 {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let number = value.as_integer().ok_or_else(|| mistyped(value, kind))?;
        let port = whole(number)
            .and_then(|port| Self::try_from(port).ok())
            .filter(|port| *port > 0);
        port.ok_or_else(|| unexpected(kind, &found(value)))
    }
}

impl Setting for f64 {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let number: Option<Self> = match value {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => number.to_string().parse().ok(),
            _ => return Err(mistyped(value, kind)),
        };
        let inside = |number: &Self| match kind {
            Kind::Number { min, max } => (*min..=*max).contains(number),
            _ => false,
        };
        number
            .filter(inside)
            .ok_or_else(|| unexpected(kind, &found(value)))
    }
}

impl Setting for Duration {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let lapse = with_unit(text(value, kind)?, &LAPSE_UNITS).map(Self::from_millis);
        let inside = |lapse: &Self| match kind {
            Kind::Lapse { min, max } => (min..=max).contains(&lapse),
            _ => false,
        };
        lapse
            .filter(inside)
            .ok_or_else(|| unexpected(kind, &found(value)))
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn read(value: &DeValue, kind: &Kind, folder: &Path) -> Result<Self, Wrong> {
        let list = value.as_array().ok_or_else(|| mistyped(value, kind))?;
        let of = match kind {
            Kind::Many(of) => of,
            _ => kind,
        };
        list.iter()
            .map(|item| T::read(item.get_ref(), of, folder))
            .collect()
    }
}

impl Setting for IpAddr {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let text = text(value, kind)?;
        text.parse().map_err(|_| unexpected(kind, &found(value)))
    }
}

impl Setting for SocketAddr {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        let text = text(value, kind)?;
        text.parse().map_err(|_| unexpected(kind, &found(value)))
    }
}

impl Setting for Network {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        explained(value, kind)
    }
}

impl Setting for DomainPattern {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        explained(value, kind)
    }
}

impl Setting for NextHop {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        explained(value, kind)
    }
}

impl Setting for ListenerKind {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        match text(value, kind)? {
            "submission" => Ok(Self::Submission),
            "relay" => Ok(Self::Relay),
            "reports" => Ok(Self::Reports),
            _ => Err(unexpected(kind, &found(value))),
        }
    }
}

impl Setting for TrackingHosts {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        match text(value, kind)? {
            "certificates" => Ok(Self::Certificates),
            "proxy" => Ok(Self::Proxy),
            _ => Err(unexpected(kind, &found(value))),
        }
    }
}

impl Setting for OutboundTls {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        match text(value, kind)? {
            "never" => Ok(Self::Never),
            "opportunistic" => Ok(Self::Opportunistic),
            "required" => Ok(Self::Required),
            _ => Err(unexpected(kind, &found(value))),
        }
    }
}

impl Setting for Engine {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        match text(value, kind)? {
            "rocksdb" => Ok(Self::RocksDb),
            "memory" => Ok(Self::Memory),
            _ => Err(unexpected(kind, &found(value))),
        }
    }
}

impl Setting for LogFormat {
    fn read(value: &DeValue, kind: &Kind, _: &Path) -> Result<Self, Wrong> {
        match text(value, kind)? {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(unexpected(kind, &found(value))),
        }
    }
}

fn text<'v>(value: &'v DeValue, kind: &Kind) -> Result<&'v str, Wrong> {
    value.as_str().ok_or_else(|| mistyped(value, kind))
}

/// A text whose type says itself what is wrong with it.
fn explained<T: FromStr<Err: fmt::Display>>(value: &DeValue, kind: &Kind) -> Result<T, Wrong> {
    let text = text(value, kind)?;
    text.parse()
        .map_err(|error| Wrong(format!("\"{text}\": {error}")))
}

fn readable(path: &Path) -> Result<(), Wrong> {
    let is_file = File::open(path)
        .and_then(|file| file.metadata())
        .map(|metadata| metadata.is_file());
    match is_file {
        Ok(true) => Ok(()),
        Ok(false) => Err(Wrong(format!("{} is not a file", path.display()))),
        Err(error) => {
            let path = path.display();
            Err(Wrong(format!(
                "cannot read {path}: {error}; correct the path or the file's permissions"
            )))
        }
    }
}

fn whole(number: &DeInteger) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A number directly followed by one of `units`, as a number of the smallest unit.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, name) = text.split_at(digits);
    let (_, unit) = units.iter().find(|(unit, _)| *unit == name)?;
    number.parse::<u64>().ok()?.checked_mul(*unit)
}

fn mistyped(value: &DeValue, kind: &Kind) -> Wrong {
    unexpected(
        kind,
        &format!("{} {}", article(value.type_str()), value.type_str()),
    )
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'i']) { "an" } else { "a" }
}

fn found(value: &DeValue) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        other => other.type_str().to_owned(),
    }
}

fn unexpected(kind: &Kind, found: &str) -> Wrong {
    Wrong(format!("expected {}; found {found}", kind.expects()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lapses_and_sizes_are_read() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("4h", Some(14_400_000)),
            ("5d", Some(432_000_000)),
            ("250ms", Some(250)),
            ("0s", Some(0)),
            ("30", None),
            ("s", None),
            ("-5s", None),
            ("1.5h", None),
            ("5 m", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(with_unit(text, &LAPSE_UNITS), expected, "{text}");
        }
        for (text, expected) in [
            ("64KiB", Some(65_536)),
            ("25MiB", Some(26_214_400)),
            ("1GiB", Some(1 << 30)),
            ("0", Some(0)),
            ("25MB", None),
            ("MiB", None),
        ] {
            assert_eq!(with_unit(text, &SIZE_UNITS), expected, "{text}");
        }
    }

    #[test]
    fn texts_of_bounds_are_short() {
        for (lapse, expected) in [
            (0, "0s"),
            (250, "250ms"),
            (90_000, "90s"),
            (300_000, "5m"),
            (86_400_000, "1d"),
        ] {
            assert_eq!(lapse_text(Duration::from_millis(lapse)), expected);
        }
        for (octets, expected) in [
            (0, "0"),
            (1_000, "1000"),
            (65_536, "64KiB"),
            (26_214_400, "25MiB"),
        ] {
            assert_eq!(size_text(octets), expected);
        }
    }
}
