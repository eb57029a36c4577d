//! Snapshots for people: a tab of the server's, a look into one, and those of a stack's servers.

mod files;
mod list;
mod stack;

use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SnapshotId};
use crate::platform::web::{Path, Routes, SeeOther};

use super::actions;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::SnapshotRead);
    let write = Rule::Tenant(Permission::SnapshotWrite);
    let files = Rule::Tenant(Permission::FileRead);
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/snapshots", read, list::show)
        .get("/t/{tenant}/servers/{server_id}/snapshots/live", read, list::live)
        .form("/t/{tenant}/servers/{server_id}/snapshots", write, list::take)
        .post(
            "/t/{tenant}/servers/{server_id}/snapshots/{snapshot_id}/delete",
            write,
            remove,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/snapshots/{snapshot_id}/restore",
            write,
            restore,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/snapshots/{snapshot_id}/clone",
            Rule::Tenant(Permission::ServerCreate),
            beside,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/snapshots/{snapshot_id}/files",
            files,
            files::show,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/snapshots/{snapshot_id}/files/content",
            files,
            files::content,
        )
        .that_may_last()
        .get("/t/{tenant}/stacks/{stack_id}/snapshots", read, stack::list)
        .get("/t/{tenant}/stacks/{stack_id}/snapshots/live", read, stack::live)
        .post("/t/{tenant}/stacks/{stack_id}/snapshots", write, stack::take)
}

/// Where the tab is.
fn tab(slug: &str, server: ServerId) -> String {
    format!("/t/{slug}/servers/{server}/snapshots")
}

/// What a button answers: back to the tab, with what came of it.
fn told<T>(
    slug: &str,
    server: ServerId,
    outcome: Result<T, Error>,
    good: impl FnOnce(T) -> String,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(tab(slug, server));
    match outcome {
        Ok(done) => Ok(to.good(good(done))),
        Err(error) => to.refused(error),
    }
}

async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, SnapshotId)>,
) -> Result<SeeOther, Error> {
    let removed = actions::remove(&app, &scope, (server, id)).await;
    told(&slug, server, removed, |snapshot| {
        format!("Deleting {}.", snapshot.name)
    })
}

async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, SnapshotId)>,
) -> Result<SeeOther, Error> {
    let asked = actions::restore(&app, &scope, (server, id)).await;
    told(&slug, server, asked, |asked| {
        format!("Restoring. What it holds now is kept as {}.", asked.snapshot.name)
    })
}

async fn beside(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, SnapshotId)>,
) -> Result<SeeOther, Error> {
    match actions::beside(&app, &scope, (server, id), None).await {
        Ok(asked) => {
            let to = SeeOther::to(format!("/t/{slug}/servers/{}", asked.server.id));
            Ok(to.good(format!("Making {} from the snapshot.", asked.server.name)))
        }
        other => told(&slug, server, other, |_| String::new()),
    }
}
