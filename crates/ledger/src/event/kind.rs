//! The kinds of events, and what each of them tells.

use std::net::IpAddr;

use crate::hold::HoldReason;

/// What happened. Texts beyond their bounds in [`crate::limits`] are cut when they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It was accepted; it goes out at once unless something holds it.
    Queued {
        /// Why it may not leave yet.
        hold: Option<HoldReason>,
    },
    /// It was accepted for later.
    Scheduled {
        /// For when, in milliseconds since the epoch.
        for_unix_ms: u64,
    },
    /// It left for the recipient's host.
    Sent {
        /// The host.
        mx: Option<String>,
        /// Attempts so far, this one counted.
        attempts: u32,
    },
    /// An attempt failed for now.
    Deferred {
        /// What the host said, or why none could be asked.
        reply: String,
        /// The class of the reply.
        class: String,
        /// Attempts so far, this one counted.
        attempts: u32,
        /// When the next is due, in milliseconds since the epoch.
        next_attempt_unix_ms: Option<u64>,
    },
    /// The next hop took it.
    Delivered {
        /// What it said.
        reply: String,
        /// Its name.
        mx: Option<String>,
        /// Attempts made.
        attempts: u32,
    },
    /// The recipient's side refused it for good.
    Bounced {
        /// What was said, or what the report quotes.
        reply: String,
        /// The class of the bounce.
        class: String,
        /// The address itself is bad.
        hard: bool,
        /// It was taken first and came back as a report.
        report: bool,
    },
    /// Not sent: the address does not want mail.
    Suppressed {
        /// Why not.
        reason: String,
    },
    /// It could not be sent, through nobody's refusal.
    Failed {
        /// Why.
        why: String,
    },
    /// Taken back by its sender.
    Canceled,
    /// The recipient called it spam.
    Complained {
        /// `abuse`, `fraud`, `virus` or `other` (RFC 5965 §7.3).
        feedback_type: String,
    },
    /// Its pixel was asked for.
    Opened {
        /// By whom.
        hit: Hit,
    },
    /// One of its links was followed.
    Clicked {
        /// By whom.
        hit: Hit,
        /// Which link, counted from 0.
        link: u16,
        /// Where it leads.
        url: String,
    },
    /// The recipient wants no more.
    Unsubscribed {
        /// `link`, `one-click`, `api` or `manual`.
        source: String,
    },
}

/// A request for a pixel or through a link. All are kept; who they count for is told apart by `actor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Who made it.
    pub actor: HitActor,
    /// What that is concluded from.
    pub signals: Signals,
    /// The message's first of this kind, by a human or by anybody else, whichever `actor` is.
    pub first: bool,
    /// The message's first of this kind, whoever made it.
    pub first_of_all: bool,
    /// Where it came from.
    pub ip: Option<IpAddr>,
    /// What it called itself.
    pub user_agent: Option<String>,
}

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HitActor {
    /// A person.
    Human,
    /// A scanner, a prefetcher, a proxy that fetches everything.
    Machine,
    /// Nothing speaks for either.
    Unknown,
}

/// What a hit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HitKind {
    /// The pixel.
    Open,
    /// A link.
    Click,
}

/// What speaks for a machine or for a human. The bit of each is stored: it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A method no reader uses: HEAD, OPTIONS.
    Method,
    /// The user agent is a known scanner, library or headless browser.
    ScannerAgent,
    /// The user agent is a known prefetcher or image proxy.
    PrefetchAgent,
    /// The address is in a range from which a mailbox provider fetches.
    ProviderNetwork,
    /// The address is in a data centre.
    DataCentre,
    /// It came within seconds of the delivery.
    SoonAfterDelivery,
    /// Many links of the message were followed within seconds.
    ManyLinks,
    /// A link that no human sees was followed.
    Honeypot,
    /// One address asked for many recipients at once.
    ManyRecipients,
    /// A click with no open before it.
    NoOpenBefore,
    /// No user agent at all.
    NoAgent,
}

/// A set of [`Signal`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals(u32);

/// The kinds of events alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// [`EventKind::Queued`]
    Queued,
    /// [`EventKind::Scheduled`]
    Scheduled,
    /// [`EventKind::Sent`]
    Sent,
    /// [`EventKind::Deferred`]
    Deferred,
    /// [`EventKind::Delivered`]
    Delivered,
    /// [`EventKind::Bounced`]
    Bounced,
    /// [`EventKind::Suppressed`]
    Suppressed,
    /// [`EventKind::Failed`]
    Failed,
    /// [`EventKind::Canceled`]
    Canceled,
    /// [`EventKind::Complained`]
    Complained,
    /// [`EventKind::Opened`]
    Opened,
    /// [`EventKind::Clicked`]
    Clicked,
    /// [`EventKind::Unsubscribed`]
    Unsubscribed,
}

impl EventKind {
    /// The kind alone.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Queued { .. } => EventType::Queued,
            Self::Scheduled { .. } => EventType::Scheduled,
            Self::Sent { .. } => EventType::Sent,
            Self::Deferred { .. } => EventType::Deferred,
            Self::Delivered { .. } => EventType::Delivered,
            Self::Bounced { .. } => EventType::Bounced,
            Self::Suppressed { .. } => EventType::Suppressed,
            Self::Failed { .. } => EventType::Failed,
            Self::Canceled => EventType::Canceled,
            Self::Complained { .. } => EventType::Complained,
            Self::Opened { .. } => EventType::Opened,
            Self::Clicked { .. } => EventType::Clicked,
            Self::Unsubscribed { .. } => EventType::Unsubscribed,
        }
    }
}

impl EventType {
    /// All of them, in the order of their octets in keys and records, from 0.
    pub const ALL: [Self; 13] = [
        Self::Queued,
        Self::Scheduled,
        Self::Sent,
        Self::Deferred,
        Self::Delivered,
        Self::Bounced,
        Self::Suppressed,
        Self::Failed,
        Self::Canceled,
        Self::Complained,
        Self::Opened,
        Self::Clicked,
        Self::Unsubscribed,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Scheduled => "scheduled",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Suppressed => "suppressed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Complained => "complained",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// Its name in webhooks; none if they do not tell of it: whoever sent the mail was answered so already.
    pub fn webhook_name(self) -> Option<&'static str> {
        match self {
            Self::Queued | Self::Scheduled => None,
            Self::Sent => Some("email.sent"),
            Self::Deferred => Some("email.deferred"),
            Self::Delivered => Some("email.delivered"),
            Self::Bounced => Some("email.bounced"),
            Self::Suppressed => Some("email.suppressed"),
            Self::Failed => Some("email.failed"),
            Self::Canceled => Some("email.canceled"),
            Self::Complained => Some("email.complained"),
            Self::Opened => Some("email.opened"),
            Self::Clicked => Some("email.clicked"),
            Self::Unsubscribed => Some("email.unsubscribed"),
        }
    }

    /// The type of this name; none when there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Scheduled => 1,
            Self::Sent => 2,
            Self::Deferred => 3,
            Self::Delivered => 4,
            Self::Bounced => 5,
            Self::Suppressed => 6,
            Self::Failed => 7,
            Self::Canceled => 8,
            Self::Complained => 9,
            Self::Opened => 10,
            Self::Clicked => 11,
            Self::Unsubscribed => 12,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

impl HitActor {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Machine => "machine",
            Self::Unknown => "unknown",
        }
    }
}

impl Signal {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 11] = [
        Self::Method,
        Self::ScannerAgent,
        Self::PrefetchAgent,
        Self::ProviderNetwork,
        Self::DataCentre,
        Self::SoonAfterDelivery,
        Self::ManyLinks,
        Self::Honeypot,
        Self::ManyRecipients,
        Self::NoOpenBefore,
        Self::NoAgent,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::ScannerAgent => "scanner_agent",
            Self::PrefetchAgent => "prefetch_agent",
            Self::ProviderNetwork => "provider_network",
            Self::DataCentre => "data_centre",
            Self::SoonAfterDelivery => "soon_after_delivery",
            Self::ManyLinks => "many_links",
            Self::Honeypot => "honeypot",
            Self::ManyRecipients => "many_recipients",
            Self::NoOpenBefore => "no_open_before",
            Self::NoAgent => "no_agent",
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl Signals {
    /// With this one too.
    #[must_use]
    pub fn with(self, signal: Signal) -> Self {
        Self(self.0 | signal.bit())
    }

    /// Whether it is one of them.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL
            .into_iter()
            .filter(move |signal| self.contains(*signal))
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// Bits that a newer program knows are kept.
    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl FromIterator<Signal> for Signals {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        signals.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_names_stand_for_one_type_each() {
        for (at, kind) in (0u8..).zip(EventType::ALL) {
            assert_eq!((kind.to_byte(), EventType::from_byte(at)), (at, Some(kind)));
            assert_eq!(EventType::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(EventType::from_byte(13), None);
        assert_eq!(EventType::from_name("Sent"), None);
    }

    #[test]
    fn a_set_of_signals_holds_what_was_put_into_it() {
        let some = [Signal::Method, Signal::Honeypot, Signal::NoAgent];
        let set: Signals = some.into_iter().collect();
        assert!(set.iter().eq(some));
        assert!(Signals::from_bits(set.bits()) == set && !set.contains(Signal::ManyLinks));
    }
}
