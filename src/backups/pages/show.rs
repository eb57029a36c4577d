//! One backup: what is in it, and what was got back from it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::drivers::backup::EntryKind;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId};
use crate::platform::web::{Ctx, FormData, Page, Path, Query, SeeOther};
use crate::servers::{self, Head, crumbs};

use super::super::model::{SHOWN, State as How, bytes};
use super::super::{actions, look, store};
use super::{Row, href};

/// Where in a backup.
#[derive(Debug, Default, Deserialize)]
pub(super) struct At {
    path: Option<String>,
}

/// Something in a folder of the backup.
struct Found {
    name: String,
    path: String,
    href: String,
    size: String,
    is_folder: bool,
    is_file: bool,
}

/// Something that was got back.
struct Got {
    to: String,
    state: How,
    error: String,
}

#[derive(Template)]
#[template(path = "backups/show.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each hides or shows a part of the page"
)]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    row: Row,
    back: String,
    path: String,
    up: String,
    found: Vec<Found>,
    is_all: bool,
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
    let path = at.path.unwrap_or_default();
    let path = path.trim_end_matches('/').to_owned();
    let (found, is_all) = if !row.is_done() {
        (Vec::new(), true)
    } else if path.is_empty() {
        let names = volumes.iter().flat_map(|offer| &offer.template.volumes);
        (
            names.map(|volume| folder(&row.href, &volume.name)).collect(),
            true,
        )
    } else {
        let (entries, is_all) = look::entries(&app, &scope, (server, id), &path).await?;
        let all = entries.into_iter().map(|entry| {
            let inside = format!("{path}/{}", entry.name);
            Found {
                href: at_href(&row.href, "", &inside),
                size: bytes(i64::try_from(entry.size).unwrap_or(i64::MAX)),
                is_folder: entry.kind == EntryKind::Folder,
                is_file: entry.kind == EntryKind::File,
                name: entry.name,
                path: inside,
            }
        });
        (all.collect(), is_all)
    };
    let up = path.rsplit_once('/').map_or("", |(up, _)| up);
    let got = restores.into_iter().map(|restore| Got {
        to: format!("/{}/{}", restore.what.volume(), restore.name),
        state: restore.state,
        error: restore.error.unwrap_or_default(),
    });
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope).with_crumbs([("Backups", base.clone())]),
        head: Head::new(&app, &scope, &known, "backups"),
        back: base,
        up: at_href(&row.href, "", up),
        row,
        path,
        found,
        is_all,
        got: got.collect(),
        may_write: scope.may(Permission::BackupWrite),
        may_create: scope.may(Permission::BackupWrite) && scope.may(Permission::ServerCreate),
        may_restore_over: scope.may(Permission::BackupWrite) && scope.may(Permission::ServerPower),
        name: known.name.clone(),
    }))
}

fn folder(base: &str, volume: &str) -> Found {
    let path = format!("/{volume}");
    Found {
        name: volume.to_owned(),
        href: at_href(base, "", &path),
        path,
        size: String::new(),
        is_folder: true,
        is_file: false,
    }
}

fn at_href(base: &str, rest: &str, path: &str) -> String {
    let path = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
    format!("{base}{rest}?path={path}")
}

pub(super) async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server, id)): Path<(String, ServerId, BackupId)>,
    Query(at): Query<At>,
) -> Result<Response, Error> {
    look::content(&app, &scope, (server, id), &at.path.unwrap_or_default()).await
}

pub(super) async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, BackupId)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let path = form.get("path");
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    // Free in any case: by the second, and one cannot click twice in one.
    let name = format!("restored-{}-{last}", app.now().format("%Y%m%d-%H%M%S"));
    let name: String = name.chars().take(100).collect();
    let restored = actions::restore(&app, &scope, (server, id), (path, &name)).await?;
    let to = format!("/{}/{}", restored.what.volume(), restored.name);
    Ok(SeeOther::to(format!("{}/{id}", href(&slug, server))).info(format!("It will be at {to}.")))
}
