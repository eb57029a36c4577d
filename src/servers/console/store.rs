//! The queries of visits.

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use crate::platform::access::Who;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TokenId, UserId};

/// A visit that begins.
pub(super) struct NewVisit<'a> {
    pub(super) id: Uuid,
    pub(super) server: &'a super::super::model::Server,
    pub(super) shell: &'a str,
    pub(super) way: &'a str,
    pub(super) may_type: bool,
    pub(super) who: &'a Who,
    pub(super) now: DateTime<Utc>,
}

pub(super) async fn insert(tx: &mut impl Scoped, new: &NewVisit<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into console_visit (id, tenant_id, server_id, shell, way, may_type, actor_kind, actor_user_id, \
         actor_token_id, actor_label, ip, request_id, opened_at, seen_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        new.id,
        new.server.tenant.0,
        new.server.id.0,
        new.shell,
        new.way,
        new.may_type,
        new.who.kind,
        new.who.user.map(|id| id.0),
        new.who.token.map(|id| id.0),
        new.who.label,
        new.who.ip,
        new.who.request_id,
        new.now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says that the visit goes on.
pub(super) async fn touch(tx: &mut impl Scoped, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("update console_visit set seen_at = $2 where id = $1", id, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes that a visit is over. Says whether nobody did so before: somebody else may have taken it for lost.
pub(super) async fn close(tx: &mut impl Scoped, id: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update console_visit set closed_at = $2 where id = $1 and closed_at is null",
        id,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Forgets a visit. Says whether it was there.
pub(super) async fn remove(tx: &mut SystemTx, id: Uuid) -> Result<bool, Error> {
    let done = sqlx::query!("delete from console_visit where id = $1", id);
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A visit that nobody speaks for any more.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) id: Uuid,
    pub(super) server: ServerId,
    pub(super) shell: String,
    pub(super) way: String,
    pub(super) may_type: bool,
    pub(super) who: Who,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) seen_at: DateTime<Utc>,
    /// Whether its end was written, so that only its shell may be left.
    pub(super) is_closed: bool,
    /// Whether somebody else still looks at the same session.
    pub(super) has_company: bool,
}

/// Visits that nobody has spoken for since `limit`.
pub(super) async fn lost(tx: &mut SystemTx, limit: DateTime<Utc>) -> Result<Vec<Lost>, Error> {
    let rows = sqlx::query!(
        r#"select id, server_id, shell, way, may_type, actor_kind, actor_user_id, actor_token_id, actor_label, ip,
           request_id, opened_at, seen_at, closed_at is not null as "is_closed!",
           exists (select from console_visit o
                   where o.shell = v.shell and o.seen_at >= $1 and o.closed_at is null) as "has_company!"
           from console_visit v where seen_at < $1 order by seen_at limit 100"#,
        limit
    );
    let found = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Lost {
        id: row.id,
        server: ServerId(row.server_id),
        shell: row.shell,
        way: row.way,
        may_type: row.may_type,
        who: Who {
            kind: if row.actor_kind == "token" {
                "token"
            } else {
                "user"
            },
            user: row.actor_user_id.map(UserId),
            token: row.actor_token_id.map(TokenId),
            label: row.actor_label,
            ip: row.ip,
            request_id: row.request_id,
        },
        opened_at: row.opened_at,
        seen_at: row.seen_at,
        is_closed: row.is_closed,
        has_company: row.has_company,
    });
    Ok(found.collect())
}
