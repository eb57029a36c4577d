//! The record for programs.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId, ShareUseId};
use crate::platform::web::{ListOut, Path, Query};

use super::super::store;
use super::model::{ShareUseVerb, ShareUseWay, Use};
use super::query::{Key, UsesQuery, find, key};

/// One use of a share. The same by a login again within a minute is one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareUseOut {
    /// Its id.
    id: ShareUseId,
    /// When.
    at: DateTime<Utc>,
    /// Which share; null if it is gone.
    share_id: Option<ShareId>,
    /// What it was called then.
    #[schema(example = "plans")]
    share: String,
    /// Whose login; null for a link.
    #[schema(example = "ann")]
    login: Option<String>,
    /// By what way.
    by: ShareUseWay,
    /// What was done.
    what: ShareUseVerb,
    /// With what, below the share's folder; empty for that folder.
    #[schema(example = "reports/may.pdf")]
    path: String,
    /// Where it came from.
    address: Option<String>,
}

impl From<Use> for ShareUseOut {
    fn from(one: Use) -> Self {
        Self {
            id: one.id,
            at: one.at,
            share_id: one.share,
            share: one.share_name,
            login: one.login,
            by: one.way,
            what: one.verb,
            path: one.path,
            address: one.ip,
        }
    }
}

/// How many uses an archive has in one file.
const BATCH: i64 = 1000;

/// A page of all that is known of a server's uses, the newest first, and where the next one goes on; for whoever takes all of it.
pub async fn page_of(
    tx: &mut impl Scoped,
    server: ServerId,
    after: Option<Key>,
) -> Result<(Vec<ShareUseOut>, Option<Key>), Error> {
    let found = store::uses(tx, (server, None), None, after, BATCH).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|length| length == BATCH);
    let next = found.last().filter(|_| is_full).map(key);
    Ok((found.into_iter().map(ShareUseOut::from).collect(), next))
}

/// List what was done in a server's shares
///
/// Of the last 90 days, the newest first. While the server's files cannot be read, what was done in the last minutes is missing.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/share-uses", tag = "shares",
    params(("server_id" = ServerId, Path), UsesQuery),
    responses((status = 200, description = "A page of uses", body = ListOut<ShareUseOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<UsesQuery>,
) -> Result<Response, Error> {
    let found = find(&app, &scope, id, (&query, false)).await?;
    Ok(found.listing.map(ShareUseOut::from).json(&query))
}
