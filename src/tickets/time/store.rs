//! The rows of time.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId, TicketId, TimeEntryId, UserId};

use super::model::Entry;

struct Row {
    id: Uuid,
    minutes: i32,
    what: String,
    is_billable: bool,
    corrects: Option<Uuid>,
    at: DateTime<Utc>,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            id: TimeEntryId(row.id),
            minutes: row.minutes,
            what: row.what,
            is_billable: row.is_billable,
            corrects: row.corrects.map(TimeEntryId),
            at: row.at,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// A ticket's entries, the oldest first.
pub(super) async fn list(tx: &mut StaffTx, ticket: TicketId) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, minutes, what, is_billable, corrects, at, created_by, created_at from ticket_time \
         where ticket_id = $1 order by created_at, id",
        ticket.0
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Entry::from)
        .collect())
}

/// One of a ticket's entries that is no correction.
pub(super) async fn find(tx: &mut StaffTx, (ticket, id): (TicketId, TimeEntryId)) -> Result<Entry, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, minutes, what, is_billable, corrects, at, created_by, created_at from ticket_time \
         where id = $1 and ticket_id = $2 and corrects is null",
        id.0,
        ticket.0
    );
    Ok(row.fetch_one(tx.conn()).await?.into())
}

/// How many minutes an entry has with its corrections.
pub(super) async fn corrected(tx: &mut StaffTx, id: TimeEntryId) -> Result<i32, Error> {
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(minutes), 0)::int as "sum!" from ticket_time where id = $1 or corrects = $1"#,
        id.0
    );
    Ok(sum.fetch_one(tx.conn()).await?)
}

/// Adds an entry.
pub(super) async fn insert(tx: &mut StaffTx, ticket: TicketId, new: &Entry, by: UserId) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_time (id, ticket_id, minutes, what, is_billable, corrects, at, user_id, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id.0,
        ticket.0,
        new.minutes,
        new.what,
        new.is_billable,
        new.corrects.map(|entry| entry.0),
        new.at,
        by.0,
        new.created_by,
        new.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many minutes were spent on a ticket.
pub async fn spent(tx: &mut impl Scoped, ticket: TicketId) -> Result<i64, Error> {
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(minutes), 0)::bigint as "sum!" from ticket_time where ticket_id = $1"#,
        ticket.0
    );
    Ok(sum.fetch_one(tx.conn()).await?)
}

/// How many minutes of a tenant's tickets are billable, of those that were spent in a month.
pub(super) async fn used(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (begin, end): (DateTime<Utc>, DateTime<Utc>),
) -> Result<i64, Error> {
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(e.minutes), 0)::bigint as "sum!" from ticket_time e join ticket t on t.id = e.ticket_id
           where t.tenant_id = $1 and e.is_billable and e.at >= $2 and e.at < $3"#,
        tenant.0,
        begin,
        end
    );
    Ok(sum.fetch_one(tx.conn()).await?)
}

/// How many minutes a month a tenant's plan includes.
pub(super) async fn included(tx: &mut impl Scoped, tenant: TenantId) -> Result<i64, Error> {
    let minutes = sqlx::query_scalar!(
        "select s.included_minutes from tenant t join plan_support s on s.plan_id = t.plan_id where t.id = $1",
        tenant.0
    );
    Ok(minutes.fetch_optional(tx.conn()).await?.map_or(0, i64::from))
}

/// How many minutes a month a plan includes, and the version of that; 0 while nobody has said.
pub(super) async fn plan(tx: &mut StaffTx, plan: PlanId) -> Result<(i32, i64), Error> {
    let row = sqlx::query!(
        r#"select s.included_minutes as "minutes?", s.version as "version?" from plan p
           left join plan_support s on s.plan_id = p.id where p.id = $1"#,
        plan.0
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok((row.minutes.unwrap_or_default(), row.version.unwrap_or_default()))
}

/// Says how many minutes a month a plan includes. The plan's row is locked by the caller.
pub(super) async fn set_plan(
    tx: &mut StaffTx,
    plan: PlanId,
    minutes: i32,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into plan_support as s (plan_id, included_minutes, updated_at) values ($1, $2, $3) \
         on conflict (plan_id) do update set included_minutes = excluded.included_minutes, version = s.version + 1, \
           updated_at = excluded.updated_at",
        plan.0,
        minutes,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
