//! What held when: what was promised to a tenant, how that was, and when its servers should have run.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SlaPolicyId, TenantId};

use super::super::model::{Held, Interval, Past, Served, Stage};
use super::read;

/// How a tenant was so far.
pub(in super::super) async fn past(tx: &mut impl Scoped, tenant: TenantId) -> Result<Past, Error> {
    let stages = sqlx::query_as!(
        Stage,
        r#"select since, status = 'active' as "is_active!", status = 'closed' as "is_closed!"
           from tenant_past where tenant_id = $1 order by since"#,
        tenant.0
    );
    Ok(Past::new(stages.fetch_all(tx.conn()).await?))
}

/// What was promised to a tenant in a time, in order.
pub(in super::super) async fn held(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (from, to): Interval,
) -> Result<Vec<Held>, Error> {
    let rows = sqlx::query!(
        r#"select began_at as "began_at!", ended_at as "ended_at!", terms as "terms!" from sla_held($1, $2, $3)
           order by began_at"#,
        tenant.0,
        from,
        to
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    rows.map(|row| {
        Ok(Held {
            span: (row.began_at, row.ended_at),
            terms: read(row.terms)?,
        })
    })
    .collect()
}

/// The policy of a tenant that was in force at a time, and which version of it.
pub(in super::super) async fn in_force(
    tx: &mut impl Scoped,
    tenant: TenantId,
    at: DateTime<Utc>,
) -> Result<Option<(SlaPolicyId, i64)>, Error> {
    let row = sqlx::query!(
        r#"select policy_id as "policy_id!: SlaPolicyId", version as "version!" from sla_held($1, $2, $3) limit 1"#,
        tenant.0,
        at,
        at + TimeDelta::microseconds(1)
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (row.policy_id, row.version)))
}

/// The servers that a tenant had in a time and that should have run in it, by name.
pub(in super::super) async fn served(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (from, to): Interval,
) -> Result<Vec<Served>, Error> {
    let rows = sqlx::query!(
        r#"select h.server as "server!: ServerId", h.name as "name!", h.since as "since!", h.until as "until?"
           from (select server, name, is_wanted, since, lead(since) over (partition by server order by since) as until
             from server_past where tenant_id = $1 and since < $3) h
           where h.is_wanted and (h.until is null or h.until > $2) order by h.server, h.since"#,
        tenant.0,
        from,
        to
    );
    let mut all = Vec::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let span = (row.since, row.until.unwrap_or(to));
        Served::add(&mut all, row.server, row.name, span);
    }
    all.sort_by_cached_key(|server| (server.name.to_lowercase(), server.id));
    Ok(all)
}
