//! Shares for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::secret::Secret;
use crate::platform::web::{Json, ListOut, ListQuery, Listing, Path, Query};

use super::actions::{self, Already, NewShare, Wanted};
use super::model::{End, Listed, Member, Share, ShareAccess, ShareProtocol, Told};

/// Somebody in a share.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharePersonOut {
    /// What they sign in as.
    #[schema(example = "ann")]
    login: String,
    /// What they may do in this share.
    access: ShareAccess,
    /// Until when they may come in, in all shares of the server; null without end.
    until: Option<DateTime<Utc>>,
    /// When they were in this share last; known after some minutes, or when the record of uses is asked for.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Member> for SharePersonOut {
    fn from(member: Member) -> Self {
        Self {
            login: member.login,
            access: member.access,
            until: member.until,
            last_used_at: member.last_used_at,
        }
    }
}

/// A share: a folder of a file-share server for people of its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareOut {
    /// Its id.
    id: ShareId,
    /// What it is called: the network drive, `/shares/{name}/` by WebDAV, the folder by SFTP.
    #[schema(example = "plans")]
    name: String,
    /// Which folder it is, below the server's files.
    #[schema(example = "work/plans")]
    folder: String,
    /// How it is reached.
    protocols: Vec<ShareProtocol>,
    /// Who has it.
    people: Vec<SharePersonOut>,
    /// Whether the server does what is said here. One that does not run does so when it starts.
    is_in_force: bool,
    /// Why the server could not be told yet.
    error: Option<String>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When anybody used it last, by a login or a link.
    last_used_at: Option<DateTime<Utc>>,
}

impl ShareOut {
    fn new(share: Share, told: &Told) -> Self {
        Self {
            id: share.id,
            name: share.name,
            folder: share.folder,
            protocols: share.protocols,
            people: share.members.into_iter().map(SharePersonOut::from).collect(),
            is_in_force: told.is_in_force,
            error: told.error.clone(),
            created_by: share.created_by,
            created_at: share.created_at,
            last_used_at: share.last_used_at,
        }
    }
}

/// A share, in the list of all of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareListedOut {
    /// Its id.
    id: ShareId,
    /// What it is called on its server.
    #[schema(example = "plans")]
    name: String,
    /// Which folder it is, below the server's files.
    #[schema(example = "work/plans")]
    folder: String,
    /// How it is reached.
    protocols: Vec<ShareProtocol>,
    /// The server that serves it.
    server_id: ServerId,
    /// What the server is called.
    #[schema(example = "office-files")]
    server: String,
    /// How many people have it.
    people: i64,
    /// How many links lead into it that have not ended.
    links: i64,
    /// When anybody used it last, by a login or a link.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Listed> for ShareListedOut {
    fn from(share: Listed) -> Self {
        Self {
            id: share.id,
            name: share.name,
            folder: share.folder,
            protocols: share.protocols,
            server_id: share.server.0,
            server: share.server.1,
            people: share.people,
            links: share.links,
            last_used_at: share.last_used_at,
        }
    }
}

/// List all shares
///
/// Of all servers, by name. `q` is found in the name, the folder, and the server's name; `sort` is `name` or nothing.
#[utoipa::path(get, path = "/api/v1/shares", tag = "shares", params(ListQuery),
    responses((status = 200, description = "A page of shares", body = ListOut<ShareListedOut>)))]
pub async fn all(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let listing = actions::all(&app, &scope, &query).await?;
    Ok(listing.map(ShareListedOut::from).json(&query))
}

/// List a server's shares
///
/// By name, with who has them.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/shares", tag = "shares", params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The shares", body = ListOut<ShareOut>)))]
pub async fn list(scope: TenantScope, Path(id): Path<ServerId>) -> Result<Response, Error> {
    let (shares, told) = actions::list(&scope, id).await?;
    let items = shares
        .into_iter()
        .map(|share| ShareOut::new(share, &told))
        .collect();
    Ok(Listing { items, next: None }.json(&ListQuery::default()))
}

/// A share to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShareIn {
    /// What it is called: small letters, digits and hyphens.
    #[schema(example = "plans", max_length = 31)]
    name: String,
    /// Which folder, below the server's files. It is made if it is not there.
    #[schema(example = "work/plans", max_length = 1000)]
    folder: String,
    /// How it is reached.
    #[schema(min_items = 1, max_items = 3)]
    protocols: Vec<ShareProtocol>,
}

/// Create a share
///
/// Nobody has it until people are put into it. Only servers of the template `file-share` have shares.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/shares", tag = "shares", params(("server_id" = ServerId, Path)),
    request_body = NewShareIn, responses((status = 201, description = "The share", body = ShareOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Json(new): Json<NewShareIn>,
) -> Result<(StatusCode, Json<ShareOut>), Error> {
    let new = NewShare {
        name: new.name,
        folder: new.folder,
        protocols: new.protocols,
    };
    let share = actions::create(&app, &scope, id, new).await?;
    Ok((StatusCode::CREATED, Json(ShareOut::new(share, &Told::default()))))
}

/// Delete a share
///
/// The folder and what is in it stays. Sessions of its people end.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/shares/{share}", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path)),
    responses((status = 204, description = "It is no share any more")))]
pub async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, share)): Path<(ServerId, ShareId)>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id, share).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharePersonIn {
    /// What they may do in this share.
    access: ShareAccess,
    /// Their password, the same in all shares of the server. Without it a new person gets one that is made, and a known one
    /// keeps theirs.
    #[schema(min_length = 12, max_length = 126)]
    password: Option<String>,
    /// Until when they may come in, in all shares of the server; null for no end.
    #[serde(default)]
    #[schema(value_type = Option<DateTime<Utc>>)]
    until: End,
}

/// Somebody in a share, with the password that was made for them.
#[derive(Serialize, ToSchema)]
pub struct SharePersonMadeOut {
    /// Who, and what they have.
    #[serde(flatten)]
    person: SharePersonOut,
    /// The password that was made, shown this once; null if there was one.
    password: Option<String>,
}

/// Give somebody a share
///
/// Puts them into it, or changes what they have. Whoever may do less than before is signed out.
#[utoipa::path(put, path = "/api/v1/servers/{server_id}/shares/{share}/people/{login}", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path), ("login" = String, Path)),
    request_body = SharePersonIn, responses((status = 200, description = "What they have", body = SharePersonMadeOut)))]
pub async fn put_person(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, share, login)): Path<(ServerId, ShareId, String)>,
    Json(wish): Json<SharePersonIn>,
) -> Result<Json<SharePersonMadeOut>, Error> {
    let wanted = Wanted {
        access: wish.access,
        password: wish.password.map(Secret::new),
        until: wish.until,
        already: Already::Either,
    };
    let (member, made) = actions::put_person(&app, &scope, (id, share), &login, wanted).await?;
    Ok(Json(SharePersonMadeOut {
        person: member.into(),
        password: made.map(|made| made.expose().clone()),
    }))
}

/// A password that was made.
#[derive(Serialize, ToSchema)]
pub struct SharePasswordOut {
    /// It is told this once.
    password: String,
}

/// Make somebody a new password
///
/// It is theirs in all shares of the server; the old one stops working, and their open sessions end.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/shares/{share}/people/{login}/password", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path), ("login" = String, Path)),
    responses((status = 200, description = "The password", body = SharePasswordOut)))]
pub async fn renew_password(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, share, login)): Path<(ServerId, ShareId, String)>,
) -> Result<Json<SharePasswordOut>, Error> {
    let made = actions::renew_password(&app, &scope, (id, share), &login).await?;
    Ok(Json(SharePasswordOut {
        password: made.expose().clone(),
    }))
}

/// Take a share from somebody
///
/// Their open sessions end. Out of their last share, their password is forgotten.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/shares/{share}/people/{login}", tag = "shares",
    params(("server_id" = ServerId, Path), ("share" = ShareId, Path), ("login" = String, Path)),
    responses((status = 204, description = "They do not have it any more")))]
pub async fn remove_person(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, share, login)): Path<(ServerId, ShareId, String)>,
) -> Result<StatusCode, Error> {
    actions::remove_person(&app, &scope, (id, share), &login).await?;
    Ok(StatusCode::NO_CONTENT)
}
