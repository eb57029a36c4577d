//! All webhooks, and the form of a new one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, ListQuery, Page, PageQuery, Query, ago, mistakes};

use super::super::actions;
use super::super::desk::Desk;
use super::super::model::Webhook;
use super::show::secret_page;
use super::{EventBox, boxes, crumbs, typed};

struct Row {
    webhook: Webhook,
    href: String,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "webhooks/list.html")]
pub(super) struct List {
    ctx: Ctx,
    base: String,
    rows: Vec<Row>,
    next: String,
    is_provider: bool,
    may_write: bool,
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let (query, now) = (ListQuery::from(query), app.now());
    let listing = actions::list(&desk, &query).await?;
    let row = |webhook: Webhook| Row {
        href: desk.href(webhook.id),
        iso: webhook.created_at.to_rfc3339(),
        ago: ago(webhook.created_at, now),
        webhook,
    };
    Ok(Page(List {
        ctx,
        base: desk.base(),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.items.into_iter().map(row).collect(),
        is_provider: desk.is_provider(),
        may_write: desk.may_write(),
    }))
}

#[derive(Template)]
#[template(path = "webhooks/new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    boxes: Vec<EventBox>,
    form: FormState,
}

fn new_page(ctx: Ctx, desk: &Desk, form: FormState) -> Page<New> {
    Page(New {
        ctx: crumbs(ctx, desk),
        base: desk.base(),
        boxes: boxes(desk, &form),
        form,
    })
}

/// An empty form.
pub(super) async fn new(desk: Desk, ctx: Ctx) -> Page<New> {
    new_page(ctx, &desk, FormState::default())
}

/// Makes one, and shows its secret.
pub(super) async fn create(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let text = typed(&data);
    match data.submit(actions::create(&app, &desk, &text)).await {
        Ok((webhook, secret)) => Ok(secret_page(ctx, &desk, &webhook, &secret).into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            Ok(new_page(ctx, &desk, FormState::new(data, errors)).status(status))
        }
    }
}
