//! What one guest may do, to change it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, UserId};
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::servers::{Head, crumbs};

use super::super::actions;
use super::super::model::{Guest, last_day};
use super::{Fields, path, wanted};

/// The page.
#[derive(Template)]
#[template(path = "guests/edit.html")]
pub struct Edit {
    ctx: Ctx,
    head: Head,
    base: String,
    guest: Guest,
    fields: Fields,
}

impl Edit {
    fn version(&self) -> String {
        self.fields.0.version(self.guest.version)
    }
}

/// What they have now, as the form shows it.
fn filled(guest: &Guest) -> FormState {
    let day = guest.until.map(last_day).unwrap_or_default();
    let given = guest.permissions.iter();
    given
        .fold(FormState::default(), |state, one| {
            state.with("permissions", one.name())
        })
        .with("until", day)
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, user): (ServerId, UserId),
    state: Option<FormState>,
) -> Result<Page<Edit>, Error> {
    let (server, guest) = actions::find(scope, id, user).await?;
    Ok(Page(Edit {
        ctx: crumbs(ctx, scope),
        head: Head::new(app, scope, &server, "guests"),
        base: path(scope, id),
        fields: Fields(state.unwrap_or_else(|| filled(&guest))),
        guest,
    }))
}

/// Shows the form.
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, user)): Path<(String, ServerId, UserId)>,
) -> Result<Page<Edit>, Error> {
    page(&app, &scope, ctx, (id, user), None).await
}

/// Changes what they may do.
pub async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, user)): Path<(String, ServerId, UserId)>,
    form: FormData,
) -> Result<Response, Error> {
    let seen = form.get("version").to_owned();
    let check = move |version: i64| {
        if seen.is_empty() || seen == version.to_string() {
            Ok(())
        } else {
            Err(Error::PreconditionFailed)
        }
    };
    let (wish, now) = (wanted(&form), app.now());
    let change = actions::change(&app, &scope, (id, user), |_| wish.parse(id, now), check);
    let (errors, status) = match form.submit(change).await {
        Ok(guest) => {
            let words = format!("Saved. It acts on the next thing that {} does.", guest.email);
            return Ok(SeeOther::to(path(&scope, id)).good(words).into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let state = FormState::new(form, errors);
    Ok(page(&app, &scope, ctx, (id, user), Some(state))
        .await?
        .status(status))
}
