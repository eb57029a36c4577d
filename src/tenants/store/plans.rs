//! Plans.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::PlanId;

use super::super::model::{Amounts, NewPlan, Plan};

struct Row {
    id: Uuid,
    name: String,
    description: String,
    max_servers: i32,
    max_cpu_millis: i64,
    max_memory_mib: i64,
    max_disk_mib: i64,
    max_members: i32,
    max_networks: i32,
    archived_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    tenants: i64,
}

impl From<Row> for Plan {
    fn from(row: Row) -> Self {
        Self {
            id: PlanId(row.id),
            name: row.name,
            description: row.description,
            limits: Amounts {
                servers: i64::from(row.max_servers),
                cpu_millis: row.max_cpu_millis,
                memory_mib: row.max_memory_mib,
                disk_mib: row.max_disk_mib,
                members: i64::from(row.max_members),
                networks: i64::from(row.max_networks),
            },
            archived_at: row.archived_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            tenants: row.tenants,
        }
    }
}

/// The checked macro takes literals only, so what all queries of plans have in common is put together here.
macro_rules! select {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select id, name, description, max_servers, max_cpu_millis, max_memory_mib, max_disk_mib, max_members, max_networks,
                 archived_at, version, created_at, updated_at,
                 (select count(*) from tenant t where t.plan_id = plan.id and t.status <> 'closed') as "tenants!"
               from plan "# + $rest,
            $($argument),+
        )
    };
}

/// One plan.
pub(crate) async fn find_plan(tx: &mut StaffTx, id: PlanId) -> Result<Plan, Error> {
    let row = select!("where id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Plan::from).ok_or(Error::NotFound)
}

/// One plan, locked until the transaction ends, so that it is not archived while a tenant takes it.
pub(crate) async fn lock_plan(tx: &mut StaffTx, id: PlanId) -> Result<Plan, Error> {
    let row = select!("where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(Plan::from).ok_or(Error::NotFound)
}

/// The columns as PostgreSQL keeps them; checked amounts always fit.
fn narrow(amount: i64) -> Result<i32, Error> {
    i32::try_from(amount).map_err(Error::internal)
}

fn named(error: sqlx::Error) -> Error {
    if violates(&error, "plan_name_key") {
        Error::invalid("name", "Another plan has this name. Choose another.")
    } else {
        error.into()
    }
}

/// Writes a new plan.
pub(crate) async fn insert_plan(
    tx: &mut StaffTx,
    id: PlanId,
    new: &NewPlan,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into plan (id, name, description, max_servers, max_cpu_millis, max_memory_mib, max_disk_mib, \
         max_members, created_at, updated_at, max_networks) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        id.0,
        new.name.as_str(),
        new.description.as_str(),
        narrow(new.limits.servers)?,
        new.limits.cpu_millis,
        new.limits.memory_mib,
        new.limits.disk_mib,
        narrow(new.limits.members)?,
        now,
        narrow(new.limits.networks)?
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Writes what changed about a plan.
pub(crate) async fn save_plan(tx: &mut StaffTx, plan: &Plan, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update plan set name = $2, description = $3, max_servers = $4, max_cpu_millis = $5, max_memory_mib = $6, \
         max_disk_mib = $7, max_members = $8, max_networks = $10, version = version + 1, updated_at = $9 where id = $1",
        plan.id.0,
        plan.name,
        plan.description,
        narrow(plan.limits.servers)?,
        plan.limits.cpu_millis,
        plan.limits.memory_mib,
        plan.limits.disk_mib,
        narrow(plan.limits.members)?,
        now,
        narrow(plan.limits.networks)?
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Closes a plan to new tenants, or opens it again.
pub(crate) async fn archive_plan(
    tx: &mut StaffTx,
    id: PlanId,
    archived_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update plan set archived_at = $2, version = version + 1, updated_at = $3 where id = $1",
        id.0,
        archived_at,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of the plans by name (which is unique), those after `after`.
pub(crate) async fn list_plans(
    tx: &mut StaffTx,
    pattern: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Plan>, Error> {
    let rows = select!(
        "where ($1::text is null or name ilike $1) and ($2::text is null or name > $2) order by name limit $3",
        pattern,
        after,
        limit
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Plan::from)
        .collect())
}

/// The plans that a tenant may get, by name, and the one that it has.
pub(crate) async fn plans_for_choice(tx: &mut StaffTx, current: Option<PlanId>) -> Result<Vec<Plan>, Error> {
    let rows = select!(
        "where archived_at is null or id = $1 order by name",
        current.map(|id| id.0)
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Plan::from)
        .collect())
}

/// Every plan by name, for a filter. There are few.
pub(crate) async fn all_plans(tx: &mut StaffTx) -> Result<Vec<Plan>, Error> {
    let rows = select!("where $1 order by name", true);
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Plan::from)
        .collect())
}
