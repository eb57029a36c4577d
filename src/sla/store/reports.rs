//! What months are made of, and those that are over.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{SlaReportId, TenantId, TicketId};

use super::super::model::{Decision, Kept, Month, Report};
use super::read;

fn zone_of(name: Option<String>) -> Tz {
    name.and_then(|name| name.parse().ok()).unwrap_or_default()
}

/// A tenant's time zone; UTC where none was set.
pub(in super::super) async fn zone(tx: &mut impl Scoped, tenant: TenantId) -> Result<Tz, Error> {
    let name = sqlx::query_scalar!("select zone from tenant_time_zone where tenant_id = $1", tenant.0);
    Ok(zone_of(name.fetch_optional(tx.conn()).await?))
}

/// The tickets of a tenant that were open at some moment of a time, the first first. What was merged is counted with the other one.
pub(in super::super) async fn ticket_ids(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: TicketId" from ticket where tenant_id = $1 and opened_at < $3 and merged_into is null
             and (opened_at >= $2 or is_open or resolved_at >= $2 or closed_at >= $2) order by opened_at, id"#,
        tenant.0,
        from,
        to
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// A tenant whose last month may be over.
#[derive(Debug)]
pub(in super::super) struct Candidate {
    pub(in super::super) tenant: TenantId,
    pub(in super::super) zone: Tz,
    /// The last month that has a report.
    pub(in super::super) last: Option<Month>,
    /// Since when something is promised, or was.
    pub(in super::super) since: DateTime<Utc>,
    /// Since when it is closed, if it is, and when it is erased.
    pub(in super::super) closed: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Tenants to whom something is promised, or was, and who have no report of a month yet. Of those that are closed the last month is that
/// in which they were: in some time zone, so that one is not left out.
pub(in super::super) async fn unfrozen(tx: &mut SystemTx, month: Month) -> Result<Vec<Candidate>, Error> {
    let rows = sqlx::query!(
        r#"select t.id as "id: TenantId", z.zone as "zone?", p.since as "since!", case when t.status = 'closed' then t.status_at end as "closed_at?",
             t.purge_after as "purge_after?", (select max(r.month) from sla_report r where r.tenant_id = t.id) as "last?"
           from tenant t left join tenant_time_zone z on z.tenant_id = t.id
             join lateral (select min(greatest(h.since, s.since)) as since
               from tenant_past h join plan_sla_past s on s.plan_id = h.plan_id
               where h.tenant_id = t.id and s.policy_id is not null) p on p.since is not null
           where not exists (select from sla_report r where r.tenant_id = t.id and r.month >= case when t.status <> 'closed'
             then $1::date else date_trunc('month', (t.status_at at time zone 'UTC') + interval '14 hours')::date end)
           order by t.id"#,
        month.first()
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Candidate {
            tenant: row.id,
            zone: zone_of(row.zone),
            last: row.last.map(Month::of),
            since: row.since,
            closed: row.closed_at.zip(row.purge_after),
        })
        .collect())
}

struct Row {
    id: SlaReportId,
    report: serde_json::Value,
    frozen_at: DateTime<Utc>,
    decision: Option<String>,
    reason: Option<String>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Kept {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let decided = row
            .decision
            .zip(row.reason)
            .zip(row.decided_by.zip(row.decided_at));
        Ok(Self {
            id: row.id,
            report: read(row.report)?,
            frozen_at: row.frozen_at,
            decision: decided.map(|((word, reason), (by, at))| Decision {
                is_approved: word == "approved",
                reason,
                by,
                at,
            }),
        })
    }
}

macro_rules! select {
    ($rest:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"select r.id as "id: SlaReportId", r.report, r.frozen_at, r.decision, r.reason, r.decided_by, r.decided_at
               from sla_report r "# + $rest,
            $($argument),+
        )
    };
}

/// Writes the report of a month that is over, unless there is one. Says whether it did.
pub(in super::super) async fn insert_report(
    tx: &mut SystemTx,
    id: SlaReportId,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into sla_report (id, tenant_id, month, report, is_missed, credit, frozen_at) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (tenant_id, month) do nothing",
        id.0,
        report.tenant.0,
        report.month.first(),
        serde_json::to_value(report).map_err(Error::internal)?,
        report.is_missed(),
        i16::from(report.credit),
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A tenant's report of a month that is over, if it was written.
pub(in super::super) async fn find_report(
    tx: &mut impl Scoped,
    tenant: TenantId,
    month: Month,
) -> Result<Option<Kept>, Error> {
    let row = select!("where r.tenant_id = $1 and r.month = $2", tenant.0, month.first());
    row.fetch_optional(tx.conn())
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// The same, locked.
pub(in super::super) async fn lock_report(
    tx: &mut StaffTx,
    tenant: TenantId,
    month: Month,
) -> Result<Option<Kept>, Error> {
    let row = select!(
        "where r.tenant_id = $1 and r.month = $2 for update",
        tenant.0,
        month.first()
    );
    row.fetch_optional(tx.conn())
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Writes what was decided about a credit.
pub(in super::super) async fn decide(
    tx: &mut StaffTx,
    id: SlaReportId,
    decision: &Decision,
) -> Result<(), Error> {
    sqlx::query!(
        "update sla_report set decision = $2, reason = $3, decided_by = $4, decided_at = $5 where id = $1",
        id.0,
        if decision.is_approved {
            "approved"
        } else {
            "refused"
        },
        decision.reason,
        decision.by,
        decision.at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of a tenant's reports, the newest first.
pub(in super::super) async fn reports_of_tenant(
    tx: &mut impl Scoped,
    tenant: TenantId,
    before: Option<NaiveDate>,
    limit: i64,
) -> Result<Vec<Kept>, Error> {
    let rows = select!(
        "where r.tenant_id = $1 and ($2::date is null or r.month < $2) order by r.month desc limit $3",
        tenant.0,
        before,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// A tenant in a month, as staff list them.
#[derive(Debug, Clone)]
pub(in super::super) struct TenantMonth {
    pub(in super::super) tenant: TenantId,
    pub(in super::super) name: String,
    /// The policy that its plan has at present.
    pub(in super::super) policy: String,
    /// The report, once the month is over: whether anything was missed, the credit, and what was decided about that.
    pub(in super::super) frozen: Option<(bool, i16, Option<String>)>,
    pub(in super::super) availability: Option<String>,
    pub(in super::super) name_key: String,
}

/// Which tenants of a month.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct MonthFilter<'a> {
    pub(in super::super) pattern: Option<&'a str>,
    /// Only those to whom something was not kept.
    pub(in super::super) is_missed: bool,
}

/// A page of the tenants to whom something is promised or was in a month that has begun, by name. Who came after it has no report.
pub(in super::super) async fn reports_of_month(
    tx: &mut StaffTx,
    (month, now): (Month, DateTime<Utc>),
    filter: MonthFilter<'_>,
    after: Option<(String, uuid::Uuid)>,
    limit: i64,
) -> Result<Vec<TenantMonth>, Error> {
    let (name, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select t.id as "id: TenantId", t.name, lower(t.name) as "name_key!", coalesce(r.report ->> 'policy', p.name, '') as "policy!",
             r.is_missed as "is_missed?", r.credit as "credit?", r.decision as "decision?", r.report ->> 'availability' as "availability?"
           from tenant t left join plan_sla s on s.plan_id = t.plan_id left join sla_policy p on p.id = s.policy_id
             left join sla_report r on r.tenant_id = t.id and r.month = $1 left join tenant_time_zone z on z.tenant_id = t.id
           where (r.id is not null or (s.policy_id is not null and t.status <> 'closed'
                 and t.created_at < ($1::date + interval '1 month') at time zone coalesce(z.zone, 'UTC')
                 and $7 >= ($1::date)::timestamp at time zone coalesce(z.zone, 'UTC')))
             and ($2::text is null or t.name ilike $2) and (not $3 or r.is_missed)
             and ($4::text is null or (lower(t.name), t.id) > ($4, $5::uuid)) order by lower(t.name), t.id limit $6"#,
        month.first(),
        filter.pattern,
        filter.is_missed,
        name,
        id,
        limit,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| TenantMonth {
            tenant: row.id,
            name: row.name,
            policy: row.policy,
            frozen: row
                .is_missed
                .zip(row.credit)
                .map(|(is_missed, credit)| (is_missed, credit, row.decision)),
            availability: row.availability,
            name_key: row.name_key,
        })
        .collect())
}
