//! Webhooks of a tenant, for its programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{WebhookDeliveryId, WebhookId};
use crate::platform::web::{IfMatch, Json, ListOut, PageQuery, Path, Query, Routes, Tagged, operation};

use super::super::model::WebhookIn;
use super::outs::{WebhookDeliveryOut, WebhookOut, WebhookSecretOut};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::WebhookRead), Rule::Tenant(P::WebhookWrite));
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(read, operation!(show))
        .api(write, operation!(change))
        .api(write, operation!(remove))
        .api(write, operation!(rotate))
        .api(write, operation!(enable))
        .api(write, operation!(test))
        .api(read, operation!(deliveries))
        .api(write, operation!(redeliver))
}

/// List webhooks
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<WebhookOut>)))]
pub async fn list(scope: TenantScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    super::list(&scope.into(), query).await
}

/// Make a webhook
///
/// Its messages are signed after the specification of Standard Webhooks, with the secret of the answer, which is not shown again.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = WebhookIn,
    responses((status = 201, description = "The webhook, and its secret", body = WebhookSecretOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<WebhookIn>,
) -> Result<Response, Error> {
    super::create(&app, &scope.into(), new).await
}

/// Show a webhook
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", params(("webhook" = WebhookId, Path)),
    responses((status = 200, description = "The webhook", body = WebhookOut)))]
pub async fn show(scope: TenantScope, Path(id): Path<WebhookId>) -> Result<Tagged<Json<WebhookOut>>, Error> {
    super::show(&scope.into(), id).await
}

/// Change a webhook
///
/// What is left out stays as it is.
#[utoipa::path(patch, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", params(("webhook" = WebhookId, Path)), request_body = WebhookIn,
    responses((status = 200, description = "The webhook", body = WebhookOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<WebhookId>,
    if_match: IfMatch,
    Json(said): Json<WebhookIn>,
) -> Result<Tagged<Json<WebhookOut>>, Error> {
    super::change(&app, &scope.into(), id, (&if_match, said)).await
}

/// Delete a webhook
///
/// With all that it was told.
#[utoipa::path(delete, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", params(("webhook" = WebhookId, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Error> {
    super::remove(&app, &scope.into(), id).await
}

/// Make a new secret
///
/// Messages are signed with both, the new one and the one before it, for 24 hours.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/rotate", tag = "webhooks", params(("webhook" = WebhookId, Path)),
    responses((status = 200, description = "The webhook, and its new secret", body = WebhookSecretOut)))]
pub async fn rotate(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<WebhookId>,
) -> Result<Json<WebhookSecretOut>, Error> {
    super::rotate(&app, &scope.into(), id).await
}

/// Enable a webhook
///
/// One that was disabled because nothing arrived for five days. It is told what happens from now on.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/enable", tag = "webhooks", params(("webhook" = WebhookId, Path)),
    responses((status = 200, description = "The webhook", body = WebhookOut)))]
pub async fn enable(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<WebhookId>,
) -> Result<Tagged<Json<WebhookOut>>, Error> {
    super::enable(&app, &scope.into(), id).await
}

/// Test a webhook
///
/// By a message of the type `webhook.test`.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/test", tag = "webhooks", params(("webhook" = WebhookId, Path)),
    responses((status = 202, description = "The message, which is yet to be sent", body = WebhookDeliveryOut)))]
pub async fn test(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<WebhookId>,
) -> Result<Response, Error> {
    super::test(&app, &scope.into(), id).await
}

/// List what a webhook was told
///
/// The newest first, of the last 30 days.
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}/deliveries", tag = "webhooks", params(("webhook" = WebhookId, Path), PageQuery),
    responses((status = 200, description = "A page of messages", body = ListOut<WebhookDeliveryOut>)))]
pub async fn deliveries(
    scope: TenantScope,
    Path(id): Path<WebhookId>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    super::deliveries(&scope.into(), id, query).await
}

/// Send a message again
///
/// The same, by the same id: at once, also if it waits for its next try. It is tried for another day.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver", tag = "webhooks", params(("webhook" = WebhookId, Path), ("delivery" = WebhookDeliveryId, Path)),
    responses((status = 202, description = "The message, which is yet to be sent", body = WebhookDeliveryOut)))]
pub async fn redeliver(
    State(app): State<App>,
    scope: TenantScope,
    Path(ids): Path<(WebhookId, WebhookDeliveryId)>,
) -> Result<Response, Error> {
    super::redeliver(&app, &scope.into(), ids).await
}
