//! Pages as files, to live elsewhere when the panel is down. Each file is replaced at once, the page last, so whoever reads meanwhile
//! reads an old one or a new one and never half of one.

use std::path::Path;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::StatusPageId;
use crate::platform::web::page::attachment;

use super::render::{self, CSS, Links};
use super::store;
use super::view::View;

/// Says that a folder was written here, so that it may be removed when its page is public no more.
const MARK: &str = ".berth-status-page";

/// A page's files, in the order in which they are to be written.
pub(super) fn files(app: &App, view: &View) -> Result<[(&'static str, String); 4], Error> {
    let links = Links::exported(app.now());
    Ok([
        ("status.css", CSS.to_owned()),
        ("status.json", render::json(view)?),
        ("feed.atom", render::feed(app, view)?),
        ("index.html", render::html(view, &links, &[])?),
    ])
}

/// The same as a tar of one folder.
pub(super) fn tar(app: &App, view: &View) -> Result<Vec<u8>, Error> {
    let mut tar = tar::Builder::new(Vec::new());
    let time = u64::try_from(app.now().timestamp()).unwrap_or_default();
    for (name, text) in files(app, view)? {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(time);
        let path = format!("{}/{name}", view.slug);
        tar.append_data(&mut header, path, text.as_bytes())
            .map_err(Error::internal)?;
    }
    tar.into_inner().map_err(Error::internal)
}

/// That tar, to be saved.
pub(super) fn saved(app: &App, view: &View) -> Result<Response, Error> {
    let kind = (header::CONTENT_TYPE, "application/x-tar");
    let name = attachment(&format!("status-{}.tar", view.slug));
    Ok(([kind], [name], tar(app, view)?).into_response())
}

async fn write(folder: &Path, files: &[(&'static str, String)]) -> std::io::Result<()> {
    fs::create_dir_all(folder).await?;
    for (name, text) in files {
        // Another panel may write into the same folder.
        let beside = folder.join(format!(".{name}.{}", std::process::id()));
        let mut file = fs::File::create(&beside).await?;
        file.write_all(text.as_bytes()).await?;
        file.sync_all().await?;
        fs::rename(&beside, folder.join(name)).await?;
    }
    Ok(())
}

/// Writes the page at an address into a folder, whoever may read it.
pub async fn export(app: &App, scope: &SystemScope, slug: &str, folder: &Path) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let id = store::by_slug(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    drop(tx);
    one(app, scope, id, folder, &[]).await
}

async fn one(
    app: &App,
    scope: &SystemScope,
    id: StatusPageId,
    folder: &Path,
    more: &[(&'static str, String)],
) -> Result<(), Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    let told = store::read_by_id(&mut tx, id, now)
        .await?
        .ok_or(Error::NotFound)?;
    drop(tx);
    let files = files(app, &View::new(told, now)?)?;
    let done = write(folder, more).await;
    done.and(write(folder, &files).await).map_err(Error::internal)
}

/// Writes every public page into a folder of its own below `top`, and removes those that are public no more. Harmless twice.
///
/// # Errors
/// The first, after the others were written.
pub(super) async fn export_all(app: &App, scope: &SystemScope, top: &Path) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let pages = store::public_slugs(&mut tx).await?;
    drop(tx);
    let mut outcome = Ok(());
    for (id, slug) in &pages {
        let mark = [(MARK, String::new())];
        outcome = outcome.and(one(app, scope, *id, &top.join(slug), &mark).await);
    }
    let gone = remove_others(top, |name| pages.iter().any(|(_, slug)| slug == name)).await;
    outcome.and(gone.map_err(Error::internal))
}

async fn remove_others(top: &Path, is_there: impl Fn(&str) -> bool) -> std::io::Result<()> {
    fs::create_dir_all(top).await?;
    let mut entries = fs::read_dir(top).await?;
    while let Some(entry) = entries.next_entry().await? {
        let is_kept = entry.file_name().to_str().is_none_or(&is_there);
        if !is_kept && fs::try_exists(entry.path().join(MARK)).await? {
            fs::remove_dir_all(entry.path()).await?;
        }
    }
    Ok(())
}
