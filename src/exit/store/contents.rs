//! What a tenant has, as it stands in an archive: rows as JSON, with the ids that the API knows. Each statement names the
//! tenant, and row-level security sees to it once more.

use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::{Scoped as _, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{
    BackupId, CheckId, NetworkId, PlanId, ScheduleId, ServerId, SnapshotId, StackId, TenantId, UserId,
    VolumeId,
};

/// More of one kind than anybody has.
const MOST: i64 = 100_000;

fn with_id(id: impl std::fmt::Display, mut row: Value) -> Value {
    row["id"] = id.to_string().into();
    row
}

/// The organisation itself with its plan.
pub async fn organisation(tx: &mut TenantTx, tenant: TenantId) -> Result<Value, Error> {
    let row = sqlx::query!(
        r#"select t.plan_id, to_jsonb(x) as "row!" from tenant t join plan p on p.id = t.plan_id
             left join tenant_time_zone z on z.tenant_id = t.id,
             lateral (select t.slug, t.name, t.status, t.status_reason, t.purge_after, coalesce(z.zone, 'UTC') as time_zone,
               t.created_at, t.updated_at, jsonb_build_object('name', p.name, 'description', p.description,
                 'servers', p.max_servers, 'cpu_millis', p.max_cpu_millis, 'memory_mib', p.max_memory_mib,
                 'disk_mib', p.max_disk_mib, 'members', p.max_members, 'networks', p.max_networks) as plan) x
           where t.id = $1"#,
        tenant.0
    );
    let row = row.fetch_one(tx.conn()).await?;
    let mut told = with_id(tenant, row.row);
    told["plan"]["id"] = PlanId(row.plan_id).to_string().into();
    Ok(told)
}

/// Its people.
pub async fn members(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select m.user_id, to_jsonb(x) as "row!" from membership m join user_account u on u.id = m.user_id,
             lateral (select u.email, u.name, m.role, m.created_at as since) x
           where m.tenant_id = $1 order by u.email limit $2"#,
        tenant.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(UserId(row.user_id), row.row)).collect())
}

/// Who was invited and has not come yet.
pub async fn invitations(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select to_jsonb(x) as "row!" from (select email, role, created_by, created_at, expires_at from one_time_link
             where tenant_id = $1 and purpose = 'invite' and used_at is null order by created_at limit $2) x"#,
        tenant.0,
        MOST
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The ids of its servers, deleted ones too, by name.
pub async fn servers(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<ServerId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from server where tenant_id = $1 order by deleted_at is not null, name, id",
        tenant.0
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(ServerId)
        .collect())
}

/// Whom a server is shared with.
pub async fn guests(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select g.user_id, to_jsonb(x) as "row!" from server_guest g left join user_account u on u.id = g.user_id,
             lateral (select u.email, u.name, g.permissions, g.expires_at, g.invited_by, g.created_at) x
           where g.server_id = $1 order by g.created_at limit $2"#,
        server.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(UserId(row.user_id), row.row)).collect())
}

/// What a server does by the clock.
pub async fn schedules(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select s.id, to_jsonb(x) as "row!" from schedule s,
             lateral (select s.name, s.cron, s.is_paused, s.steps, s.next_run, s.created_by, s.created_at) x
           where s.server_id = $1 order by s.name limit $2"#,
        server.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(ScheduleId(row.id), row.row)).collect())
}

/// How a server is looked at.
pub async fn checks(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select c.id, to_jsonb(x) as "row!" from monitor_check c,
             lateral (select c.name, c.spec as looks_at, c.interval_seconds, c.failures, c.of_last, c.is_paused, c.created_by,
               c.created_at) x
           where c.server_id = $1 and c.deleted_at is null order by c.name limit $2"#,
        server.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(CheckId(row.id), row.row)).collect())
}

/// A server's snapshots, which are not in the archive themselves.
pub async fn snapshots(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select s.id, to_jsonb(x) as "row!" from snapshot s,
             lateral (select s.name, s.reason, s.state, s.created_by, s.created_at, s.taken_at) x
           where s.server_id = $1 order by s.created_at limit $2"#,
        server.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(SnapshotId(row.id), row.row)).collect())
}

/// The tenant's backups, which are not in the archive themselves.
pub async fn backups(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select b.id, b.server_id, b.volume_id, to_jsonb(x) as "row!" from backup b,
             lateral (select case when not b.is_of_volume then b.server_name end as server_name,
               case when b.is_of_volume then b.server_name end as volume_name, b.state, b.asked_by, b.created_at, b.finished_at, b.total_bytes, b.snapshot) x
           where b.tenant_id = $1 order by b.created_at limit $2"#,
        tenant.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let mut told = with_id(BackupId(row.id), row.row);
            told["server_id"] = row.server_id.map(|id: Uuid| ServerId(id).to_string()).into();
            told["volume_id"] = row.volume_id.map(|id: Uuid| VolumeId(id).to_string()).into();
            told
        })
        .collect())
}

/// Its own networks.
pub async fn networks(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select n.id, to_jsonb(x) as "row!" from network n,
             lateral (select n.name, n.subnet::text as subnet, n.created_at,
               (select coalesce(jsonb_agg(s.name order by s.name), '[]') from network_member m join server s on s.id = m.server_id
                 where m.network_id = n.id and m.is_wanted and s.deleted_at is null) as servers) x
           where n.tenant_id = $1 and n.deleting_at is null order by n.name limit $2"#,
        tenant.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(NetworkId(row.id), row.row)).collect())
}

/// The names of the networks that a server is in, and what it is called there.
pub async fn server_networks(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select to_jsonb(x) as "row!" from (select n.name, m.alias from network_member m join network n on n.id = m.network_id
             where m.server_id = $1 and m.is_wanted order by n.name) x"#,
        server.0
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Its stacks.
pub async fn stacks(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select k.id, to_jsonb(x) as "row!" from stack k,
             lateral (select k.name, k.blueprint, k.host_label, k.created_by, k.created_at, k.deleted_at) x
           where k.tenant_id = $1 order by k.name, k.id limit $2"#,
        tenant.0,
        MOST
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| with_id(StackId(row.id), row.row)).collect())
}

/// The shares of a server and who has them.
pub async fn shares(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select to_jsonb(x) as "row!" from (select h.name, h.folder, h.protocols, h.created_by, h.created_at, h.last_used_at,
             (select coalesce(jsonb_agg(jsonb_build_object('login', p.login, 'may_write', m.may_write, 'until', p.until, 'last_used_at', m.last_used_at)
                order by p.login), '[]') from share_member m join share_person p on p.id = m.person_id where m.share_id = h.id)as people,
             (select coalesce(jsonb_agg(jsonb_build_object('kind', l.kind, 'path', l.path, 'expires_at', l.expires_at, 'uses', l.uses,
                'last_used_at', l.last_used_at) order by l.created_at), '[]') from share_link l where l.share_id = h.id) as links
             from share h where h.server_id = $1 order by h.name) x"#,
        server.0
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}
