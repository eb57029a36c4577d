//! Backups for people: a tab of each server's page, and a look into each backup.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::drills::ServerPanel;
use crate::drivers::backup::EntryKind;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupId, ServerId};
use crate::platform::web::{Ctx, FormData, Fragment, LastSeen, Page, Path, Query, Routes, SeeOther, ago};
use crate::servers::{self, Head, crumbs};

use super::model::{Backup, SHOWN, State as How, bytes};
use super::{TOPIC, actions, look, store};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::BackupRead),
        Rule::Tenant(Permission::BackupWrite),
    );
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/backups", read, list)
        .get("/t/{tenant}/servers/{server_id}/backups/live", read, live)
        .post("/t/{tenant}/servers/{server_id}/backups", write, create)
        .get("/t/{tenant}/servers/{server_id}/backups/{backup}", read, show)
        .get(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/download",
            read,
            download,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/restore",
            write,
            restore,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/backups/{backup}/delete",
            write,
            delete,
        )
}

fn href(slug: &str, server: ServerId) -> String {
    format!("/t/{slug}/servers/{server}/backups")
}

/// One backup in the list.
struct Row {
    id: String,
    href: String,
    iso: String,
    when: String,
    by: String,
    state: How,
    percent: i64,
    size: String,
    added: String,
    error: String,
}

impl Row {
    fn new(backup: &Backup, base: &str, now: chrono::DateTime<chrono::Utc>) -> Self {
        Self {
            id: backup.id.to_string(),
            href: format!("{base}/{}", backup.id),
            iso: backup.created_at.to_rfc3339(),
            when: ago(backup.created_at, now),
            by: backup.asked_by.clone(),
            state: backup.state,
            percent: backup.percent(),
            size: bytes(backup.done_bytes),
            added: bytes(backup.added_bytes),
            error: backup.error.clone().unwrap_or_default(),
        }
    }

    fn is_done(&self) -> bool {
        self.state == How::Done
    }

    fn is_running(&self) -> bool {
        self.state == How::Running
    }

    fn may_go(&self) -> bool {
        matches!(self.state, How::Done | How::Failed)
    }
}

/// All rows, or what to do where there are none; also what the live stream sends.
#[derive(Template)]
#[template(path = "backups/rows.html")]
struct Rows {
    base: String,
    all: Vec<Row>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    const ID: &str = "backup-rows";

    async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        server: ServerId,
    ) -> Result<Self, Error> {
        let base = href(&scope.member.slug, server);
        let all = store::list(tx, server).await?;
        Ok(Self {
            all: all
                .iter()
                .map(|backup| Row::new(backup, &base, app.now()))
                .collect(),
            base,
            may_write: scope.may(Permission::BackupWrite),
        })
    }
}

#[derive(Template)]
#[template(path = "backups/list.html")]
struct List {
    ctx: Ctx,
    head: Head,
    rows: Rows,
    proof: ServerPanel,
    live: String,
    may_write: bool,
}

async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let rows = Rows::load(&app, &scope, &mut tx, id).await?;
    let head = Head::new(&app, &scope, &server, "backups");
    Ok(Page(List {
        proof: ServerPanel::load(&app, &scope, &mut tx, id).await?,
        ctx: crumbs(ctx, &scope),
        live: format!("{}/live?after={newest}", rows.base),
        may_write: scope.may(Permission::BackupWrite),
        head,
        rows,
    }))
}

async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, server).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.target_id != Some(server.0) {
            return Ok(None);
        }
        let rows = Rows::load(&app, &scope, &mut scope.begin().await?, server).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::create(&app, &scope, server).await?;
    Ok(SeeOther::to(href(&slug, server)).info("The backup is being made."))
}

/// Where in a backup.
#[derive(Debug, Default, Deserialize)]
struct At {
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
struct Show {
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
}

async fn show(
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

async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server, id)): Path<(String, ServerId, BackupId)>,
    Query(at): Query<At>,
) -> Result<Response, Error> {
    look::content(&app, &scope, (server, id), &at.path.unwrap_or_default()).await
}

async fn restore(
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

async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, server, id)): Path<(String, ServerId, BackupId)>,
) -> Result<SeeOther, Error> {
    actions::delete(&app, &scope, (server, id)).await?;
    Ok(SeeOther::to(href(&slug, server)).info("The backup is being removed."))
}
