//! What people change of tickets. Each counts the version up, and says when something happened last.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, violates};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId, UserId};

use super::super::model::{About, Severity, Source, State};

/// A ticket to be written.
#[derive(Debug)]
pub struct Insert<'a> {
    /// Its id.
    pub id: TicketId,
    /// Whose.
    pub tenant: Option<TenantId>,
    /// What it is about.
    pub subject: &'a str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it came from.
    pub source: Source,
    /// Who opened it.
    pub opened_by: Option<UserId>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Writes a new one. It gets the next number.
pub async fn insert(tx: &mut impl Scoped, new: &Insert<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into ticket (id, tenant_id, subject, severity, source, opened_by, opened_at, changed_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.id.0,
        new.tenant.map(|tenant| tenant.0),
        new.subject,
        new.severity.word(),
        new.source.word(),
        new.opened_by.map(|user| user.0),
        new.now
    )
    .execute(tx.conn())
    .await;
    match done {
        Err(error) if violates(&error, "ticket_tenant_id_fkey") => {
            Err(Error::invalid("tenant", "Choose one of the organisations."))
        }
        other => Ok(other.map(drop)?),
    }
}

/// Writes a thing that a ticket is about. One that is not its tenant's, or that the scope may not see, is none. A ticket of no
/// tenant is about things of whatever tenant.
pub async fn add_about(
    tx: &mut impl Scoped,
    ticket: TicketId,
    position: i32,
    about: About,
) -> Result<(), Error> {
    let done = match about {
        About::Server(id) => {
            sqlx::query!(
                "insert into ticket_about (ticket_id, position, tenant_id, server_id, label) \
                 select t.id, $2, t.tenant_id, s.id, s.name from ticket t, server s \
                 where t.id = $1 and s.id = $3 and (t.tenant_id is null or t.tenant_id = s.tenant_id)",
                ticket.0,
                position,
                id.0
            )
            .execute(tx.conn())
            .await
        }
        About::Mailbox(id) => {
            sqlx::query!(
                "insert into ticket_about (ticket_id, position, tenant_id, mailbox_id, label) \
                 select t.id, $2, t.tenant_id, b.id, b.address from ticket t, mailbox b \
                 where t.id = $1 and b.id = $3 and (t.tenant_id is null or t.tenant_id = b.tenant_id)",
                ticket.0,
                position,
                id.0
            )
            .execute(tx.conn())
            .await
        }
        About::Domain(id) => {
            sqlx::query!(
                "insert into ticket_about (ticket_id, position, tenant_id, domain_id, label) \
                 select t.id, $2, t.tenant_id, d.id, d.name from ticket t, mail_domain d \
                 where t.id = $1 and d.id = $3 and (t.tenant_id is null or t.tenant_id = d.tenant_id)",
                ticket.0,
                position,
                id.0
            )
            .execute(tx.conn())
            .await
        }
    };
    match done?.rows_affected() {
        0 => Err(Error::invalid(
            "about",
            format!("There is no such {} of this organisation.", about.kind()),
        )),
        _ => Ok(()),
    }
}

/// Brings a ticket to another state. When it was resolved and closed stays while it is.
pub async fn save_state(
    tx: &mut impl Scoped,
    id: TicketId,
    to: State,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set state = $2, changed_at = $3, version = version + 1, \
           resolved_at = case when $2 = 'resolved' then $3 when $2 = 'closed' then coalesce(resolved_at, $3) end, \
           closed_at = case when $2 = 'closed' then $3 end where id = $1",
        id.0,
        to.word(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says that something happened in a ticket which is no change of it.
pub async fn touch(tx: &mut impl Scoped, id: TicketId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("update ticket set changed_at = $2 where id = $1", id.0, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes how bad it is.
pub async fn save_severity(
    tx: &mut impl Scoped,
    id: TicketId,
    to: Severity,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set severity = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        to.word(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes who works on it.
pub async fn save_assignee(
    tx: &mut impl Scoped,
    id: TicketId,
    to: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set assignee_id = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        to.map(|user| user.0),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes which team works on it.
pub async fn save_team(
    tx: &mut impl Scoped,
    id: TicketId,
    team: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set team = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        team,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what it is about.
pub async fn save_subject(
    tx: &mut impl Scoped,
    id: TicketId,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set subject = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        subject,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what it is sorted by.
pub async fn save_tags(
    tx: &mut impl Scoped,
    id: TicketId,
    tags: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set tags = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        tags,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes which ticket goes on with it.
pub async fn save_merged(
    tx: &mut impl Scoped,
    id: TicketId,
    into: TicketId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set merged_into = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        into.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a ticket of no tenant to one, with all that hangs on it.
pub async fn save_tenant(
    tx: &mut impl Scoped,
    id: TicketId,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "update ticket set tenant_id = $2, changed_at = $3, version = version + 1 where id = $1",
        id.0,
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await;
    if let Err(error) = done {
        if violates(&error, "ticket_tenant_id_fkey") {
            return Err(Error::invalid("tenant", "Choose one of the organisations."));
        }
        return Err(error.into());
    }
    sqlx::query!(
        "with a as (update ticket_about set tenant_id = $2 where ticket_id = $1), \
           p as (update ticket_post set tenant_id = $2 where ticket_id = $1), \
           e as (update ticket_event set tenant_id = $2 where ticket_id = $1) \
         update ticket_watcher set tenant_id = $2 where ticket_id = $1",
        id.0,
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
