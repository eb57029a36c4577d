//! The provider's people and customers, for staff tokens.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::actions::{self, NewInvitation};
use crate::accounts::model::{Invitation, IssuedLink, PeopleFilter, Person};
use crate::app::App;
use crate::platform::access::{StaffRole, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, UserId};
use crate::platform::web::{Cursor, IfMatch, Json, ListOut, ListQuery, Listing, Path, Query, Tagged};

/// Somebody with an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonOut {
    id: UserId,
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// The role among the staff; null for a customer.
    staff_role: Option<StaffRole>,
    /// Since when they may not sign in; null if they may.
    disabled_at: Option<DateTime<Utc>>,
    /// The last request of a session that is still kept, to the minute.
    last_seen_at: Option<DateTime<Utc>>,
    /// The names of the tenants where they are members, at most twenty.
    tenants: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Person> for PersonOut {
    fn from(person: Person) -> Self {
        Self {
            id: person.id,
            email: person.email,
            name: person.name,
            staff_role: person.staff,
            disabled_at: person.disabled_at,
            last_seen_at: person.last_seen_at,
            tenants: person.tenants,
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}

type Answer = Result<Tagged<Json<PersonOut>>, Error>;

fn tagged(person: Person) -> Tagged<Json<PersonOut>> {
    Tagged(person.version(), Json(person.into()))
}

/// What the list is asked for.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PeopleParams {
    /// Which people; `staff` if not given.
    #[param(inline)]
    #[serde(default)]
    show: PeopleFilter,
    /// Text in name or address.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u16>,
}

/// People in the order of their addresses.
#[utoipa::path(get, path = "/api/v1/staff/people", tag = "people", params(PeopleParams),
    responses((status = 200, description = "People", body = ListOut<PersonOut>)))]
pub(super) async fn list(scope: StaffScope, Query(params): Query<PeopleParams>) -> Result<Response, Error> {
    let query = ListQuery {
        q: params.q.clone(),
        after: params.after.clone(),
        limit: params.limit,
        ..ListQuery::default()
    };
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let pattern = query.pattern()?;
    let fetch = query.fetch()?;
    let people =
        actions::list_people(&scope, params.show, pattern.as_deref(), after.as_deref(), fetch).await?;
    let listing = Listing::new(people, &query, |person| person.email.clone())?;
    Ok(listing.map(PersonOut::from).json(&params))
}

/// One person.
#[utoipa::path(get, path = "/api/v1/staff/people/{person}", tag = "people", params(("person" = UserId, Path)),
    responses((status = 200, description = "The person", body = PersonOut)))]
pub(super) async fn show(scope: StaffScope, Path(person): Path<UserId>) -> Answer {
    Ok(tagged(actions::find_person(&scope, person).await?))
}

/// What changes about a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonPatch {
    /// The new role among the staff; null takes them off the staff. It must be there: leaving it out by mistake would.
    #[schema(required)]
    #[serde(deserialize_with = "Option::deserialize")]
    staff_role: Option<StaffRole>,
}

/// Changes the role of somebody on the staff. Who is not on it is invited.
#[utoipa::path(patch, path = "/api/v1/staff/people/{person}", tag = "people", params(("person" = UserId, Path)),
    request_body = PersonPatch, responses((status = 200, description = "The person", body = PersonOut)))]
pub(super) async fn update(
    State(app): State<App>,
    scope: StaffScope,
    if_match: IfMatch,
    Path(person): Path<UserId>,
    Json(patch): Json<PersonPatch>,
) -> Answer {
    let check = |person: &Person| if_match.check(person.version());
    Ok(tagged(
        actions::change_staff_role(&app, &scope, person, patch.staff_role, check).await?,
    ))
}

/// Shuts somebody out: sessions end, tokens stop working.
#[utoipa::path(post, path = "/api/v1/staff/people/{person}/disable", tag = "people",
    params(("person" = UserId, Path)), responses((status = 200, description = "The person", body = PersonOut)))]
pub(super) async fn disable(State(app): State<App>, scope: StaffScope, Path(person): Path<UserId>) -> Answer {
    Ok(tagged(actions::disable_person(&app, &scope, person).await?))
}

/// Lets somebody in again.
#[utoipa::path(post, path = "/api/v1/staff/people/{person}/enable", tag = "people",
    params(("person" = UserId, Path)), responses((status = 200, description = "The person", body = PersonOut)))]
pub(super) async fn enable(State(app): State<App>, scope: StaffScope, Path(person): Path<UserId>) -> Answer {
    Ok(tagged(actions::enable_person(&app, &scope, person).await?))
}

/// A single-use link, told this once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkOut {
    id: LinkId,
    /// The address to hand on. Whoever opens it first may use it.
    url: String,
    expires_at: DateTime<Utc>,
}

fn made(link: IssuedLink) -> (StatusCode, Json<LinkOut>) {
    let out = LinkOut {
        id: link.id,
        url: link.url,
        expires_at: link.expires_at,
    };
    (StatusCode::CREATED, Json(out))
}

/// Makes a link with which the person chooses a new password.
#[utoipa::path(post, path = "/api/v1/staff/people/{person}/password-link", tag = "people",
    params(("person" = UserId, Path)), responses((status = 201, description = "The link", body = LinkOut)))]
pub(super) async fn password_link(
    State(app): State<App>,
    scope: StaffScope,
    Path(person): Path<UserId>,
) -> Result<(StatusCode, Json<LinkOut>), Error> {
    Ok(made(actions::issue_password_link(&app, &scope, person).await?))
}

/// An open invitation to the staff.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StaffInvitationOut {
    id: LinkId,
    email: String,
    #[schema(example = "support")]
    staff_role: String,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<Invitation> for StaffInvitationOut {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            staff_role: invitation.role,
            created_by: invitation.created_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// Open invitations to the staff, the newest first.
#[utoipa::path(get, path = "/api/v1/staff/invitations", tag = "people",
    responses((status = 200, description = "Invitations", body = ListOut<StaffInvitationOut>)))]
pub(super) async fn invitations(State(app): State<App>, scope: StaffScope) -> Result<Response, Error> {
    let invitations = actions::staff_invitations(&app, &scope).await?;
    let listing = Listing {
        items: invitations.into_iter().map(StaffInvitationOut::from).collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}

/// Who is invited to the staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStaffInvitation {
    #[schema(example = "grace@example.com")]
    email: String,
    /// `owner` (by owners only), `admin`, `engineer`, `support` or `auditor`.
    #[schema(example = "support")]
    role: String,
}

/// Invites a colleague; an earlier open invitation of the same address stops working.
#[utoipa::path(post, path = "/api/v1/staff/invitations", tag = "people", request_body = NewStaffInvitation,
    responses((status = 201, description = "The link", body = LinkOut)))]
pub(super) async fn invite(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<NewStaffInvitation>,
) -> Result<(StatusCode, Json<LinkOut>), Error> {
    let new = NewInvitation {
        email: &new.email,
        role: &new.role,
    };
    Ok(made(actions::invite_colleague(&app, &scope, &new).await?))
}

/// Takes an invitation to the staff back.
#[utoipa::path(delete, path = "/api/v1/staff/invitations/{invitation}", tag = "people",
    params(("invitation" = LinkId, Path)), responses((status = 204, description = "Taken back")))]
pub(super) async fn revoke_invitation(
    State(app): State<App>,
    scope: StaffScope,
    Path(invitation): Path<LinkId>,
) -> Result<StatusCode, Error> {
    actions::revoke_colleague_invitation(&app, &scope, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}
