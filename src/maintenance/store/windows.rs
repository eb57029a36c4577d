//! Windows as they were announced.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, MaintenanceId, ServerId};

use super::super::model::{Maintenance, NewMaintenance, Repeat, Timing};
use super::places::read;

struct Row {
    id: Uuid,
    title: String,
    body: String,
    location_id: Option<Uuid>,
    server_id: Option<Uuid>,
    site: Option<String>,
    room: Option<String>,
    rack: Option<String>,
    place: String,
    first_at: NaiveDateTime,
    minutes: i32,
    repeat: String,
    zone: String,
    until_on: Option<NaiveDate>,
    lead_hours: i32,
    cancelled_at: Option<DateTime<Utc>>,
    version: i64,
    created_by: String,
}

impl From<Row> for Maintenance {
    fn from(row: Row) -> Self {
        let place = read((row.location_id, row.server_id), (row.site, row.room, row.rack));
        Self {
            id: MaintenanceId(row.id),
            title: row.title,
            body: row.body,
            place_name: place.spot().unwrap_or(row.place),
            place,
            timing: Timing {
                first: row.first_at,
                minutes: row.minutes,
                repeat: Repeat::parse(&row.repeat).unwrap_or(Repeat::Once),
                // A zone that a later version of the database no longer has.
                zone: row.zone.parse().unwrap_or(Tz::UTC),
                until: row.until_on,
            },
            lead_hours: row.lead_hours,
            cancelled_at: row.cancelled_at,
            version: row.version,
            created_by: row.created_by,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select m.id, m.title, m.body, m.location_id, m.server_id, m.site, m.room, m.rack, coalesce(l.name, s.name,
                 case when m.server_id is null then 'Everything' else 'A server that is gone' end) as "place!",
                 m.first_at, m.minutes, m.repeat, m.zone, m.until_on, m.lead_hours, m.cancelled_at, m.version, m.created_by
               from maintenance m left join location l on l.id = m.location_id left join server s on s.id = m.server_id "# + $rest
            $(, $argument)*
        )
    };
}

/// One, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: MaintenanceId) -> Result<Maintenance, Error> {
    let row = select!("where m.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Maintenance::from).ok_or(Error::NotFound)
}

/// One, locked until the transaction ends.
pub async fn lock(tx: &mut StaffTx, id: MaintenanceId) -> Result<Maintenance, Error> {
    let row = select!("where m.id = $1 for update of m", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(Maintenance::from).ok_or(Error::NotFound)
}

/// A page of all, the newest first.
pub async fn list(
    tx: &mut impl Scoped,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<(Maintenance, DateTime<Utc>)>, Error> {
    let (at, id) = before.unzip();
    let keys = sqlx::query!(
        "select id, created_at from maintenance where ($2::uuid is null or (created_at, id) < ($1::timestamptz, $2::uuid)) \
         order by created_at desc, id desc limit $3",
        at,
        id,
        limit
    );
    let keys = keys.fetch_all(tx.conn()).await?;
    let ids: Vec<Uuid> = keys.iter().map(|row| row.id).collect();
    let rows = select!("where m.id = any($1) order by m.created_at desc, m.id desc", &ids);
    let rows = rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Maintenance::from);
    Ok(rows.zip(keys.into_iter().map(|row| row.created_at)).collect())
}

/// Writes a new one. Times that begin before `planned` get rows in the same transaction.
pub async fn insert(
    tx: &mut StaffTx,
    id: MaintenanceId,
    new: &NewMaintenance,
    (by, now, planned): (&str, DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into maintenance (id, title, body, location_id, server_id, first_at, minutes, repeat, zone, until_on, \
           lead_hours, planned_until, created_by, created_at, updated_at, site, room, rack) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17)",
        id.0,
        new.title,
        new.body,
        new.place.location().map(|id| id.0),
        new.place.server().map(|id| id.0),
        new.timing.first,
        new.timing.minutes,
        new.timing.repeat.word(),
        new.timing.zone.name(),
        new.timing.until,
        new.lead_hours,
        planned,
        by,
        now,
        new.place.site(),
        new.place.room(),
        new.place.rack()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes one. `planned` says until when its times get rows, if they are others now.
pub async fn update(
    tx: &mut StaffTx,
    id: MaintenanceId,
    new: &NewMaintenance,
    (now, planned): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<(), Error> {
    sqlx::query!(
        "update maintenance set title = $2, body = $3, location_id = $4, server_id = $5, first_at = $6, minutes = $7, \
           repeat = $8, zone = $9, until_on = $10, lead_hours = $11, planned_until = coalesce($12, planned_until), updated_at = $13, \
           site = $14, room = $15, rack = $16, version = version + 1 where id = $1",
        id.0,
        new.title,
        new.body,
        new.place.location().map(|id| id.0),
        new.place.server().map(|id| id.0),
        new.timing.first,
        new.timing.minutes,
        new.timing.repeat.word(),
        new.timing.zone.name(),
        new.timing.until,
        new.lead_hours,
        planned,
        now,
        new.place.site(),
        new.place.room(),
        new.place.rack()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those whose times have rows for less than until `before`, and until when they have.
pub async fn short(
    tx: &mut SystemTx,
    before: DateTime<Utc>,
) -> Result<Vec<(MaintenanceId, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select id, planned_until from maintenance where cancelled_at is null and repeat <> 'once' and planned_until < $1 \
         order by id limit 200 for update skip locked",
        before
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (MaintenanceId(row.id), row.planned_until))
        .collect())
}

/// Notes until when times have rows.
pub async fn planned(tx: &mut SystemTx, id: MaintenanceId, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update maintenance set planned_until = $2 where id = $1",
        id.0,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Calls one off: what has not begun does not come.
pub async fn cancel(tx: &mut StaffTx, id: MaintenanceId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update maintenance set cancelled_at = $2, updated_at = $2, version = version + 1 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update maintenance_run set cancelled_at = $2 where maintenance_id = $1 and begins_at > $2 and closed_at is null",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Servers that somebody may mean by an id or by a part of a name: which, and what they are called and whose.
pub async fn servers_like(tx: &mut StaffTx, text: &str) -> Result<Vec<(ServerId, String)>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let id = text.parse::<ServerId>().ok();
    let rows = sqlx::query!(
        r#"select s.id, s.name, t.name as tenant from server s join tenant t on t.id = s.tenant_id
           where s.deleted_at is null
             and case when $1::uuid is null then strpos(lower(s.name), lower($2)) > 0 else s.id = $1 end
           order by lower(s.name) <> lower($2), s.name, s.id limit 20"#,
        id.map(|id| id.0),
        text
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (ServerId(row.id), format!("{} ({})", row.name, row.tenant)))
        .collect())
}

/// Other windows that cover something of what one covers, at the same time, from `now` on: which, and when first.
pub async fn overlaps(
    tx: &mut impl Scoped,
    id: MaintenanceId,
    now: DateTime<Utc>,
) -> Result<Vec<(MaintenanceId, String, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        r#"select o.id as "id!", o.title as "title!", min(r.begins_at) as "begins_at!"
           from maintenance m
             join maintenance_run own on own.maintenance_id = m.id and own.cancelled_at is null and own.ends_at > $2
             join maintenance_run r on r.maintenance_id <> m.id and r.cancelled_at is null
               and r.begins_at < own.ends_at and r.ends_at > greatest(own.begins_at, $2)
             join maintenance o on o.id = r.maintenance_id
             left join server ms on ms.id = m.server_id
             left join server os on os.id = o.server_id
           where m.id = $1
             and ((m.location_id is null and m.server_id is null and m.site is null)
               or (o.location_id is null and o.server_id is null and o.site is null)
               or m.server_id = o.server_id or m.location_id = o.location_id
               or m.location_id = os.location_id or o.location_id = ms.location_id
               or exists (select from location_stood k
                 where (m.site is not null or o.site is not null)
                   and k.since < least(own.ends_at, r.ends_at) and k.until > greatest(own.begins_at, r.begins_at)
                   and case when m.site is null then k.location_id = coalesce(m.location_id, ms.location_id)
                     else k.site = m.site and (m.rack is null or (k.room = m.room and k.rack = m.rack)) end
                   and case when o.site is null then k.location_id = coalesce(o.location_id, os.location_id)
                     else k.site = o.site and (o.rack is null or (k.room = o.room and k.rack = o.rack)) end))
           group by o.id, o.title order by min(r.begins_at), o.id limit 20"#,
        id.0,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (MaintenanceId(row.id), row.title, row.begins_at))
        .collect())
}

/// Whether there is such a location.
pub async fn has_location(tx: &mut impl Scoped, id: LocationId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from location where id = $1) as "found!""#,
        id.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// All locations, by name.
pub async fn locations(tx: &mut impl Scoped) -> Result<Vec<(LocationId, String)>, Error> {
    let rows = sqlx::query!("select id, name from location order by name, id");
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (LocationId(row.id), row.name)).collect())
}
