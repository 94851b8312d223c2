//! What is said of a score.

use super::component::ComponentName;
use super::{Grade, Standing, VERDICT_SENT_MIN, Verdict, VerdictKind};

/// What to do about a component that costs points.
pub(super) fn of(component: ComponentName) -> &'static str {
    match component {
        ComponentName::Complaints => {
            "Recipients call your mail spam: write only to those who asked for it, and make it easy to unsubscribe."
        }
        ComponentName::HardBounces => {
            "You write to addresses that do not exist: confirm new addresses and drop those that bounced."
        }
        ComponentName::Blocks => {
            "Providers refuse your mail for its content or its sender: read the replies of the bounces, and send less until they end."
        }
        ComponentName::Authentication => {
            "DNS records of your domains are missing or wrong: publish what the page of each domain shows."
        }
        ComponentName::Hygiene => {
            "You write to recipients who want no mail of yours: remove suppressed addresses from your lists."
        }
        ComponentName::Deferrals => {
            "Providers ask your mail to come later: spread large mailings over more time."
        }
        ComponentName::Engagement => {
            "Few recipients open your mail: write to those who do, and less often to those who never did."
        }
    }
}

/// One sentence on the whole.
pub(super) fn summary(score: u8, sent: u64, verdict: Option<&Verdict>) -> String {
    if let Some(verdict) = verdict {
        let consequence = match verdict.kind {
            VerdictKind::Pause => "sending should pause",
            VerdictKind::Suspend => "the account should be suspended",
        };
        return format!("Score {score}: {}, and {consequence}.", verdict.reason);
    }
    let word = match Standing::of(score) {
        Standing::Excellent => "Your mail is received very well",
        Standing::Good => "Your mail is received well",
        Standing::Fair => "Your mail is received, and something costs you points",
        Standing::Poor => "Your mail is at risk of being filtered",
        Standing::Critical => "Your mail is likely to be filtered or refused",
    };
    let grade = Grade::of(score).as_str();
    match sent {
        ..VERDICT_SENT_MIN => {
            format!(
                "{word} ({grade}); with {sent} of {VERDICT_SENT_MIN} recipients this is a first impression."
            )
        }
        _ => format!("{word} ({grade})."),
    }
}
