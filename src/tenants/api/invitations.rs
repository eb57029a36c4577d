//! Invitations to a tenant, for its own people and for staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::{self, Invitation, IssuedLink, NewInvitation};
use crate::app::App;
use crate::platform::access::{StaffScope, TenantRole, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, TenantId};
use crate::platform::web::{Json, ListOut, ListQuery, Listing, Path};

use super::super::store;

/// An open invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationOut {
    /// Its id.
    id: LinkId,
    /// Who is invited.
    #[schema(example = "ada@example.com")]
    email: String,
    /// What they will be.
    #[schema(example = "operator")]
    role: String,
    /// Who invited.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// Until when the link works.
    expires_at: DateTime<Utc>,
}

impl From<Invitation> for InvitationOut {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            created_by: invitation.created_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// Who is invited as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitationIn {
    /// Their address.
    #[schema(min_length = 3, max_length = 254, example = "ada@example.com")]
    email: String,
    /// What they will be.
    role: TenantRole,
}

impl NewInvitationIn {
    fn invitation(&self) -> NewInvitation<'_> {
        NewInvitation {
            email: &self.email,
            role: self.role.name(),
        }
    }
}

/// An invitation with its link, which is told only now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewInvitationOut {
    /// Its id.
    id: LinkId,
    /// The page that accepts it. Whoever has it can join, so send it to nobody else.
    #[schema(example = "https://panel.example.com/invite/Jp4…")]
    url: String,
    /// Until when it works.
    expires_at: DateTime<Utc>,
}

fn made(link: IssuedLink) -> (StatusCode, Json<NewInvitationOut>) {
    let out = NewInvitationOut {
        id: link.id,
        url: link.url,
        expires_at: link.expires_at,
    };
    (StatusCode::CREATED, Json(out))
}

fn listed(invitations: Vec<Invitation>) -> Response {
    let items = invitations.into_iter().map(InvitationOut::from).collect();
    Listing { items, next: None }.json(&ListQuery::default())
}

/// List open invitations
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "members",
    responses((status = 200, description = "The open invitations", body = ListOut<InvitationOut>)))]
pub(crate) async fn list(State(app): State<App>, scope: TenantScope) -> Result<Response, Error> {
    Ok(listed(accounts::invitations(&app, &scope).await?))
}

/// Invite somebody
///
/// The answer holds a link that works once and is told only now. An earlier open invitation of the same address stops
/// working. Only owners invite owners.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "members", request_body = NewInvitationIn,
    responses((status = 201, description = "The invitation with its link", body = NewInvitationOut)))]
pub(crate) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<NewInvitationIn>,
) -> Result<(StatusCode, Json<NewInvitationOut>), Error> {
    Ok(made(accounts::invite(&app, &scope, &new.invitation()).await?))
}

/// Take an invitation back
#[utoipa::path(delete, path = "/api/v1/invitations/{invitation}", tag = "members",
    params(("invitation" = LinkId, Path)), responses((status = 204, description = "Its link no longer works")))]
pub(crate) async fn revoke(
    State(app): State<App>,
    scope: TenantScope,
    Path(invitation): Path<LinkId>,
) -> Result<StatusCode, Error> {
    accounts::revoke_invitation(&app, &scope, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a tenant's open invitations
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/invitations", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The open invitations", body = ListOut<InvitationOut>)))]
pub(crate) async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
) -> Result<Response, Error> {
    store::find_tenant(&mut scope.begin().await?, tenant).await?;
    Ok(listed(accounts::tenant_invitations(&app, &scope, tenant).await?))
}

/// Invite somebody to a tenant
///
/// Its first owner, for example. The answer holds a link that works once and is told only now.
#[utoipa::path(post, path = "/api/v1/staff/tenants/{tenant}/invitations", tag = "staff tenants",
    params(("tenant" = TenantId, Path)), request_body = NewInvitationIn,
    responses((status = 201, description = "The invitation with its link", body = NewInvitationOut)))]
pub(crate) async fn staff_create(
    State(app): State<App>,
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
    Json(new): Json<NewInvitationIn>,
) -> Result<(StatusCode, Json<NewInvitationOut>), Error> {
    Ok(made(
        accounts::invite_as_staff(&app, &scope, tenant, &new.invitation()).await?,
    ))
}

/// Take an invitation to a tenant back
#[utoipa::path(delete, path = "/api/v1/staff/tenants/{tenant}/invitations/{invitation}", tag = "staff tenants",
    params(("tenant" = TenantId, Path), ("invitation" = LinkId, Path)),
    responses((status = 204, description = "Its link no longer works")))]
pub(crate) async fn staff_revoke(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, invitation)): Path<(TenantId, LinkId)>,
) -> Result<StatusCode, Error> {
    accounts::revoke_invitation_as_staff(&app, &scope, tenant, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}
