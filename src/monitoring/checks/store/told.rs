//! The queries about checks whose failures are to be told, and the end of those whose server has gone.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, LocationId, ServerId, TenantId};

use super::super::model::CheckKind;

/// A check whose state incidents do not know yet.
#[derive(Debug, Clone)]
pub struct Untold {
    /// Which.
    pub id: CheckId,
    /// Whose.
    pub tenant: TenantId,
    /// Of which server.
    pub server: ServerId,
    /// What that is called.
    pub server_name: String,
    /// Where that is.
    pub location: LocationId,
    /// What people call it.
    pub name: String,
    /// What is looked at.
    pub kind: CheckKind,
    /// Whether it fails.
    pub is_bad: bool,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether its certificate is what failed.
    pub is_certificate: bool,
    /// What was found.
    pub message: String,
}

/// Those that wait the longest.
pub async fn untold(tx: &mut SystemTx, limit: i64) -> Result<Vec<CheckId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: CheckId" from monitor_check where told_bad <> (state = 'bad') order by state_at limit $1
             for update skip locked"#,
        limit
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// One of them, locked; nothing if somebody else tells of it, or has.
pub async fn lock_untold(tx: &mut SystemTx, id: CheckId) -> Result<Option<Untold>, Error> {
    let row = sqlx::query!(
        r#"select c.tenant_id as "tenant_id: TenantId", c.server_id as "server_id: ServerId", s.name as server_name,
             s.location_id as "location_id: LocationId", c.name, c.spec, c.state = 'bad' as "is_bad!", c.state_at,
             c.is_certificate, c.message
           from monitor_check c join server s on s.id = c.server_id
           where c.id = $1 and c.told_bad <> (c.state = 'bad') for update of c skip locked"#,
        id.0
    );
    let Some(row) = row.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    Ok(Some(Untold {
        id,
        tenant: row.tenant_id,
        server: row.server_id,
        server_name: row.server_name,
        location: row.location_id,
        name: row.name,
        kind: serde_json::from_value(row.spec).map_err(Error::internal)?,
        is_bad: row.is_bad,
        since: row.state_at,
        is_certificate: row.is_certificate,
        message: row.message,
    }))
}

/// Notes what was told.
pub async fn set_told(tx: &mut SystemTx, id: CheckId, is_bad: bool) -> Result<(), Error> {
    sqlx::query!(
        "update monitor_check set told_bad = $2 where id = $1",
        id.0,
        is_bad
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes what was deleted, and of which nothing is left to tell.
pub async fn forget_gone(tx: &mut SystemTx) -> Result<u64, Error> {
    let done = sqlx::query!("delete from monitor_check where deleted_at is not null and not told_bad");
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
