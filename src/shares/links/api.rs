//! Links for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId, ShareLinkId};
use crate::platform::web::{Json, ListOut, ListQuery, Listing, Path};

use super::actions::{self, NewLink};
use super::model::{Link, ShareLinkKind};

/// A link to what is in a share, for people without a login.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareLinkOut {
    /// Its id.
    id: ShareLinkId,
    /// What it is for.
    kind: ShareLinkKind,
    /// Where it leads, below the share's folder; empty for that folder.
    #[schema(example = "reports/may.pdf")]
    path: String,
    /// When it ends.
    expires_at: DateTime<Utc>,
    /// How often something was fetched, or how many files were brought by it.
    uses: i64,
    /// When last.
    last_used_at: Option<DateTime<Utc>>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Link> for ShareLinkOut {
    fn from(link: Link) -> Self {
        Self {
            id: link.id,
            kind: link.kind,
            path: link.path,
            expires_at: link.expires_at,
            uses: link.uses,
            last_used_at: link.last_used_at,
            created_by: link.created_by,
            created_at: link.created_at,
        }
    }
}

/// A link that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareLinkMadeOut {
    #[serde(flatten)]
    link: ShareLinkOut,
    /// Its address, which is told this once.
    url: String,
}

/// List a share's links
///
/// The newest first, those that have ended among them.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/shares/{share}/links", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path)),
    responses((status = 200, description = "The links", body = ListOut<ShareLinkOut>)))]
pub async fn list(scope: TenantScope, Path(place): Path<(ServerId, ShareId)>) -> Result<Response, Error> {
    let items = actions::list(&scope, place).await?;
    let items = items.into_iter().map(ShareLinkOut::from).collect();
    Ok(Listing { items, next: None }.json(&ListQuery::default()))
}

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShareLinkIn {
    /// What it is for.
    kind: ShareLinkKind,
    /// Where it leads, below the share's folder: a file or folder to fetch, or a folder to bring files into, which is made if it
    /// is not there. Without it, the share's folder.
    #[serde(default)]
    #[schema(example = "reports/may.pdf", max_length = 4000)]
    path: String,
    /// When it ends, within a year.
    expires_at: DateTime<Utc>,
}

/// Make a link
///
/// Whoever has its address may fetch what it leads to, or bring files there without seeing what is there, until it ends.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/shares/{share}/links", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path)),
    request_body = NewShareLinkIn, responses((status = 201, description = "The link", body = ShareLinkMadeOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path(place): Path<(ServerId, ShareId)>,
    Json(new): Json<NewShareLinkIn>,
) -> Result<(StatusCode, Json<ShareLinkMadeOut>), Error> {
    let new = NewLink {
        kind: new.kind,
        path: new.path,
        expires_at: new.expires_at,
    };
    let (link, url) = actions::create(&app, &scope, place, new).await?;
    let link = link.into();
    Ok((StatusCode::CREATED, Json(ShareLinkMadeOut { link, url })))
}

/// Take a link back
///
/// It leads nowhere any more. What was fetched or brought by it stays.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/shares/{share}/links/{link}", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path), ("link" = ShareLinkId, Path)),
    responses((status = 204, description = "It leads nowhere")))]
pub async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, share, link)): Path<(ServerId, ShareId, ShareLinkId)>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, (id, share), link).await?;
    Ok(StatusCode::NO_CONTENT)
}
