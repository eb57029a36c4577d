//! Eggs for the provider's people: which there are, one with its report, and importing in two steps: read, then confirm.
//!
//! Nothing is kept between the two steps: the file travels in the form of the second.

mod import;
mod show;
mod upload;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::catalogue::Variable;
use crate::platform::access::{Permission, Rule, StaffScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Routes, ago};

use super::model::{Egg, Note, Stop};
use super::store::{self, EggRow, VersionRow};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffCatalogueRead);
    let manage = Rule::Staff(Permission::StaffCatalogueManage);
    Routes::new()
        .get("/staff/eggs", read, list)
        .get("/staff/eggs/new", manage, import::new)
        .post("/staff/eggs/preview", manage, import::preview)
        .form("/staff/eggs", manage, import::import)
        .get("/staff/eggs/{egg}", read, show::show)
        .get("/staff/eggs/{egg}/new", manage, import::new_version)
        .form("/staff/eggs/{egg}/versions", manage, import::update)
        .post("/staff/eggs/{egg}/settings", manage, show::settings)
        .post("/staff/eggs/{egg}/delete", manage, show::remove)
}

const EGGS: &str = "/staff/eggs";

fn crumbs(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Eggs", EGGS)])
}

struct Row {
    egg: EggRow,
    updated_ago: String,
}

#[derive(Template)]
#[template(path = "eggs/list.html")]
struct List {
    ctx: Ctx,
    rows: Vec<Row>,
    may_import: bool,
}

/// All eggs.
async fn list(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Response, Error> {
    let rows = store::list(&mut scope.begin().await?).await?;
    let row = |egg: EggRow| Row {
        updated_ago: ago(egg.updated_at, app.now()),
        egg,
    };
    Ok(Page(List {
        ctx,
        rows: rows.into_iter().map(row).collect(),
        may_import: scope.may(Permission::StaffCatalogueManage),
    })
    .into_response())
}

/// What an egg is, on the preview and on its page.
struct About {
    egg: Egg,
    stop: String,
}

impl About {
    fn new(egg: Egg) -> Self {
        let stop = match &egg.stop {
            Stop::Signal(signal) => signal.as_str().to_owned(),
            Stop::Input(line) => format!("{line} (written to its standard input)"),
        };
        Self { egg, stop }
    }

    fn notes(&self) -> &[Note] {
        &self.egg.report
    }

    fn variables(&self) -> &[Variable] {
        &self.egg.variables
    }
}

async fn find(scope: &StaffScope, name: &str) -> Result<(EggRow, VersionRow), Error> {
    let mut tx = scope.begin().await?;
    let row = store::list(&mut tx)
        .await?
        .into_iter()
        .find(|row| row.name == name);
    let row = row.ok_or(Error::NotFound)?;
    let version = store::version(&mut tx, name, row.newest)
        .await?
        .ok_or(Error::NotFound)?;
    Ok((row, version))
}
