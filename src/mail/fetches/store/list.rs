//! Single fetches and lists of them, the newest first.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::drivers::mail::FetchTls;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailFetchId, MailboxId, OperationId, TenantId};

use super::super::model::{Fetch, FetchState, Folders, Wish};

/// A row as it is read.
pub(super) struct Row {
    pub(super) id: MailFetchId,
    pub(super) tenant_id: TenantId,
    pub(super) mailbox_id: MailboxId,
    pub(super) address: String,
    pub(super) is_deleted: bool,
    pub(super) host: String,
    pub(super) port: i32,
    pub(super) tls: String,
    pub(super) remote_user: String,
    pub(super) folders: String,
    pub(super) fingerprint: Option<String>,
    pub(super) state: String,
    pub(super) is_cancelled: bool,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    pub(super) seen_fingerprint: Option<String>,
    pub(super) total_folders: i32,
    pub(super) total_messages: i64,
    pub(super) done_folders: i32,
    pub(super) done_messages: i64,
    pub(super) done_bytes: i64,
    pub(super) folder: String,
    pub(super) operation_id: OperationId,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for Fetch {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            mailbox: row.mailbox_id,
            address: row.address,
            is_deleted: row.is_deleted,
            wish: Wish {
                host: row.host,
                // A check of the table lets nothing else in.
                port: u16::try_from(row.port).unwrap_or_default(),
                tls: FetchTls::read(&row.tls).unwrap_or(FetchTls::Implicit),
                folders: Folders::read(&row.folders).unwrap_or_default(),
                fingerprint: row.fingerprint,
            },
            user: row.remote_user,
            state: FetchState::read(&row.state),
            is_cancelled: row.is_cancelled,
            reason: row.reason,
            error: row.error,
            seen_fingerprint: row.seen_fingerprint,
            total_folders: row.total_folders,
            total_messages: row.total_messages,
            done_folders: row.done_folders,
            done_messages: row.done_messages,
            done_bytes: row.done_bytes,
            folder: row.folder,
            operation: row.operation_id,
            created_by: row.created_by,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// The checked macro takes literals only, so what all queries of fetches have in common is put together here.
macro_rules! select {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select f.id as "id: MailFetchId", f.tenant_id as "tenant_id: TenantId", f.mailbox_id as "mailbox_id: MailboxId",
                 m.address, (m.deleted_at is not null) as "is_deleted!", f.host, f.port, f.tls, f.remote_user, f.folders,
                 f.fingerprint, f.state, f.is_cancelled, f.reason, f.error, f.seen_fingerprint, f.total_folders, f.total_messages,
                 f.done_folders, f.done_messages, f.done_bytes, f.folder, f.operation_id as "operation_id: OperationId",
                 f.created_by, f.created_at, f.started_at, f.finished_at
               from mail_fetch f join mailbox m on m.id = f.mailbox_id "# + $rest,
            $($argument),+
        )
    };
}

fn read(rows: Vec<Row>) -> Vec<Fetch> {
    rows.into_iter().map(Fetch::from).collect()
}

/// One fetch, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: MailFetchId) -> Result<Fetch, Error> {
    let row = select!("where f.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Fetch::from).ok_or(Error::NotFound)
}

/// A page of a tenant's fetches after the one created at `after`; `pattern` is found in the mailbox's address and the host.
pub async fn list(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Fetch>, Error> {
    let rows = select!(
        "where f.tenant_id = $1 and ($2::text is null or m.address ilike $2 or f.host ilike $2) \
         and (f.created_at, f.id) < ($3::timestamptz, $4::uuid) order by f.created_at desc, f.id desc limit $5",
        tenant.0,
        pattern,
        after.0,
        after.1,
        limit
    );
    Ok(read(rows.fetch_all(tx.conn()).await?))
}

/// The same of one mailbox.
pub async fn of_mailbox(
    tx: &mut impl Scoped,
    mailbox: MailboxId,
    pattern: Option<&str>,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Fetch>, Error> {
    let rows = select!(
        "where f.mailbox_id = $1 and ($2::text is null or m.address ilike $2 or f.host ilike $2) \
         and (f.created_at, f.id) < ($3::timestamptz, $4::uuid) order by f.created_at desc, f.id desc limit $5",
        mailbox.0,
        pattern,
        after.0,
        after.1,
        limit
    );
    Ok(read(rows.fetch_all(tx.conn()).await?))
}
