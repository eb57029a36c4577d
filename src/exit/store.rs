//! Downloads, and what is read for them.

mod contents;
mod mail;
mod support;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{ExitArchiveId, TenantId};

use super::model::{Count, Download, State};

pub use contents::{
    backups, checks, guests, invitations, members, networks, organisation, schedules, server_networks,
    servers, shares, snapshots, stacks,
};
pub use mail::{mail_aliases, mail_domains, mailboxes};
pub use support::{Told, incidents, sla_reports, ticket_file, ticket_files, tickets};

/// Ends those that nobody has heard of since a time.
pub async fn give_up(
    tx: &mut TenantTx,
    tenant: TenantId,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "update exit_archive set state = 'broken', ended_at = $3, error = 'It was not heard of any more.' \
         where tenant_id = $1 and state = 'running' and seen_at <= $2",
        tenant.0,
        since,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes one that begins. Says whether it may: a tenant has one at a time.
pub async fn add(tx: &mut TenantTx, tenant: TenantId, new: &Download) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into exit_archive (id, tenant_id, state, asked_by, has_secrets, started_at, seen_at) \
         values ($1, $2, 'running', $3, $4, $5, $5) on conflict (tenant_id) where state = 'running' do nothing",
        new.id.0,
        tenant.0,
        new.asked_by,
        new.has_secrets,
        new.started_at
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes how far one is. Says whether it still is.
pub async fn note(
    tx: &mut TenantTx,
    id: ExitArchiveId,
    count: Count,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update exit_archive set files = $2, bytes = $3, seen_at = $4 where id = $1 and state = 'running'",
        id.0,
        i64::try_from(count.files).unwrap_or(i64::MAX),
        i64::try_from(count.bytes).unwrap_or(i64::MAX),
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes how one ended.
pub async fn end(
    tx: &mut TenantTx,
    id: ExitArchiveId,
    count: Count,
    (error, now): (Option<&str>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "update exit_archive set state = case when $4::text is null then 'whole' else 'broken' end, error = $4, \
         files = $2, bytes = $3, seen_at = $5, ended_at = $5 where id = $1 and state = 'running'",
        id.0,
        i64::try_from(count.files).unwrap_or(i64::MAX),
        i64::try_from(count.bytes).unwrap_or(i64::MAX),
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    state: String,
    asked_by: String,
    has_secrets: bool,
    files: i64,
    bytes: i64,
    error: Option<String>,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// A tenant's newest downloads. One that was not heard of since a time is told as cut off, also before anybody writes that.
pub async fn newest(
    tx: &mut impl Scoped,
    tenant: TenantId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Download>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, case when state = 'running' and seen_at <= $2 then 'broken' else state end as "state!", asked_by,
             has_secrets, files, bytes, error, started_at, ended_at
           from exit_archive where tenant_id = $1 order by started_at desc, id desc limit $3"#,
        tenant.0,
        since,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    rows.map(|row| {
        Ok(Download {
            id: ExitArchiveId(row.id),
            state: State::parse(&row.state)?,
            asked_by: row.asked_by,
            has_secrets: row.has_secrets,
            files: row.files,
            bytes: row.bytes,
            error: row.error,
            started_at: row.started_at,
            ended_at: row.ended_at,
        })
    })
    .collect()
}

/// Forgets what ended before then. Says how many.
pub async fn forget(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from exit_archive where ended_at < $1", before);
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
