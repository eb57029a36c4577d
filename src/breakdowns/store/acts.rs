//! The queries of what was done from tickets, and of what can be done.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::access::Who;
use crate::platform::db::{Scoped as _, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ServerId, TenantId, TicketActId, TicketId};

use super::super::model::Verb;

/// Something that was done from a ticket.
#[derive(Debug, Clone)]
pub struct Act {
    /// Its id.
    pub id: TicketActId,
    /// In which ticket.
    pub ticket: TicketId,
    /// With which server.
    pub server: ServerId,
    /// What that was called.
    pub server_name: String,
    /// What was done, in a word.
    pub verb: String,
    /// The work.
    pub operation: OperationId,
    /// The runbook that said so.
    pub runbook: Option<String>,
    /// Who had it done.
    pub by: String,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// What became of it, if it is over: `succeeded`, `failed` or `superseded`.
    pub outcome: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// An act to be written.
#[derive(Debug)]
pub struct NewAct<'a> {
    /// Its id.
    pub id: TicketActId,
    /// In which ticket, and whose that is.
    pub ticket: (TicketId, TenantId),
    /// With which server.
    pub server: (ServerId, &'a str),
    /// What is done.
    pub verb: Verb,
    /// The work.
    pub operation: OperationId,
    /// The runbook that says so.
    pub runbook: Option<&'a str>,
    /// Who has it done.
    pub who: &'a Who,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Writes that something is done.
pub async fn add_act(tx: &mut StaffTx, new: &NewAct<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_act (id, ticket_id, tenant_id, server_id, server_name, operation_id, verb, runbook, by_user, \
         by_label, asked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id.0,
        new.ticket.0.0,
        new.ticket.1.0,
        new.server.0.0,
        new.server.1,
        new.operation.0,
        new.verb.word(),
        new.runbook,
        new.who.user.map(|id| id.0),
        new.who.label,
        new.now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct ActRow {
    id: Uuid,
    ticket_id: Uuid,
    server_id: Uuid,
    server_name: String,
    verb: String,
    operation_id: Uuid,
    runbook: Option<String>,
    by_label: String,
    asked_at: DateTime<Utc>,
    outcome: Option<String>,
    error: Option<String>,
}

impl From<ActRow> for Act {
    fn from(row: ActRow) -> Self {
        Self {
            id: TicketActId(row.id),
            ticket: TicketId(row.ticket_id),
            server: ServerId(row.server_id),
            server_name: row.server_name,
            verb: row.verb,
            operation: OperationId(row.operation_id),
            runbook: row.runbook,
            by: row.by_label,
            asked_at: row.asked_at,
            outcome: row.outcome,
            error: row.error,
        }
    }
}

/// What was done from a ticket, the newest first.
pub async fn acts(tx: &mut StaffTx, ticket: TicketId, most: i64) -> Result<Vec<Act>, Error> {
    let rows = sqlx::query_as!(
        ActRow,
        "select id, ticket_id, server_id, server_name, verb, operation_id, runbook, by_label, asked_at, outcome, error \
         from ticket_act where ticket_id = $1 order by asked_at desc, id desc limit $2",
        ticket.0,
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(Act::from).collect())
}

/// Acts whose work has ended, as it ended; locked, and those that another process has are passed over.
pub async fn ended_acts(tx: &mut SystemTx, most: i64) -> Result<Vec<Act>, Error> {
    let rows = sqlx::query_as!(
        ActRow,
        r#"select a.id, a.ticket_id, a.server_id, a.server_name, a.verb, a.operation_id, a.runbook, a.by_label, a.asked_at,
             o.state as "outcome?", o.error as "error?"
           from ticket_act a join operation o on o.id = a.operation_id
           where a.outcome is null and o.state in ('succeeded', 'failed', 'superseded')
           order by a.asked_at, a.id limit $1 for update of a skip locked"#,
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(Act::from).collect())
}

/// Writes how an act ended.
pub async fn end_act(tx: &mut SystemTx, act: &Act, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update ticket_act set outcome = $2, error = $3, ended_at = $4 where id = $1",
        act.id.0,
        act.outcome,
        act.error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A server's newest whole backups: which, and when they were made.
pub async fn backups(
    tx: &mut StaffTx,
    server: ServerId,
    most: i64,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select id, created_at from backup where server_id = $1 and state = 'done' order by created_at desc limit $2",
        server.0,
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.created_at)).collect())
}
