//! All pages for staff, a tenant's own, and the form of a new one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::{
    Ctx, FormData, FormState, ListQuery, Page, PageQuery, Query, SeeOther, ago, mistakes,
};

use super::super::actions;
use super::super::desk::Desk;
use super::super::model::StatusPage;
use super::{At, manage, page_text};

struct Row {
    href: String,
    page: StatusPage,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "status/list.html")]
pub(super) struct List {
    ctx: Ctx,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
}

/// Lists all.
pub(super) async fn list(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let (query, now) = (ListQuery::from(query), app.now());
    let listing = actions::list(&desk, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |page: StatusPage| Row {
        href: desk.href(page.id),
        iso: page.created_at.to_rfc3339(),
        ago: ago(page.created_at, now),
        page,
    };
    Ok(Page(List {
        ctx,
        rows: listing.map(row).items,
        next,
        may_write: desk.may_write(),
    }))
}

#[derive(Template)]
#[template(path = "status/new.html")]
pub(super) struct New {
    ctx: Ctx,
    action: String,
    form: FormState,
    is_provider: bool,
    may_write: bool,
}

fn new_page(ctx: Ctx, desk: &Desk, form: FormState) -> Page<New> {
    let ctx = if desk.is_provider() {
        ctx.with_crumbs([("Status pages", desk.home())])
    } else {
        ctx
    };
    Page(New {
        ctx,
        action: desk.home(),
        form,
        is_provider: desk.is_provider(),
        may_write: desk.may_write(),
    })
}

/// An empty form.
pub(super) async fn new(desk: Desk, ctx: Ctx) -> Page<New> {
    new_page(ctx, &desk, FormState::default().with("visibility", "public"))
}

/// A tenant's page; the form of it, if there is none.
pub(super) async fn own(State(app): State<App>, desk: Desk, ctx: Ctx) -> Result<Response, Error> {
    match manage::page(
        &app,
        &desk,
        ctx.clone(),
        At { page: None },
        manage::Forms::default(),
    )
    .await
    {
        Err(Error::NotFound) => Ok(new(desk, ctx).await.into_response()),
        outcome => outcome.map(Page::into_response),
    }
}

/// Makes one.
pub(super) async fn create(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    match form.submit(actions::create(&app, &desk, &page_text(&form))).await {
        Ok(page) => {
            let to = SeeOther::to(desk.href(page.id));
            Ok(to
                .good("The page is there. Say what stands on it.")
                .into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            Ok(new_page(ctx, &desk, FormState::new(form, errors)).status(status))
        }
    }
}
