//! Sessions and who is behind them.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::accounts::model::{Client, Session};
use crate::platform::access::{Glass, Guest, Member, Pass, Standing, TenantRole};
use crate::platform::db::{LoginConn, Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, ServerId, SessionId, TenantId, UserId};

/// A membership as the database tells it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct MemberRow {
    tenant: Uuid,
    slug: String,
    name: String,
    role: TenantRole,
    suspended: Option<String>,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            slug: row.slug,
            name: row.name,
            standing: Standing::Member(row.role),
            suspended: row.suspended,
        }
    }
}

/// A server that is shared with somebody, as the database tells it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct GuestRow {
    tenant: Uuid,
    slug: String,
    name: String,
    suspended: Option<String>,
    server: Uuid,
    server_name: String,
    permissions: Vec<String>,
}

impl From<GuestRow> for Guest {
    fn from(row: GuestRow) -> Self {
        let server = ServerId(row.server);
        // A permission that a later version took away gives no right.
        let permissions = row.permissions.iter().filter_map(|name| name.parse().ok());
        let pass = Pass {
            server,
            permissions: permissions.collect(),
        };
        Self {
            server_name: row.server_name,
            server,
            member: Member {
                tenant: TenantId(row.tenant),
                slug: row.slug,
                name: row.name,
                standing: Standing::Guest(pass),
                suspended: row.suspended,
            },
        }
    }
}

/// What somebody of the staff has open, as the database tells it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct GlassRow {
    id: Uuid,
    tenant: String,
    until: DateTime<Utc>,
}

impl From<GlassRow> for Glass {
    fn from(row: GlassRow) -> Self {
        Self {
            id: BreakGlassId(row.id),
            tenant: row.tenant,
            until: row.until,
        }
    }
}

/// A session's owner.
#[derive(Debug)]
pub(crate) struct SessionOwner {
    pub(crate) id: Uuid,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) user_id: Uuid,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) staff_role: Option<String>,
    pub(crate) memberships: Json<Vec<MemberRow>>,
    pub(crate) guests: Json<Vec<GuestRow>>,
    pub(crate) glass: Json<Vec<GlassRow>>,
}

/// The owner of the session with this hash, if it is valid now.
pub(crate) async fn session_owner(
    conn: &mut LoginConn,
    hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<SessionOwner>, Error> {
    let row = sqlx::query_as!(
        SessionOwner,
        r#"select id as "id!", last_seen_at as "last_seen_at!", user_id as "user_id!", name as "name!",
             email as "email!", staff_role, memberships as "memberships!: Json<Vec<MemberRow>>",
             guests as "guests!: Json<Vec<GuestRow>>", glass as "glass!: Json<Vec<GlassRow>>"
           from session_owner($1, $2, $3)"#,
        hash,
        now,
        idle_since
    );
    Ok(row.fetch_optional(conn.conn()).await?)
}

/// Notes that the session was used.
pub(crate) async fn touch_session(tx: &mut SystemTx, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update session set last_seen_at = $2 where id = $1 and last_seen_at < $2",
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a new session.
pub(crate) async fn insert_session(
    tx: &mut SystemTx,
    id: SessionId,
    user: UserId,
    token_hash: &[u8],
    (now, end): (DateTime<Utc>, DateTime<Utc>),
    client: &Client,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into session (id, token_hash, user_id, created_at, last_seen_at, expires_at, ip, user_agent) \
         values ($1, $2, $3, $4, $4, $5, $6, $7)",
        id.0,
        token_hash,
        user.0,
        now,
        end,
        client.ip,
        client.user_agent
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the session with this hash; whose it was.
pub(crate) async fn delete_session_by_hash(tx: &mut SystemTx, hash: &[u8]) -> Result<Option<UserId>, Error> {
    let user = sqlx::query_scalar!(
        "delete from session where token_hash = $1 returning user_id",
        hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(user.map(UserId))
}

/// Ends one of a person's sessions; whether there was one.
pub(crate) async fn delete_session(tx: &mut impl Scoped, user: UserId, id: SessionId) -> Result<bool, Error> {
    let done = sqlx::query!("delete from session where id = $1 and user_id = $2", id.0, user.0);
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Ends a person's sessions, all or all but one; how many there were.
pub(crate) async fn delete_sessions(
    tx: &mut impl Scoped,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<u64, Error> {
    let keep = keep.map(|id| id.0);
    let done = sqlx::query!(
        "delete from session where user_id = $1 and ($2::uuid is null or id <> $2)",
        user.0,
        keep
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// A person's valid sessions, the last used first.
pub(crate) async fn sessions(
    tx: &mut impl Scoped,
    user: UserId,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<Session>, Error> {
    let rows = sqlx::query_as!(
        Session,
        r#"select id as "id: SessionId", created_at, last_seen_at, expires_at, ip, user_agent from session
           where user_id = $1 and expires_at > $2 and last_seen_at > $3 order by last_seen_at desc, id desc limit 200"#,
        user.0,
        now,
        idle_since
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Forgets sessions that have ended.
pub(crate) async fn purge_sessions(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "delete from session where expires_at <= $1 or last_seen_at <= $2",
        now,
        idle_since
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
