//! Stacks with their servers, as pages and the API show them, and what lists of them are asked for.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{StackId, TenantId};
use crate::platform::web::{Cursor, ListQuery, Listing, SortKey, Sorted, Unfiltered};
use crate::servers;
use crate::servers::model::Server;

use super::model::{Stack, StackStatus};
use super::store::{self, Sort};

/// A stack with its servers. Those that leave a living stack are not shown any more.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The stack.
    pub stack: Stack,
    /// Its servers, by part and number.
    pub servers: Vec<Server>,
}

impl Whole {
    fn new(stack: Stack, mut servers: Vec<Server>) -> Self {
        servers.retain(|server| stack.deletion.is_some() || !server.is_deleted());
        Self { stack, servers }
    }

    /// One stack, if the scope may see it.
    pub async fn load(tx: &mut impl Scoped, id: StackId) -> Result<Self, Error> {
        let stack = store::find(tx, id).await?;
        let servers = servers::of_stacks(tx, &[id]).await?;
        Ok(Self::new(stack, servers))
    }

    /// How it is.
    pub fn status(&self, now: DateTime<Utc>) -> StackStatus {
        let phase = |server: &Server| server.status(now).phase;
        let phases: Vec<_> = self
            .servers
            .iter()
            .map(|server| (server.name.as_str(), phase(server)))
            .collect();
        StackStatus::of(self.stack.deletion.is_some(), &phases)
    }

    /// The servers of a part.
    pub fn of_part<'a>(&'a self, part: &'a str) -> impl Iterator<Item = &'a Server> + 'a {
        let is_of = move |server: &&Server| server.stack.as_ref().is_some_and(|place| place.part == part);
        self.servers.iter().filter(is_of)
    }
}

/// Stacks with their servers, in one more query.
async fn whole(tx: &mut impl Scoped, stacks: Vec<Stack>) -> Result<Vec<Whole>, Error> {
    let ids: Vec<StackId> = stacks.iter().map(|stack| stack.id).collect();
    let mut by_stack: HashMap<StackId, Vec<Server>> = HashMap::new();
    for server in servers::of_stacks(tx, &ids).await? {
        if let Some(place) = &server.stack {
            by_stack.entry(place.stack).or_default().push(server);
        }
    }
    let take = |stack: Stack| {
        let servers = by_stack.remove(&stack.id).unwrap_or_default();
        Whole::new(stack, servers)
    };
    Ok(stacks.into_iter().map(take).collect())
}

/// Which stacks, in which order.
pub type StackQuery = Sorted<Unfiltered>;

impl StackQuery {
    fn sort(&self) -> Result<Sort, Error> {
        let after = self.list.after.as_deref();
        Ok(match self.order() {
            "-created" => Sort::Newest(Cursor::decode(after)?),
            "created" => Sort::Oldest(Cursor::decode(after)?),
            "name" => Sort::Name(Cursor::decode(after)?),
            "-name" => Sort::NameDown(Cursor::decode(after)?),
            _ => return Err(Error::invalid("sort", "Use name, -name, created or -created.")),
        })
    }

    /// The page of a tenant's stacks that is asked for.
    pub async fn run(&self, tx: &mut impl Scoped, tenant: TenantId) -> Result<Listing<Whole>, Error> {
        let (pattern, limit) = (self.list.pattern()?, self.list.fetch()?);
        let stacks = store::list(tx, tenant, pattern.as_deref(), self.sort()?, limit).await?;
        let is_by_name = self.order().trim_start_matches('-') == "name";
        Listing::new(whole(tx, stacks).await?, &self.list, |one| {
            if is_by_name {
                SortKey::Text(one.stack.name.to_lowercase(), one.stack.id.0)
            } else {
                SortKey::Time(one.stack.created_at, one.stack.id.0)
            }
        })
    }
}

/// A page of a tenant's deleted stacks, the newest first.
pub async fn deleted(
    tx: &mut impl Scoped,
    tenant: TenantId,
    query: &ListQuery,
) -> Result<Listing<Whole>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("-deleted")) {
        return Err(Error::invalid("sort", "Use -deleted, or nothing."));
    }
    let before = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let stacks = store::list_deleted(tx, tenant, pattern.as_deref(), before, limit).await?;
    Listing::new(whole(tx, stacks).await?, query, |one| {
        let deletion = one.stack.deletion.as_ref();
        let at = deletion.map_or(one.stack.created_at, |deletion| deletion.at);
        (at, one.stack.id.0)
    })
}

/// A page of all tenants' stacks, the newest first.
pub async fn all(tx: &mut impl Scoped, query: &ListQuery) -> Result<Listing<Whole>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("-created")) {
        return Err(Error::invalid("sort", "Use -created, or nothing."));
    }
    let before = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let stacks = store::list_all(tx, pattern.as_deref(), before, limit).await?;
    Listing::new(whole(tx, stacks).await?, query, |one| {
        (one.stack.created_at, one.stack.id.0)
    })
}
