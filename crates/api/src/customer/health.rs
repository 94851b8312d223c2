//! `/api/customer/health-score`: how well the account's mail is received.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::Health;
use ledger::health::{Component, Standing};
use ledger::iso8601;

use super::caller::Caller;
use super::responses::Admission;
use super::router::Service;
use super::wire::{
    Benchmark, Benchmarks, BriefInsights, HealthComponent, HealthRefreshReply, HealthReply, HealthScore,
    HealthStatus, Insights, SendingStopped,
};
use crate::problem::{Error, Problem};

/// Read the health score
///
/// It is made of what was counted up to now.
#[utoipa::path(
    get, path = "/api/customer/health-score", tag = "Health", operation_id = "get_health_score",
    responses(
        (status = 200, description = "The score and what it is made of", body = HealthReply),
        (status = 404, description = "Nothing was sent in 30 days", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn get_health_score(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<HealthReply>, Problem> {
    let ledger = service.platform.ledger();
    let health = ledger.health(caller.account.id, caller.now_unix_ms)?;
    let health = health.ok_or_else(nothing_sent)?;
    Ok(Json(HealthReply {
        health_score: score(&health, caller.now_unix_ms),
        insights: Insights {
            status: health.status.into(),
            summary: health.summary,
            recommendations: health.recommendations.into_iter().map(str::to_owned).collect(),
        },
        benchmarks: BENCHMARKS,
        components: health.components.iter().map(HealthComponent::from).collect(),
        sending_stopped: SendingStopped::of(&caller.account),
    }))
}

/// Make the health score anew
///
/// It is kept as the score of the day. An account whose mail bounces or is complained about too much is stopped by it, as it
/// would be within the minute.
#[utoipa::path(
    post, path = "/api/customer/health-score/refresh", tag = "Health", operation_id = "refresh_health_score",
    responses(
        (status = 200, description = "The score as it is now", body = HealthRefreshReply),
        (status = 404, description = "Nothing was sent in 30 days", body = Error),
        (status = 503, description = "The store cannot be reached now", body = Error),
        Admission,
    )
)]
pub(super) async fn refresh_health_score(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<HealthRefreshReply>, Problem> {
    let platform = service.platform.as_ref();
    let request = caller.request(platform);
    let health = platform
        .ledger()
        .refresh_health(caller.account.id, &request)
        .await?;
    let health = health.ok_or_else(nothing_sent)?;
    let account = platform
        .ledger()
        .account(caller.account.id)?
        .unwrap_or(caller.account);
    Ok(Json(HealthRefreshReply {
        health_score: score(&health, request.now_unix_ms),
        insights: BriefInsights {
            status: health.status.into(),
            summary: health.summary,
        },
        message: "Health score refreshed successfully".to_owned(),
        sending_stopped: SendingStopped::of(&account),
    }))
}

const BENCHMARKS: Benchmarks = Benchmarks {
    delivery_rate: benchmark("> 98%", "95-98%", "< 95%"),
    open_rate: benchmark("> 20%", "10-20%", "< 10%"),
    click_rate: benchmark("> 2%", "1-2%", "< 1%"),
    bounce_rate: benchmark("< 2%", "2-5%", "> 5%"),
    complaint_rate: benchmark("< 0.1%", "0.1-0.5%", "> 0.5%"),
};

const fn benchmark(good: &'static str, average: &'static str, poor: &'static str) -> Benchmark {
    Benchmark { good, average, poor }
}

fn nothing_sent() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "No data available yet. Send some emails first.",
    )
}

fn score(health: &Health, made_unix_ms: u64) -> HealthScore {
    HealthScore {
        overall_score: health.overall_score,
        delivery_rate: hundredths(health.rates.delivery),
        open_rate: hundredths(health.rates.open),
        click_rate: hundredths(health.rates.click),
        bounce_rate: hundredths(health.rates.bounce),
        complaint_rate: hundredths(health.rates.complaint),
        reputation_grade: health.grade.as_str().to_owned(),
        last_calculated: iso8601(made_unix_ms),
    }
}

/// Two digits behind the point are as many as anybody reads.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl From<&Component> for HealthComponent {
    fn from(part: &Component) -> Self {
        Self {
            name: part.name.as_str().to_owned(),
            value: hundredths(part.value),
            weight: (part.weight * 10_000.0).round() / 10_000.0,
            points_lost: hundredths(part.points_lost),
        }
    }
}

impl From<Standing> for HealthStatus {
    fn from(status: Standing) -> Self {
        match status {
            Standing::Excellent => Self::Excellent,
            Standing::Good => Self::Good,
            Standing::Fair => Self::Fair,
            Standing::Poor => Self::Poor,
            Standing::Critical => Self::Critical,
        }
    }
}
