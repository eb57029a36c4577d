//! Who writes, who works and who watches.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId, UserId};

use super::super::model::{Author, Side, Ticket, Watcher};

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
}

struct Row {
    id: Uuid,
    name: String,
    email: String,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            id: UserId(row.id),
            name: row.name,
            email: row.email,
        }
    }
}

/// Whose hand writes in a ticket: the transaction's role says it, and for the panel's own the person that it writes for. Somebody
/// without an account is a customer.
pub async fn side_of(tx: &mut impl Scoped, ticket: &Ticket, by: &Author) -> Result<Side, Error> {
    let row = sqlx::query!(
        r#"select current_user::text as "role!",
             exists (select from membership m where m.tenant_id = $1 and m.user_id = $2) as "is_member!",
             exists (select from user_account u where u.id = $2 and u.staff_role is not null) as "is_staff!""#,
        ticket.tenant.map(|tenant| tenant.0),
        by.user().map(|user| user.0)
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok(match (&*row.role, by) {
        (_, Author::System) => Side::System,
        ("berth_staff", _) => Side::Staff,
        ("berth_system", _) if row.is_staff && !row.is_member => Side::Staff,
        _ => Side::Customer,
    })
}

/// What a person is called, if the scope may know.
pub async fn name_of(tx: &mut impl Scoped, user: UserId) -> Result<Option<String>, Error> {
    let name = sqlx::query_scalar!("select name from user_account where id = $1", user.0);
    Ok(name.fetch_optional(tx.conn()).await?)
}

/// Those of the staff who may be given tickets, by name.
pub async fn staff(tx: &mut impl Scoped) -> Result<Vec<Person>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, email from user_account where staff_role is not null and staff_role <> 'auditor' \
         and disabled_at is null order by lower(name), id limit 500"
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// One of them.
pub async fn staff_member(tx: &mut impl Scoped, user: UserId) -> Result<Option<Person>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, email from user_account where id = $1 and staff_role is not null and staff_role <> 'auditor' \
         and disabled_at is null",
        user.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(Person::from))
}

/// One of a tenant's people by address, or one of the staff where no tenant is meant.
pub async fn member(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    address: &str,
) -> Result<Option<Person>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select u.id, u.name, u.email from user_account u where u.email = $2 and u.disabled_at is null and case \
         when $1::uuid is null then u.staff_role is not null \
         else exists (select from membership m where m.user_id = u.id and m.tenant_id = $1) end",
        tenant.map(|tenant| tenant.0),
        address
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(Person::from))
}

/// Those who watch a ticket and the scope may see, by address.
pub async fn watchers(tx: &mut impl Scoped, id: TicketId) -> Result<Vec<Watcher>, Error> {
    let rows = sqlx::query!(
        "select address, user_id, is_staff from ticket_watcher where ticket_id = $1 order by address",
        id.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let watcher = rows.into_iter().map(|row| Watcher {
        address: row.address,
        user: row.user_id.map(UserId),
        is_staff: row.is_staff,
    });
    Ok(watcher.collect())
}

/// Has somebody watch a ticket. Says whether they did not already.
pub async fn add_watcher(
    tx: &mut impl Scoped,
    id: TicketId,
    watcher: &Watcher,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into ticket_watcher (ticket_id, tenant_id, address, user_id, is_staff, added_at) \
         select t.id, t.tenant_id, $2, $3, $4, $5 from ticket t where t.id = $1 on conflict do nothing",
        id.0,
        watcher.address,
        watcher.user.map(|user| user.0),
        watcher.is_staff,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Ends that. Says whether they did.
pub async fn remove_watcher(tx: &mut impl Scoped, id: TicketId, address: &str) -> Result<bool, Error> {
    let done = sqlx::query!(
        "delete from ticket_watcher where ticket_id = $1 and address = $2",
        id.0,
        address
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Has those who were told of one ticket told of another one of the same tenant.
pub async fn copy_watchers(
    tx: &mut impl Scoped,
    from: TicketId,
    to: TicketId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_watcher (ticket_id, tenant_id, address, user_id, is_staff, added_at) \
         select $2::uuid, w.tenant_id, w.address, w.user_id, w.is_staff, $3::timestamptz from ticket_watcher w where w.ticket_id = $1 \
         union all \
         select $2::uuid, t.tenant_id, u.email, u.id, u.staff_role is not null, $3::timestamptz \
           from ticket t join user_account u on u.id = t.opened_by where t.id = $1 \
         on conflict do nothing",
        from.0,
        to.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
