//! Lists of servers, by key. Deleted ones are in none of these; see [`super::deleted`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::Server;
use super::rows::{Row, select};

/// Which servers by their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    /// Those that run.
    Running,
    /// Those that do not run.
    Stopped,
    /// Those whose last attempt failed, whose check fails, or that were stopped because they crashed too often.
    Failing,
    /// Those with a wish that was not reached yet.
    Changing,
}

impl StateFilter {
    /// All, in the order of pages.
    pub const ALL: [Self; 4] = [Self::Running, Self::Stopped, Self::Failing, Self::Changing];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failing => "failing",
            Self::Changing => "changing",
        }
    }

    /// The word on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Failing => "Failing",
            Self::Changing => "Changing",
        }
    }
}

/// The catalogue's templates and the images that they have now, in the same order.
#[derive(Debug, Clone, Default)]
pub struct Newest {
    /// Names of templates.
    pub templates: Vec<String>,
    /// The image of each.
    pub images: Vec<String>,
}

/// Which servers.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this tenant only.
    pub tenant: Option<TenantId>,
    /// A `like` pattern of their name.
    pub pattern: Option<String>,
    /// Their state.
    pub state: Option<StateFilter>,
    /// Only those whose template has another image here.
    pub newest: Option<Newest>,
}

/// A time and an id: where a list goes on.
pub type TimeKey = (DateTime<Utc>, Uuid);
type TextKey = (String, Uuid);

/// How the list is sorted, and from where it goes on.
#[derive(Debug, Clone)]
pub enum Sort {
    /// Newest first.
    Newest(Option<TimeKey>),
    /// Oldest first.
    Oldest(Option<TimeKey>),
    /// By name.
    Name(Option<TextKey>),
    /// By name from the end.
    NameDown(Option<TextKey>),
    /// By what the engine says.
    State(Option<TextKey>),
    /// By what the engine says, from the end.
    StateDown(Option<TextKey>),
}

/// The same list for one tenant or for all; each is a text of its own so that its index fits. The indexes of all serve
/// only who says that no tenant is meant (see the migration `who_asks`).
macro_rules! rows {
    ($tx:ident, $filter:ident, $limit:ident, $key:expr, $bound:literal, $order:literal) => {{
        let (value, id) = $key;
        let state = $filter.state.map(StateFilter::word);
        let newest = $filter.newest.as_ref();
        let newest = (newest.map(|one| &one.templates[..]), newest.map(|one| &one.images[..]));
        match $filter.tenant {
            Some(tenant) => rows!(@one $tx, "where s.tenant_id = $1 and s.deleted_at is null and ", tenant.0, $filter, state, newest, $limit, value, id, $bound, $order),
            None => rows!(@one $tx, "where $1::uuid is null and s.tenant_id <> '00000000-0000-0000-0000-000000000000' and s.deleted_at is null and ", None::<Uuid>, $filter, state, newest, $limit, value, id, $bound, $order),
        }
    }};
    (@one $tx:ident, $tenant_is:literal, $tenant:expr, $filter:ident, $state:ident, $newest:ident, $limit:ident, $value:ident, $id:ident, $bound:literal, $order:literal) => {
        select!(
            $tenant_is
                + "($2::text is null or s.name ilike $2) and ($3::text is null or case $3::text \
                   when 'running' then s.observed_state = 'running' \
                   when 'stopped' then s.observed_state in ('absent', 'created', 'exited') \
                   when 'failing' then s.last_error is not null or s.observed_health = 'unhealthy' or s.stop_reason is not null \
                   else s.generation <> s.observed_generation end) and \
                   ($7::text[] is null or exists (select from unnest($7::text[], $8::text[]) as newest (template, image) \
                     where newest.template = s.template and newest.image <> s.image)) and "
                + $bound
                + " order by "
                + $order
                + " limit $4",
            $tenant,
            $filter.pattern,
            $state,
            $limit,
            $value,
            $id,
            $newest.0,
            $newest.1
        )
        .fetch_all($tx.conn())
        .await?
    };
}

/// A page of servers, at most `limit`.
pub async fn list(
    tx: &mut impl Scoped,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Server>, Error> {
    let rows = match sort {
        Sort::Newest(key) => by_age(tx, filter, key.unwrap_or(END_OF_TIME), limit).await?,
        Sort::Oldest(key) => by_age_up(tx, filter, key.unwrap_or(BEGINNING), limit).await?,
        Sort::Name(key) => by_name(tx, filter, key.unwrap_or_default(), limit).await?,
        Sort::NameDown(key) => by_name_down(tx, filter, key, limit).await?,
        Sort::State(key) => by_state(tx, filter, key.unwrap_or_default(), limit).await?,
        Sort::StateDown(key) => by_state_down(tx, filter, key, limit).await?,
    };
    Ok(rows.into_iter().map(Server::from).collect())
}

/// Before and after every server there can be, so that the first page asks the same question as the others.
const BEGINNING: TimeKey = (DateTime::UNIX_EPOCH, Uuid::nil());
pub const END_OF_TIME: TimeKey = (
    match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(at) => at,
        None => DateTime::UNIX_EPOCH,
    },
    Uuid::max(),
);

async fn by_age(tx: &mut impl Scoped, filter: &Filter, key: TimeKey, limit: i64) -> Result<Vec<Row>, Error> {
    Ok(rows!(
        tx,
        filter,
        limit,
        key,
        "(s.created_at, s.id) < ($5::timestamptz, $6::uuid)",
        "s.created_at desc, s.id desc"
    ))
}

async fn by_age_up(
    tx: &mut impl Scoped,
    filter: &Filter,
    key: TimeKey,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(rows!(
        tx,
        filter,
        limit,
        key,
        "(s.created_at, s.id) > ($5::timestamptz, $6::uuid)",
        "s.created_at, s.id"
    ))
}

async fn by_name(tx: &mut impl Scoped, filter: &Filter, key: TextKey, limit: i64) -> Result<Vec<Row>, Error> {
    Ok(rows!(
        tx,
        filter,
        limit,
        key,
        "(lower(s.name), s.id) > ($5::text, $6::uuid)",
        "lower(s.name), s.id"
    ))
}

async fn by_state(
    tx: &mut impl Scoped,
    filter: &Filter,
    key: TextKey,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(rows!(
        tx,
        filter,
        limit,
        key,
        "(s.observed_state, s.id) > ($5::text, $6::uuid)",
        "s.observed_state, s.id"
    ))
}

// There is no last text, so the first page of these two has a question of its own.

async fn by_name_down(
    tx: &mut impl Scoped,
    filter: &Filter,
    key: Option<TextKey>,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(match key {
        Some(key) => rows!(
            tx,
            filter,
            limit,
            key,
            "(lower(s.name), s.id) < ($5::text, $6::uuid)",
            "lower(s.name) desc, s.id desc"
        ),
        None => rows!(
            tx,
            filter,
            limit,
            NO_KEY,
            "($5::text is null and $6::uuid is null)",
            "lower(s.name) desc, s.id desc"
        ),
    })
}

async fn by_state_down(
    tx: &mut impl Scoped,
    filter: &Filter,
    key: Option<TextKey>,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(match key {
        Some(key) => rows!(
            tx,
            filter,
            limit,
            key,
            "(s.observed_state, s.id) < ($5::text, $6::uuid)",
            "s.observed_state desc, s.id desc"
        ),
        None => rows!(
            tx,
            filter,
            limit,
            NO_KEY,
            "($5::text is null and $6::uuid is null)",
            "s.observed_state desc, s.id desc"
        ),
    })
}

const NO_KEY: (Option<String>, Option<Uuid>) = (None, None);
