//! Rotas, and what changes who is on duty by them.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{RotaId, RotaOverrideId, UserId};

use super::super::model::{Away, DAYS, NewRota, Override, Rota, Turn, instant};

/// Days on which somebody is away.
#[derive(Debug, Clone)]
pub struct Holiday {
    /// Which.
    pub id: Uuid,
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// The first day.
    pub first_on: NaiveDate,
    /// The last day.
    pub last_on: NaiveDate,
}

struct Row {
    id: RotaId,
    name: String,
    zone: String,
    turn: String,
    handover: NaiveTime,
    weekday: i16,
    starts_on: NaiveDate,
    hours_from: Option<NaiveTime>,
    hours_to: Option<NaiveTime>,
    skips_holidays: bool,
    version: i64,
}

impl From<Row> for Rota {
    fn from(row: Row) -> Self {
        let place = usize::try_from(row.weekday - 1).unwrap_or_default();
        Self {
            id: row.id,
            name: row.name,
            // A zone that a later version of the database no longer has.
            zone: row.zone.parse().unwrap_or(Tz::UTC),
            turn: Turn::read(&row.turn),
            handover: row.handover,
            weekday: DAYS[place.min(DAYS.len() - 1)].0,
            starts_on: row.starts_on,
            hours: row.hours_from.zip(row.hours_to),
            skips_holidays: row.skips_holidays,
            people: Vec::new(),
            away: Vec::new(),
            overrides: Vec::new(),
            version: row.version,
        }
    }
}

async fn load(tx: &mut impl Scoped, only: Option<RotaId>, since: DateTime<Utc>) -> Result<Vec<Rota>, Error> {
    let only = only.map(|id| id.0);
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RotaId", name, zone, turn, handover, weekday, starts_on, hours_from, hours_to, skips_holidays, version
           from on_call_rota where $1::uuid is null or id = $1 order by lower(name), id"#,
        only
    );
    let mut rotas: Vec<Rota> = rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Rota::from)
        .collect();
    let people = sqlx::query!(
        r#"select p.rota_id as "rota_id: RotaId", p.user_id as "user_id: UserId",
             (u.disabled_at is not null or u.staff_role is null) as "is_gone!"
           from on_call_person p join user_account u on u.id = p.user_id
           where $1::uuid is null or p.rota_id = $1 order by p.rota_id, p.position"#,
        only
    );
    for person in people.fetch_all(tx.conn()).await? {
        if let Some(rota) = rotas.iter_mut().find(|rota| rota.id == person.rota_id) {
            rota.people.push(person.user_id);
            // Who may not sign in any more keeps their place, so that nobody else's turn moves.
            if person.is_gone {
                rota.away.push(Away {
                    user: person.user_id,
                    from: DateTime::<Utc>::MIN_UTC,
                    to: DateTime::<Utc>::MAX_UTC,
                });
            }
        }
    }
    add_overrides(tx, &mut rotas, (only, since)).await?;
    add_holidays(tx, &mut rotas, since).await?;
    Ok(rotas)
}

async fn add_overrides(
    tx: &mut impl Scoped,
    rotas: &mut [Rota],
    (only, since): (Option<Uuid>, DateTime<Utc>),
) -> Result<(), Error> {
    let overrides = sqlx::query!(
        r#"select o.id as "id: RotaOverrideId", o.rota_id as "rota_id: RotaId", o.user_id as "user_id: UserId", o.from_at, o.to_at
           from on_call_override o join user_account u on u.id = o.user_id
           where ($1::uuid is null or o.rota_id = $1) and o.to_at > $2 and u.disabled_at is null and u.staff_role is not null
           order by o.created_at, o.id"#,
        only,
        since
    );
    for one in overrides.fetch_all(tx.conn()).await? {
        if let Some(rota) = rotas.iter_mut().find(|rota| rota.id == one.rota_id) {
            rota.overrides.push(Override {
                id: one.id,
                user: one.user_id,
                from: one.from_at,
                to: one.to_at,
            });
        }
    }
    Ok(())
}

async fn add_holidays(tx: &mut impl Scoped, rotas: &mut [Rota], since: DateTime<Utc>) -> Result<(), Error> {
    for one in holidays(tx, since).await? {
        let counts = |rota: &&mut Rota| rota.skips_holidays && rota.people.contains(&one.user);
        for rota in rotas.iter_mut().filter(counts) {
            let zone = rota.zone;
            let midnight = |day: NaiveDate| instant(zone, day.and_time(NaiveTime::MIN));
            rota.away.push(Away {
                user: one.user,
                from: midnight(one.first_on),
                to: midnight(one.last_on + TimeDelta::days(1)),
            });
        }
    }
    Ok(())
}

/// All rotas by name, with what changes who is on duty from `since` on.
pub async fn rotas(tx: &mut impl Scoped, since: DateTime<Utc>) -> Result<Vec<Rota>, Error> {
    load(tx, None, since).await
}

/// One of them.
pub async fn rota(tx: &mut impl Scoped, id: RotaId, since: DateTime<Utc>) -> Result<Rota, Error> {
    load(tx, Some(id), since).await?.pop().ok_or(Error::NotFound)
}

/// The same, kept from others' changes.
pub async fn lock_rota(tx: &mut StaffTx, id: RotaId, since: DateTime<Utc>) -> Result<Rota, Error> {
    let found = sqlx::query_scalar!("select version from on_call_rota where id = $1 for update", id.0);
    found.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    rota(tx, id, since).await
}

fn weekday(new: &NewRota) -> i16 {
    i16::try_from(new.weekday.number_from_monday()).unwrap_or(1)
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "on_call_rota_name_key") {
        return Error::invalid("name", "Another rota is called so. Use another name.");
    }
    error.into()
}

/// Writes a new one.
pub async fn insert_rota(
    tx: &mut StaffTx,
    id: RotaId,
    new: &NewRota,
    (starts_on, now): (NaiveDate, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into on_call_rota (id, name, zone, turn, handover, weekday, starts_on, hours_from, hours_to, skips_holidays, \
         created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        id.0,
        new.name,
        new.zone.name(),
        new.turn.word(),
        new.handover,
        weekday(new),
        starts_on,
        new.hours.map(|(from, _)| from),
        new.hours.map(|(_, to)| to),
        new.skips_holidays,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    put_people(tx, id, &new.people).await
}

async fn put_people(tx: &mut StaffTx, id: RotaId, people: &[UserId]) -> Result<(), Error> {
    let people: Vec<Uuid> = people.iter().map(|user| user.0).collect();
    sqlx::query!("delete from on_call_person where rota_id = $1", id.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into on_call_person (rota_id, position, user_id) \
         select $1, p.place::int, p.id from unnest($2::uuid[]) with ordinality as p (id, place)",
        id.0,
        &people
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what one is from now on.
pub async fn save_rota(
    tx: &mut StaffTx,
    id: RotaId,
    new: &NewRota,
    (starts_on, now): (NaiveDate, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "update on_call_rota set name = $2, zone = $3, turn = $4, handover = $5, weekday = $6, starts_on = $7, hours_from = $8, \
         hours_to = $9, skips_holidays = $10, updated_at = $11, version = version + 1 where id = $1",
        id.0,
        new.name,
        new.zone.name(),
        new.turn.word(),
        new.handover,
        weekday(new),
        starts_on,
        new.hours.map(|(from, _)| from),
        new.hours.map(|(_, to)| to),
        new.skips_holidays,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    put_people(tx, id, &new.people).await
}

/// Takes one away, with its overrides and its notes.
pub async fn delete_rota(tx: &mut StaffTx, id: RotaId) -> Result<(), Error> {
    sqlx::query!("delete from on_call_rota where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes that somebody else is on duty.
pub async fn insert_override(
    tx: &mut StaffTx,
    rota: RotaId,
    one: &Override,
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into on_call_override (id, rota_id, user_id, from_at, to_at, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        one.id.0,
        rota.0,
        one.user.0,
        one.from,
        one.to,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes that back.
pub async fn delete_override(tx: &mut StaffTx, rota: RotaId, id: RotaOverrideId) -> Result<(), Error> {
    let gone = sqlx::query!(
        "delete from on_call_override where rota_id = $1 and id = $2",
        rota.0,
        id.0
    );
    match gone.execute(tx.conn()).await?.rows_affected() {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// The holidays that are not over at a moment, wherever somebody is.
pub async fn holidays(tx: &mut impl Scoped, since: DateTime<Utc>) -> Result<Vec<Holiday>, Error> {
    let day = since.date_naive() - TimeDelta::days(2);
    let rows = sqlx::query_as!(
        Holiday,
        r#"select h.id, h.user_id as "user: UserId", u.name, h.first_on, h.last_on
           from on_call_holiday h join user_account u on u.id = h.user_id
           where h.last_on >= $1 order by h.first_on, h.id"#,
        day
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// One of them.
pub async fn holiday(tx: &mut StaffTx, id: Uuid) -> Result<Holiday, Error> {
    let row = sqlx::query_as!(
        Holiday,
        r#"select h.id, h.user_id as "user: UserId", u.name, h.first_on, h.last_on
           from on_call_holiday h join user_account u on u.id = h.user_id where h.id = $1"#,
        id
    );
    row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// Writes one.
pub async fn insert_holiday(
    tx: &mut StaffTx,
    (id, user): (Uuid, UserId),
    (first, last): (NaiveDate, NaiveDate),
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into on_call_holiday (id, user_id, first_on, last_on, created_by, created_at) values ($1, $2, $3, $4, $5, $6)",
        id,
        user.0,
        first,
        last,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one away.
pub async fn delete_holiday(tx: &mut StaffTx, id: Uuid) -> Result<(), Error> {
    sqlx::query!("delete from on_call_holiday where id = $1", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
