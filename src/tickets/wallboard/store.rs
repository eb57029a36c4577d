//! The wallboard's queries: each reads open tickets or open incidents only, of which there are few.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, StaffTx};
use crate::platform::error::Error;

/// A ticket with a time that matters.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) number: i64,
    pub(super) subject: String,
    pub(super) tenant: Option<String>,
    pub(super) at: DateTime<Utc>,
}

/// What is due next, what is late first.
pub(super) async fn due_next(tx: &mut StaffTx, limit: i64) -> Result<Vec<Timed>, Error> {
    let rows = sqlx::query_as!(
        Timed,
        r#"select t.number, t.subject, n.name as "tenant?", t.due_at as "at!"
           from ticket t left join tenant n on n.id = t.tenant_id where t.is_open and t.due_at is not null
           order by coalesce(t.due_at, '9999-12-31 23:59:59+00'::timestamptz), t.id limit $1"#,
        limit
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The ticket that waits longest for a first answer of a person.
pub(super) async fn oldest_unanswered(tx: &mut StaffTx) -> Result<Option<Timed>, Error> {
    let row = sqlx::query_as!(
        Timed,
        r#"select t.number, t.subject, n.name as "tenant?", t.opened_at as at
           from ticket t left join tenant n on n.id = t.tenant_id
           where t.is_open and not exists (select from ticket_event e where e.ticket_id = t.id and e.kind = 'staff_replied')
           order by t.opened_at, t.id limit 1"#
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// An incident that is open by itself: no part of another, and not in a maintenance window.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) summary: String,
    pub(super) tenant: Option<String>,
    pub(super) at: DateTime<Utc>,
}

/// The newest of them.
pub(super) async fn broken(tx: &mut StaffTx, limit: i64) -> Result<Vec<Broken>, Error> {
    let rows = sqlx::query_as!(
        Broken,
        r#"select i.summary, n.name as "tenant?", i.failing_since as at
           from incident i left join tenant n on n.id = i.tenant_id
           where i.state = 'open' and i.parent_id is null and i.maintenance_id is null
           order by i.failing_since desc, i.id desc limit $1"#,
        limit
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// How many of them there are.
pub(super) async fn count_broken(tx: &mut StaffTx) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from incident where state = 'open' and parent_id is null and maintenance_id is null"#
    );
    Ok(count.fetch_one(tx.conn()).await?)
}
