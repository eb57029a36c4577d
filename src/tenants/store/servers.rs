//! What a tenant's status means for its servers: their rows are the reconciler's queue.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

/// Makes the reconciler look at all servers of a tenant, whose status has changed, without waiting for a next try. Their
/// generation stays: nobody asked for anything new, and open operations go on.
pub(crate) async fn wake_servers(
    tx: &mut impl Scoped,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update server set next_attempt_at = $2, retry_at = null where tenant_id = $1",
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for the end of all servers of a tenant, those that are deleted and kept included. Says how many are left, those that are on their way out included.
pub(crate) async fn delete_servers(
    tx: &mut SystemTx,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    sqlx::query!(
        "update server set deleting_at = $2, deleted_at = coalesce(deleted_at, $2), kept_until = null, generation = generation + 1, next_attempt_at = $2, updated_at = $2, \
         retry_at = null, last_error = null, error_count = 0 \
         where tenant_id = $1 and deleting_at is null",
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from server where tenant_id = $1"#,
        tenant.0
    );
    Ok(left.fetch_one(tx.conn()).await?)
}
