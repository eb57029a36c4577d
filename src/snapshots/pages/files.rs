//! Looking into a snapshot: its volumes, their folders, and single files to be saved. Nothing in it can be changed.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::drivers::engine::{FileKind, FilePart, Rank, VolumePath};
use crate::files::{self, Item, PathQuery, Place};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SnapshotId};
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, PageQuery, Path, Query};
use crate::servers::{self, Head};

use super::super::actions;
use super::tab;

/// What needs no escape in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An entry, or a step on the way to it.
#[derive(Debug)]
struct Entry {
    name: String,
    icon: &'static str,
    href: Option<String>,
    download: Option<String>,
    size: String,
    note: String,
}

/// The page.
#[derive(Template)]
#[template(path = "snapshots/files.html")]
pub(super) struct Folder {
    ctx: Ctx,
    head: Head,
    snapshot: String,
    way: Vec<Entry>,
    rows: Vec<Entry>,
    next: String,
}

fn href(base: &str, page: &str, path: &VolumePath) -> String {
    let text = path.to_string();
    format!("{base}{page}?path={}", utf8_percent_encode(&text, QUERY))
}

fn entry(base: &str, item: &Item) -> Entry {
    let (icon, is_folder, is_file) = match item.entry.kind {
        FileKind::Folder => ("folder", true, false),
        FileKind::File => ("file-text", false, true),
        FileKind::Link => ("link", false, false),
        FileKind::Special => ("circle-help", false, false),
    };
    let is_open = !item.is_locked;
    Entry {
        name: item.name(),
        icon,
        href: (is_folder && is_open).then(|| href(base, "", &item.path)),
        download: (is_file && is_open).then(|| href(base, "/content", &item.path)),
        size: if is_file {
            files::amount(item.entry.size)
        } else {
            String::new()
        },
        note: match item.target() {
            Some(target) => format!("leads to {target}"),
            None if item.is_locked => "locked by the template's author".to_owned(),
            None => String::new(),
        },
    }
}

fn way(base: &str, place: Option<&VolumePath>) -> Vec<Entry> {
    let step = |name: String, href: String| Entry {
        name,
        icon: "folder",
        href: Some(href),
        download: None,
        size: String::new(),
        note: String::new(),
    };
    let top = step("Volumes".to_owned(), base.to_owned());
    let steps = place.map(VolumePath::ancestry).into_iter().flatten();
    let steps = steps.map(|at| step(files::name_of(&at), href(base, "", &at)));
    std::iter::once(top).chain(steps).collect()
}

/// Shows a folder.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, server, id)): Path<(String, ServerId, SnapshotId)>,
    (Query(query), Query(page)): (Query<PathQuery>, Query<PageQuery>),
) -> Result<Page<Folder>, Error> {
    let place = query.place()?;
    let (snapshot, of_whom, files) = actions::look_into(&app, &scope, (server, id)).await?;
    let base = format!("{}/{id}/files", tab(&slug, server));
    let (path, rows, next) = match place {
        Place::In(path) => {
            let query = ListQuery::from(page);
            let after: Option<Rank> = Cursor::decode(query.after.as_deref())?;
            let items = files.list(&path, after, query.limit()? + 1).await?;
            let listing = Listing::new(items, &query, |item| Rank::of(&item.entry))?;
            let rows = listing.items.iter().map(|item| entry(&base, item)).collect();
            let next = listing
                .next
                .map(|after| format!("{}&after={after}", href(&base, "", &path)));
            (Some(path), rows, next.unwrap_or_default())
        }
        Place::Top => {
            let volumes = files.volumes.iter().map(|volume| {
                let path = VolumePath::of_volume(&volume.name).map_err(Error::internal)?;
                Ok(Entry {
                    name: volume.name.clone(),
                    icon: "hard-drive",
                    href: Some(href(&base, "", &path)),
                    download: None,
                    size: String::new(),
                    note: volume.purpose.clone(),
                })
            });
            (None, volumes.collect::<Result<_, Error>>()?, String::new())
        }
    };
    Ok(Page(Folder {
        ctx: servers::crumbs(ctx, &scope),
        head: Head::new(&app, &scope, &of_whom, "snapshots"),
        snapshot: snapshot.name,
        way: way(&base, path.as_ref()),
        rows,
        next,
    }))
}

/// A file, to be saved.
pub(super) async fn content(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server, id)): Path<(String, ServerId, SnapshotId)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let path = query.path()?;
    let (_, _, files) = actions::look_into(&app, &scope, (server, id)).await?;
    let file = files.open(&path, FilePart::default()).await?;
    Ok(files::send(&path, file))
}
