//! Guests for programs: the same actions as the pages.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::accounts::{GuestInvitation, IssuedLink};
use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, ServerId, UserId};
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Listing, Path, Tagged};

use super::actions;
use super::model::{Guest, Until, Wanted};

/// Somebody whom a server is shared with.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestOut {
    /// The person.
    user_id: UserId,
    /// Their name.
    #[schema(example = "Grace Hopper")]
    name: String,
    /// Their address.
    #[schema(example = "grace@example.com")]
    email: String,
    /// What they may do, as tokens' scopes are called.
    permissions: Vec<&'static str>,
    /// Until when; null without end.
    until: Option<DateTime<Utc>>,
    /// Who invited them.
    invited_by: String,
    /// Since when.
    created_at: DateTime<Utc>,
}

fn names(permissions: &[Permission]) -> Vec<&'static str> {
    permissions.iter().map(|one| one.name()).collect()
}

impl From<Guest> for GuestOut {
    fn from(guest: Guest) -> Self {
        Self {
            user_id: guest.user,
            permissions: names(&guest.permissions),
            name: guest.name,
            email: guest.email,
            until: guest.until,
            invited_by: guest.invited_by,
            created_at: guest.since,
        }
    }
}

fn answer(guest: Guest) -> Tagged<Json<GuestOut>> {
    Tagged(guest.version, Json(guest.into()))
}

/// List a server's guests
///
/// People outside of the organisation with whom the server is shared.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/guests", tag = "guests", params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The guests", body = ListOut<GuestOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let guests = actions::sharing(&app, &scope, id).await?.guests;
    let items = guests.into_iter().map(GuestOut::from).collect();
    Ok(Listing { items, next: None }.json(&ListQuery::default()))
}

/// Show a guest
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/guests/{user}", tag = "guests",
    params(("server_id" = ServerId, Path), ("user" = UserId, Path)),
    responses((status = 200, description = "The guest", body = GuestOut)))]
pub async fn show(
    scope: TenantScope,
    Path((id, user)): Path<(ServerId, UserId)>,
) -> Result<Tagged<Json<GuestOut>>, Error> {
    Ok(answer(actions::find(&scope, id, user).await?.1))
}

/// What was said of an end: nothing, or when, or that there is none.
#[derive(Debug, Default)]
enum SaidEnd {
    #[default]
    Nothing,
    This(Option<DateTime<Utc>>),
}

impl<'de> Deserialize<'de> for SaidEnd {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::This)
    }
}

/// What should change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestPatch {
    /// What they may do: any of `servers:logs`, `servers:console-watch`, `servers:console`, `servers:secrets`,
    /// `servers:power`, `servers:configure`, `servers:resize`, `files:read`, `files:write`, `schedules:read`,
    /// `schedules:write`. Seeing the server and what one of them needs come with it.
    #[schema(max_items = 50)]
    permissions: Option<Vec<String>>,
    /// Until when; null for no end.
    #[serde(default)]
    #[schema(value_type = Option<DateTime<Utc>>)]
    until: SaidEnd,
}

/// Change what a guest may do
///
/// It acts on the guest's next request.
#[utoipa::path(patch, path = "/api/v1/servers/{server_id}/guests/{user}", tag = "guests",
    params(("server_id" = ServerId, Path), ("user" = UserId, Path)), request_body = GuestPatch,
    responses((status = 200, description = "The guest", body = GuestOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, user)): Path<(ServerId, UserId)>,
    if_match: IfMatch,
    Json(patch): Json<GuestPatch>,
) -> Result<Tagged<Json<GuestOut>>, Error> {
    let now = app.now();
    let wish = |before: &Guest| {
        let permissions = match &patch.permissions {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => names(&before.permissions),
        };
        let until = Until::Moment(match patch.until {
            SaidEnd::Nothing => before.until,
            SaidEnd::This(until) => until,
        });
        Wanted { permissions, until }.parse(id, now)
    };
    let check = |version| if_match.check(version);
    let guest = actions::change(&app, &scope, (id, user), wish, check).await?;
    Ok(answer(guest))
}

/// End a guest's access
///
/// At once: their streams, consoles and tokens for the server end with it.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/guests/{user}", tag = "guests",
    params(("server_id" = ServerId, Path), ("user" = UserId, Path)),
    responses((status = 204, description = "The server is no longer shared with them")))]
pub async fn revoke(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, user)): Path<(ServerId, UserId)>,
) -> Result<StatusCode, Error> {
    actions::revoke(&app, &scope, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An open invitation to a server.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestInvitationOut {
    /// Its id.
    id: LinkId,
    /// Who is invited.
    #[schema(example = "grace@example.com")]
    email: String,
    /// What they will be allowed, as tokens' scopes are called.
    permissions: Vec<&'static str>,
    /// Until when they will have it; null without end.
    until: Option<DateTime<Utc>>,
    /// Who invited.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// Until when the link works.
    expires_at: DateTime<Utc>,
}

impl From<GuestInvitation> for GuestInvitationOut {
    fn from(invitation: GuestInvitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            permissions: names(&invitation.offer.permissions),
            until: invitation.offer.until,
            created_by: invitation.created_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// List a server's open invitations
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/guests/invitations", tag = "guests",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The open invitations", body = ListOut<GuestInvitationOut>)))]
pub async fn invitations(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let invitations = actions::sharing(&app, &scope, id).await?.invitations;
    let items = invitations.into_iter().map(GuestInvitationOut::from).collect();
    Ok(Listing { items, next: None }.json(&ListQuery::default()))
}

/// With whom a server should be shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuestIn {
    /// Their address.
    #[schema(min_length = 3, max_length = 254, example = "grace@example.com")]
    email: String,
    /// What they may do: any of `servers:logs`, `servers:console-watch`, `servers:console`, `servers:secrets`,
    /// `servers:power`, `servers:configure`, `servers:resize`, `files:read`, `files:write`, `schedules:read`,
    /// `schedules:write`. Seeing the server and what one of them needs come with it.
    #[schema(max_items = 50)]
    permissions: Vec<String>,
    /// Until when; null for no end.
    until: Option<DateTime<Utc>>,
}

/// An invitation with its link, which is told only now.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestLinkOut {
    /// Its id.
    id: LinkId,
    /// The page that accepts it. Send it to the invited person only.
    #[schema(example = "https://panel.example.com/invite/Jp4…")]
    url: String,
    /// Until when it works.
    expires_at: DateTime<Utc>,
}

fn made(link: IssuedLink) -> (StatusCode, Json<GuestLinkOut>) {
    let out = GuestLinkOut {
        id: link.id,
        url: link.url,
        expires_at: link.expires_at,
    };
    (StatusCode::CREATED, Json(out))
}

/// Share a server with somebody
///
/// The answer holds a link that works once, for the invited address, and is told only now. An earlier open invitation of the
/// same address to this server stops working. A server is shared with 20 people at most.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/guests/invitations", tag = "guests",
    params(("server_id" = ServerId, Path)), request_body = NewGuestIn,
    responses((status = 201, description = "The invitation with its link", body = GuestLinkOut)))]
pub async fn invite(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Json(new): Json<NewGuestIn>,
) -> Result<(StatusCode, Json<GuestLinkOut>), Error> {
    let wanted = Wanted {
        permissions: new.permissions.iter().map(String::as_str).collect(),
        until: Until::Moment(new.until),
    };
    let link = actions::invite(&app, &scope, id, (&new.email, &wanted)).await?;
    Ok(made(link))
}

/// Send an invitation to a server anew
///
/// The answer holds another link for the same offer; the one before stops working.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/guests/invitations/{invitation}/renew", tag = "guests",
    params(("server_id" = ServerId, Path), ("invitation" = LinkId, Path)),
    responses((status = 201, description = "The invitation with its link", body = GuestLinkOut)))]
pub async fn renew(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, invitation)): Path<(ServerId, LinkId)>,
) -> Result<(StatusCode, Json<GuestLinkOut>), Error> {
    Ok(made(actions::renew(&app, &scope, id, invitation).await?.0))
}

/// Take an invitation to a server back
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/guests/invitations/{invitation}", tag = "guests",
    params(("server_id" = ServerId, Path), ("invitation" = LinkId, Path)),
    responses((status = 204, description = "Its link no longer works")))]
pub async fn revoke_invitation(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, invitation)): Path<(ServerId, LinkId)>,
) -> Result<StatusCode, Error> {
    actions::revoke_invitation(&app, &scope, id, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}
