//! The queries of which ticket tells of which incident, and of its evidence.

use chrono::{DateTime, Utc};

use crate::monitoring::Incident;
use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, LocationId, ServerId, TenantId, TicketId};

use super::super::model::{Drawn, Ending, Touched, wants_evidence};

/// That a ticket tells of an incident.
#[derive(Debug, Clone)]
pub struct Told {
    /// The ticket.
    pub ticket: TicketId,
    /// Whether it works again.
    pub is_recovered: bool,
}

/// The servers that an incident touches: its own, those of what is a part of it, and all where it is, if `place` names that. Of others
/// than its own only those that should run, which what is suspended should not, alone or with its tenant.
pub async fn touched(
    tx: &mut impl Scoped,
    incident: &Incident,
    place: Option<LocationId>,
) -> Result<Vec<Touched>, Error> {
    let rows = sqlx::query!(
        "select s.id, s.tenant_id, s.name from server s join tenant t on t.id = s.tenant_id \
         where s.deleted_at is null and s.deleting_at is null and (s.id = $2 or ( \
           (s.power = 'running' or s.stop_reason is not null) and s.suspended_at is null and t.status = 'active' \
           and (s.location_id = $3 or s.id in (select i.server_id from incident i where i.parent_id = $1)))) \
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

/// Writes that a ticket tells of an incident, or does again since it came back.
pub async fn insert(
    tx: &mut SystemTx,
    incident: &Incident,
    (ticket, tenant): (TicketId, TenantId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into breakdown (incident_id, ticket_id, tenant_id, cause, opened_at, failed_at) values ($1, $2, $3, $4, $5, $5) \
         on conflict (incident_id, ticket_id) do update set recovered_at = null, replaced_by = null, failed_at = $5",
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

/// A ticket that wants evidence.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The ticket.
    pub ticket: TicketId,
    /// Whose it is.
    pub tenant: TenantId,
    failed_at: DateTime<Utc>,
}

/// The tickets of an incident whose evidence is yet to be gathered.
pub async fn without_evidence(tx: &mut SystemTx, incident: IncidentId) -> Result<Vec<Wanted>, Error> {
    let rows = sqlx::query!(
        "select b.ticket_id, b.tenant_id, b.failed_at, (select max(e.gathered_at) from breakdown_evidence e \
           where e.incident_id = b.incident_id and e.ticket_id = b.ticket_id) as newest \
         from breakdown b where b.incident_id = $1 and b.replaced_by is null order by b.ticket_id",
        incident.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .filter(|row| wants_evidence(row.failed_at, row.newest))
        .map(|row| Wanted {
            ticket: TicketId(row.ticket_id),
            tenant: TenantId(row.tenant_id),
            failed_at: row.failed_at,
        })
        .collect())
}

/// Keeps the evidence of an incident for a ticket, and when its log is asked for again, if that could not be read. Says whether there
/// was none.
pub async fn add_evidence(
    tx: &mut SystemTx,
    (incident, wanted): (&Incident, &Wanted),
    (ending, drawn, log_next_at): (Ending, &Drawn, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into breakdown_evidence (incident_id, ticket_id, tenant_id, server_id, gathered_at, exit_code, out_of_memory, \
         picture, picture_text, failed_at, log_next_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         on conflict do nothing",
        incident.id.0,
        wanted.ticket.0,
        wanted.tenant.0,
        incident.server.map(|id| id.0),
        now,
        ending.exit_code,
        ending.out_of_memory,
        drawn.svg,
        drawn.text,
        wanted.failed_at,
        log_next_at
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
