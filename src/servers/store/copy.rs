//! Copies of servers: where their data comes from and how far that is, and the sources that hold still for them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{CopyState, Copying, Refusal, Seen, Server};

/// Notes that a server's data is to come from `source`, which holds still meanwhile unless the copy `is_live`.
pub async fn begin_copy(
    tx: &mut TenantTx,
    copy: &Server,
    source: &Server,
    is_live: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into server_copy (server_id, tenant_id, source_id, source_name, state, is_live, created_at) \
         values ($1, $2, $3, $4, 'open', $5, $6) on conflict (server_id) do update set source_name = $4, state = 'open', \
         is_live = $5, created_at = $6, bytes_total = null, bytes_done = 0, error = null, ended_at = null",
        copy.id.0,
        copy.tenant.0,
        source.id.0,
        source.name,
        is_live,
        now
    )
    .execute(tx.conn())
    .await;
    done.map_err(|error| {
        if violates(&error, "server_copy_open") {
            Refusal::HoldsStill.into()
        } else {
            Error::from(error)
        }
    })?;
    if !is_live {
        sqlx::query!(
            "update server set still_for = $2 where id = $1",
            source.id.0,
            copy.id.0
        )
        .execute(tx.conn())
        .await?;
    }
    super::wake(tx, &[source.id], now).await
}

struct Row {
    source_id: Uuid,
    source_name: String,
    state: String,
    is_live: bool,
    bytes_total: Option<i64>,
    bytes_done: i64,
    error: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Copying {
    fn from(row: Row) -> Self {
        Self {
            source: ServerId(row.source_id),
            source_name: row.source_name,
            state: match (row.state.as_str(), row.error) {
                ("done", _) => CopyState::Done,
                ("failed", error) => CopyState::Failed(error.unwrap_or_default()),
                _ => CopyState::Open,
            },
            is_live: row.is_live,
            total: row.bytes_total.and_then(|bytes| bytes.try_into().ok()),
            done: row.bytes_done.try_into().unwrap_or_default(),
            since: row.created_at,
        }
    }
}

/// Where a server's data comes from, if it was made as a copy.
pub async fn copying(tx: &mut impl Scoped, server: ServerId) -> Result<Option<Copying>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select source_id, source_name, state, is_live, bytes_total, bytes_done, error, created_at from server_copy \
         where server_id = $1",
        server.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(Copying::from))
}

/// The copy that is being made of a server: its name.
pub async fn copied_to(tx: &mut impl Scoped, source: ServerId) -> Result<Option<String>, Error> {
    let name = sqlx::query_scalar!(
        "select s.name from server_copy c join server s on s.id = c.server_id where c.source_id = $1 and c.state = 'open'",
        source.0
    );
    Ok(name.fetch_optional(tx.conn()).await?)
}

/// What a copy has to know of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It is deleted, or erased.
    Gone,
    /// Somebody works on it, or it runs and should not.
    Busy,
    /// It can be read from.
    Ready,
}

/// How the source of a copy is. Whoever works on it may have begun before it was told to hold still, so it counts as ready only
/// when nobody does; who takes it up from then on leaves it stopped.
pub async fn source(tx: &mut SystemTx, copy: ServerId, copying: &Copying) -> Result<Source, Error> {
    let row = sqlx::query!(
        "select deleted_at is not null as \"is_deleted!\", lease_id is not null as \"is_leased!\", still_for, observed_state \
         from server where id = $1",
        copying.source.0
    );
    Ok(match row.fetch_optional(tx.conn()).await? {
        None => Source::Gone,
        Some(row) if row.is_deleted => Source::Gone,
        Some(_) if copying.is_live => Source::Ready,
        Some(row) => {
            let holds = row.still_for == Some(copy.0) && !Seen::read(&row.observed_state).is_alive();
            if holds && !row.is_leased {
                Source::Ready
            } else {
                Source::Busy
            }
        }
    })
}

/// Notes how far a copy is. Says whether it is still wanted.
pub async fn note_copied(
    tx: &mut SystemTx,
    server: ServerId,
    (done, total): (u64, Option<u64>),
) -> Result<bool, Error> {
    let done = i64::try_from(done).unwrap_or(i64::MAX);
    let total = total.map(|total| i64::try_from(total).unwrap_or(i64::MAX));
    let found = sqlx::query_scalar!(
        "update server_copy c set bytes_done = $2, bytes_total = $3 from server s \
         where c.server_id = $1 and c.state = 'open' and s.id = c.server_id and s.deleted_at is null returning s.id",
        server.0,
        done,
        total
    );
    Ok(found.fetch_optional(tx.conn()).await?.is_some())
}

/// Ends an open copy and lets its source go on; `failure` says why the data is not all there. Gives the source, unless there was
/// nothing to end.
pub async fn end_copy(
    tx: &mut impl Scoped,
    server: ServerId,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<ServerId>, Error> {
    let ended = sqlx::query_scalar!(
        "update server_copy set state = case when $2::text is null then 'done' else 'failed' end, error = $2, ended_at = $3, \
         bytes_done = case when $2::text is null then coalesce(bytes_total, bytes_done) else bytes_done end \
         where server_id = $1 and state = 'open' returning source_id",
        server.0,
        failure,
        now
    );
    let Some(source) = ended.fetch_optional(tx.conn()).await?.map(ServerId) else {
        return Ok(None);
    };
    sqlx::query!(
        "update server set still_for = null where still_for = $1",
        server.0
    )
    .execute(tx.conn())
    .await?;
    super::wake(tx, &[source], now).await?;
    Ok(Some(source))
}
