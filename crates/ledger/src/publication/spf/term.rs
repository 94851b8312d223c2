//! The terms of an SPF record (RFC 7208 §4.6.1), as far as they matter without addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::found::quoted;
use super::super::host;
use super::super::verification::NAME_OCTETS_MAX;

/// What a match means (RFC 7208 §4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// Matches everybody.
    All(Qualifier),
    /// Matches the addresses of a host.
    Host(Qualifier, String),
    /// Matches whoever passes another domain's record.
    Include(Qualifier, String),
    /// Needs a look-up and does not name our host: `mx`, `ptr`, `exists`.
    Lookup,
    /// Needs none: `ip4`, `ip6`, modifiers.
    Other,
}

/// A record: its mechanisms in order, and where it redirects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) terms: Vec<Term>,
    pub(super) redirect: Option<String>,
}

impl Record {
    /// Reads what stands behind the version of the record of `domain`; else says which term is wrong.
    pub(super) fn parse(domain: &str, text: &str) -> Result<Self, String> {
        let mut record = Self {
            terms: Vec::new(),
            redirect: None,
        };
        let mut explained = false;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let fault = || format!("{} is not a term of SPF", quoted(word));
            match modifier(word) {
                Some(("redirect", target)) if record.redirect.is_none() && is_name(target) => {
                    record.redirect = Some(host(target));
                }
                // RFC 7208 §6: neither may be there twice.
                Some(("redirect", _)) => return Err(fault()),
                Some(("exp", target)) if explained || target.is_empty() => return Err(fault()),
                Some(("exp", _)) => explained = true,
                // RFC 7208 §6: unknown modifiers are ignored.
                Some(_) => {}
                None => record.terms.push(mechanism(domain, word).ok_or_else(fault)?),
            }
        }
        // RFC 7208 §6.1: with `all` anywhere in the record a redirect is ignored.
        if record.terms.iter().any(|term| matches!(term, Term::All(_))) {
            record.redirect = None;
        }
        Ok(record)
    }
}

/// `name=value`; the name begins with a letter, so that `:` and `/` before the `=` tell a mechanism.
fn modifier(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let rest = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
    let sound = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(rest);
    let name = match name {
        name if name.eq_ignore_ascii_case("redirect") => "redirect",
        name if name.eq_ignore_ascii_case("exp") => "exp",
        name => name,
    };
    sound.then_some((name, value))
}

fn mechanism(domain: &str, word: &str) -> Option<Term> {
    let (qualifier, word) = match word.split_at_checked(1)? {
        ("+", rest) => (Qualifier::Pass, rest),
        ("-", rest) => (Qualifier::Fail, rest),
        ("~", rest) => (Qualifier::SoftFail, rest),
        ("?", rest) => (Qualifier::Neutral, rest),
        _ => (Qualifier::Pass, word),
    };
    let (name, argument) = match word.find([':', '/']) {
        Some(at) => word.split_at(at),
        None => (word, ""),
    };
    let target = argument.strip_prefix(':');
    match name.to_ascii_lowercase().as_str() {
        "all" if argument.is_empty() => Some(Term::All(qualifier)),
        "include" => target
            .filter(|target| is_name(target))
            .map(|target| Term::Include(qualifier, host(target))),
        "a" => names_host(domain, argument).map(|name| Term::Host(qualifier, name)),
        "mx" => names_host(domain, argument).map(|_| Term::Lookup),
        "ptr" if argument.is_empty() => Some(Term::Lookup),
        "ptr" | "exists" => target.filter(|target| is_name(target)).map(|_| Term::Lookup),
        "ip4" => is_network::<Ipv4Addr>(target?, 32).then_some(Term::Other),
        "ip6" => is_network::<Ipv6Addr>(target?, 128).then_some(Term::Other),
        _ => None,
    }
}

/// RFC 7208 §5.3: `[:domain][/prefix][//prefix]`, without a domain the record's own.
fn names_host(domain: &str, argument: &str) -> Option<String> {
    let (target, prefixes) = match argument.find('/') {
        Some(at) => argument.split_at(at),
        None => (argument, ""),
    };
    let (v4, v6) = match prefixes.split_once("//") {
        Some((v4, v6)) => (v4, Some(v6)),
        None => (prefixes, None),
    };
    let v4 = if v4.is_empty() {
        None
    } else {
        Some(v4.strip_prefix('/')?)
    };
    let sound = v4.is_none_or(|bits| is_prefix(bits, 32)) && v6.is_none_or(|bits| is_prefix(bits, 128));
    let target = match target.strip_prefix(':') {
        Some(target) => is_name(target).then(|| host(target)),
        None => target.is_empty().then(|| host(domain)),
    };
    target.filter(|_| sound)
}

/// RFC 7208 §7.1: visible characters, no more than a name has; macros are the receiver's to expand.
fn is_name(text: &str) -> bool {
    let octets = text.strip_suffix('.').unwrap_or(text).len();
    (1..=NAME_OCTETS_MAX).contains(&octets) && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn is_network<Address: std::str::FromStr>(text: &str, bits_max: u8) -> bool {
    let (address, sound) = match text.split_once('/') {
        Some((address, bits)) => (address, is_prefix(bits, bits_max)),
        None => (text, true),
    };
    sound && address.parse::<Address>().is_ok()
}

fn is_prefix(bits: &str, bits_max: u8) -> bool {
    bits.bytes().all(|octet| octet.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= bits_max)
}
