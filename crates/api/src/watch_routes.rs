//! Health and metrics, for those who watch the server; and its reload.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::error::Refusal;
use crate::operator::{Operator, Readiness};
use crate::wire::{Health, Reloaded};

/// The text format of Prometheus, version 0.0.4.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /health/live`: the process answers; when it does not, start it anew.
pub(crate) async fn live() -> Json<Health> {
    Json(Health {
        status: "live".to_owned(),
        reason: None,
    })
}

/// `GET /health/ready`: mail is taken and delivered; when it is not, send mail elsewhere.
pub(crate) async fn ready(State(operator): State<Arc<dyn Operator>>) -> (StatusCode, Json<Health>) {
    match operator.readiness() {
        Readiness::Ready => {
            let health = Health {
                status: "ready".to_owned(),
                reason: None,
            };
            (StatusCode::OK, Json(health))
        }
        Readiness::NotReady { why } => {
            let health = Health {
                status: "not_ready".to_owned(),
                reason: Some(why),
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(health))
        }
    }
}

/// `GET /metrics`
pub(crate) async fn metrics(State(operator): State<Arc<dyn Operator>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], operator.metrics())
}

/// `POST /admin/reload`
pub(crate) async fn reload(State(operator): State<Arc<dyn Operator>>) -> Result<Json<Reloaded>, Refusal> {
    match tokio::task::spawn_blocking(move || operator.reload()).await {
        Ok(reloaded) => Ok(Json(Reloaded { reloaded: reloaded? })),
        Err(_) => Err(Refusal::Internal),
    }
}
