//! Single-use links. Used at most once: the update that uses one is its own check.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::accounts::model::{Invitation, Link, Offer, Purpose};
use crate::platform::access::Permission;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, ServerId, TenantId, UserId};

/// Keeps a new link.
pub(crate) async fn insert_link(
    tx: &mut impl Scoped,
    link: &Link,
    token_hash: &[u8],
    created_by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let offer = link.offer.as_ref();
    let permissions = offer.map(|offer| names(&offer.permissions));
    sqlx::query!(
        "insert into one_time_link (id, purpose, token_hash, user_id, tenant_id, email, role, created_by, created_at, \
         expires_at, server_id, permissions, access_until) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        link.id.0,
        link.purpose.name(),
        token_hash,
        link.user.map(|id| id.0),
        link.tenant.map(|id| id.0),
        link.email,
        link.role,
        created_by,
        now,
        link.expires_at,
        offer.map(|offer| offer.server.0),
        permissions.as_deref(),
        offer.and_then(|offer| offer.until)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How permissions are kept.
pub(super) fn names(permissions: &[Permission]) -> Vec<String> {
    permissions.iter().map(|one| one.name().to_owned()).collect()
}

/// An offer as rows keep it. A permission that a later version took away gives no right.
pub(super) fn offer(server: Uuid, permissions: &[String], until: Option<DateTime<Utc>>) -> Offer {
    Offer {
        server: ServerId(server),
        permissions: permissions.iter().filter_map(|name| name.parse().ok()).collect(),
        until,
    }
}

struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    tenant_id: Option<Uuid>,
    email: Option<String>,
    role: Option<String>,
    server_id: Option<Uuid>,
    permissions: Option<Vec<String>>,
    access_until: Option<DateTime<Utc>>,
    created_by: String,
    expires_at: DateTime<Utc>,
}

impl Row {
    fn into_link(self, purpose: Purpose) -> Link {
        Link {
            id: LinkId(self.id),
            purpose,
            user: self.user_id.map(UserId),
            tenant: self.tenant_id.map(TenantId),
            email: self.email,
            role: self.role,
            offer: self
                .server_id
                .map(|server| offer(server, &self.permissions.unwrap_or_default(), self.access_until)),
            created_by: self.created_by,
            expires_at: self.expires_at,
        }
    }
}

/// The link with this hash, if it can still be used.
pub(crate) async fn find_link(
    tx: &mut SystemTx,
    purpose: Purpose,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Link>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, user_id, tenant_id, email, role, server_id, permissions, access_until, created_by, expires_at \
         from one_time_link \
         where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3",
        hash,
        purpose.name(),
        now
    );
    Ok(row
        .fetch_optional(tx.conn())
        .await?
        .map(|row| row.into_link(purpose)))
}

/// Uses the link with this hash up. Of two at once, the second waits and finds it used.
pub(crate) async fn use_link(
    tx: &mut SystemTx,
    purpose: Purpose,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Link>, Error> {
    let row = sqlx::query_as!(
        Row,
        "update one_time_link set used_at = $3 \
         where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3 \
         returning id, user_id, tenant_id, email, role, server_id, permissions, access_until, created_by, expires_at",
        hash,
        purpose.name(),
        now
    );
    Ok(row
        .fetch_optional(tx.conn())
        .await?
        .map(|row| row.into_link(purpose)))
}

/// Makes earlier set-up links worthless.
pub(crate) async fn delete_setup_links(tx: &mut SystemTx) -> Result<(), Error> {
    sqlx::query!("delete from one_time_link where purpose = 'setup' and used_at is null")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Makes earlier password links of a person worthless.
pub(crate) async fn delete_password_links(tx: &mut impl Scoped, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "delete from one_time_link where purpose = 'password' and user_id = $1 and used_at is null",
        user.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes earlier invitations of this address to the same place worthless.
pub(crate) async fn delete_invitations_of(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    email: &str,
) -> Result<(), Error> {
    let tenant = tenant.map(|id| id.0);
    sqlx::query!(
        "delete from one_time_link where purpose = 'invite' and tenant_id is not distinct from $1 and email = $2 \
         and used_at is null",
        tenant,
        email
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Revokes an open invitation to `tenant`, or to the staff; what it was.
pub(crate) async fn delete_invitation(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    id: LinkId,
) -> Result<Option<(String, String)>, Error> {
    let tenant = tenant.map(|id| id.0);
    let row = sqlx::query!(
        r#"delete from one_time_link where id = $1 and purpose = 'invite' and tenant_id is not distinct from $2
           and used_at is null returning coalesce(email, '') as "email!", coalesce(role, '') as "role!""#,
        id.0,
        tenant
    );
    Ok(row
        .fetch_optional(tx.conn())
        .await?
        .map(|row| (row.email, row.role)))
}

/// The role that an open invitation would give.
pub(crate) async fn invitation_role(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    id: LinkId,
) -> Result<Option<String>, Error> {
    let tenant = tenant.map(|id| id.0);
    let row = sqlx::query_scalar!(
        "select role from one_time_link where id = $1 and purpose = 'invite' and tenant_id is not distinct from $2 \
         and used_at is null",
        id.0,
        tenant
    );
    Ok(row.fetch_optional(tx.conn()).await?.flatten())
}

/// The open invitations to `tenant`, or to the staff, the newest first.
pub(crate) async fn invitations(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> Result<Vec<Invitation>, Error> {
    let tenant = tenant.map(|id| id.0);
    let rows = sqlx::query_as!(
        Invitation,
        r#"select id as "id: LinkId", coalesce(email, '') as "email!", coalesce(role, '') as "role!", created_by,
             created_at, expires_at
           from one_time_link
           where purpose = 'invite' and tenant_id is not distinct from $1 and used_at is null and expires_at > $2
           order by created_at desc, id desc limit 500"#,
        tenant,
        now
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Forgets links that nobody can use any more.
pub(crate) async fn purge_links(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "delete from one_time_link where expires_at < $1 or used_at < $1",
        before
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// Whether somebody with this address is staff.
pub(crate) async fn is_staff(tx: &mut impl Scoped, email: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from user_account where email = $1 and staff_role is not null) as "found!""#,
        email
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Lets one process at a time make or use set-up links: the first owner is made once.
pub(crate) async fn lock_setup(tx: &mut SystemTx) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(4212750002)")
        .execute(tx.conn())
        .await?;
    Ok(())
}
