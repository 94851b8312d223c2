//! Addresses: whatever is accepted has one form, and reading that form gives the same address.

use smtp::address::{Addressee, Domain, ForwardPath, Mailbox, ReversePath};
use smtp::limits::{DOMAIN_MAX, LOCAL_PART_MAX, PATH_MAX};

/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    if let Ok(domain) = Domain::parse(text) {
        assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(&domain));
        assert!(domain.as_str().len() <= DOMAIN_MAX);
        assert_eq!(domain.is_literal(), domain.literal().is_some());
    }
    if let Ok(mailbox) = Mailbox::parse(text) {
        assert_eq!(Mailbox::parse(&mailbox.to_string()).as_ref(), Ok(&mailbox));
        assert!(mailbox.local_part().len() <= LOCAL_PART_MAX);
        assert_eq!(
            format!("{}@{}", mailbox.local_part(), mailbox.domain()),
            mailbox.as_str()
        );
        assert_eq!(
            Domain::parse(mailbox.domain().as_str()).as_ref(),
            Ok(mailbox.domain())
        );
        assert!(!mailbox.as_str().contains(char::is_control));
        let path = ForwardPath::from(mailbox.clone());
        assert_eq!(ForwardPath::parse(&path.to_string()), Ok(path));
    }
    if let Ok(path) = ReversePath::parse(text) {
        assert_eq!(ReversePath::parse(&path.to_string()).as_ref(), Ok(&path));
        assert!(path.to_string().len() <= PATH_MAX);
    }
    if let Ok(Addressee::ForwardPath(path)) = Addressee::parse(text) {
        assert_eq!(ForwardPath::parse(text), Ok(path));
    }
}
