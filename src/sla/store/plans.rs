//! Which plan has which policy, and so which tenant.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, SlaPolicyId, TenantId};

use super::super::model::{PlanSla, Terms};
use super::read;

/// All plans that are on offer or have tenants, by name. There are few.
pub(in super::super) async fn plans(tx: &mut StaffTx) -> Result<Vec<PlanSla>, Error> {
    let rows = sqlx::query!(
        r#"select l.id as "id: PlanId", l.name, s.policy_id as "policy_id?: SlaPolicyId", p.name as "policy_name?",
             (select count(*) from tenant t where t.plan_id = l.id and t.status <> 'closed') as "tenants!"
           from plan l left join plan_sla s on s.plan_id = l.id left join sla_policy p on p.id = s.policy_id
           where l.archived_at is null or s.plan_id is not null or exists (select from tenant t where t.plan_id = l.id)
           order by l.name"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| PlanSla {
            plan: row.id,
            name: row.name,
            tenants: row.tenants,
            policy: row.policy_id.zip(row.policy_name),
        })
        .collect())
}

/// Says which policy a plan has from now on.
pub(in super::super) async fn choose(
    tx: &mut StaffTx,
    plan: PlanId,
    policy: Option<SlaPolicyId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into plan_sla_past (plan_id, since, policy_id) values ($1, $2, $3) \
         on conflict (plan_id, since) do update set policy_id = excluded.policy_id",
        plan.0,
        now,
        policy.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    let Some(policy) = policy else {
        sqlx::query!("delete from plan_sla where plan_id = $1", plan.0)
            .execute(tx.conn())
            .await?;
        return Ok(());
    };
    sqlx::query!(
        "insert into plan_sla (plan_id, policy_id, since) values ($1, $2, $3) \
         on conflict (plan_id) do update set policy_id = excluded.policy_id",
        plan.0,
        policy.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is promised to a tenant at present.
pub(in super::super) async fn terms_of_tenant(
    tx: &mut impl Scoped,
    tenant: TenantId,
) -> Result<Option<Terms>, Error> {
    let terms = sqlx::query_scalar!(
        "select v.terms from tenant t join plan_sla s on s.plan_id = t.plan_id join sla_policy p on p.id = s.policy_id \
         join sla_policy_version v on v.policy_id = p.id and v.version = p.version where t.id = $1",
        tenant.0
    );
    terms.fetch_optional(tx.conn()).await?.map(read).transpose()
}
