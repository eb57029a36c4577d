//! Single-use links. Used at most once: the update that uses one is its own check.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::accounts::model::{Invitation, Link, Purpose};
use crate::platform::access::TenantRole;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, TenantId, UserId};

/// Keeps a new link.
pub(crate) async fn insert_link(
    tx: &mut impl Scoped,
    link: &Link,
    token_hash: &[u8],
    created_by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into one_time_link (id, purpose, token_hash, user_id, tenant_id, email, role, created_by, created_at, \
         expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        link.id.0,
        link.purpose.name(),
        token_hash,
        link.user.map(|id| id.0),
        link.tenant.map(|id| id.0),
        link.email,
        link.role,
        created_by,
        now,
        link.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    tenant_id: Option<Uuid>,
    email: Option<String>,
    role: Option<String>,
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
        "select id, user_id, tenant_id, email, role, created_by, expires_at from one_time_link \
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
         returning id, user_id, tenant_id, email, role, created_by, expires_at",
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

/// What an invitation's page and its acceptance need to know of the tenant.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) is_closed: bool,
    pub(crate) max_members: i32,
    pub(crate) members: i64,
}

/// The tenant that somebody is invited to.
pub(crate) async fn host(tx: &mut impl Scoped, tenant: TenantId) -> Result<Host, Error> {
    let row = sqlx::query_as!(
        Host,
        r#"select t.name, t.slug, t.status = 'closed' as "is_closed!", p.max_members,
             (select count(*) from membership m where m.tenant_id = t.id) as "members!"
           from tenant t join plan p on p.id = t.plan_id where t.id = $1"#,
        tenant.0
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// Holds other acceptances back until the transaction ends, so that the last free place is given once.
pub(crate) async fn lock_tenant(tx: &mut SystemTx, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!("select id from tenant where id = $1 for no key update", tenant.0)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Whether somebody with this address is a member.
pub(crate) async fn is_member(tx: &mut impl Scoped, tenant: TenantId, email: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from membership m join user_account u on u.id = m.user_id
                          where m.tenant_id = $1 and u.email = $2) as "found!""#,
        tenant.0,
        email
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Whether somebody with this address is staff.
pub(crate) async fn is_staff(tx: &mut impl Scoped, email: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from user_account where email = $1 and staff_role is not null) as "found!""#,
        email
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Makes a person a member.
pub(crate) async fn insert_membership(
    tx: &mut SystemTx,
    tenant: TenantId,
    user: UserId,
    role: TenantRole,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into membership (tenant_id, user_id, role, created_at) values ($1, $2, $3, $4)",
        tenant.0,
        user.0,
        role.name(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets one process at a time make or use set-up links: the first owner is made once.
pub(crate) async fn lock_setup(tx: &mut SystemTx) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(4212750002)")
        .execute(tx.conn())
        .await?;
    Ok(())
}

impl Host {
    /// Whether one more member fits beside `promised` open invitations.
    pub(crate) fn check_room(&self, promised: i64) -> Result<(), Error> {
        let limit = i64::from(self.max_members);
        let used = self.members.saturating_add(promised);
        if used >= limit {
            return Err(Error::LimitReached {
                what: "members",
                limit,
                used,
            });
        }
        Ok(())
    }
}
