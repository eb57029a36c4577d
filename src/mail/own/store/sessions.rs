//! Passwords and sessions.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::accounts::Client;
use crate::platform::db::{LoginConn, Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;

/// What is needed to check a password.
#[derive(Debug, Clone)]
pub(in crate::mail::own) struct Credentials {
    pub(in crate::mail::own) id: Uuid,
    pub(in crate::mail::own) tenant_id: Uuid,
    pub(in crate::mail::own) address: String,
    pub(in crate::mail::own) password_hash: Option<String>,
    /// Whether its person may sign in at all.
    pub(in crate::mail::own) is_open: bool,
}

/// A mailbox by its address, of the tenant that has verified the domain: others may have named it, and have none there.
pub(in crate::mail::own) async fn credentials(
    tx: &mut SystemTx,
    address: &str,
) -> Result<Option<Credentials>, Error> {
    let row = sqlx::query_as!(
        Credentials,
        r#"select m.id, m.tenant_id, m.address, m.password_hash,
             (m.is_enabled and d.is_enabled and t.status <> 'closed') as "is_open!"
           from mailbox m join mail_domain d on d.id = m.domain_id and d.verified_at is not null
           join tenant t on t.id = m.tenant_id where m.address = $1 and m.deleted_at is null"#,
        address
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Whether its person may still sign in with what was checked. Holds off who would change that until the end of the transaction,
/// so that no session begins behind their back.
pub(in crate::mail::own) async fn confirm(
    tx: &mut SystemTx,
    id: MailboxId,
    password_hash: &str,
) -> Result<bool, Error> {
    let row = sqlx::query!(
        "select id from mailbox where id = $1 and password_hash = $2 and is_enabled and deleted_at is null for share",
        id.0,
        password_hash
    );
    Ok(row.fetch_optional(tx.conn()).await?.is_some())
}

/// A session's owner.
#[derive(Debug)]
pub(in crate::mail::own) struct SessionOwner {
    pub(in crate::mail::own) id: Uuid,
    pub(in crate::mail::own) last_seen_at: DateTime<Utc>,
    pub(in crate::mail::own) mailbox_id: Uuid,
    pub(in crate::mail::own) tenant_id: Uuid,
    pub(in crate::mail::own) address: String,
    pub(in crate::mail::own) suspended: Option<String>,
}

/// The owner of the session with this hash, if it is valid now.
pub(in crate::mail::own) async fn session_owner(
    conn: &mut LoginConn,
    hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<SessionOwner>, Error> {
    let row = sqlx::query_as!(
        SessionOwner,
        r#"select id as "id!", last_seen_at as "last_seen_at!", mailbox_id as "mailbox_id!", tenant_id as "tenant_id!",
             address as "address!", suspended
           from mailbox_session_owner($1, $2, $3)"#,
        hash,
        now,
        idle_since
    );
    Ok(row.fetch_optional(conn.conn()).await?)
}

/// Notes that the session was used.
pub(in crate::mail::own) async fn touch_session(
    tx: &mut SystemTx,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox_session set last_seen_at = $2 where id = $1 and last_seen_at < $2",
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a new session.
pub(in crate::mail::own) async fn insert_session(
    tx: &mut SystemTx,
    (id, token_hash): (Uuid, &[u8]),
    (mailbox, tenant): (Uuid, Uuid),
    (now, end): (DateTime<Utc>, DateTime<Utc>),
    client: &Client,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mailbox_session (id, token_hash, mailbox_id, tenant_id, created_at, last_seen_at, expires_at, ip, \
         user_agent) values ($1, $2, $3, $4, $5, $5, $6, $7, $8)",
        id,
        token_hash,
        mailbox,
        tenant,
        now,
        end,
        client.ip,
        client.user_agent
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the session with this hash; of which mailbox, tenant and address it was.
pub(in crate::mail::own) async fn delete_session(
    tx: &mut SystemTx,
    hash: &[u8],
) -> Result<Option<(Uuid, Uuid, String)>, Error> {
    let row = sqlx::query!(
        "delete from mailbox_session s using mailbox m where s.token_hash = $1 and m.id = s.mailbox_id \
         returning m.id, m.tenant_id, m.address",
        hash
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (row.id, row.tenant_id, row.address)))
}

/// Forgets sessions that have ended.
pub(in crate::mail::own) async fn purge_sessions(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "delete from mailbox_session where expires_at <= $1 or last_seen_at <= $2",
        now,
        idle_since
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
