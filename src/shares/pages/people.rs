//! Putting people into a share, and making them passwords: both answer with the page, because a password is shown once and is
//! nowhere to be read afterwards.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::secret::Secret;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path};

use super::super::actions::{self, Already};
use super::show::{self, Extra, Issued, Show};
use super::wanted;

async fn give(
    app: &App,
    scope: &TenantScope,
    place: (ServerId, ShareId),
    data: &FormData,
) -> Result<Extra, Error> {
    let mut wanted = wanted(data, "", Already::No)?;
    let typed = data.get("password");
    wanted.password = (!typed.is_empty()).then(|| Secret::new(typed.to_owned()));
    let is_typed = wanted.password.is_some();
    let login = data.get("login").trim();
    let (member, made) = actions::put_person(app, scope, place, login, wanted).await?;
    let login = member.login;
    Ok(match made {
        Some(made) => Extra {
            issued: Some(Issued {
                login,
                password: made.expose().clone(),
            }),
            ..Extra::default()
        },
        None if is_typed => Extra {
            done: format!("{login} has the share, with the password that you typed."),
            ..Extra::default()
        },
        None => Extra {
            done: format!(
                "{login} has the share, with the password that they use for another share of this server."
            ),
            ..Extra::default()
        },
    })
}

/// Adds somebody.
pub(super) async fn add(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, share)): Path<(String, ServerId, ShareId)>,
    data: FormData,
) -> Result<Response, Error> {
    let place = (id, share);
    let (errors, status) = match data.submit(give(&app, &scope, place, &data)).await {
        Ok(extra) => {
            return Ok(show::page(&app, &scope, ctx, (place, extra))
                .await?
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let extra = Extra {
        form: FormState::new(data, errors),
        ..Extra::default()
    };
    Ok(show::page(&app, &scope, ctx, (place, extra))
        .await?
        .status(status))
}

/// Makes somebody a new password.
pub(super) async fn renew(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, share, login)): Path<(String, ServerId, ShareId, String)>,
) -> Result<Page<Show>, Error> {
    let made = actions::renew_password(&app, &scope, (id, share), &login).await?;
    let extra = Extra {
        issued: Some(Issued {
            login,
            password: made.expose().clone(),
        }),
        ..Extra::default()
    };
    show::page(&app, &scope, ctx, ((id, share), extra)).await
}
