//! Which uses somebody asks for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::files::WholeVolumes;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::web::{Cursor, ListQuery, Listing};
use crate::servers;
use crate::servers::model::Server;

use super::super::actions::fits;
use super::super::store;
use super::collect;
use super::model::Use;

/// What the record is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsesQuery {
    /// Found in the login, the path, the share's name and the address.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those of one share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareId>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// The place of a use in the order of the record.
pub type Key = (DateTime<Utc>, Uuid);

/// A use's.
pub(super) fn key(one: &Use) -> Key {
    (one.at, one.id.0)
}

/// A server's uses.
pub struct Found {
    /// The server.
    pub server: Server,
    /// A page of its uses.
    pub listing: Listing<Use>,
    /// Whether the newest are among them: the server's files could be read just now.
    pub is_fresh: bool,
    /// How many the server dropped in all, and when it said so last.
    pub dropped: Option<(i64, DateTime<Utc>)>,
}

/// The uses that are asked for, the newest first.
/// Whoever only narrows down what they look at does not have the server's files read once more.
pub async fn find(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    (query, narrows): (&UsesQuery, bool),
) -> Result<Found, Error> {
    let list = ListQuery {
        q: query.q.clone(),
        after: query.after.clone(),
        limit: query.limit,
        ..ListQuery::default()
    };
    let before: Option<Key> = Cursor::decode(list.after.as_deref())?;
    let (pattern, limit) = (list.pattern()?, list.fetch()?);
    let server = servers::find(&mut scope.begin().await?, id).await?;
    server.check_stays()?;
    // Older pages are what they are.
    let is_fresh = narrows || before.is_some() || refresh(app, scope, &server).await;
    let mut tx = scope.begin().await?;
    let rows = store::uses(&mut tx, (id, query.share), pattern.as_deref(), before, limit).await?;
    let listing = Listing::new(rows, &list, key)?;
    Ok(Found {
        server,
        dropped: store::dropped(&mut tx, id).await?,
        listing,
        is_fresh,
    })
}

/// Collects what is new. Says whether that was possible: what is known is shown anyway.
async fn refresh(app: &App, scope: &TenantScope, server: &Server) -> bool {
    if !fits(server) {
        return true;
    }
    let collected = async {
        let volumes = WholeVolumes::of(app, &mut scope.begin().await?, server).await?;
        collect(app, server, &volumes).await
    };
    match collected.await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(server = %server.id, error = &error as &dyn std::error::Error, "uses are not collected");
            false
        }
    }
}
