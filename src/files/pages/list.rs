//! Volumes and folders; for a place that is no folder, what it is.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::drivers::engine::{FileKind, FilesCount, Rank, VolumePath};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, PageQuery, Path, Query, ago};
use crate::servers::model::Quota;

use super::super::model::{Item, Keeps, Mode, Place, Volume, amount};
use super::super::query::PathQuery;
use super::{Frame, Head, Step, view, way};

/// What the names of unfinished uploads begin with.
const UNFINISHED: &str = ".berth-upload-";

/// A volume, as a row.
#[derive(Debug)]
struct VolumeRow {
    name: String,
    href: String,
    mounted_at: String,
    purpose: String,
    holds: String,
}

#[derive(Template)]
#[template(path = "files/volumes.html")]
pub struct Volumes {
    ctx: Ctx,
    head: Head,
    rows: Vec<VolumeRow>,
    quota: String,
    quota_label: &'static str,
    is_made: bool,
}

/// Instead of a volume that one can't look into.
#[derive(Template)]
#[template(path = "files/closed.html")]
pub struct Closed {
    ctx: Ctx,
    head: Head,
    why: String,
}

/// An entry, as a row.
#[derive(Debug)]
struct Row {
    name: String,
    href: String,
    icon: &'static str,
    kind: &'static str,
    is_folder: bool,
    size: String,
    mode: String,
    letters: String,
    iso: String,
    ago: String,
    target: Option<String>,
    is_unfinished: bool,
    is_locked: bool,
    download: Option<String>,
    change: String,
    delete: String,
}

impl Row {
    fn new(frame: &Frame, item: &Item, now: DateTime<Utc>) -> Self {
        let (icon, kind) = match item.entry.kind {
            FileKind::Folder => ("folder", "Folder"),
            FileKind::File => ("file-text", "File"),
            FileKind::Link => ("link", "Link"),
            FileKind::Special => ("circle-help", "Socket, pipe or device"),
        };
        let mode = Mode::of(item.entry.mode);
        let href = |page: &str| frame.href(page, &item.path);
        Self {
            name: item.name(),
            href: href(""),
            icon,
            kind,
            is_folder: item.is_folder(),
            size: if item.is_file() {
                amount(item.entry.size)
            } else {
                String::new()
            },
            mode: mode.to_string(),
            letters: mode.letters(),
            iso: item.entry.modified.to_rfc3339(),
            ago: ago(item.entry.modified, now),
            target: item.target(),
            is_unfinished: item.name().starts_with(UNFINISHED),
            is_locked: item.is_locked,
            download: match item.entry.kind {
                _ if item.is_locked => None,
                FileKind::File => Some(href("/content")),
                FileKind::Folder => Some(href("/archive")),
                FileKind::Link | FileKind::Special => None,
            },
            change: href("/change"),
            delete: href("/delete"),
        }
    }
}

#[derive(Template)]
#[template(path = "files/folder.html")]
pub struct Folder {
    ctx: Ctx,
    head: Head,
    path: String,
    way: Vec<Step>,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    new_file: String,
    archive: String,
}

/// What is at a place.
pub async fn show<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    (Query(query), Query(page)): (Query<PathQuery>, Query<PageQuery>),
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let ctx = frame.crumbs(ctx);
    let path = match query.place()? {
        Place::In(path) => path,
        Place::Top => match frame.top()? {
            Some(path) => path,
            None => return volumes(frame, ctx).await,
        },
    };
    match folder(&frame, &path, &page.into()).await {
        Ok((rows, next)) => Ok(Page(Folder::new(frame, ctx, &path, (rows, next))).into_response()),
        Err(error) if matches!(error.code(), "not-a-folder" | "is-a-link" | "file-locked") => {
            view::page(frame, ctx, path).await
        }
        Err(
            error @ Error::Conflict {
                code: "volume-not-made" | "volume-deleting" | "volume-missing",
                ..
            },
        ) => Ok(Page(Closed {
            ctx,
            head: frame.head,
            why: error.sentence(),
        })
        .into_response()),
        Err(error) => Err(error),
    }
}

async fn folder(frame: &Frame, path: &VolumePath, query: &ListQuery) -> Result<(Vec<Row>, String), Error> {
    let after: Option<Rank> = Cursor::decode(query.after.as_deref())?;
    let items = frame.files.list(path, after, query.limit()? + 1).await?;
    let listing = Listing::new(items, query, |item| Rank::of(&item.entry))?;
    let now = frame.app.now();
    let rows = listing
        .items
        .iter()
        .map(|item| Row::new(frame, item, now))
        .collect();
    let next = listing
        .next
        .map(|after| format!("{}&after={after}", frame.href("", path)));
    Ok((rows, next.unwrap_or_default()))
}

impl Folder {
    fn new(frame: Frame, ctx: Ctx, path: &VolumePath, (rows, next): (Vec<Row>, String)) -> Self {
        Self {
            ctx,
            path: path.to_string(),
            way: way(&frame, path),
            rows,
            next,
            may_write: frame.may_write(),
            new_file: frame.href("/edit", path),
            archive: frame.href("/archive", path),
            head: frame.head,
        }
    }
}

async fn volumes(frame: Frame, ctx: Ctx) -> Result<Response, Error> {
    let usage = frame.files.usage().await;
    let (ctx, usage, is_made) = match usage {
        Ok(usage) => (ctx, usage, true),
        // It was not made yet, or it is on its way out.
        Err(Error::NotFound) => (ctx, Vec::new(), false),
        Err(error @ Error::Unavailable(_)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "volumes were not measured"
            );
            let words =
                "The container engine does not answer, so files can't be reached now. Try again in a moment.";
            (ctx.with_banner(Tone::Warn, words), Vec::new(), true)
        }
        Err(error) => return Err(error),
    };
    let rows = frame.files.volumes.iter().enumerate();
    let rows: Result<_, Error> = rows
        .map(|(at, volume)| volume_row(&frame, volume, usage.get(at)))
        .collect();
    let keeper = &frame.files.keeper;
    Ok(Page(Volumes {
        ctx,
        rows: rows?,
        quota: keeper.limit().show(),
        quota_label: keeper.quota().map_or("", quota_words),
        is_made,
        head: frame.head,
    })
    .into_response())
}

fn quota_words(quota: Quota) -> &'static str {
    match quota {
        Quota::Enforced => "Enforced: writing beyond it fails",
        Quota::Soft => "Soft quota: measured, not enforced",
    }
}

fn volume_row(frame: &Frame, volume: &Volume, usage: Option<&FilesCount>) -> Result<VolumeRow, Error> {
    let path = VolumePath::of_volume(&volume.name).map_err(Error::internal)?;
    Ok(VolumeRow {
        name: volume.name.clone(),
        href: frame.href("", &path),
        mounted_at: volume.mounted_at.clone().unwrap_or_default(),
        purpose: volume.purpose.clone(),
        holds: usage.map_or_else(|| "unknown now".to_owned(), holds),
    })
}

/// `12 MiB in 3 files`.
fn holds(count: &FilesCount) -> String {
    let (bytes, files) = (amount(count.bytes), count.files);
    match (count.is_all, files) {
        (false, _) => format!("more than {bytes}: counted {files} files"),
        (true, 0) => "empty".to_owned(),
        (true, 1) => format!("{bytes} in 1 file"),
        (true, _) => format!("{bytes} in {files} files"),
    }
}
