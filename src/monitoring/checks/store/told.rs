//! The queries about checks whose failures are to be told, and the end of those whose server has gone. What is to be told is the
//! same condition everywhere, and that of the index `monitor_check_untold`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, LocationId, ServerId, TenantId};

use super::super::model::CheckKind;

/// What incidents know of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// That it fails.
    pub outage: bool,
    /// That its certificate does, which says nothing of the other.
    pub certificate: bool,
}

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
    /// What they know.
    pub before: Told,
    /// What holds.
    pub now: Told,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What was found.
    pub message: String,
}

/// Those that wait the longest, without some.
pub async fn untold(tx: &mut SystemTx, without: &[CheckId], limit: i64) -> Result<Vec<CheckId>, Error> {
    let without: Vec<Uuid> = without.iter().map(|id| id.0).collect();
    let ids = sqlx::query_scalar!(
        r#"select id as "id: CheckId" from monitor_check
           where (told_bad <> (state = 'bad' and not is_certificate)
               or told_certificate <> (state = 'bad' and (is_certificate or told_certificate)))
             and id <> all($1) order by state_at limit $2 for update skip locked"#,
        &without,
        limit
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// Some of them, locked; without those of which somebody else tells, or has.
///
/// A certificate that was told stays so while nothing answers. Where the way to fail is another one, it is so since the looks
/// say so, which is later than the failure.
pub async fn lock_untold(tx: &mut SystemTx, ids: &[CheckId]) -> Result<Vec<Untold>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select c.id as "id: CheckId", c.tenant_id as "tenant_id: TenantId", c.server_id as "server_id: ServerId",
             s.name as server_name, s.location_id as "location_id: LocationId", c.name, c.spec, c.told_bad, c.told_certificate,
             c.state = 'bad' and not c.is_certificate as "is_outage!",
             c.state = 'bad' and (c.is_certificate or c.told_certificate) as "is_certificate!",
             case when c.state = 'bad' and (c.told_bad or c.told_certificate) then greatest(c.state_at, c.outage_at)
               else c.state_at end as "since!", c.message
           from monitor_check c join server s on s.id = c.server_id
           where c.id = any($1) and (c.told_bad <> (c.state = 'bad' and not c.is_certificate)
             or c.told_certificate <> (c.state = 'bad' and (c.is_certificate or c.told_certificate)))
           order by c.state_at for update of c skip locked"#,
        &ids
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    rows.map(|row| -> Result<Untold, Error> {
        Ok(Untold {
            id: row.id,
            tenant: row.tenant_id,
            server: row.server_id,
            server_name: row.server_name,
            location: row.location_id,
            name: row.name,
            kind: serde_json::from_value(row.spec).map_err(Error::internal)?,
            before: Told {
                outage: row.told_bad,
                certificate: row.told_certificate,
            },
            now: Told {
                outage: row.is_outage,
                certificate: row.is_certificate,
            },
            since: row.since,
            message: row.message,
        })
    })
    .collect()
}

/// Notes what was told.
pub async fn set_told(tx: &mut SystemTx, id: CheckId, told: Told) -> Result<(), Error> {
    sqlx::query!(
        "update monitor_check set told_bad = $2, told_certificate = $3 where id = $1",
        id.0,
        told.outage,
        told.certificate
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes what was deleted, and of which nothing is left to tell.
pub async fn forget_gone(tx: &mut SystemTx) -> Result<u64, Error> {
    let done = sqlx::query!(
        "delete from monitor_check where deleted_at is not null and not told_bad and not told_certificate"
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
