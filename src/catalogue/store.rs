//! The queries of the catalogue's builds.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;

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
