//! The same wish for several servers: each has a transaction and an operation of its own, and what one is refused does not
//! hold up the others.

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::operations::Operation;

use super::super::model::{Command, Tags, parse_reason};
use super::super::store;
use super::describe::retag;
use super::power::{command, command_as_staff};
use super::suspend::suspend;

/// So many servers are taken at most by one request, which must end in time.
pub const AT_ONCE: i64 = 100;

/// What came of a wish for several servers.
#[derive(Debug)]
pub struct Bulk {
    /// One for each server.
    pub lines: Vec<Line>,
    /// There are more servers than one request takes: ask again.
    pub has_more: bool,
}

/// What came of it for one server.
#[derive(Debug)]
pub struct Line {
    /// Which.
    pub id: ServerId,
    /// What people call it.
    pub name: String,
    /// The work, if it takes any, or why it was refused, in a sentence.
    pub outcome: Result<Option<Operation>, String>,
}

impl Bulk {
    /// Gives the same wish to each of these servers, as far as one request takes them.
    pub(super) async fn of<F: Future<Output = Result<Option<Operation>, Error>>>(
        servers: Vec<(ServerId, String)>,
        wish: impl Fn(ServerId) -> F,
    ) -> Result<Self, Error> {
        let limit = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let has_more = servers.len() > limit;
        let mut lines = Vec::new();
        for (id, name) in servers.into_iter().take(limit) {
            lines.push(Line::new(id, name, wish(id).await)?);
        }
        Ok(Self { lines, has_more })
    }

    /// How many were taken on.
    pub fn begun(&self) -> usize {
        self.lines.iter().filter(|line| line.outcome.is_ok()).count()
    }
}

impl Line {
    /// A refusal is a line. What failed on our side ends it all: those before it are taken on, and asking again goes on.
    fn new(id: ServerId, name: String, asked: Result<Option<Operation>, Error>) -> Result<Self, Error> {
        let outcome = match asked {
            Ok(operation) => Ok(operation),
            Err(error) if error.status() >= 500 => return Err(error),
            Err(error) => Err(error.sentence()),
        };
        Ok(Self { id, name, outcome })
    }
}

/// Tells several servers of the tenant what to do.
pub async fn command_all(
    app: &App,
    scope: &TenantScope,
    ids: &[ServerId],
    what: Command,
) -> Result<Bulk, Error> {
    each(scope, ids, |id| async move {
        let asked = command(app, scope, id, what).await?;
        Ok(Some(asked.operation))
    })
    .await
}

/// Adds tags to several servers of the tenant, and takes others away.
pub async fn retag_all(
    app: &App,
    scope: &TenantScope,
    ids: &[ServerId],
    (add, remove): (&Tags, &Tags),
) -> Result<Bulk, Error> {
    each(scope, ids, |id| async move {
        retag(app, scope, id, (add, remove)).await?;
        Ok(None)
    })
    .await
}

/// Tells several servers of any tenants what to do. Each tenant's log tells of its own.
pub async fn command_all_as_staff(
    app: &App,
    scope: &StaffScope,
    ids: &[ServerId],
    what: Command,
) -> Result<Bulk, Error> {
    check_count(ids)?;
    let known = store::names(&mut scope.begin().await?, ids).await?;
    Bulk::of(named(known, ids), |id| async move {
        let asked = command_as_staff(app, scope, id, what).await?;
        Ok(Some(asked.operation))
    })
    .await
}

/// Suspends several servers of any tenants for the same reason.
pub async fn suspend_all(
    app: &App,
    scope: &StaffScope,
    ids: &[ServerId],
    reason: &str,
) -> Result<Bulk, Error> {
    parse_reason(reason).map_err(|message| Error::invalid("reason", message))?;
    check_count(ids)?;
    let known = store::names(&mut scope.begin().await?, ids).await?;
    Bulk::of(named(known, ids), |id| async move {
        let asked = suspend(app, scope, id, reason).await?;
        Ok(Some(asked.operation))
    })
    .await
}

/// Asks for the same of each.
async fn each<F: Future<Output = Result<Option<Operation>, Error>>>(
    scope: &TenantScope,
    ids: &[ServerId],
    wish: impl Fn(ServerId) -> F,
) -> Result<Bulk, Error> {
    check_count(ids)?;
    let known = store::names(&mut scope.begin().await?, ids).await?;
    Bulk::of(named(known, ids), wish).await
}

fn check_count(ids: &[ServerId]) -> Result<(), Error> {
    if ids.is_empty() {
        return Err(Error::invalid("servers", "Choose at least one server."));
    }
    if i64::try_from(ids.len()).unwrap_or(i64::MAX) > AT_ONCE {
        return Err(Error::invalid(
            "servers",
            format!("Choose at most {AT_ONCE} servers."),
        ));
    }
    Ok(())
}

/// Those that are known, and after them those that are not, which are refused like any other.
fn named(mut known: Vec<(ServerId, String)>, ids: &[ServerId]) -> Vec<(ServerId, String)> {
    for id in ids {
        if !known.iter().any(|(one, _)| one == id) {
            known.push((*id, id.to_string()));
        }
    }
    known
}
