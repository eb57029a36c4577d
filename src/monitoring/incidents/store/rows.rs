//! Incidents as people see them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, IncidentId, LocationId, MaintenanceId, ServerId, TenantId};

use super::super::model::{Down, Incident, IncidentState, Kept, Signature};

/// Where a list goes on.
pub type TimeKey = (DateTime<Utc>, Uuid);

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) tenant_id: Option<Uuid>,
    pub(super) tenant_name: Option<String>,
    pub(super) location_id: Option<Uuid>,
    pub(super) location_name: Option<String>,
    pub(super) server_id: Option<Uuid>,
    pub(super) server_name: Option<String>,
    pub(super) check_id: Option<Uuid>,
    pub(super) cause: String,
    pub(super) signature: String,
    pub(super) summary: String,
    pub(super) detail: Value,
    pub(super) state: String,
    pub(super) began_at: DateTime<Utc>,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) flaps: i32,
    pub(super) parent_id: Option<Uuid>,
    pub(super) maintenance_id: Option<Uuid>,
    pub(super) told_summary: Option<String>,
    pub(super) is_dismissed: bool,
    pub(super) closed_by: Option<String>,
    pub(super) close_reason: Option<String>,
    pub(super) owes_news: bool,
    pub(super) changed_at: DateTime<Utc>,
}

impl From<Row> for Kept {
    fn from(row: Row) -> Self {
        Self {
            incident: Incident {
                id: IncidentId(row.id),
                tenant: row.tenant_id.map(TenantId),
                location: row.location_id.map(LocationId),
                server: row.server_id.map(ServerId),
                check: row.check_id.map(CheckId),
                cause: row.cause,
                signature: Signature::read(&row.signature),
                summary: row.summary,
                detail: row.detail,
                state: if row.state == "open" {
                    IncidentState::Open
                } else {
                    IncidentState::Closed
                },
                began_at: row.began_at,
                opened_at: row.opened_at,
                ended_at: row.ended_at,
                flaps: row.flaps,
                parent: row.parent_id.map(IncidentId),
                maintenance: row.maintenance_id.map(MaintenanceId),
            },
            tenant_name: row.tenant_name,
            server_name: row.server_name,
            location_name: row.location_name,
            told: row.told_summary,
            is_dismissed: row.is_dismissed,
            closed_by: row.closed_by,
            close_reason: row.close_reason,
            owes_news: row.owes_news,
            changed_at: row.changed_at,
        }
    }
}

/// The checked macro takes literals only, so what all queries of incidents have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::monitoring::incidents::store::rows::Row,
            "select i.id, i.tenant_id, t.name as \"tenant_name?\", i.location_id, l.name as \"location_name?\", i.server_id, \
             i.server_name, i.check_id, i.cause, i.signature, i.summary, i.detail, i.state, i.began_at, i.opened_at, i.ended_at, \
             i.flaps, i.parent_id, i.maintenance_id, i.told_summary, i.is_dismissed, i.closed_by, i.close_reason, i.owes_news, i.changed_at \
             from incident i left join tenant t on t.id = i.tenant_id left join location l on l.id = i.location_id "
                + $rest,
            $($argument),+
        )
    };
}
pub(super) use select;

/// One incident, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: IncidentId) -> Result<Kept, Error> {
    let row = select!("where i.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Kept::from).ok_or(Error::NotFound)
}

/// The newest incident of a cause.
pub async fn newest(tx: &mut impl Scoped, cause: &str) -> Result<Option<Kept>, Error> {
    let row = select!(
        "where i.cause = $1 order by i.opened_at desc, i.id desc limit 1",
        cause
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(Kept::from))
}

/// A page of incidents, the newest first: of a tenant, or of all without those that are only a part of another and were told
/// with it, or the parts of one; in one state or in any.
pub async fn list(
    tx: &mut impl Scoped,
    (tenant, state, whole): (Option<TenantId>, Option<IncidentState>, Option<IncidentId>),
    pattern: Option<&str>,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Kept>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where ($1::uuid is null or i.tenant_id = $1) \
         and case when $7::uuid is null then $1::uuid is not null or i.parent_id is null or i.told_summary is not null \
           else i.parent_id = $7 end \
         and ($2::text is null or i.state = $2) \
         and ($3::text is null or i.summary ilike $3 or i.server_name ilike $3 or t.name ilike $3) \
         and ($5::uuid is null or (i.opened_at, i.id) < ($4::timestamptz, $5::uuid)) \
         order by i.opened_at desc, i.id desc limit $6",
        tenant.map(|id| id.0),
        state.map(IncidentState::word),
        pattern,
        at,
        id,
        limit,
        whole.map(|id| id.0)
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Kept::from)
        .collect())
}

/// A page of a server's incidents, the newest first.
pub async fn of_server(
    tx: &mut impl Scoped,
    server: ServerId,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Kept>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where i.server_id = $1 and ($3::uuid is null or (i.opened_at, i.id) < ($2::timestamptz, $3::uuid)) \
         order by i.opened_at desc, i.id desc limit $4",
        server.0,
        at,
        id,
        limit
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Kept::from)
        .collect())
}

/// What is a part of an incident, what fails still and then the newest first, at most `limit`, of what the scope may see.
pub async fn children(tx: &mut impl Scoped, parent: IncidentId, limit: i64) -> Result<Vec<Kept>, Error> {
    let rows = select!(
        "where i.parent_id = $1 order by i.state = 'open' desc, i.opened_at desc, i.id desc limit $2",
        parent.0,
        limit
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Kept::from)
        .collect())
}

/// How many incidents are a part of one, of what the scope may see.
pub async fn count_children(tx: &mut impl Scoped, parent: IncidentId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from incident where parent_id = $1"#,
        parent.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// When an incident's cause did not work, oldest first.
pub async fn spans(
    tx: &mut impl Scoped,
    id: IncidentId,
) -> Result<Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>, Error> {
    let rows = sqlx::query!(
        "select began_at, ended_at from incident_span where incident_id = $1 order by began_at",
        id.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.began_at, row.ended_at)).collect())
}

/// The incidents of a server in a time, the newest first.
pub async fn incidents_of(
    tx: &mut impl Scoped,
    server: ServerId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Incident>, Error> {
    let rows = select!(
        "where i.server_id = $1 and i.began_at < $3 and (i.ended_at is null or i.ended_at >= $2) \
         order by i.opened_at desc, i.id desc limit 500",
        server.0,
        from,
        to
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| Kept::from(row).incident).collect())
}

/// When a tenant's servers were down in a time, oldest first: outages only.
pub async fn downtime(
    tx: &mut impl Scoped,
    tenant: TenantId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Down>, Error> {
    let rows = sqlx::query!(
        r#"select i.server_id as "server_id!", coalesce(i.server_name, '') as "server_name!", i.id, s.began_at, s.ended_at,
             i.signature, i.summary
           from incident i join incident_span s on s.incident_id = i.id
           where i.tenant_id = $1 and i.server_id is not null and s.began_at < $3 and (s.ended_at is null or s.ended_at > $2)
           order by s.began_at, i.id"#,
        tenant.0,
        from,
        to
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Down {
            server: ServerId(row.server_id),
            server_name: row.server_name,
            incident: IncidentId(row.id),
            began: row.began_at,
            ended: row.ended_at,
            signature: Signature::read(&row.signature),
            summary: row.summary,
        })
        .filter(|down| down.signature.is_outage())
        .collect())
}
