//! Looking into a backup, for whoever asks now: a helper of the request's own, which ends with it.

use std::io;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::TryStreamExt as _;

use crate::app::App;
use crate::drivers::backup::{BackupError, Entry, InBackup, Place};
use crate::drivers::engine::EngineError;
use crate::files::Locks;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId};
use crate::servers;

use super::actions;
use super::locks;
use super::model::{self, Backup, Of};
use super::store;
use super::work;

/// More entries of one folder are not shown.
pub const MOST_ENTRIES: usize = 2000;

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::NotInBackup => Self::NotFound,
            BackupError::Engine(EngineError::Unavailable(_) | EngineError::Timeout(_))
            | BackupError::CutOff => Self::Unavailable(error.into()),
            error => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a backup could not be looked into"
                );
                Self::conflict(
                    "backup-unreadable",
                    format!(
                        "The backup cannot be read now: {}. Ask the provider if it stays so.",
                        error.for_tenants()
                    ),
                )
            }
        }
    }
}

/// A backup to look into at a place that is not locked, and what is locked elsewhere in it.
async fn open(
    app: &App,
    scope: &TenantScope,
    (of, id): (Of, BackupId),
    what: &InBackup,
) -> Result<(Backup, Place, Locks), Error> {
    let mut tx = scope.begin().await?;
    let (backup, locks) = match of {
        Of::Server(server) => {
            let backup = actions::find(&mut tx, (server, id)).await?;
            let server = servers::find(&mut tx, server).await?;
            (backup, locks::of(app, &mut tx, &server).await?)
        }
        // It has no template that could lock something.
        Of::Volume(volume) => (
            actions::find_volumes(&mut tx, (volume, id)).await?,
            Locks::default(),
        ),
    };
    backup.whole()?;
    locks::check(&locks, what)?;
    let opener = store::own_opener(&mut tx, backup.repository).await?;
    let call = BackupRestoreId::new(&*app.ids, app.now()).to_string();
    drop(tx);
    let place = work::place(app, &opener, call)?;
    work::reach(app, &place, opener.allow_inside).await?;
    Ok((backup, place, locks))
}

/// What can be no place is not in a backup.
fn looked_at(path: &str) -> Result<InBackup, Error> {
    model::place(path).map_err(|_| Error::NotFound)
}

/// What is in a folder of a backup, and whether that is all.
pub async fn entries(
    app: &App,
    scope: &TenantScope,
    at: (Of, BackupId),
    path: &str,
) -> Result<(Vec<Entry>, bool), Error> {
    let folder = looked_at(path)?;
    let (backup, place, _) = open(app, scope, at, &folder).await?;
    let mut all = work::restic(app).list(&place, backup.whole()?, &folder).await?;
    let is_all = all.len() <= MOST_ENTRIES;
    all.truncate(MOST_ENTRIES);
    Ok((all, is_all))
}

/// A file's bytes or a folder's tar, to be saved.
pub async fn content(
    app: &App,
    scope: &TenantScope,
    at: (Of, BackupId),
    path: &str,
) -> Result<Response, Error> {
    let what = looked_at(path)?;
    let (backup, place, locks) = open(app, scope, at, &what).await?;
    let restic = work::restic(app);
    if locks::closes_folder(&locks, &restic, (&place, backup.whole()?), &what).await? {
        return Err(Error::conflict(
            "file-locked",
            format!("This is a folder: {}.", locks::NO_FOLDERS),
        ));
    }
    let mut stream = restic.dump(&place, backup.whole()?, &what).await?;
    // The first piece tells whether there is such a thing, before the answer's head is sent.
    let first = stream.try_next().await?;
    let rest = stream.map_err(io::Error::other);
    let first = futures_util::stream::iter(first.map(Ok::<_, io::Error>));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment"),
        ),
    ];
    let body = futures_util::StreamExt::chain(first, rest);
    Ok((headers, Body::from_stream(body)).into_response())
}
