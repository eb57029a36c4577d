//! What plans allow of mail, and the sums of tenants.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId};

use super::model::{Limits, Totals, WhenSuspended};

/// What a plan allows, and the version of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What it allows.
    pub limits: Limits,
    /// Grows with each change; 0 while it is what is usual.
    pub version: i64,
}

struct Row {
    max_domains: Option<i32>,
    max_mailboxes: Option<i32>,
    max_aliases: Option<i32>,
    max_mail_mib: Option<i64>,
    hourly_limit: Option<i32>,
    when_suspended: Option<String>,
    version: Option<i64>,
}

impl From<Row> for Kept {
    fn from(row: Row) -> Self {
        let usual = Limits::default();
        let word = row.when_suspended.as_deref().and_then(WhenSuspended::parse);
        Self {
            limits: Limits {
                max_domains: row.max_domains.unwrap_or(usual.max_domains),
                max_mailboxes: row.max_mailboxes.unwrap_or(usual.max_mailboxes),
                max_aliases: row.max_aliases.unwrap_or(usual.max_aliases),
                max_mail_mib: row.max_mail_mib.unwrap_or(usual.max_mail_mib),
                hourly_limit: row.hourly_limit.unwrap_or(usual.hourly_limit),
                when_suspended: word.unwrap_or(usual.when_suspended),
            },
            version: row.version.unwrap_or_default(),
        }
    }
}

/// What a tenant's plan allows, as the mail service is told as well.
pub async fn of_tenant(tx: &mut impl Scoped, tenant: TenantId) -> Result<Limits, Error> {
    let row = sqlx::query_as!(
        Row,
        "select max_domains, max_mailboxes, max_aliases, max_mail_mib, hourly_limit, when_suspended, version from mail_limits($1)",
        tenant.0
    );
    Ok(Kept::from(row.fetch_one(tx.conn()).await?).limits)
}

/// Locks a tenant's sums until the transaction ends, so that nobody else adds anything meanwhile, and says what they are. A tenant
/// that never had any mail gets its row.
pub async fn lock(tx: &mut impl Scoped, tenant: TenantId) -> Result<Totals, Error> {
    let totals = sqlx::query_as!(
        Totals,
        r#"select domains as "domains!", mailboxes as "mailboxes!", aliases as "aliases!", used_bytes as "used_bytes!"
           from mail_lock_total($1)"#,
        tenant.0
    );
    Ok(totals.fetch_one(tx.conn()).await?)
}

/// What a tenant has, for whoever only looks.
pub async fn totals(tx: &mut impl Scoped, tenant: TenantId) -> Result<Totals, Error> {
    let totals = sqlx::query_as!(
        Totals,
        "select domains, mailboxes, aliases, used_bytes from mail_total where tenant_id = $1",
        tenant.0
    );
    Ok(totals.fetch_optional(tx.conn()).await?.unwrap_or_default())
}

/// What a plan allows.
pub(super) async fn find(tx: &mut StaffTx, plan: PlanId) -> Result<Kept, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select m.max_domains as "max_domains?", m.max_mailboxes as "max_mailboxes?", m.max_aliases as "max_aliases?",
             m.max_mail_mib as "max_mail_mib?", m.hourly_limit as "hourly_limit?", m.when_suspended as "when_suspended?",
             m.version as "version?"
           from plan p left join plan_mail m on m.plan_id = p.id where p.id = $1"#,
        plan.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(row.into())
}

/// Writes what a plan allows. The plan's row is locked by the caller.
pub(super) async fn save(
    tx: &mut StaffTx,
    plan: PlanId,
    new: &Limits,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into plan_mail as m (plan_id, max_domains, max_mailboxes, max_aliases, max_mail_mib, hourly_limit, when_suspended, \
           updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8) \
         on conflict (plan_id) do update set max_domains = excluded.max_domains, max_mailboxes = excluded.max_mailboxes, \
           max_aliases = excluded.max_aliases, max_mail_mib = excluded.max_mail_mib, hourly_limit = excluded.hourly_limit, \
           when_suspended = excluded.when_suspended, version = m.version + 1, updated_at = excluded.updated_at",
        plan.0,
        new.max_domains,
        new.max_mailboxes,
        new.max_aliases,
        new.max_mail_mib,
        new.hourly_limit,
        new.when_suspended.name(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
