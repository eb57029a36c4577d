//! The queries of imports. Row-level security keeps each tenant to its own.

mod export;
mod lines;
mod queue;
mod write;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailImportId, TenantId};

use super::model::{Import, ImportState, Room};

pub use export::{Key, aliases, mailboxes};
pub use lines::{Row as WaitingRow, insert as insert_lines, lines, settle as settle_line, skip, waiting};
pub use queue::{Claimed, claim, finish, progress, put_off, renew};
pub use write::{insert_mailbox, places, taken};

struct Row {
    id: Uuid,
    file_name: String,
    state: String,
    lines: i32,
    bad: i32,
    done: i32,
    failed: i32,
    created_by: String,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        Self {
            id: MailImportId(row.id),
            file_name: row.file_name,
            state: ImportState::read(&row.state),
            lines: row.lines,
            bad: row.bad,
            done: row.done,
            failed: row.failed,
            created_by: row.created_by,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// Writes a new one; its lines follow.
pub async fn insert(tx: &mut impl Scoped, tenant: TenantId, new: &Import) -> Result<(), Error> {
    sqlx::query!(
        "insert into mail_import (id, tenant_id, file_name, state, lines, bad, created_by, created_at) \
         values ($1, $2, $3, 'preview', $4, $5, $6, $7)",
        new.id.0,
        tenant.0,
        new.file_name,
        new.lines,
        new.bad,
        new.created_by,
        new.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One import, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: MailImportId) -> Result<Import, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, file_name, state, lines, bad, done, failed, created_by, created_at, started_at, finished_at \
         from mail_import where id = $1",
        id.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(Import::from).ok_or(Error::NotFound)
}

/// One import, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, id: MailImportId) -> Result<Import, Error> {
    sqlx::query!("select from mail_import where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?;
    find(tx, id).await
}

/// A page of a tenant's imports, the newest first.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Import>, Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, file_name, state, lines, bad, done, failed, created_by, created_at, started_at, finished_at
           from mail_import where tenant_id = $1
             and (created_at, id) < (coalesce($2, 'infinity'::timestamptz),
                                     coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
           order by created_at desc, id desc limit $4",
        tenant.0,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Import::from).collect())
}

/// How many lists a tenant has that nobody has started yet.
pub async fn previews(tx: &mut impl Scoped, tenant: TenantId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from mail_import where tenant_id = $1 and state = 'preview'"#,
        tenant.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// What an import would add, beside what there is and what is allowed.
pub async fn room(
    tx: &mut impl Scoped,
    (tenant, id): (TenantId, MailImportId),
    (max_mailboxes, max_aliases): (i32, i32),
) -> Result<Room, Error> {
    let row = sqlx::query!(
        r#"select count(*) filter (where kind = 'mailbox') as "mailboxes!", count(*) filter (where kind <> 'mailbox') as "aliases!",
             coalesce((select mailboxes from mail_total where tenant_id = $1), 0) as "has_mailboxes!",
             coalesce((select aliases from mail_total where tenant_id = $1), 0) as "has_aliases!"
           from mail_import_line where import_id = $2 and state = 'waiting'"#,
        tenant.0,
        id.0
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok(Room {
        mailboxes: row.mailboxes,
        has_mailboxes: row.has_mailboxes.into(),
        max_mailboxes: max_mailboxes.into(),
        aliases: row.aliases,
        has_aliases: row.has_aliases.into(),
        max_aliases: max_aliases.into(),
    })
}

/// Has it worked on.
pub async fn start(
    tx: &mut impl Scoped,
    id: MailImportId,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import set state = 'running', started_by = $2, started_at = $3, next_attempt_at = $3 where id = $1",
        id.0,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives it up. Whoever works on it notices with the next batch.
pub async fn cancel(tx: &mut impl Scoped, id: MailImportId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import set state = 'cancelled', finished_at = $2, next_attempt_at = null, lease_id = null, lease_until = null \
         where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    skip(tx, id).await
}

/// Those that nobody started since a moment.
pub async fn stale(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<Vec<MailImportId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from mail_import where state = 'preview' and created_at < $1 for update skip locked",
        before
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(MailImportId).collect())
}

/// Forgets those that ended before a moment, with their lines.
pub async fn forget(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from mail_import where finished_at < $1", before);
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
