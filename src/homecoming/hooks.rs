//! What others tell over HTTP: who may, and what they say as news.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use api::{Answer, HookedBounce, HookedComplaint, Hooks};
use aws_lc_rs::constant_time;
use ledger::bounce::Severity;
use thiserror::Error;

use super::Homecoming;
use super::news::{Bounce, Happened, News};
use crate::config::{Network, Reports};
use crate::tracking::homeward::Named;

/// Characters of the shortest secret.
const SECRET_CHARACTERS_MIN: usize = 16;

/// Who is believed.
#[derive(Default)]
pub(crate) struct HookGate {
    secret: Option<String>,
    networks: Vec<Network>,
}

/// The secret cannot be used.
#[derive(Debug, Error)]
pub enum HookGateError {
    /// Its file cannot be read.
    #[error(
        "the secret of hooks cannot be read from {path}: {error}; name another file in reports.hook_secret_file"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is easily guessed.
    #[error(
        "the secret of hooks in {0} has fewer than {SECRET_CHARACTERS_MIN} characters; write a longer one, such as \
         `openssl rand -hex 16` gives"
    )]
    Short(PathBuf),
}

impl HookGate {
    pub(crate) fn read(reports: &Reports) -> Result<Self, HookGateError> {
        Ok(Self {
            secret: reports.hook_secret_file.as_deref().map(secret).transpose()?,
            networks: reports.hook_networks.clone(),
        })
    }

    fn lets_in(&self, address: IpAddr, presented: Option<&str>) -> bool {
        let is_near =
            self.networks.is_empty() || self.networks.iter().any(|network| network.contains(address));
        let is_right = self.secret.as_deref().is_none_or(|secret| {
            let presented = presented.unwrap_or_default().as_bytes();
            constant_time::verify_slices_are_equal(secret.as_bytes(), presented).is_ok()
        });
        is_near && is_right
    }
}

fn secret(path: &Path) -> Result<String, HookGateError> {
    let secret = std::fs::read_to_string(path).map_err(|error| HookGateError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let secret = secret.trim();
    match secret.len() {
        ..SECRET_CHARACTERS_MIN => Err(HookGateError::Short(path.to_owned())),
        _ => Ok(secret.to_owned()),
    }
}

impl Hooks for Homecoming {
    fn lets_in(&self, address: IpAddr, secret: Option<&str>) -> bool {
        self.gate.lets_in(address, secret)
    }

    fn bounced(&self, bounce: HookedBounce) -> Answer<'_, Result<(), String>> {
        let happened = Happened::Bounced(Bounce {
            said: bounce.reason.unwrap_or_default(),
            severity: Some(if bounce.hard {
                Severity::Hard
            } else {
                Severity::Soft
            }),
            ..Bounce::default()
        });
        self.hooked(bounce.email, bounce.recipient, Some(happened))
    }

    fn complained(&self, complaint: HookedComplaint) -> Answer<'_, Result<(), String>> {
        let happened = Happened::complaint(&complaint.feedback_type);
        self.hooked(complaint.email, complaint.recipient, happened)
    }
}

impl Homecoming {
    fn hooked(
        &self,
        email: ledger::EmailId,
        recipient: Option<String>,
        happened: Option<Happened>,
    ) -> Answer<'_, Result<(), String>> {
        Box::pin(async move {
            let Some(happened) = happened else { return Ok(()) };
            let news = News {
                called: recipient.into_iter().collect(),
                happened,
            };
            let named = Named { email, recipient: 0 };
            let told = self.tell(named, vec![news]).await;
            told.map(drop).map_err(|error| error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_near_and_knows_the_secret_is_let_in() {
        let near: IpAddr = [10, 0, 0, 1].into();
        let far: IpAddr = [192, 0, 2, 1].into();
        let open = HookGate::default();
        assert!(open.lets_in(far, None) && open.lets_in(near, Some("anything")));
        let closed = HookGate {
            secret: Some("0123456789abcdef".to_owned()),
            networks: vec!["10.0.0.0/8".parse().unwrap()],
        };
        assert!(closed.lets_in(near, Some("0123456789abcdef")));
        for (address, secret) in [
            (far, Some("0123456789abcdef")),
            (near, Some("0123456789abcdeF")),
            (near, Some("0123456789abcde")),
            (near, Some("")),
            (near, None),
        ] {
            assert!(!closed.lets_in(address, secret), "{address} {secret:?}");
        }
    }
}
