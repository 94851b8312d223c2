//! `/admin/queue`: looking at the queue and changing it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use queue::{QueueError, Selector};

use crate::error::Refusal;
use crate::operator::Operator;
use crate::selection::{Listing, Page, selected};
use crate::wire::{Changed, DeliveryList, QueueSummary, Selection};

/// `GET /admin/queue?domain=&limit=&after=`
pub(crate) async fn list(
    State(operator): State<Arc<dyn Operator>>,
    query: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<DeliveryList>, Refusal> {
    let Query(listing) = query?;
    read_page(operator, listing.page()?).await.map(Json)
}

/// `GET /admin/queue/{id}`
pub(crate) async fn show(
    State(operator): State<Arc<dyn Operator>>,
    Path(id): Path<String>,
    query: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<DeliveryList>, Refusal> {
    let Query(listing) = query?;
    let list = read_page(operator, listing.page_of(&id)?).await?;
    if list.deliveries.is_empty() {
        return Err(Refusal::UnknownId(id));
    }
    Ok(Json(list))
}

/// `GET /admin/queue/summary`
pub(crate) async fn summary(
    State(operator): State<Arc<dyn Operator>>,
) -> Result<Json<QueueSummary>, Refusal> {
    let domains = blocking(move || operator.summary()).await?;
    Ok(Json(QueueSummary::from(domains)))
}

/// `POST /admin/queue/retry`
pub(crate) async fn retry(
    State(operator): State<Arc<dyn Operator>>,
    body: Result<Json<Selection>, JsonRejection>,
) -> Result<Json<Changed>, Refusal> {
    let Json(selection) = body?;
    let selector = selected(&selection)?;
    let changed = operator.retry(selector.clone()).await?;
    told(&selector, changed)
}

/// `POST /admin/queue/cancel`
pub(crate) async fn cancel(
    State(operator): State<Arc<dyn Operator>>,
    body: Result<Json<Selection>, JsonRejection>,
) -> Result<Json<Changed>, Refusal> {
    let Json(selection) = body?;
    let selector = selected(&selection)?;
    let changed = operator.cancel(selector.clone()).await?;
    told(&selector, changed)
}

/// Nothing changed is an answer for a domain or the whole queue; for one message it means that it is not there.
fn told(selector: &Selector, changed: u64) -> Result<Json<Changed>, Refusal> {
    match selector {
        Selector::Message(id) if changed == 0 => Err(Refusal::UnknownId(id.to_string())),
        Selector::Message(_) | Selector::Domain(_) | Selector::All => Ok(Json(Changed { changed })),
    }
}

async fn read_page(operator: Arc<dyn Operator>, page: Page) -> Result<DeliveryList, Refusal> {
    let read = blocking(move || operator.list(&page.selector, page.after, page.limit)).await?;
    Ok(DeliveryList::from(read))
}

/// Runs a read of the store where it may block.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, QueueError> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => Ok(read?),
        Err(_) => Err(Refusal::Internal),
    }
}
