//! Deleting a server. It leaves the tenant's servers at once; the reconciler removes its container, its ports and its
//! network, and keeps its data and settings until they are erased or it is restored.
//!
//! Deleted servers count for no limit of the plan, so there is a bound to how many are kept: the oldest make way.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::{stacks, tenants};

use super::super::model::{Server, keeps_at_most};
use super::super::store::{self, Leave};
use super::erase::begin_erasing;
use super::{Asked, announce, shown, target, under_way};

/// What becomes of a server that is deleted now.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// When it is erased.
    pub until: DateTime<Utc>,
    /// How many are kept at most.
    pub at_most: i64,
    /// The kept servers that make way for it, oldest first.
    pub making_way: Vec<(ServerId, String)>,
}

/// Why a kept server is erased for another.
pub const OLDEST: &str = "it was the oldest of those that are kept";

/// Tells what becomes of so many servers of the tenant that are deleted now.
pub async fn keeping(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    count: i64,
) -> Result<Keeping, Error> {
    let limits = tenants::find_tenant(tx, scope.tenant()).await?.limits;
    let at_most = keeps_at_most(limits.servers);
    Ok(Keeping {
        until: app.now() + Duration::days(i64::from(app.config.deleted_retention_days)),
        at_most,
        making_way: store::beyond(tx, scope.tenant(), (at_most - count).max(0)).await?,
    })
}

/// Refuses if `typed`, the name that a person typed to show that just this server is meant, is another. A program that names
/// the server by its id has none.
pub(super) fn confirm(server: &Server, typed: Option<&str>) -> Result<(), Error> {
    if typed.is_some_and(|typed| typed.trim() != server.name) {
        return Err(Error::invalid(
            "confirm",
            format!("Type the server's name: {}", server.name),
        ));
    }
    Ok(())
}

/// Deletes a server; see `confirm` for `typed`. Asking again watches the same work.
pub async fn delete(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    typed: Option<&str>,
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    let server = store::lock(&mut tx, id).await?;
    confirm(&server, typed)?;
    server.check_alone()?;
    if let Err(refusal) = server.check_stays() {
        return match under_way(&mut tx, &server).await? {
            Some(operation) => Ok(Asked { server, operation }),
            None => Err(refusal.into()),
        };
    }
    let keeping = keeping(app, &mut tx, scope, 1).await?;
    make_way(app, &mut tx, scope, &keeping).await?;
    let asked = put_away(app, &mut tx, scope, &server, keeping.until).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Takes a server, which is locked, out of the tenant's sight.
pub(super) async fn put_away(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    kept_until: DateTime<Utc>,
) -> Result<Asked, Error> {
    let leave = Leave {
        by: &scope.who.label,
        kept_until,
        now: app.now(),
    };
    store::put_away(tx, server.id, leave).await?;
    let change = Change {
        action: "server.delete",
        before: Some(shown(server)),
        after: Some(json!({ "kept_until": kept_until })),
    };
    let server = store::find(tx, server.id).await?;
    let operation = announce(app, tx, &scope.who, &server, ("server.delete", "delete")).await?;
    app.audit(tx, &scope.who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}

/// Erases the kept servers that make way for others. One of a stack takes the whole stack with it: the rest of it could
/// not be restored.
pub async fn make_way(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    keeping: &Keeping,
) -> Result<(), Error> {
    for (oldest, _) in &keeping.making_way {
        let server = store::find(tx, *oldest).await?;
        match &server.stack {
            Some(place) => stacks::make_way(app, tx, scope, place.stack).await?,
            None => erase_for_another(app, tx, scope, *oldest).await?,
        }
    }
    Ok(())
}

/// Erases a kept server for another, unless somebody has asked for that meanwhile.
async fn erase_for_another(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    id: ServerId,
) -> Result<(), Error> {
    let server = store::lock(tx, id).await?;
    if server.check_kept().is_ok() {
        begin_erasing(app, tx, &scope.who, &server, Some(OLDEST)).await?;
    }
    Ok(())
}
