//! Lists of tickets, by key. Conditions that nobody gave fall away when PostgreSQL plans with the values at hand, so that what is
//! given is served by its index; these lists are not for plans that are kept.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};

use super::super::model::{Sought, Ticket};
use super::rows::{Row, select};
use super::search::{Found, search};

/// Which tickets.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box of the queue's form")]
pub struct Filter {
    /// Of this tenant only.
    pub tenant: Option<TenantId>,
    /// Only those of no tenant.
    pub is_triage: bool,
    /// Only those with something left to do.
    pub is_open: bool,
    /// Only in one of these states.
    pub states: Option<Vec<String>>,
    /// Only of one of these severities.
    pub severities: Option<Vec<String>>,
    /// Only those of one of the staff.
    pub assignee: Option<UserId>,
    /// Only those of nobody.
    pub is_unassigned: bool,
    /// Only those of a team.
    pub team: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only those in which something was due before.
    pub due_before: Option<DateTime<Utc>>,
    /// Only with these words.
    pub sought: Option<Sought>,
    /// Whether a tenant asks, who finds words in what it may read.
    pub is_own: bool,
}

/// A time and an id: where a list goes on.
pub type TimeKey = (DateTime<Utc>, Uuid);

/// How the list is sorted, and from where it goes on. By due time and by severity there are open tickets only.
#[derive(Debug, Clone)]
pub enum Sort {
    /// What is due first.
    Due(Option<TimeKey>),
    /// What changed last.
    Changed(Option<TimeKey>),
    /// The newest first.
    Newest(Option<TimeKey>),
    /// The oldest first.
    Oldest(Option<TimeKey>),
    /// The worst first, and of those the oldest.
    Severity(Option<(String, DateTime<Utc>, Uuid)>),
}

/// Before and after every ticket there can be, so that the first page asks the same question as the others. What is never due comes
/// last; the migration has the same time.
const BEGINNING: TimeKey = (DateTime::UNIX_EPOCH, Uuid::nil());
/// See [`BEGINNING`].
pub const END_OF_TIME: TimeKey = (
    match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(at) => at,
        None => DateTime::UNIX_EPOCH,
    },
    Uuid::max(),
);

macro_rules! page {
    ($tx:ident, $filter:ident, $found:ident, $limit:ident, ($at:expr, $id:expr $(, $severity:expr)?), $rest:literal) => {{
        let words = $filter.sought.as_ref().filter(|_| $found.is_none());
        select!(
            "where ($1::uuid is null or t.tenant_id = $1) and (not $2::bool or t.is_open) \
             and ($3::text[] is null or t.state = any($3)) and ($4::text[] is null or t.severity = any($4)) \
             and ($5::uuid is null or t.assignee_id = $5) and (not $6::bool or t.assignee_id is null) \
             and ($7::text is null or t.team = $7) and ($8::text is null or t.tags @> array[$8::text]) \
             and ($9::timestamptz is null or (t.is_open and t.due_at < $9)) and (not $10::bool or t.tenant_id is null) \
             and ($11::uuid[] is null or t.id = any($11)) \
             and ($12::text is null or t.number = $13::bigint or t.words @@ to_tsquery('simple', $12) \
               or (select bool_or(p.words @@ to_tsquery('simple', $12)) from ticket_post p where p.ticket_id = t.id)) and "
                + $rest + " limit $14",
            $filter.tenant.map(|tenant| tenant.0),
            $filter.is_open,
            $filter.states.as_deref(),
            $filter.severities.as_deref(),
            $filter.assignee.map(|user| user.0),
            $filter.is_unassigned,
            $filter.team,
            $filter.tag,
            $filter.due_before,
            $filter.is_triage,
            $found,
            words.map(|sought| sought.words.as_str()),
            words.and_then(|sought| sought.number),
            $limit,
            $at,
            $id
            $(, $severity)?
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

/// A page of tickets, at most `limit`.
pub async fn list(
    tx: &mut impl Scoped,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Ticket>, Error> {
    let found = match &filter.sought {
        Some(sought) => match search(tx, sought, filter.is_own).await? {
            Found::All(ids) => Some(ids),
            Found::Many => None,
        },
        None => None,
    };
    let found = found.as_deref();
    let rows = match sort {
        Sort::Due(key) => by_due(tx, filter, found, (key.unwrap_or(BEGINNING), limit)).await?,
        Sort::Changed(key) => by_change(tx, filter, found, (key.unwrap_or(END_OF_TIME), limit)).await?,
        Sort::Newest(key) => by_age(tx, filter, found, (key.unwrap_or(END_OF_TIME), limit)).await?,
        Sort::Oldest(key) => by_age_up(tx, filter, found, (key.unwrap_or(BEGINNING), limit)).await?,
        Sort::Severity(key) => {
            let first = (String::new(), BEGINNING.0, BEGINNING.1);
            by_severity(tx, filter, found, (key.unwrap_or(first), limit)).await?
        }
    };
    Ok(rows.into_iter().map(Ticket::from).collect())
}

type Ids<'a> = Option<&'a [Uuid]>;

async fn by_due(
    tx: &mut impl Scoped,
    filter: &Filter,
    found: Ids<'_>,
    ((at, id), limit): (TimeKey, i64),
) -> Result<Vec<Row>, Error> {
    Ok(page!(
        tx,
        filter,
        found,
        limit,
        (at, id),
        "(coalesce(t.due_at, '9999-12-31 23:59:59+00'::timestamptz), t.id) > ($15::timestamptz, $16::uuid) \
         order by coalesce(t.due_at, '9999-12-31 23:59:59+00'::timestamptz), t.id"
    ))
}

async fn by_change(
    tx: &mut impl Scoped,
    filter: &Filter,
    found: Ids<'_>,
    ((at, id), limit): (TimeKey, i64),
) -> Result<Vec<Row>, Error> {
    Ok(page!(
        tx,
        filter,
        found,
        limit,
        (at, id),
        "(t.changed_at, t.id) < ($15::timestamptz, $16::uuid) order by t.changed_at desc, t.id desc"
    ))
}

async fn by_age(
    tx: &mut impl Scoped,
    filter: &Filter,
    found: Ids<'_>,
    ((at, id), limit): (TimeKey, i64),
) -> Result<Vec<Row>, Error> {
    Ok(page!(
        tx,
        filter,
        found,
        limit,
        (at, id),
        "(t.opened_at, t.id) < ($15::timestamptz, $16::uuid) order by t.opened_at desc, t.id desc"
    ))
}

async fn by_age_up(
    tx: &mut impl Scoped,
    filter: &Filter,
    found: Ids<'_>,
    ((at, id), limit): (TimeKey, i64),
) -> Result<Vec<Row>, Error> {
    Ok(page!(
        tx,
        filter,
        found,
        limit,
        (at, id),
        "(t.opened_at, t.id) > ($15::timestamptz, $16::uuid) order by t.opened_at, t.id"
    ))
}

async fn by_severity(
    tx: &mut impl Scoped,
    filter: &Filter,
    found: Ids<'_>,
    ((severity, at, id), limit): ((String, DateTime<Utc>, Uuid), i64),
) -> Result<Vec<Row>, Error> {
    Ok(page!(
        tx,
        filter,
        found,
        limit,
        (at, id, severity),
        "(t.severity, t.opened_at, t.id) > ($17::text, $15::timestamptz, $16::uuid) \
         order by t.severity, t.opened_at, t.id"
    ))
}
