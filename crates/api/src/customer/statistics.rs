//! `/api/stats/outbound`: what happened to an account's mail, in numbers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ledger::{Actors, Counts, EmailId, LedgerError, StatisticsFilter, iso8601};
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::{Caller, PathId};
use super::filters::{self, Asked, Values, known};
use super::responses::Admission;
use super::router::Service;
use super::wire::{
    HitsOf, IntervalName, LinkView, MetricCounts, MetricName, MetricPoint, MetricSeries, StreamName,
    TotalsView,
};
use crate::limits::STATISTICS_SPAN_MS;
use crate::problem::{Error, Problem};

/// Which mail is counted, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TotalsQuery {
    /// From this day on, a date or a timestamp, in UTC; default 30 days before the end.
    #[param(nullable = false)]
    fromdate: Option<String>,
    /// To this day, included; default today.
    #[param(nullable = false)]
    todate: Option<String>,
    /// Mail with this tag.
    #[param(nullable = false)]
    tag: Option<String>,
    /// Mail from this domain.
    #[param(nullable = false, format = "uuid")]
    domain_id: Option<String>,
    /// Mail through this stream.
    #[param(inline, value_type = Option<StreamName>, nullable = false)]
    stream_type: Option<String>,
    /// Whose opens and clicks; default everybody's.
    #[param(inline, value_type = Option<HitsOf>, nullable = false)]
    filter: Option<String>,
}

/// Which mail is counted, when, and by which stretches of time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesQuery {
    /// From this day or hour on, a date or a timestamp, in UTC; default 30 days before the end.
    #[param(nullable = false)]
    fromdate: Option<String>,
    /// To this day or hour, included; default now.
    #[param(nullable = false)]
    todate: Option<String>,
    /// Mail with this tag.
    #[param(nullable = false)]
    tag: Option<String>,
    /// Mail from this domain.
    #[param(nullable = false, format = "uuid")]
    domain_id: Option<String>,
    /// Mail through this stream.
    #[param(inline, value_type = Option<StreamName>, nullable = false)]
    stream_type: Option<String>,
    /// Whose opens and clicks; default everybody's.
    #[param(inline, value_type = Option<HitsOf>, nullable = false)]
    filter: Option<String>,
    /// How long a point is; default a day.
    #[param(inline, value_type = Option<IntervalName>, nullable = false)]
    interval: Option<String>,
    /// Clicks only: tell the links of this e-mail too.
    #[param(nullable = false, format = "uuid")]
    email_id: Option<String>,
}

/// What was asked, once it holds.
struct Scope {
    filter: StatisticsFilter,
    actors: Actors,
    span: (u64, u64),
}

/// Count the mail
///
/// Whole days in UTC. Delivery and bounce rates are per cent of what was sent; the rates of opens and clicks (each e-mail
/// once) and of complaints are per cent of what was delivered.
#[utoipa::path(
    get, path = "/api/stats/outbound", tag = "Statistics", operation_id = "get_outbound_statistics",
    params(TotalsQuery),
    responses(
        (status = 200, description = "Counts and rates", body = TotalsView),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn totals(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Asked<TotalsQuery>,
) -> Result<Json<TotalsView>, Problem> {
    let query = known(query)?;
    let mut values = Values::default();
    let scope = query.scope(&mut values, caller.now_unix_ms);
    values.hold()?;
    let ledger = service.platform.ledger();
    let counts = ledger
        .totals(caller.account.id, &scope.filter, scope.span)
        .map_err(|error| unless_limit(error, "domain_id"))?;
    Ok(Json(TotalsView::of(&counts, scope.actors)))
}

/// Count the mail over time
///
/// One point for each hour, day, week (from Monday) or month in UTC, those without mail included.
#[utoipa::path(
    get, path = "/api/stats/outbound/{metric}", tag = "Statistics", operation_id = "get_outbound_series",
    params(("metric" = inline(MetricName), Path, description = "What is counted"), SeriesQuery),
    responses(
        (status = 200, description = "The points, and their sum", body = MetricSeries),
        (status = 400, description = "The request does not hold", body = Error),
        (status = 404, description = "No such metric, or the e-mail is not one of this account", body = Error),
        (status = 503, description = "The store cannot be read now", body = Error),
        Admission,
    )
)]
pub(super) async fn series(
    State(service): State<Arc<Service>>,
    caller: Caller,
    PathId(metric): PathId,
    query: Asked<SeriesQuery>,
) -> Result<Json<MetricSeries>, Problem> {
    let metric: MetricName =
        filters::named(&metric).map_err(|_| Problem::not_found("nothing of this name is counted"))?;
    let SeriesQuery {
        fromdate,
        todate,
        tag,
        domain_id,
        stream_type,
        filter,
        interval,
        email_id,
    } = known(query)?;
    let mut values = Values::default();
    let interval: Option<IntervalName> = values.choice("interval", interval.as_deref());
    let email: Option<EmailId> = values.id("email_id", email_id.as_deref());
    if email_id.is_some() && metric != MetricName::Clicks {
        values.add("email_id", "not_applicable", "only clicks are told by e-mail");
    }
    let scope = TotalsQuery {
        fromdate,
        todate,
        tag,
        domain_id,
        stream_type,
        filter,
    }
    .scope(&mut values, caller.now_unix_ms);
    values.hold()?;
    let interval = interval.unwrap_or(IntervalName::Day);
    let ledger = service.platform.ledger();
    let links = email
        .map(|email| ledger.link_clicks(caller.account.id, email))
        .transpose()?;
    let points = ledger
        .series(caller.account.id, &scope.filter, interval.into(), scope.span)
        .map_err(|error| unless_limit(error, "interval"))?;
    let mut totals = MetricCounts::of(metric, &Counts::default(), scope.actors);
    let mut days = Vec::with_capacity(points.len());
    for point in points {
        let counts = MetricCounts::of(metric, &point.counts, scope.actors);
        totals.add(&counts);
        let mut date = iso8601(point.from_unix_ms);
        if interval != IntervalName::Hour {
            date.truncate("2024-03-15".len());
        }
        days.push(MetricPoint { date, counts });
    }
    let links = links.map(|links| {
        links
            .into_iter()
            .map(|link| LinkView::of(link, scope.actors))
            .collect()
    });
    Ok(Json(MetricSeries { days, totals, links }))
}

impl TotalsQuery {
    fn scope(self, values: &mut Values, now_unix_ms: u64) -> Scope {
        let to = values.until("todate", self.todate.as_deref());
        let to = to.unwrap_or(now_unix_ms);
        let from = values.since("fromdate", self.fromdate.as_deref());
        let from = from.unwrap_or(to.saturating_sub(STATISTICS_SPAN_MS));
        if from > to {
            values.add("fromdate", "out_of_range", "is behind todate");
        }
        let stream: Option<StreamName> = values.choice("stream_type", self.stream_type.as_deref());
        let hits: Option<HitsOf> = values.choice("filter", self.filter.as_deref());
        Scope {
            filter: StatisticsFilter {
                domain: values.id("domain_id", self.domain_id.as_deref()),
                stream: stream.map(Into::into),
                tag: self.tag,
            },
            actors: hits.map_or(Actors::All, Into::into),
            span: (from, to),
        }
    }
}

/// More than is counted together is a fault of the request.
fn unless_limit(error: LedgerError, field: &str) -> Problem {
    match error {
        LedgerError::Limit(what) => Problem::fault(field, "too_many", what.to_string()),
        error => error.into(),
    }
}
