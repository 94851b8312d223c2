//! Command lines: no line makes the parser panic, and what a command holds is within its limits.

use smtp::address::{Addressee, Domain, ReversePath};
use smtp::command::Command;
use smtp::limits::{AUTH_LINE_MAX, DOMAIN_MAX};

/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let command = Command::parse(octets);
    if octets.iter().any(u8::is_ascii_control) || octets.len() > AUTH_LINE_MAX {
        assert!(command.is_err(), "{command:?}");
    }
    let Ok(command) = command else { return };
    let words = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic());
    match &command {
        Command::Ehlo(name) | Command::Helo(name) => assert!(words(name) && name.len() <= DOMAIN_MAX),
        Command::Auth { mechanism, initial } => assert!(words(mechanism) && initial.is_none_or(words)),
        Command::Mail { reverse_path, .. } => {
            assert_eq!(
                ReversePath::parse(&reverse_path.to_string()).as_ref(),
                Ok(reverse_path)
            );
        }
        Command::Rcpt(addressee) => {
            let here = Domain::parse("mx.example").unwrap();
            let path = addressee.clone().at(&here);
            assert_eq!(
                Addressee::parse(&path.to_string()),
                Ok(Addressee::ForwardPath(path))
            );
        }
        _ => {}
    }
    // The case of verbs and keywords means nothing (RFC 5321 §2.4); that of arguments may.
    let verb = octets
        .iter()
        .position(|&octet| octet == b' ')
        .unwrap_or(octets.len());
    let mut lower = octets.to_vec();
    lower[..verb].make_ascii_lowercase();
    assert_eq!(Command::parse(&lower).as_ref(), Ok(&command));
}
