//! The queries of the catalogue's builds.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;

/// How an image came to be.
#[derive(Debug, Clone)]
pub struct Build {
    /// The image.
    pub image: String,
    /// The template that it was built from.
    pub template: String,
    /// `building`, `built` or `failed`.
    pub state: String,
    /// Why it failed.
    pub error: Option<String>,
    /// The end of its output.
    pub log: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it last said something.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Writes that a build began.
pub(super) async fn begin_build(
    tx: &mut SystemTx,
    image: &str,
    template: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into image_build (image, template, state, started_at, updated_at) values ($1, $2, 'building', $3, $3) \
         on conflict (image) do update set state = 'building', error = null, log = '', started_at = $3, \
         updated_at = $3, finished_at = null",
        image,
        template,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a build's output so far.
pub(super) async fn save_log(
    tx: &mut SystemTx,
    image: &str,
    log: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update image_build set log = $2, updated_at = $3 where image = $1",
        image,
        log,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that a build ended.
pub(super) async fn end_build(
    tx: &mut SystemTx,
    image: &str,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update image_build set state = case when $2::text is null then 'built' else 'failed' end, error = $2, \
         updated_at = $3, finished_at = $3 where image = $1",
        image,
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How images came to be, as far as we built them.
pub(super) async fn builds(tx: &mut StaffTx, images: &[String]) -> Result<Vec<Build>, Error> {
    Ok(sqlx::query_as!(
        Build,
        "select image, template, state, error, log, started_at, updated_at, finished_at from image_build \
         where image = any($1)",
        images
    )
    .fetch_all(tx.conn())
    .await?)
}
