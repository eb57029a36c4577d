//! Webhooks for programs: the same actions as the pages, for tenants and for staff.

mod outs;
mod staff;
mod tenant;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::ids::{WebhookDeliveryId, WebhookId};
use crate::platform::web::{IfMatch, Json, ListQuery, PageQuery, Routes, Tagged};

use super::actions;
use super::desk::Desk;
use super::model::{Webhook, WebhookIn, WebhookText};
use outs::{WebhookDeliveryOut, WebhookOut, WebhookSecretOut};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    tenant::routes().merge(staff::routes())
}

fn tagged(webhook: Webhook) -> Tagged<Json<WebhookOut>> {
    Tagged(webhook.version, Json(WebhookOut::from(webhook)))
}

async fn list(desk: &Desk, query: PageQuery) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = actions::list(desk, &query).await?;
    Ok(listing.map(WebhookOut::from).json(&query))
}

async fn create(app: &App, desk: &Desk, new: WebhookIn) -> Result<Response, Error> {
    let (webhook, secret) = actions::create(app, desk, &WebhookText::default().with(new)).await?;
    let answer = Tagged(webhook.version, Json(WebhookSecretOut::new(webhook, &secret)));
    Ok((StatusCode::CREATED, answer).into_response())
}

async fn show(desk: &Desk, id: WebhookId) -> Result<Tagged<Json<WebhookOut>>, Error> {
    Ok(tagged(actions::find(desk, id).await?))
}

async fn change(
    app: &App,
    desk: &Desk,
    id: WebhookId,
    (if_match, said): (&IfMatch, WebhookIn),
) -> Result<Tagged<Json<WebhookOut>>, Error> {
    let is_seen = |version| if_match.check(version);
    let webhook = actions::change(app, desk, id, |text| text.with(said), is_seen).await?;
    Ok(tagged(webhook))
}

async fn remove(app: &App, desk: &Desk, id: WebhookId) -> Result<StatusCode, Error> {
    actions::remove(app, desk, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(app: &App, desk: &Desk, id: WebhookId) -> Result<Json<WebhookSecretOut>, Error> {
    let (webhook, secret) = actions::rotate(app, desk, id).await?;
    Ok(Json(WebhookSecretOut::new(webhook, &secret)))
}

async fn enable(app: &App, desk: &Desk, id: WebhookId) -> Result<Tagged<Json<WebhookOut>>, Error> {
    Ok(tagged(actions::enable(app, desk, id).await?))
}

async fn test(app: &App, desk: &Desk, id: WebhookId) -> Result<Response, Error> {
    let delivery = actions::test(app, desk, id).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDeliveryOut::from(delivery))).into_response())
}

async fn deliveries(desk: &Desk, id: WebhookId, query: PageQuery) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = actions::deliveries(desk, id, &query).await?;
    Ok(listing.map(WebhookDeliveryOut::from).json(&query))
}

async fn redeliver(app: &App, desk: &Desk, ids: (WebhookId, WebhookDeliveryId)) -> Result<Response, Error> {
    let delivery = actions::redeliver(app, desk, ids).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDeliveryOut::from(delivery))).into_response())
}
