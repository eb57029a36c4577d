//! What people were paged for.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::CallId;
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, PageQuery, Path, Query, SeeOther, ago};

use super::super::actions;
use super::super::model::Call;
use super::super::store;
use super::{Area, crumbs};

const BASE: &str = "/staff/on-call/calls";

struct Row {
    call: Call,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "on_call/calls.html")]
pub(super) struct Calls {
    ctx: Ctx,
    area: Area,
    rows: Vec<Row>,
    next: String,
}

/// The page of them that is asked for.
pub(in super::super) async fn calls_page(
    scope: &StaffScope,
    query: &ListQuery,
) -> Result<Listing<Call>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let mut tx = scope.begin().await?;
    let found = store::page_of_calls(&mut tx, false, before, query.fetch()?).await?;
    Listing::new(found, query, |call| (call.paged_at, call.id.0))
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<Calls>, Error> {
    let (query, now) = (ListQuery::from(query), app.now());
    let listing = calls_page(&scope, &query).await?;
    Ok(Page(Calls {
        ctx: crumbs(ctx),
        area: Area::new(&scope, "calls"),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing
            .items
            .into_iter()
            .map(|call| Row {
                iso: call.paged_at.to_rfc3339(),
                ago: ago(call.paged_at, now),
                call,
            })
            .collect(),
    }))
}

/// Acknowledges one.
pub(super) async fn acknowledge(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CallId>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(BASE);
    match actions::acknowledge(&app, &scope, id).await {
        Ok(call) => Ok(to.good(format!("{}.", call.words()))),
        Err(error) => to.refused(error),
    }
}
