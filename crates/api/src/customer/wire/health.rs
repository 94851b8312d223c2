//! How well the account's mail is received.

use serde::Serialize;
use utoipa::ToSchema;

use super::SendingStopped;

/// The score, what it means, and what it is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HealthReply {
    pub(crate) health_score: HealthScore,
    pub(crate) insights: Insights,
    pub(crate) benchmarks: Benchmarks,
    /// What the score is made of.
    pub(crate) components: Vec<HealthComponent>,
    /// Why mail does not leave, if the account is paused or suspended; null while it leaves.
    pub(crate) sending_stopped: Option<SendingStopped>,
}

/// The score, made anew.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HealthRefreshReply {
    pub(crate) health_score: HealthScore,
    pub(crate) insights: BriefInsights,
    #[schema(example = "Health score refreshed successfully")]
    pub(crate) message: String,
    /// Why mail does not leave, if the account is paused or suspended; null while it leaves.
    pub(crate) sending_stopped: Option<SendingStopped>,
}

/// The score and the rates of 30 days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HealthScore {
    /// From 0 to 100.
    #[schema(minimum = 0, maximum = 100, example = 94)]
    pub(crate) overall_score: u8,
    /// Delivered, in % of sent.
    #[schema(example = 98.5)]
    pub(crate) delivery_rate: f64,
    /// E-mails that a human opened, in % of delivered.
    #[schema(example = 24.1)]
    pub(crate) open_rate: f64,
    /// E-mails in which a human followed a link, in % of delivered.
    #[schema(example = 3.2)]
    pub(crate) click_rate: f64,
    /// Bounced, in % of sent.
    #[schema(example = 1.5)]
    pub(crate) bounce_rate: f64,
    /// Called spam, in % of delivered.
    #[schema(example = 0.02)]
    pub(crate) complaint_rate: f64,
    /// A+, A, B+, B, C+, C, D or F.
    #[schema(example = "A")]
    pub(crate) reputation_grade: String,
    /// When it was made, ISO 8601.
    #[schema(example = "2024-03-15T14:30:00Z")]
    pub(crate) last_calculated: String,
}

/// The score in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Insights {
    pub(crate) status: HealthStatus,
    /// One sentence.
    #[schema(example = "Your mail is received very well (A).")]
    pub(crate) summary: String,
    /// What to do, the dearest first.
    pub(crate) recommendations: Vec<String>,
}

/// The score in a sentence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BriefInsights {
    pub(crate) status: HealthStatus,
    /// One sentence.
    #[schema(example = "Your mail is received very well (A).")]
    pub(crate) summary: String,
}

/// The score in a word.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    /// From 90.
    Excellent,
    /// From 80.
    Good,
    /// From 70.
    Fair,
    /// From 60.
    Poor,
    /// Below.
    Critical,
}

/// What rates are worth.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Benchmarks {
    pub(crate) delivery_rate: Benchmark,
    pub(crate) open_rate: Benchmark,
    pub(crate) click_rate: Benchmark,
    pub(crate) bounce_rate: Benchmark,
    pub(crate) complaint_rate: Benchmark,
}

/// What a rate is worth, in %.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Benchmark {
    #[schema(example = "< 2%")]
    pub(crate) good: &'static str,
    #[schema(example = "2-5%")]
    pub(crate) average: &'static str,
    #[schema(example = "> 5%")]
    pub(crate) poor: &'static str,
}

/// One part of the score.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HealthComponent {
    /// complaints, hard_bounces, blocks, authentication, hygiene, deferrals or engagement.
    #[schema(example = "hard_bounces")]
    pub(crate) name: String,
    /// The rate as counted, in %.
    #[schema(example = 2.38)]
    pub(crate) value: f64,
    /// Its share of the score; all of them make 1.
    #[schema(example = 0.25)]
    pub(crate) weight: f64,
    /// Points of the score that it costs, before caps.
    #[schema(example = 5.0)]
    pub(crate) points_lost: f64,
}
