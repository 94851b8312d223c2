//! The content score.

use std::collections::BTreeMap;

use content::score::{Issue, Report};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::examples;

/// An e-mail to be scored.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::content_score)]
pub(crate) struct ContentScoreRequest {
    /// The subject.
    #[schema(max_length = 998)]
    pub(crate) subject: String,
    /// The HTML part.
    #[serde(default)]
    pub(crate) html: Option<String>,
    /// The text part.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// The author.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) from: Option<String>,
    /// Further header fields.
    #[serde(default)]
    pub(crate) headers: Option<BTreeMap<String, String>>,
}

/// What filters and readers will make of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContentScoreReply {
    /// From 0 to 100; 100 is best.
    #[schema(minimum = 0, maximum = 100, example = 92)]
    pub(crate) score: u8,
    /// The same as a grade, A+ to F.
    #[schema(example = "A")]
    pub(crate) grade: String,
    /// What spam filters add up, on the scale of SpamAssassin.
    #[schema(example = 0.7)]
    pub(crate) spam_score: f64,
    /// From here on it is spam.
    #[schema(example = 5.0)]
    pub(crate) threshold: f64,
    /// What was seen.
    pub(crate) issues: Vec<ContentIssue>,
    /// What to do, the dearest first.
    pub(crate) recommendations: Vec<String>,
    /// The version of the rules.
    pub(crate) rules_version: String,
}

/// Something that was seen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContentIssue {
    /// Its name.
    pub(crate) id: String,
    /// What it is about.
    pub(crate) category: String,
    /// `info`, `warning` or `critical`.
    pub(crate) severity: String,
    /// What it adds to the spam score.
    pub(crate) points: f64,
    /// What it is.
    pub(crate) message: String,
    /// Where it was seen; empty where something is missing.
    pub(crate) evidence: String,
    /// What to do.
    pub(crate) fix: String,
}

impl From<Report> for ContentScoreReply {
    fn from(report: Report) -> Self {
        Self {
            score: report.score,
            grade: report.grade.as_str().to_owned(),
            spam_score: report.spam_score,
            threshold: report.threshold,
            issues: report.issues.into_iter().map(ContentIssue::from).collect(),
            recommendations: report.recommendations,
            rules_version: report.rules_version,
        }
    }
}

impl From<Issue> for ContentIssue {
    fn from(issue: Issue) -> Self {
        Self {
            id: issue.id.to_owned(),
            category: issue.category.as_str().to_owned(),
            severity: issue.severity.as_str().to_owned(),
            points: issue.points,
            message: issue.message,
            evidence: issue.evidence,
            fix: issue.fix,
        }
    }
}
