//! Whom mail goes to, and who somebody with an address is.

use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId, UserId};
use crate::tickets::Ticket;

use super::super::model::{MOST_TOLD, Standing};

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Where.
    pub address: String,
    /// The person, if they have an account.
    pub user: Option<UserId>,
}

struct Row {
    address: String,
    user_id: Option<Uuid>,
}

impl From<Row> for Reader {
    fn from(row: Row) -> Self {
        Self {
            address: row.address,
            user: row.user_id.map(UserId),
        }
    }
}

fn readers(rows: Vec<Row>) -> Vec<Reader> {
    rows.into_iter().map(Reader::from).collect()
}

fn most() -> i64 {
    i64::try_from(MOST_TOLD).unwrap_or(i64::MAX)
}

/// The customer's side: whoever opened a ticket or watches it, as long as they belong to its tenant. A watcher without an account is
/// one whom staff chose, or who wrote the mail that opened it.
pub async fn customers(tx: &mut SystemTx, ticket: &Ticket) -> Result<Vec<Reader>, Error> {
    let tenant = ticket.tenant.map(|tenant| tenant.0);
    let rows = sqlx::query_as!(
        Row,
        r#"select w.address as "address!", w.user_id as "user_id?"
           from ticket_watcher w left join user_account u on u.id = w.user_id
           where w.ticket_id = $1 and not w.is_staff and (w.user_id is null or (u.disabled_at is null and ($2::uuid is null
             or exists (select from membership m where m.tenant_id = $2 and m.user_id = w.user_id))))
           union
           select u.email, u.id from ticket t join user_account u on u.id = t.opened_by
           where t.id = $1 and u.disabled_at is null
             and exists (select from membership m where m.tenant_id = $2 and m.user_id = u.id)
           order by 1, 2 limit $3"#,
        ticket.id.0,
        tenant,
        most()
    );
    Ok(readers(rows.fetch_all(tx.conn()).await?))
}

/// Those who own a tenant and may sign in.
pub async fn owners(tx: &mut SystemTx, tenant: TenantId) -> Result<Vec<Reader>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select u.email as "address!", u.id as "user_id?" from membership m join user_account u on u.id = m.user_id
           where m.tenant_id = $1 and m.role = 'owner' and u.disabled_at is null order by u.email limit $2"#,
        tenant.0,
        most()
    );
    Ok(readers(rows.fetch_all(tx.conn()).await?))
}

/// Whoever of the staff works on a ticket or watches it.
pub async fn watching_staff(tx: &mut SystemTx, ticket: &Ticket) -> Result<Vec<Reader>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select u.email as "address!", u.id as "user_id?" from user_account u
           where u.staff_role is not null and u.disabled_at is null and (u.id = $2 or exists (select from ticket_watcher w
             where w.ticket_id = $1 and w.is_staff and (w.user_id = u.id or w.address = u.email)))
           order by u.email limit $3"#,
        ticket.id.0,
        ticket.assignee.map(|user| user.0),
        most()
    );
    Ok(readers(rows.fetch_all(tx.conn()).await?))
}

/// Those of some people who may sign in.
pub async fn of_ids(tx: &mut SystemTx, users: &[UserId]) -> Result<Vec<Reader>, Error> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select email as "address!", id as "user_id?" from user_account where id = any($1) and disabled_at is null
           order by email limit $2"#,
        &ids,
        most()
    );
    Ok(readers(rows.fetch_all(tx.conn()).await?))
}

/// What stands in a tenant's addresses.
pub async fn slug(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<String>, Error> {
    let slug = sqlx::query_scalar!("select slug from tenant where id = $1", tenant.0);
    Ok(slug.fetch_optional(tx.conn()).await?)
}

/// Who somebody with an address is for a ticket.
pub async fn standing(tx: &mut SystemTx, ticket: TicketId, address: &str) -> Result<Standing, Error> {
    let row = sqlx::query!(
        r#"select u.id as "user_id?", u.staff_role as "staff_role?", m.role as "role?",
             exists (select from ticket_watcher w where w.ticket_id = t.id and w.address = $2
               and (w.user_id is null or t.tenant_id is null)) as "is_watcher!"
           from ticket t left join user_account u on u.email = $2 and u.disabled_at is null
             left join membership m on m.user_id = u.id and m.tenant_id = t.tenant_id
           where t.id = $1"#,
        ticket.0,
        address
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok(Standing {
        user: row.user_id.map(UserId),
        role: row.role,
        staff_role: row.staff_role,
        is_watcher: row.is_watcher,
    })
}

/// A person by address, and the tenants that are theirs.
#[derive(Debug, Default)]
pub struct Homes {
    /// The person.
    pub user: Option<UserId>,
    /// Tenants that are not closed, with their role as the database writes it.
    pub tenants: Vec<(TenantId, String)>,
}

/// Who has an address.
pub async fn homes(tx: &mut SystemTx, address: &str) -> Result<Homes, Error> {
    let rows = sqlx::query!(
        r#"select u.id, m.tenant_id as "tenant_id?", m.role as "role?" from user_account u
           left join (membership m join tenant t on t.id = m.tenant_id and t.status <> 'closed') on m.user_id = u.id
           where u.email = $1 and u.disabled_at is null limit 100"#,
        address
    );
    let mut homes = Homes::default();
    for row in rows.fetch_all(tx.conn()).await? {
        homes.user = Some(UserId(row.id));
        homes.tenants.extend(row.tenant_id.map(TenantId).zip(row.role));
    }
    Ok(homes)
}
