//! What tickets were opened under, and what their clocks came to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{SlaPolicyId, TenantId, TicketId};

use super::super::clock::Clock;
use super::super::model::{Terms, What};
use super::read;

/// What a ticket was opened under.
#[derive(Debug)]
pub(in super::super) enum Snapshot {
    /// Nobody has looked yet.
    Unknown,
    /// Nothing was promised.
    Nothing,
    /// This.
    Terms(Box<Terms>),
}

/// What a ticket was opened under.
pub(in super::super) async fn snapshot(tx: &mut impl Scoped, ticket: TicketId) -> Result<Snapshot, Error> {
    let row = sqlx::query!(
        r#"select v.terms as "terms?" from ticket_sla s
             left join sla_policy_version v on v.policy_id = s.policy_id and v.version = s.policy_version
           where s.ticket_id = $1"#,
        ticket.0
    );
    match row.fetch_optional(tx.conn()).await?.map(|row| row.terms) {
        None => Ok(Snapshot::Unknown),
        Some(None) => Ok(Snapshot::Nothing),
        Some(Some(terms)) => read(terms).map(Snapshot::Terms),
    }
}

/// The same of several tickets at once. Of one that is missing nobody has looked yet.
pub(in super::super) async fn snapshots(
    tx: &mut impl Scoped,
    tickets: &[TicketId],
) -> Result<HashMap<TicketId, Snapshot>, Error> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    let rows = sqlx::query!(
        r#"select s.ticket_id as "ticket_id!: TicketId", v.terms as "terms?" from ticket_sla s
             left join sla_policy_version v on v.policy_id = s.policy_id and v.version = s.policy_version
           where s.ticket_id = any($1)"#,
        &ids
    );
    let mut all = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let found = match row.terms {
            None => Snapshot::Nothing,
            Some(terms) => read(terms).map(Snapshot::Terms)?,
        };
        all.insert(row.ticket_id, found);
    }
    Ok(all)
}

/// Writes what a ticket was opened under.
pub(in super::super) async fn keep_terms(
    tx: &mut SystemTx,
    (ticket, tenant): (TicketId, TenantId),
    policy: Option<(SlaPolicyId, i64)>,
) -> Result<(), Error> {
    let (policy, version) = policy.unzip();
    sqlx::query!(
        "insert into ticket_sla (ticket_id, tenant_id, policy_id, policy_version) values ($1, $2, $3, $4) \
         on conflict (ticket_id) do nothing",
        ticket.0,
        tenant.0,
        policy.map(|id| id.0),
        version
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A clock as it was computed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Line {
    pub(in super::super) clock: Clock,
    pub(in super::super) began_at: DateTime<Utc>,
    pub(in super::super) told: i16,
    pub(in super::super) next_at: Option<DateTime<Utc>>,
}

struct Row {
    ticket_id: TicketId,
    what: String,
    began_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    is_paused: bool,
    met_at: Option<DateTime<Utc>>,
    is_breached: bool,
    told: i16,
    next_at: Option<DateTime<Utc>>,
}

impl Row {
    fn line(self) -> Option<Line> {
        Some(Line {
            clock: Clock {
                what: What::parse(&self.what)?,
                due_at: self.due_at,
                paused: self.is_paused,
                met_at: self.met_at,
                breached: self.is_breached,
            },
            began_at: self.began_at,
            told: self.told,
            next_at: self.next_at,
        })
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select ticket_id as "ticket_id: TicketId", what, began_at, due_at, is_paused, met_at, is_breached, told, next_at
               from ticket_clock "# + $rest
            $(, $argument)*
        )
    };
}

/// A ticket's clocks, in order.
pub(in super::super) async fn lines(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Line>, Error> {
    let rows = select!("where ticket_id = $1", ticket.0)
        .fetch_all(tx.conn())
        .await?;
    let mut lines: Vec<Line> = rows.into_iter().filter_map(Row::line).collect();
    lines.sort_by_key(|line| line.clock.what);
    Ok(lines)
}

/// The clocks of tickets, each ticket's in order.
pub(in super::super) async fn clocks(
    tx: &mut impl Scoped,
    tickets: &[TicketId],
) -> Result<HashMap<TicketId, Vec<Clock>>, Error> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    let rows = select!("where ticket_id = any($1)", &ids)
        .fetch_all(tx.conn())
        .await?;
    let mut found: HashMap<TicketId, Vec<Clock>> = HashMap::new();
    for row in rows {
        let ticket = row.ticket_id;
        found
            .entry(ticket)
            .or_default()
            .extend(row.line().map(|line| line.clock));
    }
    for clocks in found.values_mut() {
        clocks.sort_by_key(|clock| clock.what);
    }
    Ok(found)
}

/// Writes all clocks of a ticket; those that it had besides go.
pub(in super::super) async fn write_lines(
    tx: &mut SystemTx,
    (ticket, tenant): (TicketId, TenantId),
    lines: &[Line],
) -> Result<(), Error> {
    let kept: Vec<String> = lines
        .iter()
        .map(|line| line.clock.what.word().to_owned())
        .collect();
    sqlx::query!(
        "delete from ticket_clock where ticket_id = $1 and what <> all($2)",
        ticket.0,
        &kept
    )
    .execute(tx.conn())
    .await?;
    for line in lines {
        sqlx::query!(
            "insert into ticket_clock (ticket_id, what, tenant_id, began_at, due_at, is_paused, met_at, is_breached, told, next_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (ticket_id, what) do update set \
               began_at = excluded.began_at, due_at = excluded.due_at, is_paused = excluded.is_paused, met_at = excluded.met_at, \
               is_breached = excluded.is_breached, told = excluded.told, next_at = excluded.next_at",
            ticket.0,
            line.clock.what.word(),
            tenant.0,
            line.began_at,
            line.clock.due_at,
            line.clock.paused,
            line.clock.met_at,
            line.clock.breached,
            line.told,
            line.next_at
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Takes clocks that somebody has to look at, until a time: whoever dies with them leaves them to others then.
pub(in super::super) async fn due(
    tx: &mut SystemTx,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<TicketId>, Error> {
    let rows = sqlx::query_scalar!(
        r#"update ticket_clock c set next_at = $2 from
             (select ticket_id, what from ticket_clock where next_at <= $1 order by next_at limit $3 for update skip locked) d
           where c.ticket_id = d.ticket_id and c.what = d.what returning c.ticket_id as "id: TicketId""#,
        now,
        until,
        limit
    );
    let mut tickets = rows.fetch_all(tx.conn()).await?;
    tickets.sort_unstable();
    tickets.dedup();
    Ok(tickets)
}
