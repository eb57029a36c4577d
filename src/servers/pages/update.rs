//! Updates: of one server, and of all that are behind.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Page, Path, SeeOther};

use super::super::actions::{self, Bulk, Line};
use super::href;

const BEGUN: &str = "Updating. The image before is kept until the new one has proven that it works.";

/// Updates a server.
pub async fn act(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::update(&app, &scope, id).await?;
    Ok(SeeOther::to(href(&slug, id)).info(BEGUN))
}

/// Updates any server.
pub async fn act_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<SeeOther, Error> {
    actions::update_as_staff(&app, &scope, id).await?;
    Ok(SeeOther::to(format!("/staff/servers/{id}")).info(BEGUN))
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    is_begun: bool,
    text: String,
}

impl Row {
    fn new(line: Line, href: impl Fn(ServerId) -> String) -> Self {
        Self {
            href: href(line.id),
            name: line.name,
            is_begun: line.outcome.is_ok(),
            text: line
                .outcome
                .err()
                .unwrap_or_else(|| "Its page tells how it goes.".to_owned()),
        }
    }
}

/// What came of a wish for several servers.
#[derive(Template)]
#[template(path = "servers/bulk.html")]
pub struct BulkPage {
    ctx: Ctx,
    title: String,
    back: String,
    rows: Vec<Row>,
    begun: usize,
    has_more: bool,
}

impl BulkPage {
    pub(super) fn new(ctx: Ctx, title: &str, list: String, bulk: Bulk) -> Page<Self> {
        let begun = bulk.begun();
        let page = |id: ServerId| format!("{list}/{id}");
        Page(Self {
            ctx: ctx.with_crumbs([("Servers", list.clone())]),
            title: title.to_owned(),
            rows: bulk.lines.into_iter().map(|line| Row::new(line, page)).collect(),
            begun,
            has_more: bulk.has_more,
            back: list,
        })
    }
}

const TITLE: &str = "Update all servers";

/// Updates the tenant's servers that are behind.
pub async fn all(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path(slug): Path<String>,
) -> Result<Page<BulkPage>, Error> {
    let bulk = actions::update_all(&app, &scope).await?;
    Ok(BulkPage::new(ctx, TITLE, format!("/t/{slug}/servers"), bulk))
}

/// Updates all servers that are behind.
pub async fn all_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<BulkPage>, Error> {
    let bulk = actions::update_all_as_staff(&app, &scope).await?;
    Ok(BulkPage::new(ctx, TITLE, "/staff/servers".to_owned(), bulk))
}
