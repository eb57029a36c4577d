//! API tokens and who is behind them.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::accounts::model::ApiToken;
use crate::platform::db::{LoginConn, Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId, TokenId, UserId};

use super::sessions::{GuestRow, MemberRow};

/// A token's owner.
#[derive(Debug)]
pub(crate) struct TokenOwner {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) scopes: Vec<String>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    pub(crate) user_id: Uuid,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) staff_role: Option<String>,
    /// In the token's tenant, if it is not closed.
    pub(crate) membership: Option<Json<MemberRow>>,
    /// The server that the token is for, if it is a guest's and the server is still shared with them.
    pub(crate) guest: Option<Json<GuestRow>>,
}

/// The owner of the token with this hash, if it is valid now.
pub(crate) async fn token_owner(
    conn: &mut LoginConn,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<TokenOwner>, Error> {
    let row = sqlx::query_as!(
        TokenOwner,
        r#"select id as "id!", tenant_id, scopes as "scopes!", last_used_at, user_id as "user_id!", name as "name!",
             email as "email!", staff_role, membership as "membership: Json<MemberRow>",
             guest as "guest: Json<GuestRow>"
           from token_owner($1, $2)"#,
        hash,
        now
    );
    Ok(row.fetch_optional(conn.conn()).await?)
}

/// Notes that the token was used.
pub(crate) async fn touch_token(tx: &mut SystemTx, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update api_token set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)",
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a new token.
pub(crate) async fn insert_token(
    tx: &mut impl Scoped,
    token: &ApiToken,
    user: UserId,
    hash: &[u8],
) -> Result<(), Error> {
    let scopes: Vec<String> = token.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    sqlx::query!(
        "insert into api_token (id, user_id, tenant_id, name, prefix, token_hash, scopes, expires_at, created_at, \
         server_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        token.id.0,
        user.0,
        token.tenant.map(|id| id.0),
        token.name,
        token.prefix,
        hash,
        &scopes,
        token.expires_at,
        token.created_at,
        token.server.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
    server_id: Option<Uuid>,
    scopes: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Row> for ApiToken {
    fn from(row: Row) -> Self {
        Self {
            id: TokenId(row.id),
            name: row.name,
            prefix: row.prefix,
            tenant: row.tenant_id.map(TenantId),
            tenant_name: row.tenant_name,
            server: row.server_id.map(ServerId),
            scopes: row.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        }
    }
}

/// A person's tokens, the newest first: those that work, and those that ended less than the caller's while ago.
pub(crate) async fn tokens(
    tx: &mut impl Scoped,
    user: UserId,
    ended_after: DateTime<Utc>,
) -> Result<Vec<ApiToken>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select k.id, k.name, k.prefix, k.tenant_id, t.name as "tenant_name?", k.server_id, k.scopes, k.expires_at,
             k.last_used_at, k.revoked_at, k.created_at
           from api_token k left join tenant t on t.id = k.tenant_id
           where k.user_id = $1 and coalesce(k.revoked_at, k.expires_at, 'infinity') > $2
           order by k.created_at desc, k.id desc limit 500"#,
        user.0,
        ended_after
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(ApiToken::from)
        .collect())
}

/// How many of a person's tokens work now.
pub(crate) async fn count_tokens(
    tx: &mut impl Scoped,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_token
           where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)"#,
        user.0,
        now
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Revokes one of a person's tokens; its name and tenant if it worked until now.
pub(crate) async fn revoke_token(
    tx: &mut impl Scoped,
    user: UserId,
    id: TokenId,
    now: DateTime<Utc>,
) -> Result<Option<(String, Option<TenantId>)>, Error> {
    let row = sqlx::query!(
        "update api_token set revoked_at = $3 where id = $1 and user_id = $2 and revoked_at is null \
         returning name, tenant_id",
        id.0,
        user.0,
        now
    );
    Ok(row
        .fetch_optional(tx.conn())
        .await?
        .map(|row| (row.name, row.tenant_id.map(TenantId))))
}

/// Revokes all of a person's tokens.
pub(crate) async fn revoke_tokens(
    tx: &mut impl Scoped,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update api_token set revoked_at = $2 where user_id = $1 and revoked_at is null",
        user.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tenant of one of a person's tokens, and the server if it is a guest's.
pub(crate) async fn token_place(
    tx: &mut impl Scoped,
    user: UserId,
    id: TokenId,
) -> Result<(Option<TenantId>, Option<ServerId>), Error> {
    let row = sqlx::query!(
        "select tenant_id, server_id from api_token where id = $1 and user_id = $2",
        id.0,
        user.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((row.tenant_id.map(TenantId), row.server_id.map(ServerId)))
}
