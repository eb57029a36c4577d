//! The backups of a volume of the organisation's own: the tab of its page, and a look into each.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupId, VolumeId};
use crate::platform::web::{Ctx, FormData, Fragment, LastSeen, Page, Path, Query, SeeOther};
use crate::volumes::{self, Head, TOP, crumbs};

use super::super::model::{Of, SHOWN, State as How, VolumeFill};
use super::super::{TOPIC, actions, look, store};
use super::inside::{At, Got, Inside, restored_name};
use super::list::Rows;
use super::{Row, volume_href};

const HINT: &str =
    "A backup keeps what is in the volume, so that a deleted file can be had back. Press “Back up now”.";

async fn rows(app: &App, scope: &TenantScope, tx: &mut TenantTx, volume: VolumeId) -> Result<Rows, Error> {
    let base = volume_href(&scope.member.slug, volume);
    let all = store::list(tx, Of::Volume(volume)).await?;
    let alert = store::alert_of(tx, Of::Volume(volume)).await?;
    Ok(Rows {
        all: all
            .iter()
            .map(|backup| Row::new(backup, &base, app.now()))
            .collect(),
        alert: alert.unwrap_or_default(),
        hint: HINT,
        base,
        may_write: scope.may(Permission::BackupWrite),
    })
}

#[derive(Template)]
#[template(path = "backups/volume.html")]
pub(super) struct List {
    ctx: Ctx,
    head: Head,
    rows: Rows,
    live: String,
    may_make: bool,
}

pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, VolumeId)>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let volume = volumes::find(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let rows = rows(&app, &scope, &mut tx, id).await?;
    Ok(Page(List {
        ctx: crumbs(ctx, &scope),
        head: Head::new(&scope, &volume, "backups"),
        live: format!("{}/live?after={newest}", rows.base),
        may_make: scope.may(Permission::BackupWrite) && volume.check_open().is_ok(),
        rows,
    }))
}

pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, VolumeId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    volumes::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.target_id != Some(id.0) {
            return Ok(None);
        }
        let rows = rows(&app, &scope, &mut scope.begin().await?, id).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, VolumeId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(volume_href(&slug, id));
    match actions::create_of_volume(&app, &scope, id).await {
        Ok(_) => Ok(to.info("The backup is being made.")),
        Err(error) => to.refused(error),
    }
}

pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, volume, id)): Path<(String, VolumeId, BackupId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(volume_href(&slug, volume));
    match actions::delete_of_volume(&app, &scope, (volume, id)).await {
        Ok(()) => Ok(to.info("The backup is being removed.")),
        Err(error) => to.refused(error),
    }
}

/// A volume that was made from the backup.
struct Made {
    name: String,
    href: String,
    state: How,
    error: String,
}

impl Made {
    fn new(fill: VolumeFill, slug: &str) -> Self {
        let href = fill.volume.map(|volume| format!("/t/{slug}/volumes/{volume}"));
        Self {
            name: fill.name,
            href: href.unwrap_or_default(),
            state: fill.state,
            error: fill.error.unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "backups/volume_show.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    row: Row,
    back: String,
    inside: Inside,
    got: Vec<Got>,
    made: Vec<Made>,
    another: String,
    may_write: bool,
    may_create: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, volume, id)): Path<(String, VolumeId, BackupId)>,
    Query(at): Query<At>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let known = volumes::find(&mut tx, volume).await?;
    let backup = actions::find_volumes(&mut tx, (volume, id)).await?;
    let restores = store::restores(&mut tx, id, SHOWN).await?;
    let made = store::fills(&mut tx, id, SHOWN).await?;
    drop(tx);
    let base = volume_href(&slug, volume);
    let row = Row::new(&backup, &base, app.now());
    let inside = Inside::look(&app, &scope, (Of::Volume(volume), id), (&row, at, &[TOP])).await?;
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope),
        head: Head::new(&scope, &known, "backups"),
        back: base,
        row,
        inside,
        got: restores.into_iter().map(Got::from).collect(),
        made: made.into_iter().map(|fill| Made::new(fill, &slug)).collect(),
        another: format!("/t/{slug}/backups/{id}/volume"),
        may_write: scope.may(Permission::BackupWrite),
        may_create: scope.may(Permission::BackupWrite) && scope.may(Permission::VolumeWrite),
    }))
}

pub(super) async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, volume, id)): Path<(String, VolumeId, BackupId)>,
    Query(at): Query<At>,
) -> Result<Response, Error> {
    look::content(
        &app,
        &scope,
        (Of::Volume(volume), id),
        &at.path.unwrap_or_default(),
    )
    .await
}

pub(super) async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, volume, id)): Path<(String, VolumeId, BackupId)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let path = form.get("path");
    let name = restored_name(path, app.now());
    let to = SeeOther::to(format!("{}/{id}", volume_href(&slug, volume)));
    match actions::restore_in_volume(&app, &scope, (volume, id), (path, &name)).await {
        Ok(restored) => Ok(to.info(format!("It will be at /{TOP}/{}.", restored.name))),
        Err(error) => to.refused(error),
    }
}
