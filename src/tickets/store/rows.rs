//! How a row becomes a [`Ticket`].

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ids::{TenantId, TicketId, UserId};

use super::super::model::{Severity, Source, State, Ticket};

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) number: i64,
    pub(super) tenant_id: Option<Uuid>,
    pub(super) tenant_name: Option<String>,
    pub(super) subject: String,
    pub(super) severity: String,
    pub(super) state: String,
    pub(super) source: String,
    pub(super) assignee_id: Option<Uuid>,
    pub(super) assignee_name: Option<String>,
    pub(super) team: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) opened_by: Option<Uuid>,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) changed_at: DateTime<Utc>,
    pub(super) resolved_at: Option<DateTime<Utc>>,
    pub(super) closed_at: Option<DateTime<Utc>>,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) due_what: Option<String>,
    pub(super) merged_into: Option<Uuid>,
    pub(super) version: i64,
}

impl From<Row> for Ticket {
    fn from(row: Row) -> Self {
        Self {
            id: TicketId(row.id),
            number: row.number,
            tenant: row.tenant_id.map(TenantId),
            tenant_name: row.tenant_name,
            subject: row.subject,
            severity: Severity::read(&row.severity),
            state: State::read(&row.state),
            source: Source::read(&row.source),
            assignee: row.assignee_id.map(UserId),
            assignee_name: row.assignee_name,
            team: row.team,
            tags: row.tags,
            opened_by: row.opened_by.map(UserId),
            opened_at: row.opened_at,
            changed_at: row.changed_at,
            resolved_at: row.resolved_at,
            closed_at: row.closed_at,
            due_at: row.due_at,
            due_what: row.due_what,
            merged_into: row.merged_into.map(TicketId),
            version: row.version,
        }
    }
}

/// The checked macro takes literals only, so what all queries of tickets have in common is put together here. Names are asked for
/// row by row: a page has few, and a join would be planned with all of them. Whom the scope may not see has no name.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::tickets::store::rows::Row,
            "select t.id, t.number, t.tenant_id, (select n.name from tenant n where n.id = t.tenant_id) as \"tenant_name?\", \
             t.subject, t.severity, t.state, t.source, t.assignee_id, \
             (select u.name from user_account u where u.id = t.assignee_id) as \"assignee_name?\", t.team, t.tags, t.opened_by, \
             t.opened_at, t.changed_at, t.resolved_at, t.closed_at, t.due_at, t.due_what, t.merged_into, t.version \
             from ticket t " + $rest,
            $($argument),+
        )
    };
}
pub(super) use select;
