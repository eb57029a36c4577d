//! The queries of grants and of what was looked at.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, ServerId, SessionId, TenantId, TicketId, UserId};

use super::actions::is_open_already;
use super::model::{Grant, Look, Part, Wish};

/// Where a page of a list begins.
pub type Key = (DateTime<Utc>, Uuid);

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    tenant_name: String,
    ticket_id: Uuid,
    ticket_number: i64,
    staff_id: Option<Uuid>,
    staff_label: String,
    parts: Vec<String>,
    reason: String,
    opened_at: DateTime<Utc>,
    until: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
    uses: i64,
}

impl From<Row> for Grant {
    fn from(row: Row) -> Self {
        Self {
            id: BreakGlassId(row.id),
            tenant: TenantId(row.tenant_id),
            tenant_name: row.tenant_name,
            ticket: TicketId(row.ticket_id),
            ticket_number: row.ticket_number,
            staff: row.staff_id.map(UserId),
            staff_label: row.staff_label,
            parts: row.parts.iter().filter_map(|word| Part::parse(word)).collect(),
            reason: row.reason,
            opened_at: row.opened_at,
            until: row.until,
            ended_at: row.ended_at,
            ended_by: row.ended_by,
            uses: row.uses,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select g.id, g.tenant_id, t.name as tenant_name, g.ticket_id, k.number as ticket_number, g.staff_id, g.staff_label,
                 g.parts, g.reason, g.opened_at, g.until, g.ended_at, g.ended_by,
                 (select count(*) from break_glass_use u where u.grant_id = g.id) as "uses!"
               from break_glass g join tenant t on t.id = g.tenant_id join ticket k on k.id = g.ticket_id "# + $rest
            $(, $argument)*
        )
    };
}

/// One, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: BreakGlassId) -> Result<Grant, Error> {
    let found = select!("where g.id = $1", id.0).fetch_optional(tx.conn()).await?;
    found.map(Grant::from).ok_or(Error::NotFound)
}

/// The one of a person for a tenant that nobody has ended, whether its time is up or not.
pub async fn unended(tx: &mut StaffTx, (staff, tenant): (UserId, TenantId)) -> Result<Option<Grant>, Error> {
    let found = select!(
        "where g.staff_id = $1 and g.tenant_id = $2 and g.ended_at is null",
        staff.0,
        tenant.0
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(Grant::from))
}

/// Those of a person that last.
pub async fn open_by(tx: &mut StaffTx, staff: UserId, now: DateTime<Utc>) -> Result<Vec<Grant>, Error> {
    let rows = select!(
        "where g.staff_id = $1 and g.ended_at is null and g.until > $2 order by g.id",
        staff.0,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// Those of a tenant that last.
pub async fn open_of(
    tx: &mut impl Scoped,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Vec<Grant>, Error> {
    let rows = select!(
        "where g.tenant_id = $1 and g.ended_at is null and g.until > $2 order by g.opened_at, g.id",
        tenant.0,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// A page of a tenant's, the newest first, those before the key.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    before: Option<Key>,
    limit: i64,
) -> Result<Vec<Grant>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where g.tenant_id = $1 and ($3::uuid is null or (g.opened_at, g.id) < ($2::timestamptz, $3::uuid)) \
         order by g.opened_at desc, g.id desc limit $4",
        tenant.0,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// A page of all.
pub async fn list_all(tx: &mut StaffTx, before: Option<Key>, limit: i64) -> Result<Vec<Grant>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where $2::uuid is null or (g.opened_at, g.id) < ($1::timestamptz, $2::uuid) \
         order by g.opened_at desc, g.id desc limit $3",
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// What was looked at by these grants, the oldest first; of each no more than a thousand.
pub async fn uses(tx: &mut impl Scoped, grants: &[BreakGlassId]) -> Result<Vec<Look>, Error> {
    let ids: Vec<Uuid> = grants.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select u.grant_id as "grant_id!", u.at as "at!", u.part as "part!", u.what as "what!"
           from unnest($1::uuid[]) as g (id) cross join lateral (
             select * from break_glass_use u where u.grant_id = g.id order by u.id limit 1000) u order by u.id"#,
        &ids
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Look {
            grant: BreakGlassId(row.grant_id),
            at: row.at,
            part: row.part,
            what: row.what,
        })
        .collect())
}

/// Writes a new one.
pub async fn insert(
    tx: &mut StaffTx,
    (id, tenant, ticket): (BreakGlassId, TenantId, TicketId),
    (staff, session, label): (UserId, Option<SessionId>, &str),
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let parts: Vec<String> = wish.parts.iter().map(|part| part.word().to_owned()).collect();
    let done = sqlx::query!(
        "insert into break_glass (id, tenant_id, ticket_id, staff_id, staff_label, parts, reason, opened_at, until, session_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id.0,
        tenant.0,
        ticket.0,
        staff.0,
        label,
        &parts,
        wish.reason,
        now,
        now + wish.lasts,
        session.map(|id| id.0)
    )
    .execute(tx.conn())
    .await;
    match done {
        Err(error) if violates(&error, "break_glass_one") => Err(is_open_already()),
        other => Ok(other.map(drop)?),
    }
}

/// Ends one that has not ended. Says whether it had not.
pub async fn end(
    tx: &mut impl Scoped,
    id: BreakGlassId,
    (at, by): (DateTime<Utc>, &str),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update break_glass set ended_at = $2, ended_by = $3 where id = $1 and ended_at is null",
        id.0,
        at,
        by
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Those whose time is up and whose end is not written.
pub async fn due(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Grant>, Error> {
    let rows = select!(
        "where g.ended_at is null and g.until <= $1 order by g.until, g.id limit $2 for update of g skip locked",
        now,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// Those of a person whose ground is gone: the session that opened them, the account, or a role among `roles`.
pub async fn lost(tx: &mut impl Scoped, staff: UserId, roles: &[String]) -> Result<Vec<Grant>, Error> {
    let rows = select!(
        "where g.staff_id = $1 and g.ended_at is null \
           and ((g.session_id is not null and not exists (select from session s where s.id = g.session_id)) \
             or not exists (select from user_account u where u.id = g.staff_id and u.disabled_at is null and u.staff_role = any($2))) \
         order by g.id for update of g",
        staff.0,
        roles
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// The same of everybody. A session that is over or idle is gone, whether its row is or not.
pub async fn left(
    tx: &mut SystemTx,
    (now, idle_since): (DateTime<Utc>, DateTime<Utc>),
    roles: &[String],
    limit: i64,
) -> Result<Vec<Grant>, Error> {
    let rows = select!(
        "where g.ended_at is null \
           and ((g.session_id is not null and not exists (select from session s \
               where s.id = g.session_id and s.expires_at > $1 and s.last_seen_at > $2)) \
             or not exists (select from user_account u where u.id = g.staff_id and u.disabled_at is null and u.staff_role = any($3))) \
         order by g.id limit $4 for update of g skip locked",
        now,
        idle_since,
        roles,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// Writes that something was looked at.
pub async fn add_use(
    tx: &mut StaffTx,
    grant: &Grant,
    (part, what): (Part, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into break_glass_use (grant_id, tenant_id, at, part, what) values ($1, $2, $3, $4, $5)",
        grant.id.0,
        grant.tenant.0,
        now,
        part.word(),
        what
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The servers of a tenant whose consoles a person has open.
pub async fn open_consoles(
    tx: &mut impl Scoped,
    (staff, tenant): (UserId, TenantId),
) -> Result<Vec<ServerId>, Error> {
    let found = sqlx::query_scalar!(
        "select distinct server_id from console_visit where tenant_id = $2 and actor_user_id = $1 and closed_at is null",
        staff.0,
        tenant.0
    );
    let found = found.fetch_all(tx.conn()).await?.into_iter();
    Ok(found.map(ServerId).collect())
}

/// A tenant's open tickets, to choose from: number and subject, the newest first.
pub async fn tickets(tx: &mut StaffTx, tenant: TenantId) -> Result<Vec<(i64, String)>, Error> {
    let rows = sqlx::query!(
        "select number, subject from ticket where tenant_id = $1 and is_open order by opened_at desc, id desc limit 50",
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.number, row.subject)).collect())
}

/// A tenant's servers that are not deleted: which, and what they are called.
pub async fn servers(tx: &mut StaffTx, tenant: TenantId) -> Result<Vec<(ServerId, String)>, Error> {
    let rows = sqlx::query!(
        "select id, name from server where tenant_id = $1 and deleted_at is null order by name, id limit 200",
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (ServerId(row.id), row.name)).collect())
}
