//! From counts to a score.

use super::component::{Component, ComponentName};
use super::{Evidence, Grade, Health, RULES_VERSION, Rates, Standing, advice, verdict};

/// The score of what was counted; none if nothing was sent in the slow window.
pub fn measure(evidence: &Evidence) -> Option<Health> {
    let sent = evidence.slow.sent;
    if sent == 0 {
        return None;
    }
    let components = weighed(evidence);
    let verdict = verdict::speak(evidence);
    let mean = 100.0 - components.iter().map(|part| part.points_lost).sum::<f64>();
    let cap = components.iter().filter_map(cap).fold(100.0, f64::min);
    let cap = if verdict.is_some() {
        CAP_STOPPED.min(cap)
    } else {
        cap
    };
    let overall_score = mean.min(cap).clamp(0.0, 100.0).round() as u8;
    Some(Health {
        overall_score,
        grade: Grade::of(overall_score),
        status: Standing::of(overall_score),
        rates: Rates::of(&evidence.slow),
        recommendations: recommendations(&components),
        components,
        summary: advice::summary(overall_score, sent, verdict.as_ref()),
        verdict,
        rules_version: RULES_VERSION,
    })
}

/// The most that a score may be where an account should stop, and where its mail is refused or called spam.
const CAP_STOPPED: f64 = 39.0;
const CAP_UNPROVED: f64 = 69.0;

/// Where caps begin, in percent.
const CAPPED_COMPLAINTS: f64 = 0.3;
const CAPPED_HARD_BOUNCES: f64 = 10.0;
const CAPPED_AUTHENTICATION: f64 = 50.0;

/// Points below which a component goes without advice: what rounding would hide.
const POINTS_WORTH_ADVICE: f64 = 0.05;

/// What is there, with weights that make 1.
fn weighed(evidence: &Evidence) -> Vec<Component> {
    let measured = ComponentName::ALL
        .into_iter()
        .filter_map(|name| name.measure(evidence));
    let mut components: Vec<Component> = measured.collect();
    let (engagement, others): (Vec<_>, Vec<_>) = components
        .iter()
        .map(|part| part.name)
        .partition(|name| *name == ComponentName::Engagement);
    let engagement: f64 = engagement.into_iter().map(ComponentName::weight).sum();
    let others: f64 = others.into_iter().map(ComponentName::weight).sum();
    for part in &mut components {
        part.weight = match part.name {
            ComponentName::Engagement => engagement,
            name => name.weight() / others * (1.0 - engagement),
        };
        part.points_lost = part.weight * (100.0 - part.score);
        if part.points_lost >= POINTS_WORTH_ADVICE {
            part.advice = advice::of(part.name);
        }
    }
    components
}

/// How high the score may be with this component.
fn cap(part: &Component) -> Option<f64> {
    let (reached, cap) = match part.name {
        ComponentName::Complaints => (part.smoothed >= CAPPED_COMPLAINTS, CAP_STOPPED),
        ComponentName::HardBounces => (part.smoothed >= CAPPED_HARD_BOUNCES, CAP_STOPPED),
        ComponentName::Authentication => (part.smoothed < CAPPED_AUTHENTICATION, CAP_UNPROVED),
        _ => return None,
    };
    reached.then_some(cap)
}

/// What to do, the dearest first.
fn recommendations(components: &[Component]) -> Vec<&'static str> {
    let mut costly: Vec<&Component> = components.iter().filter(|part| !part.advice.is_empty()).collect();
    costly.sort_by(|one, other| other.points_lost.total_cmp(&one.points_lost));
    costly.into_iter().map(|part| part.advice).collect()
}
