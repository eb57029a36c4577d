//! The queries of which ticket tells of which incident, and of its evidence.

use chrono::{DateTime, Utc};

use crate::monitoring::Incident;
use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, LocationId, ServerId, TenantId, TicketId};

use super::super::model::{Drawn, Ending, Touched};

/// That a ticket tells of an incident.
#[derive(Debug, Clone)]
pub struct Told {
    /// The ticket.
    pub ticket: TicketId,
    /// Whether it works again.
    pub is_recovered: bool,
}

/// The servers that an incident touches: its own, those of what is a part of it, and all that should run where it is, if `place`
/// names that.
pub async fn touched(
    tx: &mut impl Scoped,
    incident: &Incident,
    place: Option<LocationId>,
) -> Result<Vec<Touched>, Error> {
    let rows = sqlx::query!(
        "select s.id, s.tenant_id, s.name from server s \
         where s.deleted_at is null and s.deleting_at is null and ( \
           s.id = $2 or s.id in (select i.server_id from incident i where i.parent_id = $1) \
           or (s.location_id = $3 and s.power = 'running')) \
         order by s.tenant_id, s.name, s.id",
        incident.id.0,
        incident.server.map(|id| id.0),
        place.map(|id| id.0)
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Touched {
            tenant: TenantId(row.tenant_id),
            server: ServerId(row.id),
            name: row.name,
        })
        .collect())
}

/// A tenant's ticket of an incident.
pub async fn current(
    tx: &mut impl Scoped,
    (incident, tenant): (IncidentId, TenantId),
) -> Result<Option<Told>, Error> {
    let row = sqlx::query!(
        r#"select ticket_id, recovered_at is not null as "is_recovered!" from breakdown
           where incident_id = $1 and tenant_id = $2 and replaced_by is null"#,
        incident.0,
        tenant.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| Told {
        ticket: TicketId(row.ticket_id),
        is_recovered: row.is_recovered,
    }))
}

/// The ticket of something that is a part of an incident and does not work, or that had the same cause last.
pub async fn before(tx: &mut SystemTx, incident: &Incident, tenant: TenantId) -> Result<Option<Told>, Error> {
    let row = sqlx::query!(
        r#"select b.ticket_id, b.recovered_at is not null as "is_recovered!" from breakdown b
           where b.tenant_id = $2 and b.incident_id <> $1 and b.replaced_by is null and (
             b.cause = $3 or (b.recovered_at is null
               and b.incident_id in (select i.id from incident i where i.parent_id = $1)))
           order by b.recovered_at is null desc, b.opened_at desc limit 1"#,
        incident.id.0,
        tenant.0,
        incident.cause
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| Told {
        ticket: TicketId(row.ticket_id),
        is_recovered: row.is_recovered,
    }))
}

/// Writes that a ticket tells of an incident, or does again.
pub async fn insert(
    tx: &mut SystemTx,
    incident: &Incident,
    (ticket, tenant): (TicketId, TenantId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into breakdown (incident_id, ticket_id, tenant_id, cause, opened_at) values ($1, $2, $3, $4, $5) \
         on conflict (incident_id, ticket_id) do update set recovered_at = null, replaced_by = null",
        incident.id.0,
        ticket.0,
        tenant.0,
        incident.cause,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that another ticket goes on with an incident.
pub async fn replace(tx: &mut SystemTx, incident: IncidentId, by: (TicketId, TenantId)) -> Result<(), Error> {
    sqlx::query!(
        "update breakdown set replaced_by = $2 where incident_id = $1 and tenant_id = $3 and replaced_by is null",
        incident.0,
        by.0.0,
        by.1.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that an incident and its parts work again. Gives the tickets that told of any, each once, and that tell of nothing
/// else that does not work.
pub async fn recover(
    tx: &mut SystemTx,
    incident: IncidentId,
    now: DateTime<Utc>,
) -> Result<Vec<TicketId>, Error> {
    let ended = sqlx::query_scalar!(
        "update breakdown set recovered_at = $2 where recovered_at is null and replaced_by is null and \
           (incident_id = $1 or incident_id in (select i.id from incident i where i.parent_id = $1)) returning ticket_id",
        incident.0,
        now
    );
    let mut tickets = ended.fetch_all(tx.conn()).await?;
    tickets.sort_unstable();
    tickets.dedup();
    let broken = sqlx::query_scalar!(
        "select ticket_id from breakdown where ticket_id = any($1) and recovered_at is null and replaced_by is null",
        &tickets
    );
    let broken = broken.fetch_all(tx.conn()).await?;
    tickets.retain(|ticket| !broken.contains(ticket));
    Ok(tickets.into_iter().map(TicketId).collect())
}

/// A ticket's newest incident.
pub async fn incident_of(tx: &mut impl Scoped, ticket: TicketId) -> Result<Option<IncidentId>, Error> {
    let found = sqlx::query_scalar!(
        "select incident_id from breakdown where ticket_id = $1 order by opened_at desc, incident_id desc limit 1",
        ticket.0
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(IncidentId))
}

/// The tickets of an incident that the scope may see, the oldest first.
pub async fn tickets_of(tx: &mut impl Scoped, incident: IncidentId) -> Result<Vec<TicketId>, Error> {
    let found = sqlx::query_scalar!(
        "select ticket_id from breakdown where incident_id = $1 and replaced_by is null order by opened_at, ticket_id",
        incident.0
    );
    let found = found.fetch_all(tx.conn()).await?.into_iter();
    Ok(found.map(TicketId).collect())
}

/// The tickets of an incident whose evidence is yet to be gathered, and whose they are.
pub async fn without_evidence(
    tx: &mut SystemTx,
    incident: IncidentId,
) -> Result<Vec<(TicketId, TenantId)>, Error> {
    let rows = sqlx::query!(
        "select b.ticket_id, b.tenant_id from breakdown b where b.incident_id = $1 and b.replaced_by is null \
           and not exists (select from breakdown_evidence e where e.incident_id = b.incident_id and e.ticket_id = b.ticket_id) \
         order by b.ticket_id",
        incident.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (TicketId(row.ticket_id), TenantId(row.tenant_id)))
        .collect())
}

/// Keeps the evidence of an incident for a ticket. Says whether there was none.
pub async fn add_evidence(
    tx: &mut SystemTx,
    (incident, ticket, tenant): (&Incident, TicketId, TenantId),
    (ending, drawn): (Ending, &Drawn),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into breakdown_evidence (incident_id, ticket_id, tenant_id, server_id, gathered_at, exit_code, out_of_memory, \
         picture, picture_text) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        incident.id.0,
        ticket.0,
        tenant.0,
        incident.server.map(|id| id.0),
        now,
        ending.exit_code,
        ending.out_of_memory,
        drawn.svg,
        drawn.text
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Evidence as it is kept.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// When it was gathered.
    pub gathered_at: DateTime<Utc>,
    /// What the process returned.
    pub exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub out_of_memory: bool,
    /// The metrics as SVG.
    pub picture: Option<String>,
    /// The metrics in words.
    pub picture_text: String,
}

/// A ticket's newest evidence.
pub async fn evidence(tx: &mut StaffTx, ticket: TicketId) -> Result<Option<Evidence>, Error> {
    let row = sqlx::query_as!(
        Evidence,
        "select gathered_at, exit_code, out_of_memory, picture, picture_text from breakdown_evidence \
         where ticket_id = $1 order by gathered_at desc limit 1",
        ticket.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}
