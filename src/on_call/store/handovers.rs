//! Notes of one shift to the next.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{HandoverId, RotaId, UserId};

use super::calls::TimeKey;

/// A note.
#[derive(Debug, Clone)]
pub struct Handover {
    /// Its id.
    pub id: HandoverId,
    /// Of which rota.
    pub rota: RotaId,
    /// What that is called.
    pub rota_name: String,
    /// Who wrote it, as they were called then.
    pub writer: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Who has read it.
    pub seen_by: Option<String>,
    /// When.
    pub seen_at: Option<DateTime<Utc>>,
}

/// An open ticket that the next shift has to know of.
#[derive(Debug, Clone)]
pub struct Grave {
    /// Its number.
    pub number: i64,
    /// Its line.
    pub subject: String,
    /// `p1` or `p2`.
    pub severity: String,
    /// How far it is.
    pub state: String,
}

/// A page of notes, the newest first: of all rotas or of one, all or those that nobody has read.
pub async fn handovers(
    tx: &mut impl Scoped,
    (rota, only_new): (Option<RotaId>, bool),
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Handover>, Error> {
    let (at, id) = before.unzip();
    let rows = sqlx::query_as!(
        Handover,
        r#"select h.id as "id: HandoverId", h.rota_id as "rota: RotaId", r.name as rota_name, h.writer, h.body, h.created_at,
             h.seen_by, h.seen_at
           from on_call_handover h join on_call_rota r on r.id = h.rota_id
           where ($1::uuid is null or h.rota_id = $1) and (not $2::boolean or h.seen_at is null)
             and ($4::uuid is null or (h.created_at, h.id) < ($3::timestamptz, $4::uuid))
           order by h.created_at desc, h.id desc limit $5"#,
        rota.map(|id| id.0),
        only_new,
        at,
        id,
        limit
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// One.
pub async fn handover(tx: &mut impl Scoped, id: HandoverId) -> Result<Handover, Error> {
    let row = sqlx::query_as!(
        Handover,
        r#"select h.id as "id: HandoverId", h.rota_id as "rota: RotaId", r.name as rota_name, h.writer, h.body, h.created_at,
             h.seen_by, h.seen_at
           from on_call_handover h join on_call_rota r on r.id = h.rota_id where h.id = $1"#,
        id.0
    );
    row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// Writes one.
pub async fn insert_handover(
    tx: &mut StaffTx,
    (id, rota): (HandoverId, RotaId),
    (writer, name): (UserId, &str),
    body: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into on_call_handover (id, rota_id, written_by, writer, body, created_at) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        rota.0,
        writer.0,
        name,
        body,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes who has read one. Says whether nobody had before.
pub async fn see_handover(
    tx: &mut StaffTx,
    id: HandoverId,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let seen = sqlx::query!(
        "update on_call_handover set seen_by = $2, seen_at = $3 where id = $1 and seen_at is null",
        id.0,
        by,
        now
    );
    Ok(seen.execute(tx.conn()).await?.rows_affected() > 0)
}

/// The open tickets that are grave, the worst and oldest first.
pub async fn grave(tx: &mut impl Scoped, limit: i64) -> Result<Vec<Grave>, Error> {
    let rows = sqlx::query_as!(
        Grave,
        "select number, subject, severity, state from ticket where is_open and severity in ('p1', 'p2') and merged_into is null \
         order by severity, opened_at, id limit $1",
        limit
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}
