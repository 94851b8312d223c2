//! `POST /api/content-score`: what filters and readers will make of an e-mail. Nothing is sent, and nothing kept.

use std::sync::LazyLock;

use axum::Json;
use content::score::{Input, Rules, RulesError, score};

use super::body::Checked;
use super::responses::{Admission, Reading};
use super::wire::{ContentScoreReply, ContentScoreRequest};
use crate::problem::{Error, Problem};

static RULES: LazyLock<Result<Rules, RulesError>> = LazyLock::new(|| Rules::parse(Rules::TEXT));

/// Score an e-mail before it is sent
///
/// Each issue tells what was seen, what it costs, and what to do. The spam score and the advice are kept apart: a filter
/// that looks at the message alone adds the one, readers and mailbox providers care about the other.
#[utoipa::path(
    post, path = "/api/content-score", tag = "Content", operation_id = "score_content",
    request_body = ContentScoreRequest,
    responses(
        (status = 200, description = "The score", body = ContentScoreReply),
        (status = 400, description = "The request does not hold; every fault is told", body = Error),
        (status = 503, description = "The store cannot be read now, and so no key either", body = Error),
        Admission,
        Reading,
    )
)]
pub(super) async fn score_content(
    Checked(request): Checked<ContentScoreRequest>,
) -> Result<Json<ContentScoreReply>, Problem> {
    let rules = RULES.as_ref().map_err(|error| Problem::internal(&error))?;
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let input = Input {
        subject: &request.subject,
        html: request.html.as_deref(),
        text: request.text.as_deref(),
        from: request.from.as_deref(),
        headers: &headers,
    };
    // A large message takes a tenth of a second.
    let report = tokio::task::block_in_place(|| score(&input, rules));
    Ok(Json(report.into()))
}
