//! One backup: what is in it, and what was got back from it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId};
use crate::platform::web::{Ctx, FormData, Page, Path, Query, SeeOther};
use crate::servers::{self, Head, crumbs};

use super::super::model::{Of, SHOWN};
use super::super::{actions, look, store};
use super::inside::{At, Got, Inside, restored_name};
use super::{Row, href};

#[derive(Template)]
#[template(path = "backups/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    row: Row,
    back: String,
    inside: Inside,
    got: Vec<Got>,
    may_write: bool,
    may_create: bool,
    may_restore_over: bool,
    name: String,
}

pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, server, id)): Path<(String, ServerId, BackupId)>,
    Query(at): Query<At>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let known = servers::find(&mut tx, server).await?;
    let backup = actions::find(&mut tx, (server, id)).await?;
    let restores = store::restores(&mut tx, id, SHOWN).await?;
    let volumes = crate::eggs::warm(&app, &mut tx, &known.template).await?;
    drop(tx);
    let base = href(&slug, server);
    let row = Row::new(&backup, &base, app.now());
    let names = volumes.iter().flat_map(|offer| &offer.template.volumes);
    let names: Vec<&str> = names.map(|volume| volume.name.as_str()).collect();
    let inside = Inside::look(&app, &scope, (Of::Server(server), id), (&row, at, &names)).await?;
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope).with_crumbs([("Backups", base.clone())]),
        head: Head::new(&app, &scope, &known, "backups"),
        back: base,
        row,
        inside,
        got: restores.into_iter().map(Got::from).collect(),
        may_write: scope.may(Permission::BackupWrite),
        may_create: scope.may(Permission::BackupWrite) && scope.may(Permission::ServerCreate),
        may_restore_over: scope.may(Permission::BackupWrite) && scope.may(Permission::ServerPower),
        name: known.name.clone(),
    }))
}

pub(super) async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server, id)): Path<(String, ServerId, BackupId)>,
    Query(at): Query<At>,
) -> Result<Response, Error> {
    look::content(
        &app,
        &scope,
        (Of::Server(server), id),
        &at.path.unwrap_or_default(),
    )
    .await
}

pub(super) async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, BackupId)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let path = form.get("path");
    let name = restored_name(path, app.now());
    let restored = actions::restore(&app, &scope, (server, id), (path, &name)).await?;
    let to = format!("/{}/{}", restored.what.volume(), restored.name);
    Ok(SeeOther::to(format!("{}/{id}", href(&slug, server))).info(format!("It will be at {to}.")))
}
