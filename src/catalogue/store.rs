//! The queries of the catalogue's builds.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::OperationId;

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

/// What is known of a template's newest build.
#[derive(Debug, Clone)]
pub(super) struct Build {
    /// `building`, `built` or `failed`.
    pub(super) state: String,
    /// Why it failed.
    pub(super) error: Option<String>,
    /// The end of its output.
    pub(super) log: String,
    /// When it began.
    pub(super) started_at: DateTime<Utc>,
}

/// The build of an image, if there ever was one.
pub(super) async fn find_build(tx: &mut StaffTx, image: &str) -> Result<Option<Build>, Error> {
    let build = sqlx::query_as!(
        Build,
        "select state, error, log, started_at from image_build where image = $1",
        image
    );
    Ok(build.fetch_optional(tx.conn()).await?)
}

/// The names of the sizes with at least this much memory, the smallest first.
pub(super) async fn sizes_from(tx: &mut StaffTx, memory_mib: i64) -> Result<Vec<String>, Error> {
    let names = sqlx::query_scalar!(
        "select name from size where memory_mib >= $1 and archived_at is null order by position",
        memory_mib
    );
    Ok(names.fetch_all(tx.conn()).await?)
}

/// The operation that builds a template's image now. Whoever asks next waits until this transaction ends, so that two who
/// ask at once get the same one.
pub(super) async fn open_build(tx: &mut StaffTx, template: Uuid) -> Result<Option<OperationId>, Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 2))",
        template
    )
    .execute(tx.conn())
    .await?;
    let id = sqlx::query_scalar!(
        "select id from operation where target_id = $1 and state in ('queued', 'running') \
         order by created_at desc, id desc limit 1",
        template
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(OperationId))
}
