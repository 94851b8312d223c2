//! What is counted.

use crate::event::{EventKind, Hit, HitActor};
use crate::limits::BOUNCE_CLASS_BYTES_MAX;

/// Something that is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Left for the recipient's host.
    Sent,
    /// Taken by the next hop.
    Delivered,
    /// Refused for good because the address is bad.
    HardBounced,
    /// Refused for good for any other reason.
    SoftBounced,
    /// Attempts that failed for now.
    Deferred,
    /// Could not be sent.
    Failed,
    /// Not sent to who wants no mail.
    Suppressed,
    /// Called spam.
    Complained,
    /// Recipients who want no more.
    Unsubscribed,
    /// Opens.
    Opens(HitActor),
    /// Clicks.
    Clicks(HitActor),
    /// E-mails opened, by a human or by anybody else.
    UniqueOpens {
        /// By a human.
        human: bool,
    },
    /// E-mails of which a link was followed, by a human or by anybody else.
    UniqueClicks {
        /// By a human.
        human: bool,
    },
    /// E-mails opened, whoever did it.
    AllUniqueOpens,
    /// E-mails of which a link was followed, whoever did it.
    AllUniqueClicks,
    /// Bounces of one class, by its name.
    BouncedAs(String),
}

/// The octet of [`Metric::BouncedAs`]; the name of the class follows it.
const BOUNCED_AS: u8 = 64;

impl Metric {
    /// Tells `count` of everything in which an event counts.
    pub(super) fn of(event: &EventKind, mut count: impl FnMut(Self)) {
        match event {
            EventKind::Queued { .. } | EventKind::Scheduled { .. } | EventKind::Canceled => {}
            EventKind::Sent { .. } => count(Self::Sent),
            EventKind::Deferred { .. } => count(Self::Deferred),
            EventKind::Delivered { .. } => count(Self::Delivered),
            EventKind::Bounced { class, hard, .. } => {
                count(if *hard {
                    Self::HardBounced
                } else {
                    Self::SoftBounced
                });
                let end = class.floor_char_boundary(BOUNCE_CLASS_BYTES_MAX);
                count(Self::BouncedAs(class.get(..end).unwrap_or_default().to_owned()));
            }
            EventKind::Suppressed { .. } => count(Self::Suppressed),
            EventKind::Failed { .. } => count(Self::Failed),
            EventKind::Complained { .. } => count(Self::Complained),
            EventKind::Opened { hit } => {
                let (human, unique) = uniques(hit);
                count(Self::Opens(hit.actor));
                unique.0.then(|| count(Self::UniqueOpens { human }));
                unique.1.then(|| count(Self::AllUniqueOpens));
            }
            EventKind::Clicked { hit, .. } => {
                let (human, unique) = uniques(hit);
                count(Self::Clicks(hit.actor));
                unique.0.then(|| count(Self::UniqueClicks { human }));
                unique.1.then(|| count(Self::AllUniqueClicks));
            }
            EventKind::Unsubscribed { .. } => count(Self::Unsubscribed),
        }
    }

    /// As it stands at the end of keys.
    pub(super) fn write(&self, key: &mut Vec<u8>) {
        key.push(match self {
            Self::Sent => 0,
            Self::Delivered => 1,
            Self::HardBounced => 2,
            Self::SoftBounced => 3,
            Self::Deferred => 4,
            Self::Failed => 5,
            Self::Suppressed => 6,
            Self::Complained => 7,
            Self::Unsubscribed => 8,
            Self::Opens(actor) => 16 + actor_byte(*actor),
            Self::Clicks(actor) => 20 + actor_byte(*actor),
            Self::UniqueOpens { human } => 24 + u8::from(*human),
            Self::AllUniqueOpens => 26,
            Self::UniqueClicks { human } => 28 + u8::from(*human),
            Self::AllUniqueClicks => 30,
            Self::BouncedAs(class) => {
                key.push(BOUNCED_AS);
                key.extend_from_slice(class.as_bytes());
                return;
            }
        });
    }

    /// Read back from the end of a key; none for what a newer program counts.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let (&byte, rest) = octets.split_first()?;
        if byte == BOUNCED_AS {
            return Some(Self::BouncedAs(std::str::from_utf8(rest).ok()?.to_owned()));
        }
        let metric = match byte {
            0 => Self::Sent,
            1 => Self::Delivered,
            2 => Self::HardBounced,
            3 => Self::SoftBounced,
            4 => Self::Deferred,
            5 => Self::Failed,
            6 => Self::Suppressed,
            7 => Self::Complained,
            8 => Self::Unsubscribed,
            16..=18 => Self::Opens(actor(byte - 16)?),
            20..=22 => Self::Clicks(actor(byte - 20)?),
            24 | 25 => Self::UniqueOpens { human: byte == 25 },
            26 => Self::AllUniqueOpens,
            28 | 29 => Self::UniqueClicks { human: byte == 29 },
            30 => Self::AllUniqueClicks,
            _ => return None,
        };
        rest.is_empty().then_some(metric)
    }
}

/// Whether a human made it; whether it is the first of its actor, and of all.
fn uniques(hit: &Hit) -> (bool, (bool, bool)) {
    (hit.actor == HitActor::Human, (hit.first, hit.first_of_all))
}

fn actor_byte(actor: HitActor) -> u8 {
    match actor {
        HitActor::Human => 0,
        HitActor::Machine => 1,
        HitActor::Unknown => 2,
    }
}

fn actor(byte: u8) -> Option<HitActor> {
    [HitActor::Human, HitActor::Machine, HitActor::Unknown]
        .get(usize::from(byte))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_octet_that_is_read_is_the_one_that_is_written() {
        let mut known = 0;
        for byte in 0..=u8::MAX {
            if let Some(metric) = Metric::read(&[byte]) {
                let mut key = Vec::new();
                metric.write(&mut key);
                assert_eq!(key, [byte], "{metric:?}");
                known += 1;
            }
        }
        assert_eq!(known, 9 + 2 * 3 + 2 * 3 + 1);
        let class = Metric::BouncedAs("mailbox_full".into());
        let mut key = Vec::new();
        class.write(&mut key);
        assert_eq!(Metric::read(&key), Some(class));
        assert_eq!(Metric::read(&[0, 0]), None);
        assert_eq!(Metric::read(&[BOUNCED_AS, 0xff]), None);
    }
}
