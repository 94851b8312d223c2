//! Of requests to the customers' HTTP.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Labels, latency_histogram};

/// What is counted of requests.
#[derive(Clone)]
pub struct HttpMetrics {
    answered: Family<Labels, Counter>,
    took: Histogram,
}

impl HttpMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            answered: Family::default(),
            took: latency_histogram(),
        };
        let help = "Requests of customers and readers, by the status of the reply";
        registry.register("http_requests", help, metrics.answered.clone());
        let help = "From the head of a request until that of its reply";
        registry.register_with_unit("http_request", help, Unit::Seconds, metrics.took.clone());
        metrics
    }

    /// The router with each of its replies counted.
    pub(crate) fn of(self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self, count))
    }

    fn answered(&self, status: StatusCode, took: Duration) {
        let status = status.as_str().to_owned();
        self.answered.get_or_create(&[("status", status)]).inc();
        self.took.observe(took.as_secs_f64());
    }
}

async fn count(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    metrics.answered(response.status(), began.elapsed());
    response
}
