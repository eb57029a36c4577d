//! The tenant that somebody is invited to: what its invitations need to know of it, and the membership that comes of one.

use chrono::{DateTime, Utc};

use crate::platform::access::TenantRole;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};

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
