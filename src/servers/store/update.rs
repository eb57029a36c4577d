//! The image that a server is made from: a newer one on trial, accepted, or taken back.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

use super::super::model::Server;
use super::list::Newest;

/// Writes the image that the next container is made from. The last one that was proven is kept; a server that never had
/// a container has none.
pub async fn begin_update(tx: &mut impl Scoped, server: &Server, image: &str) -> Result<(), Error> {
    sqlx::query!(
        "update server set image = $2, failed_image = null, failed_reason = null, \
         proven_image = case when observed_spec is not null then coalesce(proven_image, image) end where id = $1",
        server.id.0,
        image
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The image on trial is proven, unless another came in between: then that one is on trial.
pub async fn accept_update(tx: &mut SystemTx, server: &Server) -> Result<(), Error> {
    sqlx::query!(
        "update server set proven_image = null where id = $1 and image = $2",
        server.id.0,
        server.image
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes the image before the present one again, by a wish of its own. Nothing if somebody wished for something else in
/// between. Says whether it was done.
pub async fn roll_back(
    tx: &mut SystemTx,
    server: &Server,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update server set failed_image = image, failed_reason = $3, image = proven_image, proven_image = null, \
         generation = generation + 1, rollback_generation = generation + 1, next_attempt_at = $4 \
         where id = $1 and generation = $2 and proven_image is not null",
        server.id.0,
        server.generation,
        reason,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Servers, of one tenant or of all, whose template has a newer image that has not failed on them, by age; at most
/// `limit`.
pub async fn outdated_servers(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    newest: &Newest,
    limit: i64,
) -> Result<Vec<(ServerId, String)>, Error> {
    let rows = sqlx::query!(
        "select s.id, s.name from server s \
         join unnest($2::text[], $3::text[]) as newest (template, image) on newest.template = s.template \
         where ($1::uuid is null or s.tenant_id = $1) and s.image <> newest.image \
           and s.failed_image is distinct from newest.image and s.deleted_at is null order by s.id limit $4",
        tenant.map(|id| id.0),
        &newest.templates,
        &newest.images,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (ServerId(row.id), row.name)).collect())
}
