//! What happened to servers.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerEventId, ServerId, TenantId};

use super::super::model::{Entry, HistoryEntry, Kind};

/// The kernel may end several processes at once: they are told once.
const SAME_MOMENT: Duration = Duration::seconds(5);

/// An entry to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// Its id.
    pub id: ServerEventId,
    /// Whose history.
    pub server: ServerId,
    /// Whose server.
    pub tenant: TenantId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub entry: &'a Entry,
}

/// Writes an entry.
pub async fn add_event(tx: &mut impl Scoped, new: &NewEvent<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_event (id, server_id, tenant_id, at, kind, text) values ($1, $2, $3, $4, $5, $6)",
        new.id.0,
        new.server.0,
        new.tenant.0,
        new.at,
        new.entry.kind.word(),
        new.entry.text
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that the kernel ended a process of a server, unless that was told already. Nothing if the server is gone, or in
/// work: then its end is our doing.
pub async fn note_oom(
    tx: &mut SystemTx,
    id: ServerEventId,
    server: ServerId,
    at: DateTime<Utc>,
    entry: &Entry,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_event (id, server_id, tenant_id, at, kind, text) \
         select $1, s.id, s.tenant_id, $3, $4, $5 from server s \
         where s.id = $2 and s.lease_id is null and s.power = 'running' and s.deleted_at is null \
           and not exists (select from server_event e where e.server_id = s.id and e.kind = $4 and e.at between $6 and $7)",
        id.0,
        server.0,
        at,
        entry.kind.word(),
        entry.text,
        at - SAME_MOMENT,
        at + SAME_MOMENT
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of a server's history, newest first.
pub async fn list_events(
    tx: &mut impl Scoped,
    server: ServerId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<HistoryEntry>, Error> {
    let rows = sqlx::query!(
        "select id, at, kind, text from server_event where server_id = $1 and (at, id) < ($2, $3) \
         order by at desc, id desc limit $4",
        server.0,
        before.0,
        before.1,
        limit
    );
    let entries = rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| HistoryEntry {
            id: ServerEventId(row.id),
            at: row.at,
            kind: Kind::read(&row.kind),
            text: row.text,
        });
    Ok(entries.collect())
}
