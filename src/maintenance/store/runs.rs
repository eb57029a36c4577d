//! The times of windows: what is told about them, and what they cover.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, MaintenanceId, ServerId, TenantId};

use super::super::model::{Period, Run, Window};
use super::places::read;

/// So many times are shown that are under way or to come, and so many that are over.
const AHEAD: i64 = 20;
const BEHIND: i64 = 30;

/// Writes rows for times that have none.
pub async fn plan(tx: &mut impl Scoped, id: MaintenanceId, times: &[Period]) -> Result<(), Error> {
    let (begin, end): (Vec<_>, Vec<_>) = times.iter().copied().unzip();
    sqlx::query!(
        "insert into maintenance_run (maintenance_id, begins_at, ends_at) \
         select $1, begins_at, ends_at from unnest($2::timestamptz[], $3::timestamptz[]) as time (begins_at, ends_at) \
         on conflict do nothing",
        id.0,
        &begin,
        &end
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back all its times.
pub async fn unplan(tx: &mut StaffTx, id: MaintenanceId) -> Result<(), Error> {
    sqlx::query!("delete from maintenance_run where maintenance_id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether people know of a time, or one has begun. Locks its times, so that nobody is told of one that is just being taken back.
pub async fn is_announced(tx: &mut StaffTx, id: MaintenanceId, now: DateTime<Utc>) -> Result<bool, Error> {
    let rows = sqlx::query!(
        "select begins_at, told_at from maintenance_run where maintenance_id = $1 order by begins_at for update",
        id.0
    );
    let mut rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.any(|row| row.told_at.is_some() || row.begins_at <= now))
}

/// Ends the time that is under way. Says whether there was one.
pub async fn end(tx: &mut StaffTx, id: MaintenanceId, now: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update maintenance_run set ends_at = $2 where maintenance_id = $1 and begins_at <= $2 and ends_at > $2 \
         and cancelled_at is null",
        id.0,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// One's times, the last first: what is under way with the next ones, and what is over; of each the nearest.
pub async fn runs(tx: &mut impl Scoped, id: MaintenanceId, now: DateTime<Utc>) -> Result<Vec<Run>, Error> {
    let rows = sqlx::query_as!(
        Run,
        "select begins_at, ends_at, cancelled_at, told_at, reminded_at, closed_at from maintenance_run \
         where maintenance_id = $1 and begins_at in ( \
           (select begins_at from maintenance_run where maintenance_id = $1 and ends_at > $2 order by begins_at limit $3) \
           union all \
           (select begins_at from maintenance_run where maintenance_id = $1 and ends_at <= $2 order by begins_at desc limit $4)) \
         order by begins_at desc",
        id.0,
        now,
        AHEAD,
        BEHIND
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The times about which something may have to be told: whose announcement has come, or that were called off.
pub async fn pending(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(MaintenanceId, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select r.maintenance_id, r.begins_at from maintenance_run r join maintenance m on m.id = r.maintenance_id \
         where r.closed_at is null and (r.cancelled_at is not null or r.ends_at <= $1 \
           or (r.told_at is null and r.begins_at <= $1 + make_interval(hours => m.lead_hours)) \
           or (r.reminded_at is null and r.begins_at > $1 and r.begins_at <= $1 + interval '1 hour')) \
         order by r.begins_at limit $2",
        now,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (MaintenanceId(row.maintenance_id), row.begins_at))
        .collect())
}

/// One time, locked until the transaction ends; nothing if somebody else has it.
pub async fn lock_run(
    tx: &mut SystemTx,
    id: MaintenanceId,
    begins: DateTime<Utc>,
) -> Result<Option<Run>, Error> {
    let row = sqlx::query_as!(
        Run,
        "select begins_at, ends_at, cancelled_at, told_at, reminded_at, closed_at from maintenance_run \
         where maintenance_id = $1 and begins_at = $2 for update skip locked",
        id.0,
        begins
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Notes what was told about a time.
pub async fn save_told(tx: &mut SystemTx, id: MaintenanceId, run: &Run) -> Result<(), Error> {
    sqlx::query!(
        "update maintenance_run set told_at = $3, reminded_at = $4, closed_at = $5 where maintenance_id = $1 and begins_at = $2",
        id.0,
        run.begins_at,
        run.told_at,
        run.reminded_at,
        run.closed_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tenants whom a window concerns in a time.
pub async fn concerned(
    tx: &mut SystemTx,
    id: MaintenanceId,
    (begins, ends): Period,
) -> Result<Vec<TenantId>, Error> {
    let ids = sqlx::query_scalar!(
        "select t.id from maintenance m join tenant t on t.status <> 'closed' where m.id = $1 \
           and ((m.location_id is null and m.server_id is null and m.site is null) \
             or exists (select from server s where s.tenant_id = t.id and s.deleted_at is null \
               and (s.location_id = m.location_id or s.id = m.server_id \
                 or exists (select from maintenance_stood k where k.maintenance_id = m.id \
                   and k.location_id = s.location_id and k.since < $3 and k.until > $2)))) \
         order by t.id",
        id.0,
        begins,
        ends
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(TenantId)
        .collect())
}

/// The window that covers a server or a location at a time.
pub async fn covering(
    tx: &mut SystemTx,
    (server, location): (Option<ServerId>, Option<LocationId>),
    at: DateTime<Utc>,
) -> Result<Option<MaintenanceId>, Error> {
    let found = sqlx::query_scalar!(
        "select m.id from maintenance_run r join maintenance m on m.id = r.maintenance_id \
         where r.cancelled_at is null and r.begins_at <= $3 and r.ends_at > $3 \
           and (m.server_id = $1 or m.location_id = $2 \
             or (m.server_id is null and m.location_id is null and m.site is null) \
             or exists (select from maintenance_stood k where k.maintenance_id = m.id and k.location_id = $2 \
               and k.since <= $3 and k.until > $3)) \
         order by r.begins_at, m.id limit 1",
        server.map(|id| id.0),
        location.map(|id| id.0),
        at
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(MaintenanceId))
}

/// The windows that are under way.
pub async fn running(tx: &mut impl Scoped, at: DateTime<Utc>) -> Result<Vec<MaintenanceId>, Error> {
    let ids = sqlx::query_scalar!(
        "select distinct maintenance_id from maintenance_run where cancelled_at is null and begins_at <= $1 and ends_at > $1",
        at
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(MaintenanceId)
        .collect())
}

/// When servers were in maintenance, or will be, in a time.
pub async fn periods_of(
    tx: &mut impl Scoped,
    servers: &[ServerId],
    (from, to): Period,
) -> Result<Vec<(ServerId, Period)>, Error> {
    let servers: Vec<Uuid> = servers.iter().map(|server| server.0).collect();
    let rows = sqlx::query!(
        r#"select server as "server!", begins_at as "begins_at!", ends_at as "ends_at!" from maintenance_periods($1, $2, $3)"#,
        &servers,
        from,
        to
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (ServerId(row.server), (row.begins_at, row.ends_at)))
        .collect())
}

/// Times as the scope sees them: those that end after `from`, the next first; or, backwards, those that ended before.
pub async fn windows(
    tx: &mut impl Scoped,
    from: DateTime<Utc>,
    is_past: bool,
    limit: i64,
) -> Result<Vec<Window>, Error> {
    let rows = sqlx::query!(
        r#"select m.id, m.title, m.body, m.location_id, m.server_id, m.site, m.room, m.rack, coalesce(l.name, s.name,
             case when m.server_id is null then 'Everything' else 'A server that is gone' end) as "place!",
             r.begins_at, r.ends_at, r.cancelled_at is not null as "is_cancelled!"
           from maintenance_run r join maintenance m on m.id = r.maintenance_id
             left join location l on l.id = m.location_id left join server s on s.id = m.server_id
           where (r.ends_at > $1) <> $2 and ($2 or r.cancelled_at is null)
           order by case when $2 then -extract(epoch from r.begins_at) else extract(epoch from r.begins_at) end, m.id limit $3"#,
        from,
        is_past,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let place = read((row.location_id, row.server_id), (row.site, row.room, row.rack));
            Window {
                id: MaintenanceId(row.id),
                title: row.title,
                body: row.body,
                location: place.location(),
                server: place.server(),
                place: place.spot().unwrap_or(row.place),
                begins_at: row.begins_at,
                ends_at: row.ends_at,
                is_cancelled: row.is_cancelled,
            }
        })
        .collect())
}
