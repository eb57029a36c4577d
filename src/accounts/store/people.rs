//! People: what they sign in with, and the lists that staff see. Password hashes are the system's only.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::accounts::model::{EmailAddress, PeopleFilter, Person, PersonName};
use crate::platform::access::StaffRole;
use crate::platform::db::{Scoped, StaffTx, SystemTx, UserTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};

/// What is needed to check a password.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) disabled_at: Option<DateTime<Utc>>,
}

/// Somebody by what they typed as their address.
pub(crate) async fn credentials_by_email(
    tx: &mut SystemTx,
    email: &str,
) -> Result<Option<Credentials>, Error> {
    let row = sqlx::query_as!(
        Credentials,
        "select id, email, password_hash, disabled_at from user_account where email = $1",
        email
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Somebody by id.
pub(crate) async fn credentials(tx: &mut SystemTx, user: UserId) -> Result<Option<Credentials>, Error> {
    let row = sqlx::query_as!(
        Credentials,
        "select id, email, password_hash, disabled_at from user_account where id = $1",
        user.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Whether the person may still sign in with what was checked. Holds off who would disable or change it until the end of
/// the transaction, so that no session begins behind their back.
pub(crate) async fn confirm(tx: &mut SystemTx, user: UserId, password_hash: &str) -> Result<bool, Error> {
    let row = sqlx::query!(
        "select id from user_account where id = $1 and password_hash = $2 and disabled_at is null for share",
        user.0,
        password_hash
    );
    Ok(row.fetch_optional(tx.conn()).await?.is_some())
}

/// Locks a person who may sign in.
pub(crate) async fn lock_enabled(tx: &mut SystemTx, user: UserId) -> Result<bool, Error> {
    let row = sqlx::query!(
        "select id from user_account where id = $1 and disabled_at is null for update",
        user.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.is_some())
}

/// Sets a password.
pub(crate) async fn set_password(
    tx: &mut SystemTx,
    user: UserId,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update user_account set password_hash = $2, updated_at = $3 where id = $1",
        user.0,
        hash,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets a password if the one that was checked is still the person's; whether it was.
pub(crate) async fn replace_password(
    tx: &mut SystemTx,
    user: UserId,
    (old, new): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update user_account set password_hash = $3, updated_at = $4 where id = $1 and password_hash = $2",
        user.0,
        old,
        new,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Creates a person. An address that is taken violates `user_account_email_key`.
pub(crate) async fn insert_person(
    tx: &mut SystemTx,
    user: UserId,
    (email, name): (&EmailAddress, &PersonName),
    password_hash: &str,
    staff_role: Option<StaffRole>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into user_account (id, email, name, password_hash, staff_role, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $6)",
        user.0,
        email.as_str(),
        name.as_str(),
        password_hash,
        staff_role.map(StaffRole::name),
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Changes a person's own name.
pub(crate) async fn rename(
    tx: &mut UserTx,
    user: UserId,
    name: &PersonName,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update user_account set name = $2, updated_at = $3 where id = $1",
        user.0,
        name.as_str(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether anybody can manage the installation.
pub(crate) async fn has_owner(tx: &mut SystemTx) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from user_account where staff_role = 'owner' and disabled_at is null) as "found!""#
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Locks the owners who can sign in, so that two colleagues can't remove the last two at once.
pub(crate) async fn lock_owners(tx: &mut StaffTx) -> Result<Vec<UserId>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select id as "id: UserId" from user_account where staff_role = 'owner' and disabled_at is null
           order by id for update"#
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

struct Row {
    id: Uuid,
    email: String,
    name: String,
    staff_role: Option<String>,
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    last_seen_at: Option<DateTime<Utc>>,
    tenants: Vec<String>,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            id: UserId(row.id),
            email: row.email,
            name: row.name,
            staff: row.staff_role.and_then(|role| role.parse().ok()),
            disabled_at: row.disabled_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_seen_at: row.last_seen_at,
            tenants: row.tenants,
        }
    }
}

/// A page of people in the order of their addresses, after `after`.
pub(crate) async fn people(
    tx: &mut impl Scoped,
    filter: PeopleFilter,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Person>, Error> {
    let (staff, disabled) = filter.parts();
    let rows = sqlx::query_as!(
        Row,
        r#"select u.id, u.email, u.name, u.staff_role, u.disabled_at, u.created_at, u.updated_at,
             (select max(s.last_seen_at) from session s where s.user_id = u.id) as last_seen_at,
             array(select t.name from membership m join tenant t on t.id = m.tenant_id
                   where m.user_id = u.id order by lower(t.name) limit 20) as "tenants!"
           from user_account u
           where ($1::bool is null or (u.staff_role is not null) = $1)
             and ($2::bool is null or (u.disabled_at is not null) = $2)
             and ($3::text is null or u.email ilike $3 or u.name ilike $3)
             and u.email > coalesce($4, '')
           order by u.email limit $5"#,
        staff,
        disabled,
        pattern,
        after,
        limit
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Person::from)
        .collect())
}

/// One person.
pub(crate) async fn person(tx: &mut impl Scoped, user: UserId) -> Result<Option<Person>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select u.id, u.email, u.name, u.staff_role, u.disabled_at, u.created_at, u.updated_at,
             (select max(s.last_seen_at) from session s where s.user_id = u.id) as last_seen_at,
             array(select t.name from membership m join tenant t on t.id = m.tenant_id
                   where m.user_id = u.id order by lower(t.name) limit 20) as "tenants!"
           from user_account u where u.id = $1"#,
        user.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(Person::from))
}

/// The tenants that somebody is a member of.
pub(crate) async fn tenants_of(tx: &mut impl Scoped, user: UserId) -> Result<Vec<TenantId>, Error> {
    let ids = sqlx::query_scalar!(
        "select tenant_id from membership where user_id = $1 order by 1",
        user.0
    );
    Ok(ids
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(TenantId)
        .collect())
}

/// Locks a person's row, so that what is decided about them still holds when it is written.
pub(crate) async fn lock_person(tx: &mut StaffTx, user: UserId) -> Result<(), Error> {
    sqlx::query!("select id from user_account where id = $1 for update", user.0)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Gives or takes a role among the staff.
pub(crate) async fn set_staff_role(
    tx: &mut impl Scoped,
    user: UserId,
    role: Option<StaffRole>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update user_account set staff_role = $2, updated_at = $3 where id = $1",
        user.0,
        role.map(StaffRole::name),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a person in or shuts them out.
pub(crate) async fn set_disabled(
    tx: &mut StaffTx,
    user: UserId,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update user_account set disabled_at = $2, updated_at = $3 where id = $1",
        user.0,
        at,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
