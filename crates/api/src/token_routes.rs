//! `/admin/tokens`: the secrets that tokens in links and addresses are made with, for operators. The secrets themselves are
//! never shown.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use crate::operator::Operator;
use crate::problem::Problem;
use crate::wire::TokenSecrets;

type Service = State<Arc<dyn Operator>>;

/// `GET /admin/tokens`
pub(crate) async fn list(State(operator): Service) -> Result<Json<TokenSecrets>, Problem> {
    shown(operator.token_secrets().await?)
}

/// `POST /admin/tokens/rotate`
pub(crate) async fn rotate(State(operator): Service) -> Result<Json<TokenSecrets>, Problem> {
    shown(operator.rotate_tokens().await?)
}

/// `DELETE /admin/tokens/{id}`
pub(crate) async fn revoke(
    State(operator): Service,
    Path(id): Path<String>,
) -> Result<Json<TokenSecrets>, Problem> {
    let id = id
        .parse()
        .map_err(|_| Problem::not_found("no secret of tokens has this id: they are numbers up to 255"))?;
    shown(operator.revoke_tokens(id).await?)
}

fn shown(ids: Vec<u8>) -> Result<Json<TokenSecrets>, Problem> {
    Ok(Json(TokenSecrets {
        current: ids.last().copied(),
        secrets: ids,
    }))
}
