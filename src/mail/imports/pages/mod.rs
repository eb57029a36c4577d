//! Imports for people: all of them, uploading a list, and one: what was read, how far it is, what came of it.

mod act;
mod list;
mod live;
mod new;
mod show;

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailImportId;
use crate::platform::web::{Ctx, Query, Routes};

use super::export::{ExportQuery, export};
use super::model::{Import, ImportState};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .get("/t/{tenant}/mail/export.csv", read, download)
        .that_may_last()
        .get("/t/{tenant}/mail/imports", read, list::list)
        .get("/t/{tenant}/mail/imports/new", write, new::form)
        .post("/t/{tenant}/mail/imports", write, new::create)
        .that_may_last()
        .get("/t/{tenant}/mail/imports/{import}", read, show::show)
        .get("/t/{tenant}/mail/imports/{import}/live", read, live::live)
        .get("/t/{tenant}/mail/imports/{import}/lines.csv", read, show::lines)
        .post("/t/{tenant}/mail/imports/{import}/start", write, act::start)
        .post("/t/{tenant}/mail/imports/{import}/cancel", write, act::cancel)
}

fn base(scope: &TenantScope) -> String {
    Tab::Imports.href(scope)
}

fn href(scope: &TenantScope, id: MailImportId) -> String {
    format!("{}/{id}", base(scope))
}

/// The way back from a page below the list.
fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    nav::crumbs_below(ctx, scope, Tab::Imports)
}

/// Tone and word for how far an import is.
fn words(import: &Import) -> (&'static str, &'static str) {
    match import.state {
        ImportState::Preview => ("idle", "Not started"),
        ImportState::Running => ("busy", "Under way"),
        ImportState::Done if import.failed > 0 => ("warn", "Done, with failures"),
        ImportState::Done => ("good", "Done"),
        ImportState::Cancelled => ("idle", "Cancelled"),
    }
}

async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Error> {
    let name = format!("mail-{}-{}.csv", scope.member.slug, app.now().format("%Y-%m-%d"));
    export(scope, query.domain, &name).await
}
