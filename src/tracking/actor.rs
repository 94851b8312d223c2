//! Who makes a hit: a person, or a machine that looks at every mail. Every hit is kept; this only says whom it counts for.

use ledger::{HitActor, Signal, Signals};

/// What is known of a hit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting<'a> {
    /// It asked for more than the head.
    pub(crate) reads: bool,
    pub(crate) user_agent: Option<&'a str>,
    /// Milliseconds since the delivery, if that is known.
    pub(crate) after_delivery_ms: Option<u64>,
}

/// Nobody opens a mail, let alone reads it, within this time of its delivery; scanners do.
const SOON_MS: u64 = 2_000;

/// Words in the names of scanners, libraries and browsers without a screen, in lower case.
const SCANNERS: &[&str] = &[
    "barracuda",
    "bitdefender",
    "bot",
    "bytespider",
    "crawl",
    "curl/",
    "fireeye",
    "forcepoint",
    "go-http-client",
    "headless",
    "ironport",
    "java/",
    "libwww",
    "mimecast",
    "okhttp",
    "phantomjs",
    "proofpoint",
    "python",
    "safelinks",
    "scan",
    "scrapy",
    "sophos",
    "spider",
    "symantec",
    "trend micro",
    "urldefense",
    "wget",
];

/// Words in the names of those who fetch pictures for a reader, or ahead of one, in lower case.
const PROXIES_AHEAD: &[&str] = &["yahoomailproxy"];

/// The agent with which Gmail looks at pictures before anybody opens the mail.
const GMAIL_PREFETCH: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                              Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0";

/// Apple's relay, which asks for every picture of every mail, calls itself this and nothing more.
const APPLE_RELAY: &str = "Mozilla/5.0";

/// Who it was, and from what that is concluded.
pub(crate) fn judge(sighting: &Sighting<'_>) -> (HitActor, Signals) {
    let mut signals = Signals::default();
    if !sighting.reads {
        signals = signals.with(Signal::Method);
    }
    match sighting
        .user_agent
        .map(str::trim)
        .filter(|agent| !agent.is_empty())
    {
        None => signals = signals.with(Signal::NoAgent),
        Some(agent) => {
            let name = agent.to_lowercase();
            let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
            if has(SCANNERS) {
                signals = signals.with(Signal::ScannerAgent);
            }
            if agent == GMAIL_PREFETCH || agent == APPLE_RELAY || has(PROXIES_AHEAD) {
                signals = signals.with(Signal::PrefetchAgent);
            }
        }
    }
    if sighting.after_delivery_ms.is_some_and(|after| after < SOON_MS) {
        signals = signals.with(Signal::SoonAfterDelivery);
    }
    let machine = [
        Signal::Method,
        Signal::ScannerAgent,
        Signal::PrefetchAgent,
        Signal::SoonAfterDelivery,
    ];
    let actor = if machine.iter().any(|signal| signals.contains(*signal)) {
        HitActor::Machine
    } else if signals.contains(Signal::NoAgent) {
        HitActor::Unknown
    } else {
        HitActor::Human
    };
    (actor, signals)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    #[test]
    fn actors_by_what_is_known_of_them() {
        let gmail =
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
        for (agent, reads, after, expected) in [
            (Some(FIREFOX), true, Some(60_000), HitActor::Human),
            (Some(FIREFOX), true, None, HitActor::Human),
            (Some(FIREFOX), true, Some(1_500), HitActor::Machine),
            (Some(FIREFOX), false, Some(60_000), HitActor::Machine),
            (Some(gmail), true, Some(60_000), HitActor::Human),
            (Some(GMAIL_PREFETCH), true, Some(60_000), HitActor::Machine),
            (Some("Mozilla/5.0"), true, Some(60_000), HitActor::Machine),
            (
                Some("python-requests/2.32"),
                true,
                Some(60_000),
                HitActor::Machine,
            ),
            (Some("Barracuda Sentinel (EE)"), true, None, HitActor::Machine),
            (Some("  "), true, Some(60_000), HitActor::Unknown),
            (None, true, Some(60_000), HitActor::Unknown),
        ] {
            let sighting = Sighting {
                reads,
                user_agent: agent,
                after_delivery_ms: after,
            };
            let (actor, signals) = judge(&sighting);
            assert_eq!(actor, expected, "{sighting:?} {signals:?}");
        }
    }
}
