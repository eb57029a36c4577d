//! Memberships.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::access::TenantRole;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};

use super::super::model::Member;

struct Row {
    user_id: Uuid,
    email: String,
    name: String,
    role: String,
    created_at: DateTime<Utc>,
    disabled: bool,
}

impl TryFrom<Row> for Member {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            user: UserId(row.user_id),
            email: row.email,
            name: row.name,
            role: role(&row.role)?,
            since: row.created_at,
            disabled: row.disabled,
        })
    }
}

fn role(text: &str) -> Result<TenantRole, Error> {
    text.parse().map_err(Error::internal)
}

/// A page of a tenant's members by address (which is unique), those after `after`.
pub(crate) async fn list_members(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select m.user_id, u.email, u.name, m.role, m.created_at, u.disabled_at is not null as "disabled!"
           from membership m join user_account u on u.id = m.user_id
           where m.tenant_id = $1 and ($2::text is null or u.email ilike $2 or u.name ilike $2)
             and ($3::text is null or u.email > $3) order by u.email limit $4"#,
        tenant.0,
        pattern,
        after,
        limit
    );
    rows.fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Member::try_from)
        .collect()
}

/// One member.
pub(crate) async fn find_member(
    tx: &mut impl Scoped,
    tenant: TenantId,
    user: UserId,
) -> Result<Member, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select m.user_id, u.email, u.name, m.role, m.created_at, u.disabled_at is not null as "disabled!"
           from membership m join user_account u on u.id = m.user_id where m.tenant_id = $1 and m.user_id = $2"#,
        tenant.0,
        user.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// The tenant's owners, locked until the transaction ends, so that two of them can't leave at once.
pub(crate) async fn lock_owners(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<UserId>, Error> {
    let owners = sqlx::query_scalar!(
        "select user_id from membership where tenant_id = $1 and role = 'owner' order by user_id for update",
        tenant.0
    );
    Ok(owners
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(UserId)
        .collect())
}

/// Gives a member another role.
pub(crate) async fn change_role(
    tx: &mut impl Scoped,
    tenant: TenantId,
    user: UserId,
    role: TenantRole,
) -> Result<(), Error> {
    sqlx::query!(
        "update membership set role = $3 where tenant_id = $1 and user_id = $2",
        tenant.0,
        user.0,
        role.name()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a membership.
pub(crate) async fn remove_member(tx: &mut impl Scoped, tenant: TenantId, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "delete from membership where tenant_id = $1 and user_id = $2",
        tenant.0,
        user.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
