//! Who the token is and what its owner is called, and its sisters.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::actions;
use crate::accounts::model::ApiToken;
use crate::app::App;
use crate::platform::access::{Actor, Guest, Member, Permission, StaffRole, TenantRole, UserScope, Via};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId, TokenId, UserId};
use crate::platform::web::{Json, ListOut, ListQuery, Listing};

/// Who a token acts as.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeOut {
    /// The person whose token it is.
    user: UserOut,
    /// The token's scopes.
    scopes: Vec<&'static str>,
    /// The tenant that it works in; null for the staff area.
    tenant: Option<TenantOut>,
    /// The server that it works for; null unless it is a guest's token.
    shared_server: Option<SharedOut>,
    /// The person's role among the staff; null for a tenant's token.
    staff_role: Option<StaffRole>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UserOut {
    id: UserId,
    #[schema(example = "Ada Lovelace")]
    name: String,
    #[schema(example = "ada@example.com")]
    email: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MyTenantOut)]
struct TenantOut {
    id: TenantId,
    #[schema(example = "acme")]
    slug: String,
    #[schema(example = "Acme")]
    name: String,
    role: TenantRole,
    /// Why the tenant is suspended; null if it is not. A suspended tenant can be read and not changed.
    suspended: Option<String>,
}

impl TenantOut {
    /// A guest belongs to no tenant.
    fn of(member: &Member) -> Option<Self> {
        Some(Self {
            id: member.tenant,
            slug: member.slug.clone(),
            name: member.name.clone(),
            role: member.role()?,
            suspended: member.suspended.clone(),
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MySharedServerOut)]
struct SharedOut {
    server_id: ServerId,
    #[schema(example = "web-1")]
    name: String,
    /// What the person may do with it, as long as the token has the scope.
    permissions: Vec<&'static str>,
}

impl From<&Guest> for SharedOut {
    fn from(guest: &Guest) -> Self {
        let pass = guest.member.pass();
        Self {
            server_id: guest.server,
            name: guest.server_name.clone(),
            permissions: pass.map(|pass| names(&pass.permissions)).unwrap_or_default(),
        }
    }
}

fn names(scopes: &[Permission]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.name()).collect()
}

impl From<Actor> for MeOut {
    fn from(actor: Actor) -> Self {
        let scopes = match &actor.via {
            Via::Token { scopes, .. } => names(scopes),
            Via::Session(_) => Vec::new(),
        };
        Self {
            user: UserOut {
                id: actor.user,
                name: actor.name,
                email: actor.email,
            },
            scopes,
            tenant: actor.memberships.first().and_then(TenantOut::of),
            shared_server: actor.guests.first().map(SharedOut::from),
            staff_role: actor.staff,
        }
    }
}

/// Who this token acts as, where, and with which scopes.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, description = "Who", body = MeOut)))]
pub(super) async fn me(scope: UserScope) -> Json<MeOut> {
    Json(scope.actor.into())
}

/// What changes about oneself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MePatch {
    /// The new name, as others see it.
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
}

/// Change your own name. Passwords are changed on the panel's pages only.
#[utoipa::path(patch, path = "/api/v1/me", tag = "account", request_body = MePatch,
    responses((status = 200, description = "Who you are now", body = MeOut)))]
pub(super) async fn update(
    State(app): State<App>,
    scope: UserScope,
    Json(patch): Json<MePatch>,
) -> Result<Json<MeOut>, Error> {
    let mut actor = scope.actor.clone();
    if let Some(name) = &patch.name {
        actor.name = actions::rename(&app, &scope, name).await?;
    }
    Ok(Json(actor.into()))
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenOut {
    id: TokenId,
    #[schema(example = "deploy")]
    name: String,
    /// What its text starts with, after `brt_`.
    #[schema(example = "4fQ81kzA")]
    prefix: String,
    /// The tenant that it works in; null for the staff area.
    tenant_id: Option<TenantId>,
    /// The server that it works for; null unless it is a guest's.
    server_id: Option<ServerId>,
    scopes: Vec<&'static str>,
    expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<ApiToken> for TokenOut {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            prefix: token.prefix,
            tenant_id: token.tenant,
            server_id: token.server,
            scopes: names(&token.scopes),
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
            created_at: token.created_at,
        }
    }
}

/// Your tokens of this token's area. Tokens are made and revoked on the panel's pages only.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "account",
    responses((status = 200, description = "Tokens", body = ListOut<TokenOut>)))]
pub(super) async fn tokens(State(app): State<App>, scope: UserScope) -> Result<Response, Error> {
    let tokens = actions::list_tokens_of_area(&app, &scope).await?;
    let listing = Listing {
        items: tokens.into_iter().map(TokenOut::from).collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}
