//! What tenants use of their plans.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::Amounts;

/// What each of some tenants uses, in one query. A deleted server takes no place any more, a volume as long as it is there; an open
/// invitation takes the place of the member that it may become.
pub(crate) async fn usages(
    tx: &mut impl Scoped,
    tenants: &[TenantId],
    now: DateTime<Utc>,
) -> Result<HashMap<TenantId, Amounts>, Error> {
    let ids: Vec<_> = tenants.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select t.id, count(s.id) as "servers!", coalesce(sum(s.cpu_millis), 0)::bigint as "cpu_millis!",
             coalesce(sum(s.memory_mib), 0)::bigint as "memory_mib!",
             coalesce(sum(s.disk_mib), 0)::bigint + coalesce((select sum(greatest(v.size_mib, v.made_mib)) from volume v
               where v.tenant_id = t.id), 0)::bigint as "disk_mib!",
             (select count(*) from membership m where m.tenant_id = t.id)
             + (select count(*) from one_time_link l where l.tenant_id = t.id and l.purpose = 'invite'
                  and l.used_at is null and l.expires_at > $2) as "members!",
             (select count(*) from network n where n.tenant_id = t.id and n.deleting_at is null) as "networks!"
           from tenant t left join server s on s.tenant_id = t.id and s.deleted_at is null
           where t.id = any($1) group by t.id"#,
        &ids,
        now
    );
    let amounts = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| {
        let used = Amounts {
            servers: row.servers,
            cpu_millis: row.cpu_millis,
            memory_mib: row.memory_mib,
            disk_mib: row.disk_mib,
            members: row.members,
            networks: row.networks,
        };
        (TenantId(row.id), used)
    });
    Ok(amounts.collect())
}

/// What the volumes of each of some tenants may hold together, in MiB: what the plan gives, and beside it what deleted
/// servers have that are kept, as those take no place in the plan.
pub async fn disk_limits(tx: &mut SystemTx, tenants: &[TenantId]) -> Result<HashMap<TenantId, i64>, Error> {
    let ids: Vec<_> = tenants.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select t.id, p.max_disk_mib + coalesce((select sum(s.disk_mib) from server s
             where s.tenant_id = t.id and s.deleted_at is not null), 0)::bigint as "disk_mib!"
           from tenant t join plan p on p.id = t.plan_id where t.id = any($1)"#,
        &ids
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (TenantId(row.id), row.disk_mib)).collect())
}

/// What one tenant uses.
pub async fn usage(tx: &mut impl Scoped, tenant: TenantId, now: DateTime<Utc>) -> Result<Amounts, Error> {
    let mut all = usages(tx, &[tenant], now).await?;
    Ok(all.remove(&tenant).unwrap_or_default())
}
