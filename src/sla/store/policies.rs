//! Policies and what they said, version by version.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{SlaCalendarId, SlaPolicyId};

use super::super::model::{Policy, Terms};
use super::read;

struct Row {
    id: SlaPolicyId,
    calendar_id: SlaCalendarId,
    calendar_name: String,
    terms: serde_json::Value,
    archived_at: Option<DateTime<Utc>>,
    version: i64,
    plans: i64,
}

impl TryFrom<Row> for Policy {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            calendar: row.calendar_id,
            calendar_name: row.calendar_name,
            terms: read(row.terms)?,
            archived_at: row.archived_at,
            version: row.version,
            plans: row.plans,
        })
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select p.id as "id: SlaPolicyId", p.calendar_id as "calendar_id: SlaCalendarId", c.name as calendar_name, v.terms,
                 p.archived_at, p.version, (select count(*) from plan_sla s where s.policy_id = p.id) as "plans!"
               from sla_policy p join sla_calendar c on c.id = p.calendar_id
                 join sla_policy_version v on v.policy_id = p.id and v.version = p.version "# + $rest
            $(, $argument)*
        )
    };
}

fn named(error: sqlx::Error) -> Error {
    if violates(&error, "sla_policy_name_key") {
        Error::invalid("name", "Another policy has this name. Choose another.")
    } else {
        error.into()
    }
}

/// A page of them by name, which is unique.
pub(in super::super) async fn policies(
    tx: &mut StaffTx,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Policy>, Error> {
    let rows = select!(
        "where ($1::text is null or p.name ilike $1) and ($2::text is null or p.name > $2) order by p.name limit $3",
        pattern,
        after,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Those that plans may get, with those that plans have.
pub(in super::super) async fn policies_for_choice(tx: &mut StaffTx) -> Result<Vec<Policy>, Error> {
    let rows = select!(
        "where p.archived_at is null or exists (select from plan_sla s where s.policy_id = p.id) order by p.name"
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// One.
pub(in super::super) async fn find_policy(tx: &mut StaffTx, id: SlaPolicyId) -> Result<Policy, Error> {
    let row = select!("where p.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// One, locked until the transaction ends.
pub(in super::super) async fn lock_policy(tx: &mut StaffTx, id: SlaPolicyId) -> Result<Policy, Error> {
    // By itself first: a version that was waited for is not seen by the statement that waits.
    sqlx::query_scalar!("select id from sla_policy where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?;
    find_policy(tx, id).await
}

/// Those that have a calendar, locked in one order.
pub(in super::super) async fn lock_policies_of(
    tx: &mut StaffTx,
    calendar: SlaCalendarId,
) -> Result<Vec<Policy>, Error> {
    sqlx::query_scalar!(
        "select id from sla_policy where calendar_id = $1 order by id for update",
        calendar.0
    )
    .fetch_all(tx.conn())
    .await?;
    let rows = select!("where p.calendar_id = $1 order by p.id", calendar.0);
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new one, without what it says.
pub(in super::super) async fn insert_policy(
    tx: &mut StaffTx,
    id: SlaPolicyId,
    (name, calendar): (&str, SlaCalendarId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into sla_policy (id, name, calendar_id, created_at, updated_at) values ($1, $2, $3, $4, $4)",
        id.0,
        name,
        calendar.0,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Writes what it says from a version on.
pub(in super::super) async fn add_version(
    tx: &mut StaffTx,
    (id, version): (SlaPolicyId, i64),
    terms: &Terms,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into sla_policy_version (policy_id, version, terms, created_at) values ($1, $2, $3, $4)",
        id.0,
        version,
        serde_json::to_value(terms).map_err(Error::internal)?,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a change, which is a new version.
pub(in super::super) async fn save_policy(
    tx: &mut StaffTx,
    (id, version): (SlaPolicyId, i64),
    (calendar, terms): (SlaCalendarId, &Terms),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    add_version(tx, (id, version), terms, now).await?;
    sqlx::query!(
        "update sla_policy set name = $2, calendar_id = $3, version = $4, updated_at = $5 where id = $1",
        id.0,
        terms.name,
        calendar.0,
        version,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Offers it no more, or again. What it says stays, and so does its version.
pub(in super::super) async fn archive_policy(
    tx: &mut StaffTx,
    id: SlaPolicyId,
    archived_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update sla_policy set archived_at = $2, updated_at = $3 where id = $1",
        id.0,
        archived_at,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
