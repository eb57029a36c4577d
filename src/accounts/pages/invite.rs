//! Accepting an invitation.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::accounts::actions::{self, InvitationView};
use crate::app::App;
use crate::platform::access::Who;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};

use super::{Guest, enter, gone};

/// Who looks at the invitation.
enum Reader {
    /// The invited person, signed in.
    Invited,
    /// Somebody else, signed in.
    Other(String),
    /// Nobody, but the address has an account.
    MustSignIn,
    /// Nobody yet.
    New,
}

#[derive(Template)]
#[template(path = "accounts/invite.html")]
struct Invite {
    ctx: Ctx,
    invitation: InvitationView,
    reader: Reader,
    sign_in: String,
    form: FormState,
}

impl Invite {
    fn new(ctx: Ctx, guest: &Guest, token: &str, invitation: InvitationView, form: FormState) -> Self {
        let reader = match &guest.visitor.actor {
            Some(actor) if actor.email == invitation.email => Reader::Invited,
            Some(actor) => Reader::Other(actor.email.clone()),
            None if invitation.has_account => Reader::MustSignIn,
            None => Reader::New,
        };
        // The token is letters and digits; anything else found no invitation.
        let sign_in = format!("/sign-in?next=/invite/{token}");
        Self {
            ctx,
            invitation,
            reader,
            sign_in,
            form,
        }
    }

    fn place(&self) -> String {
        match (&self.invitation.server, &self.invitation.tenant) {
            (Some(server), Some(tenant)) => format!("the server {} of {tenant}", server.name),
            (_, Some(tenant)) => tenant.clone(),
            (_, None) => "the provider's staff".to_owned(),
        }
    }

    /// What accepting does, for its button.
    fn verb(&self) -> &'static str {
        if self.invitation.server.is_some() {
            "Accept"
        } else {
            "Join"
        }
    }
}

fn closed(ctx: Ctx) -> Response {
    gone(
        ctx,
        "This invitation does not work",
        "An invitation works once, for seven days, and can be taken back. Ask whoever invited you for a new one.",
    )
}

pub(super) async fn show(
    State(app): State<App>,
    guest: Guest,
    ctx: Ctx,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let Some(invitation) = actions::view_invitation(&app, &token).await? else {
        return Ok(closed(ctx));
    };
    let page = Invite::new(ctx, &guest, &token, invitation, FormState::default());
    Ok(Page(page).into_response())
}

pub(super) async fn accept(
    State(app): State<App>,
    guest: Guest,
    ctx: Ctx,
    Path(token): Path<String>,
    form: FormData,
) -> Result<Response, Error> {
    let Some(invitation) = actions::view_invitation(&app, &token).await? else {
        return Ok(closed(ctx));
    };
    let words = match &invitation.server {
        Some(server) => format!("Welcome. {} is shared with you now.", server.name),
        None => "Welcome. You have joined.".to_owned(),
    };
    let welcome = |home: String| SeeOther::to(home).good(words);
    if let Some(actor) = &guest.visitor.actor {
        let who = Who::actor(actor, &guest.client.ip, &guest.client.request_id);
        let home = actions::accept(&app, actor, &who, &token).await?;
        return Ok(welcome(home).into_response());
    }
    let chosen = (form.get("name"), form.get("password"));
    match actions::accept_as_new(&app, &guest.client, &token, chosen, guest.cookie.as_deref()).await {
        Ok((signed_in, home)) => Ok(enter(&app, &signed_in, welcome(home))),
        Err(Error::NotFound) => Ok(closed(ctx)),
        Err(Error::Invalid(errors)) => {
            let form = FormState::new(form, errors);
            Ok(Page(Invite::new(ctx, &guest, &token, invitation, form)).status(422))
        }
        Err(error) => Err(error),
    }
}
