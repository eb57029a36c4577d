//! The queries of links.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId, ShareLinkId, TenantId};

use super::super::links::model::{Link, ShareLinkKind};

struct Row {
    id: Uuid,
    kind: String,
    path: String,
    expires_at: DateTime<Utc>,
    uses: i64,
    last_used_at: Option<DateTime<Utc>>,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Link {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let kind = ShareLinkKind::read(&row.kind);
        Ok(Self {
            id: ShareLinkId(row.id),
            kind: kind.ok_or_else(|| Error::internal("a link is of no known kind"))?,
            path: row.path,
            expires_at: row.expires_at,
            uses: row.uses,
            last_used_at: row.last_used_at,
            created_by: row.created_by,
            created_at: row.created_at,
        })
    }
}

/// A share's links, the newest first. There is a limit to how many.
pub async fn links(tx: &mut impl Scoped, share: ShareId) -> Result<Vec<Link>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, kind, path, expires_at, uses, last_used_at, created_by, created_at from share_link where share_id = $1 \
         order by created_at desc, id desc",
        share.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Link::try_from).collect()
}

/// Adds a link, of whose secret only the hash is kept.
pub async fn insert_link(
    tx: &mut impl Scoped,
    (tenant, server, share): (TenantId, ServerId, ShareId),
    link: &Link,
    hash: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "insert into share_link (id, tenant_id, server_id, share_id, kind, path, token_hash, expires_at, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        link.id.0,
        tenant.0,
        server.0,
        share.0,
        link.kind.word(),
        link.path,
        hash,
        link.expires_at,
        link.created_by,
        link.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a link. Says whether there was one.
pub async fn delete_link(tx: &mut impl Scoped, share: ShareId, link: ShareLinkId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "delete from share_link where id = $1 and share_id = $2",
        link.0,
        share.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A link that somebody came with, and whose it is.
pub struct Found {
    /// The link.
    pub link: Link,
    /// The share's server.
    pub server: ServerId,
    /// The share.
    pub share: ShareId,
    /// Its name.
    pub share_name: String,
    /// Its folder.
    pub folder: String,
    /// The organisation.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
}

/// The link of a secret, if its organisation is active.
pub async fn link_of(tx: &mut SystemTx, hash: &[u8]) -> Result<Option<Found>, Error> {
    let row = sqlx::query!(
        "select l.id, l.kind, l.path, l.expires_at, l.uses, l.last_used_at, l.created_by, l.created_at, l.server_id, l.share_id, \
           h.name as share_name, h.folder, t.id as tenant_id, t.name as tenant_name \
         from share_link l join share h on h.id = l.share_id join tenant t on t.id = l.tenant_id \
         where l.token_hash = $1 and t.status = 'active'",
        hash
    );
    let Some(row) = row.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    let link = Row {
        id: row.id,
        kind: row.kind,
        path: row.path,
        expires_at: row.expires_at,
        uses: row.uses,
        last_used_at: row.last_used_at,
        created_by: row.created_by,
        created_at: row.created_at,
    };
    Ok(Some(Found {
        link: link.try_into()?,
        server: ServerId(row.server_id),
        share: ShareId(row.share_id),
        share_name: row.share_name,
        folder: row.folder,
        tenant: TenantId(row.tenant_id),
        tenant_name: row.tenant_name,
    }))
}

/// Writes that a link was used once more.
pub async fn use_link(tx: &mut SystemTx, link: ShareLinkId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update share_link set uses = uses + 1, last_used_at = $2 where id = $1",
        link.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
