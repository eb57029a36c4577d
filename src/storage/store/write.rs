//! What things hold, written only where it differs from what is there.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::{Kind, Step};

/// What a thing holds; nothing if it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub tenant: TenantId,
    /// What kind of thing.
    pub kind: Kind,
    /// Which.
    pub subject: Uuid,
    /// Bytes.
    pub bytes: Option<i64>,
}

fn entry((tenant, kind, subject, bytes): (Uuid, String, Uuid, Option<i64>)) -> Option<Entry> {
    Some(Entry {
        tenant: TenantId(tenant),
        kind: Kind::parse(&kind)?,
        subject,
        bytes,
    })
}

/// The servers, volumes and mail domains that were measured to hold something else than the ledger says.
pub async fn measured(tx: &mut SystemTx) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query!(
        r#"select m.tenant_id as "tenant_id!", m.kind as "kind!", m.subject as "subject!", m.bytes as "bytes!" from (
             select s.tenant_id, 'server' as kind, d.server_id as subject, d.bytes
               from usage_disk d join server s on s.id = d.server_id
             union all
             select v.tenant_id, 'volume', v.id, v.used_bytes from volume v where v.used_bytes is not null
             union all
             select d.tenant_id, 'mail', d.id, d.used_bytes from mail_domain d where d.mailboxes > 0 or d.used_bytes > 0) m
           left join storage_use u on u.tenant_id = m.tenant_id and u.kind = m.kind and u.subject = m.subject
           where u.bytes is distinct from m.bytes"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .filter_map(|row| entry((row.tenant_id, row.kind, row.subject, Some(row.bytes))))
        .collect())
}

/// The servers, volumes and mail domains that the ledger knows and that are gone, or another tenant's by now.
pub async fn gone(tx: &mut SystemTx) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query!(
        "select u.tenant_id, u.kind, u.subject from storage_use u where (u.kind = 'server' \
         and not exists (select from server s where s.id = u.subject and s.tenant_id = u.tenant_id)) \
         or (u.kind = 'volume' and not exists (select from volume v where v.id = u.subject and v.tenant_id = u.tenant_id)) \
         or (u.kind = 'mail' and not exists (select from mail_domain d where d.id = u.subject and d.tenant_id = u.tenant_id))"
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .filter_map(|row| entry((row.tenant_id, row.kind, row.subject, None)))
        .collect())
}

/// Writes entries with their history and the sums of their tenants. What is as it was is not touched, so repeating it changes
/// nothing. Says whose sum or things changed.
pub async fn save(tx: &mut SystemTx, entries: &[Entry], now: DateTime<Utc>) -> Result<Vec<TenantId>, Error> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query!("select storage_room($1)", now)
        .execute(tx.conn())
        .await?;
    lock_totals(tx, entries, now).await?;
    let changed = save_things(tx, entries, now).await?;
    if !changed.is_empty() {
        save_totals(tx, &changed, now).await?;
    }
    Ok(changed.into_iter().map(TenantId).collect())
}

/// Whoever writes a tenant's things holds its sum, so that of two that write at once neither is forgotten in it. In order, so that
/// they do not wait for each other in a ring.
async fn lock_totals(tx: &mut SystemTx, entries: &[Entry], now: DateTime<Utc>) -> Result<(), Error> {
    let mut tenants: Vec<Uuid> = entries.iter().map(|entry| entry.tenant.0).collect();
    tenants.sort_unstable();
    tenants.dedup();
    sqlx::query!(
        "insert into storage_total (tenant_id, changed_at) \
         select t.id, $2 from tenant t where t.id = any($1) order by t.id on conflict do nothing",
        &tenants,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "select from storage_total where tenant_id = any($1) order by tenant_id for update",
        &tenants
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save_things(tx: &mut SystemTx, entries: &[Entry], now: DateTime<Utc>) -> Result<Vec<Uuid>, Error> {
    let tenants: Vec<Uuid> = entries.iter().map(|entry| entry.tenant.0).collect();
    let kinds: Vec<String> = entries.iter().map(|entry| entry.kind.name().to_owned()).collect();
    let subjects: Vec<Uuid> = entries.iter().map(|entry| entry.subject).collect();
    let bytes: Vec<Option<i64>> = entries.iter().map(|entry| entry.bytes).collect();
    let rows = sqlx::query_scalar!(
        r#"with told as (
             select m.tenant_id, m.kind, m.subject, m.bytes, u.bytes as before
               from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[]) as m (tenant_id, kind, subject, bytes)
               join tenant t on t.id = m.tenant_id
               left join storage_use u on u.tenant_id = m.tenant_id and u.kind = m.kind and u.subject = m.subject
              where u.bytes is distinct from m.bytes),
           gone as (
             delete from storage_use u using told
              where u.tenant_id = told.tenant_id and u.kind = told.kind and u.subject = told.subject and told.bytes is null),
           saved as (
             insert into storage_use as u (tenant_id, kind, subject, bytes, changed_at)
             select tenant_id, kind, subject, bytes, $5 from told where bytes is not null
             on conflict (tenant_id, kind, subject) do update set bytes = excluded.bytes, changed_at = excluded.changed_at),
           hours as (
             insert into storage_hour as h (tenant_id, kind, subject, at, before, bytes, peak)
             select tenant_id, kind, subject, $6, before, coalesce(bytes, 0), greatest(before, bytes, 0) from told
             on conflict (tenant_id, kind, subject, at) do update
               set bytes = excluded.bytes, peak = greatest(h.peak, excluded.peak)),
           days as (
             insert into storage_day as d (tenant_id, kind, subject, at, before, bytes, peak)
             select tenant_id, kind, subject, $7, before, coalesce(bytes, 0), greatest(before, bytes, 0) from told
             on conflict (tenant_id, kind, subject, at) do update
               set bytes = excluded.bytes, peak = greatest(d.peak, excluded.peak))
           select distinct tenant_id as "tenant_id!" from told"#,
        &tenants,
        &kinds,
        &subjects,
        &bytes as &[Option<i64>],
        now,
        Step::Hour.floor(now),
        Step::Day.floor(now)
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The sums of tenants, with their history. Their rows are locked.
async fn save_totals(tx: &mut SystemTx, tenants: &[Uuid], now: DateTime<Utc>) -> Result<(), Error> {
    let counting: Vec<String> = Kind::ALL
        .into_iter()
        .filter(|kind| kind.counts())
        .map(|kind| kind.name().to_owned())
        .collect();
    sqlx::query!(
        "with sums as (
           select t.tenant_id, t.bytes as before,
             coalesce((select sum(u.bytes) from storage_use u where u.tenant_id = t.tenant_id and u.kind = any($2)), 0)::bigint
               as bytes,
             exists (select from storage_day d where d.tenant_id = t.tenant_id and d.kind = 'all') as is_known
             from storage_total t where t.tenant_id = any($1)),
         hours as (
           insert into storage_hour as h (tenant_id, kind, subject, at, before, bytes, peak)
           select tenant_id, 'all', tenant_id, $4, case when is_known then before end, bytes, greatest(before, bytes) from sums
            where before <> bytes or not is_known
           on conflict (tenant_id, kind, subject, at) do update
             set bytes = excluded.bytes, peak = greatest(h.peak, excluded.peak)),
         days as (
           insert into storage_day as d (tenant_id, kind, subject, at, before, bytes, peak)
           select tenant_id, 'all', tenant_id, $5, case when is_known then before end, bytes, greatest(before, bytes) from sums
            where before <> bytes or not is_known
           on conflict (tenant_id, kind, subject, at) do update
             set bytes = excluded.bytes, peak = greatest(d.peak, excluded.peak))
         update storage_total t set bytes = sums.bytes, changed_at = $3 from sums
          where t.tenant_id = sums.tenant_id and t.bytes <> sums.bytes",
        tenants,
        &counting,
        now,
        Step::Hour.floor(now),
        Step::Day.floor(now)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
