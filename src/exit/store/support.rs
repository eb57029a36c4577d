//! What a tenant wrote and was told, as it stands in an archive: tickets, incidents, months. What is internal is not in it: each
//! statement asks for what is public, and row-level security sees to it once more.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::{Scoped as _, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, CheckId, IncidentId, ServerId, SlaReportId, TenantId, TicketId};

/// A ticket as it stands in an archive.
pub struct Told {
    /// Its id.
    pub id: TicketId,
    /// What people call it by.
    pub number: i64,
    /// All of it but its files.
    pub content: Value,
}

/// Where the next page of incidents begins.
pub type AfterIncident = Option<(DateTime<Utc>, Uuid)>;

/// The next of its tickets, the oldest first.
pub async fn tickets(
    tx: &mut TenantTx,
    tenant: TenantId,
    after: Option<TicketId>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let rows = sqlx::query!(
        r#"select t.id, t.number, to_jsonb(x) as "row!" from ticket t,
             lateral (select t.number, t.subject, t.severity, t.state, t.source, t.opened_at, t.changed_at, t.resolved_at, t.closed_at,
               (select m.number from ticket m where m.id = t.merged_into) as merged_into,
               (select coalesce(jsonb_agg(a.label order by a.position), '[]') from ticket_about a where a.ticket_id = t.id) as about,
               (select coalesce(jsonb_agg(jsonb_build_object('at', p.created_at, 'by', p.author_name, 'side', p.side, 'kind', p.kind,
                  'body', p.body) order by p.place), '[]') from ticket_post p where p.ticket_id = t.id and p.is_public) as posts,
               (select coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'by', e.actor_name, 'kind', e.kind, 'data', e.data)
                  order by e.id), '[]') from ticket_event e where e.ticket_id = t.id and e.is_public) as events,
               (select jsonb_build_object('is_good', s.is_good, 'words', s.words, 'by', s.created_by, 'at', s.answered_at)
                  from ticket_satisfaction s where s.ticket_id = t.id) as satisfaction) x
           where t.tenant_id = $1 and ($2::uuid is null or t.id > $2) order by t.id limit $3"#,
        tenant.0,
        after.map(|id| id.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let id = TicketId(row.id);
            let mut content = row.row;
            content["id"] = id.to_string().into();
            Told {
                id,
                number: row.number,
                content,
            }
        })
        .collect())
}

/// A ticket's public files: their names.
pub async fn ticket_files(tx: &mut TenantTx, ticket: TicketId) -> Result<Vec<(AttachmentId, String)>, Error> {
    let rows = sqlx::query!(
        "select id, name from ticket_attachment where ticket_id = $1 and is_public order by created_at, id",
        ticket.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (AttachmentId(row.id), row.name)).collect())
}

/// What is in one: 10 MiB at most.
pub async fn ticket_file(tx: &mut TenantTx, file: AttachmentId) -> Result<Vec<u8>, Error> {
    let pieces = sqlx::query_scalar!(
        "select p.bytes from ticket_attachment_piece p join ticket_attachment a on a.id = p.attachment_id \
         where a.id = $1 and a.is_public order by p.place",
        file.0
    );
    Ok(pieces.fetch_all(tx.conn()).await?.concat())
}

/// The next of its incidents, the oldest first, and where those after them begin.
pub async fn incidents(
    tx: &mut TenantTx,
    tenant: TenantId,
    after: AfterIncident,
    limit: i64,
) -> Result<(Vec<Value>, AfterIncident), Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select i.id, i.opened_at, i.server_id, i.check_id, to_jsonb(x) as "row!" from incident i,
             lateral (select i.server_name, i.signature, i.summary, i.detail, i.state, i.began_at, i.opened_at, i.ended_at, i.flaps,
               i.close_reason, (select coalesce(jsonb_agg(jsonb_build_object('began_at', s.began_at, 'ended_at', s.ended_at)
                 order by s.began_at), '[]') from incident_span s where s.incident_id = i.id) as spans) x
           where i.tenant_id = $1 and ($2::timestamptz is null or (i.opened_at, i.id) > ($2, $3::uuid))
           order by i.opened_at, i.id limit $4"#,
        tenant.0,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let last = rows.last().map(|row| (row.opened_at, row.id));
    let told = rows.into_iter().map(|row| {
        let mut told = row.row;
        told["id"] = IncidentId(row.id).to_string().into();
        told["server_id"] = row.server_id.map(|id| ServerId(id).to_string()).into();
        told["check_id"] = row.check_id.map(|id| CheckId(id).to_string()).into();
        told
    });
    Ok((told.collect(), last))
}

/// The months that are over, with what was promised in them: each under its name.
pub async fn sla_reports(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<(String, Value)>, Error> {
    let rows = sqlx::query!(
        r#"select r.id, to_char(r.month, 'YYYY-MM') as "month!", to_jsonb(x) as "row!" from sla_report r,
             lateral (select r.report, r.is_missed, r.credit, r.frozen_at, r.decision, r.reason, r.decided_at) x
           where r.tenant_id = $1 order by r.month"#,
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let mut report = row.row;
            report["id"] = SlaReportId(row.id).to_string().into();
            (row.month, report)
        })
        .collect())
}
