//! Calendars.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::SlaCalendarId;

use super::super::model::{Calendar, Hours};
use super::read;

struct Row {
    id: SlaCalendarId,
    name: String,
    hours: serde_json::Value,
    archived_at: Option<DateTime<Utc>>,
    version: i64,
    policies: i64,
}

impl TryFrom<Row> for Calendar {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            name: row.name,
            hours: read(row.hours)?,
            archived_at: row.archived_at,
            version: row.version,
            policies: row.policies,
        })
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select c.id as "id: SlaCalendarId", c.name, c.hours, c.archived_at, c.version,
                 (select count(*) from sla_policy p where p.calendar_id = c.id) as "policies!"
               from sla_calendar c "# + $rest
            $(, $argument)*
        )
    };
}

fn named(error: sqlx::Error) -> Error {
    if violates(&error, "sla_calendar_name_key") {
        Error::invalid("name", "Another calendar has this name. Choose another.")
    } else {
        error.into()
    }
}

/// A page of them by name, which is unique.
pub(in super::super) async fn calendars(
    tx: &mut StaffTx,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Calendar>, Error> {
    let rows = select!(
        "where ($1::text is null or c.name ilike $1) and ($2::text is null or c.name > $2) order by c.name limit $3",
        pattern,
        after,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Those that a policy may get, and the one that it has.
pub(in super::super) async fn calendars_for_choice(
    tx: &mut StaffTx,
    current: Option<SlaCalendarId>,
) -> Result<Vec<Calendar>, Error> {
    let rows = select!(
        "where c.archived_at is null or c.id = $1 order by c.name",
        current.map(|id| id.0)
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// One.
pub(in super::super) async fn find_calendar(tx: &mut StaffTx, id: SlaCalendarId) -> Result<Calendar, Error> {
    let row = select!("where c.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// One, locked, so that no policy takes it while it changes.
pub(in super::super) async fn lock_calendar(tx: &mut StaffTx, id: SlaCalendarId) -> Result<Calendar, Error> {
    let row = select!("where c.id = $1 for update of c", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Writes a new one.
pub(in super::super) async fn insert_calendar(
    tx: &mut StaffTx,
    id: SlaCalendarId,
    (name, hours): (&str, &Hours),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into sla_calendar (id, name, hours, created_at, updated_at) values ($1, $2, $3, $4, $4)",
        id.0,
        name,
        serde_json::to_value(hours).map_err(Error::internal)?,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Writes what changed.
pub(in super::super) async fn save_calendar(
    tx: &mut StaffTx,
    id: SlaCalendarId,
    (name, hours): (&str, &Hours),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update sla_calendar set name = $2, hours = $3, version = version + 1, updated_at = $4 where id = $1",
        id.0,
        name,
        serde_json::to_value(hours).map_err(Error::internal)?,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Offers it no more, or again.
pub(in super::super) async fn archive_calendar(
    tx: &mut StaffTx,
    id: SlaCalendarId,
    archived_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update sla_calendar set archived_at = $2, version = version + 1, updated_at = $3 where id = $1",
        id.0,
        archived_at,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
