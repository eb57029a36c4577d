//! What a tenant uses and used, for its pages.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{NoticeId, TenantId};

use super::super::model::{Kind, Level, MIB, Overuse, Past, Policy, Standing, Step};

/// What a tenant uses of what.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Bytes that count against the plan; nothing if nothing was measured yet.
    pub used: Option<i64>,
    /// When that changed last.
    pub changed_at: Option<DateTime<Utc>>,
    /// Bytes that the plan allows.
    pub allowed: i64,
    /// What the plan does about overuse.
    pub overuse: Overuse,
    /// How it was judged last.
    pub standing: Standing,
}

/// What a tenant uses of what.
pub async fn summary(tx: &mut impl Scoped, tenant: TenantId) -> Result<Summary, Error> {
    let row = sqlx::query!(
        r#"select t.bytes as "bytes?", t.changed_at as "changed_at?", t.level as "level?", t.full_since, t.suspended_at,
             p.max_disk_mib, o.policy as "policy?", o.grace_days as "grace_days?"
           from tenant n join plan p on p.id = n.plan_id left join plan_overuse o on o.plan_id = p.id
           left join storage_total t on t.tenant_id = n.id where n.id = $1"#,
        tenant.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(Summary {
        used: row.bytes,
        changed_at: row.changed_at,
        allowed: row.max_disk_mib.saturating_mul(MIB),
        overuse: overuse(row.policy.as_deref(), row.grace_days),
        standing: Standing {
            level: Level::of(i64::from(row.level.unwrap_or_default())),
            full_since: row.full_since,
            suspended_at: row.suspended_at,
        },
    })
}

/// What a plan's row says; what is usual where there is none.
pub(super) fn overuse(policy: Option<&str>, grace_days: Option<i32>) -> Overuse {
    let usual = Overuse::default();
    Overuse {
        policy: policy.and_then(Policy::parse).unwrap_or(usual.policy),
        grace_days: grace_days.unwrap_or(usual.grace_days),
    }
}

/// What all things of a kind hold together.
#[derive(Debug, Clone, Copy)]
pub struct ByKind {
    /// Which.
    pub kind: Kind,
    /// Bytes.
    pub bytes: i64,
    /// How many there are.
    pub things: i64,
}

impl Summary {
    /// What it is made of, the kinds that the tenant has.
    pub async fn kinds(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<ByKind>, Error> {
        let rows = sqlx::query!(
            r#"select kind, sum(bytes)::bigint as "bytes!", count(*) as "things!" from storage_use where tenant_id = $1 group by 1"#,
            tenant.0
        );
        let rows = rows.fetch_all(tx.conn()).await?;
        let of = |kind: Kind| {
            let row = rows.iter().find(|row| row.kind == kind.name())?;
            Some(ByKind {
                kind,
                bytes: row.bytes,
                things: row.things,
            })
        };
        Ok(Kind::ALL.into_iter().filter_map(of).collect())
    }
}

/// The changes of one thing, or of all that counts with `None`, since a moment.
pub async fn history(
    tx: &mut impl Scoped,
    tenant: TenantId,
    thing: Option<(Kind, Uuid)>,
    (step, from): (Step, DateTime<Utc>),
) -> Result<(Vec<Past>, Option<i64>), Error> {
    let (kind, subject) = thing.map_or(("all", tenant.0), |(kind, subject)| (kind.name(), subject));
    let past = match step {
        Step::Hour => {
            sqlx::query_as!(
                Past,
                "select at, before, bytes from storage_hour \
                 where tenant_id = $1 and kind = $2 and subject = $3 and at >= $4 order by at",
                tenant.0,
                kind,
                subject,
                from
            )
            .fetch_all(tx.conn())
            .await?
        }
        Step::Day => {
            sqlx::query_as!(
                Past,
                "select at, before, bytes from storage_day \
                 where tenant_id = $1 and kind = $2 and subject = $3 and at >= $4 order by at",
                tenant.0,
                kind,
                subject,
                from
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    let current = sqlx::query_scalar!(
        r#"select case when $2 = 'all' then (select bytes from storage_total where tenant_id = $1)
             else (select bytes from storage_use where tenant_id = $1 and kind = $2 and subject = $3) end"#,
        tenant.0,
        kind,
        subject
    );
    Ok((past, current.fetch_one(tx.conn()).await?))
}

/// A warning that was told.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// What was reached.
    pub level: Level,
    /// Bytes that were used.
    pub used: i64,
    /// Bytes that were allowed.
    pub allowed: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// When there was room again.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A tenant's warnings, the newest first, those after a place in that order.
pub async fn notices(
    tx: &mut impl Scoped,
    tenant: TenantId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Notice>, Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        "select id, level, bytes, allowed, at, ended_at from storage_notice where tenant_id = $1 \
         and ($2::timestamptz is null or (at, id) < ($2, $3)) order by at desc, id desc limit $4",
        tenant.0,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Notice {
            id: NoticeId(row.id),
            level: Level::of(i64::from(row.level)),
            used: row.bytes,
            allowed: row.allowed,
            at: row.at,
            ended_at: row.ended_at,
        })
        .collect())
}

/// The warning that stands for the tenant of a transaction.
#[derive(Debug, Clone)]
pub struct Warning {
    /// What is reached.
    pub level: Level,
    /// Bytes that are used.
    pub used: i64,
    /// Bytes that are allowed.
    pub allowed: i64,
    /// Since when it has been full.
    pub full_since: Option<DateTime<Utc>>,
    /// What the plan does about it.
    pub overuse: Overuse,
}

impl Warning {
    /// What `storage_warning()` answers: nothing for guests and staff, and while no warning stands.
    pub fn answered(
        (level, used, allowed): (Option<i16>, Option<i64>, Option<i64>),
        full_since: Option<DateTime<Utc>>,
        (policy, grace_days): (Option<&str>, Option<i32>),
    ) -> Option<Self> {
        Some(Self {
            level: Level::of(i64::from(level?)),
            used: used?,
            allowed: allowed?,
            full_since,
            overuse: overuse(policy, grace_days),
        })
    }
}
