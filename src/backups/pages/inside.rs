//! What is in a backup and what was got back from it, as the page of each backup shows it.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::App;
use crate::drivers::backup::EntryKind;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::BackupId;

use super::super::look;
use super::super::model::{MAX_NAME, Of, Restore, State as How, bytes};
use super::Row;

/// Where in a backup.
#[derive(Debug, Default, Deserialize)]
pub(super) struct At {
    pub(super) path: Option<String>,
}

/// Something in a folder of the backup.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) href: String,
    pub(super) size: String,
    pub(super) is_folder: bool,
    pub(super) is_file: bool,
}

/// Something that was got back.
pub(super) struct Got {
    pub(super) to: String,
    pub(super) state: How,
    pub(super) error: String,
}

impl From<Restore> for Got {
    fn from(restore: Restore) -> Self {
        Self {
            to: format!("/{}/{}", restore.what.volume(), restore.name),
            state: restore.state,
            error: restore.error.unwrap_or_default(),
        }
    }
}

/// A folder of a backup.
pub(super) struct Inside {
    /// Which; empty at the top.
    pub(super) path: String,
    /// The one that it is in.
    pub(super) up: String,
    pub(super) found: Vec<Found>,
    pub(super) is_all: bool,
}

impl Inside {
    /// What is at a place of a backup: its volumes at the top. Nothing is in one that is not whole.
    pub(super) async fn look(
        app: &App,
        scope: &TenantScope,
        of: (Of, BackupId),
        (row, at, volumes): (&Row, At, &[&str]),
    ) -> Result<Self, Error> {
        let path = at.path.unwrap_or_default();
        let path = path.trim_end_matches('/').to_owned();
        let (found, is_all) = if !row.is_done() {
            (Vec::new(), true)
        } else if path.is_empty() {
            (
                volumes.iter().map(|volume| folder(&row.href, volume)).collect(),
                true,
            )
        } else {
            entries(app, scope, of, (&row.href, &path)).await?
        };
        let up = path.rsplit_once('/').map_or("", |(up, _)| up);
        Ok(Self {
            up: at_href(&row.href, up),
            path,
            found,
            is_all,
        })
    }
}

/// What is in a folder, and whether that is all.
async fn entries(
    app: &App,
    scope: &TenantScope,
    at: (Of, BackupId),
    (base, path): (&str, &str),
) -> Result<(Vec<Found>, bool), Error> {
    let (entries, is_all) = look::entries(app, scope, at, path).await?;
    let all = entries.into_iter().map(|entry| {
        let inside = format!("{path}/{}", entry.name);
        Found {
            href: at_href(base, &inside),
            size: bytes(i64::try_from(entry.size).unwrap_or(i64::MAX)),
            is_folder: entry.kind == EntryKind::Folder,
            is_file: entry.kind == EntryKind::File,
            name: entry.name,
            path: inside,
        }
    });
    Ok((all.collect(), is_all))
}

/// A volume, at the top of a backup.
fn folder(base: &str, volume: &str) -> Found {
    let path = format!("/{volume}");
    Found {
        name: volume.to_owned(),
        href: at_href(base, &path),
        path,
        size: String::new(),
        is_folder: true,
        is_file: false,
    }
}

/// Where a folder is shown.
fn at_href(base: &str, path: &str) -> String {
    let path = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
    format!("{base}?path={path}")
}

/// A name that is free in any case: by the second, and one cannot click twice in one.
pub(super) fn restored_name(path: &str, now: DateTime<Utc>) -> String {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = format!("restored-{}-{last}", now.format("%Y%m%d-%H%M%S"));
    name.chars().take(MAX_NAME).collect()
}
