//! The tab itself: guests, open invitations, and the form that invites.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::accounts::{GuestInvitation, IssuedLink, MAX_GUESTS};
use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{LinkId, ServerId, UserId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, ago};
use crate::servers::{Head, crumbs};

use super::super::actions::{self, Sharing};
use super::super::model::{Guest, in_words};
use super::{Fields, path, wanted};

/// The page.
#[derive(Template)]
#[template(path = "guests/list.html")]
pub struct List {
    ctx: Ctx,
    head: Head,
    base: String,
    guests: Vec<Guest>,
    invitations: Vec<GuestInvitation>,
    may_manage: bool,
    fields: Fields,
    issued: Option<(IssuedLink, String)>,
    now: DateTime<Utc>,
}

impl List {
    fn ago(&self, at: &DateTime<Utc>) -> String {
        ago(*at, self.now)
    }

    fn until(&self, guest: &Guest) -> String {
        guest.until.map_or_else(
            || "No end".to_owned(),
            |until| until.format("%-d %b %Y %H:%M UTC").to_string(),
        )
    }

    fn words(&self, permissions: &[Permission]) -> String {
        in_words(permissions)
    }

    fn is_over(&self, guest: &Guest) -> bool {
        guest.is_over(self.now)
    }

    fn is_full(&self) -> bool {
        let used = self.guests.len().saturating_add(self.invitations.len());
        i64::try_from(used).unwrap_or(i64::MAX) >= MAX_GUESTS
    }

    fn most(&self) -> i64 {
        MAX_GUESTS
    }
}

/// What the page shows besides what the database holds.
#[derive(Default)]
struct Told {
    state: FormState,
    issued: Option<(IssuedLink, String)>,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: ServerId,
    told: Told,
) -> Result<Page<List>, Error> {
    let Sharing {
        server,
        guests,
        invitations,
    } = actions::sharing(app, scope, id).await?;
    Ok(Page(List {
        ctx: crumbs(ctx, scope),
        head: Head::new(app, scope, &server, "guests"),
        base: path(scope, id),
        guests,
        invitations,
        may_manage: scope.may(Permission::GuestManage) && server.deleting_at.is_none(),
        fields: Fields(told.state),
        issued: told.issued,
        now: app.now(),
    }))
}

/// Shows whom a server is shared with.
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, ctx, id, Told::default()).await
}

/// Invites somebody and shows the link, this once.
pub async fn invite(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    form: FormData,
) -> Result<Response, Error> {
    let wish = wanted(&form);
    let outcome = form
        .submit(actions::invite(&app, &scope, id, (form.get("email"), &wish)))
        .await;
    let (errors, status) = match outcome {
        Ok(link) => {
            let told = Told {
                issued: Some((link, form.get("email").trim().to_owned())),
                ..Told::default()
            };
            return Ok(page(&app, &scope, ctx, id, told).await?.into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::Conflict { message, .. }) => (FieldErrors::one("", message), 409),
        Err(error) => return Err(error),
    };
    let told = Told {
        state: FormState::new(form, errors),
        ..Told::default()
    };
    Ok(page(&app, &scope, ctx, id, told).await?.status(status))
}

/// Makes a new link for an open invitation and shows it, this once.
pub async fn renew(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, invitation)): Path<(String, ServerId, LinkId)>,
) -> Result<Page<List>, Error> {
    let told = Told {
        issued: Some(actions::renew(&app, &scope, id, invitation).await?),
        ..Told::default()
    };
    page(&app, &scope, ctx, id, told).await
}

/// Takes an invitation back.
pub async fn revoke_invitation(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, invitation)): Path<(String, ServerId, LinkId)>,
) -> Result<SeeOther, Error> {
    actions::revoke_invitation(&app, &scope, id, invitation).await?;
    let words = "The invitation was taken back. Its link no longer works.";
    Ok(SeeOther::to(path(&scope, id)).good(words))
}

/// Ends a guest's access.
pub async fn revoke(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, user)): Path<(String, ServerId, UserId)>,
) -> Result<SeeOther, Error> {
    let guest = actions::revoke(&app, &scope, id, user).await?;
    let words = format!("The server is no longer shared with {}.", guest.email);
    Ok(SeeOther::to(path(&scope, id)).good(words))
}
