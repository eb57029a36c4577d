//! The tenant's stacks.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, ago};
use crate::servers;

use super::super::model::StackStatus;
use super::super::query::{StackQuery, Whole};
use super::{base, href, title};

/// One line of the list; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "stacks/row.html")]
pub(super) struct Row {
    id: String,
    href: String,
    name: String,
    blueprint: String,
    status: StackStatus,
    /// Each layer, and how many servers it is.
    layers: Vec<(String, usize)>,
    servers: usize,
    created: String,
    created_ago: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    pub(super) fn new(app: &App, scope: &TenantScope, one: &Whole) -> Self {
        let blueprint = app.catalogue.blueprint(&one.stack.blueprint);
        let parts = blueprint
            .map(|blueprint| blueprint.parts.as_slice())
            .unwrap_or_default();
        let layer =
            |part: &crate::catalogue::BlueprintPart| (part.title.clone(), one.of_part(&part.key).count());
        Self {
            id: one.stack.id.to_string(),
            href: href(scope, one.stack.id),
            name: one.stack.name.clone(),
            blueprint: title(app, &one.stack.blueprint),
            status: one.status(app.now()),
            layers: parts.iter().map(layer).collect(),
            servers: one.servers.len(),
            created: one.stack.created_at.to_rfc3339(),
            created_ago: ago(one.stack.created_at, app.now()),
        }
    }
}

#[derive(Template)]
#[template(path = "stacks/list.html")]
pub(super) struct List {
    ctx: Ctx,
    slug: String,
    base: String,
    query: StackQuery,
    rows: Vec<Row>,
    next: String,
    may_create: bool,
    live: String,
}

/// Lists the stacks.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: StackQuery,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let (ctx, newest) = servers::live_page(&mut tx, ctx).await?;
    let listing = query.run(&mut tx, scope.tenant()).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    Ok(Page(List {
        ctx,
        slug: scope.member.slug.clone(),
        base: base(&scope),
        rows: listing.map(|one| Row::new(&app, &scope, &one)).items,
        query,
        next,
        may_create: scope.may(Permission::ServerCreate),
        live: format!("{}/live?after={newest}", base(&scope)),
    }))
}
