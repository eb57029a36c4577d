//! Pieces of work, to be watched.

use axum::response::Response;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::platform::operations;
use crate::platform::web::{Cursor, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query};

use super::outs::OperationOut;

/// List operations
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/operations", tag = "operations", params(PageQuery),
    responses((status = 200, description = "A page of the tenant's operations", body = ListOut<OperationOut>)))]
pub async fn list(scope: TenantScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let after: Option<(DateTime<Utc>, Uuid)> = Cursor::decode(query.after.as_deref())?;
    let limit = query.fetch()?;
    let mut tx = scope.begin().await?;
    let rows = operations::list(
        &mut tx,
        after.unwrap_or((DateTime::<Utc>::MAX_UTC, Uuid::max())),
        limit,
    )
    .await?;
    let listing = Listing::new(rows, &query, |operation| (operation.created_at, operation.id.0))?;
    Ok(listing.map(OperationOut::from).json(&query))
}

/// Show an operation
#[utoipa::path(get, path = "/api/v1/operations/{operation_id}", tag = "operations",
    params(("operation_id" = OperationId, Path)),
    responses((status = 200, description = "The operation with its steps", body = OperationOut)))]
pub async fn show(scope: TenantScope, Path(id): Path<OperationId>) -> Result<Json<OperationOut>, Error> {
    let mut tx = scope.begin().await?;
    let operation = operations::find(&mut tx, id).await?;
    let steps = operations::steps(&mut tx, id).await?;
    Ok(Json(OperationOut::with_steps(operation, steps)))
}
