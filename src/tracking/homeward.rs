//! The addresses by which what is said about an e-mail comes home: its return path, and where to unsubscribe by mail.
//!
//! **Promise.** An address that is read here was made here, for the e-mail that it names. A return path with one recipient
//! names that recipient too, so that a bounce from wherever it was forwarded to is still known as theirs.

use aws_lc_rs::digest;
use content::tracking::{Purpose, Token};
use ledger::EmailId;
use smtp::address::{Mailbox, ReversePath};

use super::Tokens;

/// What an address of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Bounces of an e-mail go there.
    Bounce,
    /// Who writes there wants no more like it.
    Unsubscribe,
}

/// The e-mail that a token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) email: EmailId,
    /// Which of its recipients, as [`number_of`]; 0 for no one in particular.
    pub(crate) recipient: u16,
}

impl Named {
    fn by(token: &Token) -> Self {
        Self {
            email: EmailId::from_bytes(token.email_id),
            recipient: token.number,
        }
    }
}

impl Tokens {
    /// The installation's host for reports; none: nothing comes home.
    pub(crate) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// The reverse path with which an e-mail leaves, for these recipients.
    pub(crate) fn return_path<'a>(
        &self,
        email: EmailId,
        mut recipients: impl Iterator<Item = &'a str>,
        host: &str,
    ) -> Option<ReversePath> {
        let number = match (recipients.next(), recipients.next()) {
            (Some(only), None) => number_of(only),
            _ => 0,
        };
        let mailbox = self.mailbox(Purpose::Bounce, email, number, host);
        Mailbox::parse(&mailbox).ok().map(ReversePath::Mailbox)
    }

    /// The URL that unsubscribes by mail.
    pub(super) fn unsubscribe_by_mail(&self, email: EmailId) -> Option<String> {
        let mailbox = self.mailbox(Purpose::Unsubscribe, email, 0, self.home()?);
        Some(format!("mailto:{mailbox}?subject=unsubscribe"))
    }

    /// What a local part of ours is for, and which e-mail it names; none if it is none of ours.
    pub(crate) fn errand(&self, local_part: &str) -> Option<(Errand, Named)> {
        let read = |purpose| self.ring.load().read_local_part(purpose, local_part).ok();
        let (errand, token) = match local_part.as_bytes().first()? {
            b'b' | b'B' => (Errand::Bounce, read(Purpose::Bounce)?),
            b'u' | b'U' => (Errand::Unsubscribe, read(Purpose::Unsubscribe)?),
            _ => return None,
        };
        Some((errand, Named::by(&token)))
    }

    /// The e-mail that a word names, if it is a token of ours of any kind, as it stands in a URL or in an address.
    pub(crate) fn named(&self, word: &str) -> Option<Named> {
        let in_url = || {
            [Purpose::Unsubscribe, Purpose::Click, Purpose::Open]
                .into_iter()
                .find_map(|purpose| self.ring.load().read_url(purpose, word).ok())
                // The number of a link is no recipient's.
                .map(|token| Named::by(&Token { number: 0, ..token }))
        };
        self.errand(word).map(|(_, named)| named).or_else(in_url)
    }

    fn mailbox(&self, purpose: Purpose, email: EmailId, number: u16, host: &str) -> String {
        let local_part = self.ring.load().in_local_part(&Token {
            purpose,
            email_id: email.to_bytes(),
            number,
        });
        format!("{local_part}@{host}")
    }
}

/// The number by which a token names a recipient: a digest, since the place of a recipient among all of an e-mail's is not
/// known where it leaves. Never 0. Two recipients of one e-mail may share one; then it names neither.
pub(crate) fn number_of(address: &str) -> u16 {
    let digest = digest::digest(&digest::SHA256, address.to_lowercase().as_bytes());
    match digest.as_ref() {
        [high, low, ..] => u16::from_be_bytes([*high, *low]).max(1),
        _ => 0,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use content::tracking::{KeyRing, TokenKey};

    use super::*;

    pub(crate) fn tokens() -> Tokens {
        let key = TokenKey {
            id: 1,
            secret: [7; 32],
        };
        Tokens {
            ring: arc_swap::ArcSwap::from_pointee(KeyRing::new(&key, &[]).unwrap()),
            changing: tokio::sync::Mutex::default(),
            hosts: Arc::new(crate::tracking::hosts::tests::nowhere()),
            home: Some("bounces.test".to_owned()),
        }
    }

    #[test]
    fn a_return_path_names_its_email_and_an_only_recipient() {
        let (tokens, email) = (tokens(), EmailId::new(1, [2; 10]));
        for (recipients, number) in [
            (&["Joe@dest.test"][..], number_of("joe@dest.test")),
            (&["a@dest.test", "b@dest.test"], 0),
        ] {
            let path = tokens.return_path(email, recipients.iter().copied(), "bounces.test");
            let path = path.unwrap();
            let mailbox = path.mailbox().unwrap();
            assert_eq!(mailbox.domain().as_str(), "bounces.test");
            let named = Named {
                email,
                recipient: number,
            };
            for local_part in [
                mailbox.local_part().to_owned(),
                mailbox.local_part().to_uppercase(),
            ] {
                assert_eq!(tokens.errand(&local_part), Some((Errand::Bounce, named)));
                assert_eq!(tokens.named(&local_part), Some(named));
            }
        }
    }

    #[test]
    fn what_was_not_made_here_names_nothing() {
        let (tokens, email) = (tokens(), EmailId::new(1, [2; 10]));
        let url = tokens.unsubscribe_by_mail(email).unwrap();
        let local_part = url.strip_prefix("mailto:").unwrap().split('@').next().unwrap();
        assert!(matches!(
            tokens.errand(local_part),
            Some((Errand::Unsubscribe, _))
        ));
        let other = format!("b{}", local_part.strip_prefix('u').unwrap());
        let cut = local_part.get(..local_part.len() - 1).unwrap();
        let longer = format!("{local_part}a");
        let forged = local_part.replace(['a', 'b', 'c'], "d");
        for wrong in [
            &*other,
            cut,
            &*longer,
            &*forged,
            "",
            "b",
            "u.",
            "b.\u{e9}",
            "postmaster",
        ] {
            assert_eq!(tokens.errand(wrong), None, "{wrong}");
        }
    }
}
