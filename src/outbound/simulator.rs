//! Mail that goes the whole way and never leaves this machine: what a key of the sandbox sends, and what anybody sends to
//! the simulator's domain.
//!
//! The local part decides what becomes of it; a `+label` behind it is for the sender. Every other address takes it.

use std::time::Duration;

use queue::{Delivery, Reason, Verdict};

/// How long `slow@` takes.
const SLOW: Duration = Duration::from_secs(10);

/// Decides what becomes of simulated mail.
pub(crate) struct Simulator {
    domain: String,
}

/// What becomes of one recipient, and after how long.
#[derive(Debug, PartialEq, Eq)]
struct Scene {
    after: Duration,
    verdict: Verdict,
}

impl Simulator {
    /// The simulator that answers for `domain`.
    pub(crate) fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_ascii_lowercase(),
        }
    }

    /// Whether the delivery stays here.
    pub(crate) fn takes(&self, delivery: &Delivery) -> bool {
        delivery.message.handling.simulated || self.is_own(delivery)
    }

    fn is_own(&self, delivery: &Delivery) -> bool {
        delivery.state.domain.as_str() == self.domain
    }

    /// What becomes of each recipient that waits, and after how long.
    pub(super) fn attempt(&self, delivery: &Delivery) -> (Duration, Vec<Verdict>) {
        let own = self.is_own(delivery);
        let scenes = delivery.waiting().map(|recipient| {
            let address = recipient.forward_path.as_str();
            let local_part = address
                .rsplit_once('@')
                .map_or(address, |(local_part, _)| local_part);
            scene(if own { local_part } else { "" }, delivery.state.attempts)
        });
        let scenes: Vec<Scene> = scenes.collect();
        let after = scenes.iter().map(|scene| scene.after).max().unwrap_or_default();
        (after, scenes.into_iter().map(|scene| scene.verdict).collect())
    }
}

fn scene(local_part: &str, attempts: u32) -> Scene {
    let name = local_part
        .split('+')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let reason = |status: &str, text: &str| Reason {
        status: status.into(),
        text: text.into(),
    };
    let verdict = match name.as_str() {
        "bounced" => Verdict::Refused(reason("5.1.1", "550 5.1.1 no such user (simulated)")),
        "mailbox-full" => Verdict::Refused(reason("5.2.2", "552 5.2.2 mailbox full (simulated)")),
        "soft-bounced" => Verdict::Refused(reason(
            "4.2.1",
            "450 4.2.1 mailbox unavailable, and given up (simulated)",
        )),
        "deferred" if attempts == 0 => {
            Verdict::Deferred(reason("4.3.2", "451 4.3.2 try again later (simulated)"))
        }
        _ => Verdict::Delivered {
            reply: "250 2.0.0 taken (simulated)".into(),
        },
    };
    let after = if name == "slow" { SLOW } else { Duration::ZERO };
    Scene { after, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_part_decides() {
        let status = |local_part: &str, attempts| match scene(local_part, attempts).verdict {
            Verdict::Delivered { .. } => "delivered".to_owned(),
            Verdict::Deferred(reason) => format!("deferred {}", reason.status),
            Verdict::Refused(reason) => format!("refused {}", reason.status),
            verdict => unreachable!("no scene ends so: {verdict:?}"),
        };
        for (local_part, attempts, expected) in [
            ("delivered", 0, "delivered"),
            ("anybody", 0, "delivered"),
            ("", 0, "delivered"),
            ("complained", 0, "delivered"),
            ("bounced", 0, "refused 5.1.1"),
            ("Bounced+order-17", 0, "refused 5.1.1"),
            ("mailbox-full", 0, "refused 5.2.2"),
            ("soft-bounced", 0, "refused 4.2.1"),
            ("deferred", 0, "deferred 4.3.2"),
            ("deferred", 1, "delivered"),
            ("bounced-not", 0, "delivered"),
        ] {
            assert_eq!(status(local_part, attempts), expected, "{local_part} {attempts}");
        }
        assert_eq!(scene("slow+1", 0).after, SLOW);
        assert_eq!(scene("delivered", 0).after, Duration::ZERO);
    }
}
