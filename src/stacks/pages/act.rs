//! The buttons and small forms of a stack's page.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::StackId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Path, SeeOther};
use crate::servers::model::{Command, clock_time};

use super::super::actions;
use super::show::{Again, page};
use super::{base, href};

/// A button.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Button {
    Start,
    Stop,
    Restart,
}

/// Tells all servers of the stack what to do.
pub(super) async fn power(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, button)): Path<(String, StackId, Button)>,
) -> Result<SeeOther, Error> {
    let (what, words) = match button {
        Button::Start => (Command::Start, "Starting all of its servers."),
        Button::Stop => (Command::Stop, "Stopping all of its servers."),
        Button::Restart => (Command::Restart, "Restarting all of its servers."),
    };
    let to = SeeOther::to(href(&scope, id));
    match actions::command(&app, &scope, id, what).await {
        Ok(_) => Ok(to.info(words)),
        Err(error) => to.refused(error),
    }
}

/// Makes a part more servers or fewer.
pub(super) async fn scale(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, part)): Path<(String, StackId, String)>,
    data: FormData,
) -> Result<Response, Error> {
    let asked = actions::scale(&app, &scope, id, &part, data.get("replicas"));
    let (errors, status) = match data.submit(asked).await {
        Ok(begun) => {
            let to = SeeOther::to(href(&scope, id));
            let to = match begun.work.len() {
                0 => to.info("It has so many already."),
                1 => to.good("One server is on its way."),
                many => to.good(format!("{many} servers are on their way.")),
            };
            return Ok(to.into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            (FieldErrors::one("replicas", error.sentence()), error.status())
        }
        Err(error) => return Err(error),
    };
    let again = Again {
        part: Some(part),
        form: FormState::new(data, errors),
    };
    Ok(page(&app, &scope, ctx, id, Some(again)).await?.status(status))
}

/// Makes up another password for all parts that know one.
pub(super) async fn change_secret(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, part, key)): Path<(String, StackId, String, String)>,
) -> Result<SeeOther, Error> {
    match actions::change_secret(&app, &scope, id, (&part, &key), "").await {
        Ok(begun) => {
            let words = match begun.work.len() {
                1 => "One server gets the new password.".to_owned(),
                many => format!("{many} servers get the new password."),
            };
            Ok(SeeOther::to(href(&scope, id)).good(words))
        }
        Err(error) => back(&scope, id, error),
    }
}

/// Renames it.
pub(super) async fn rename(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, StackId)>,
    data: FormData,
) -> Result<Response, Error> {
    let asked = actions::rename(&app, &scope, id, data.get("name"), data.has_seen());
    let (errors, status) = match data.submit(asked).await {
        Ok(_) => return Ok(SeeOther::to(href(&scope, id)).good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let again = Again {
        part: None,
        form: FormState::new(data, errors),
    };
    Ok(page(&app, &scope, ctx, id, Some(again)).await?.status(status))
}

/// Deletes it, if its name was typed.
pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, StackId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    match actions::delete(&app, &scope, id, Some(data.get("confirm"))).await {
        Ok(begun) => {
            let until = begun.stack.kept_until().map(|until| clock_time(until, app.now()));
            let until = until.map(|until| format!(" It is kept until {until} and can be restored."));
            let words = format!("Deleting {}.{}", begun.stack.name, until.unwrap_or_default());
            Ok(SeeOther::to(base(&scope)).info(words))
        }
        Err(error) => back(&scope, id, error),
    }
}

/// Restores it.
pub(super) async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, StackId)>,
) -> Result<SeeOther, Error> {
    match actions::restore(&app, &scope, id).await {
        Ok((_, renamed)) => {
            let to = SeeOther::to(href(&scope, id));
            if renamed.is_empty() {
                return Ok(to.good("Restoring it as it was."));
            }
            let words = format!("Restoring it. Names were taken: {}.", renamed.join(", "));
            Ok(to.info(words))
        }
        Err(error) => back(&scope, id, error),
    }
}

/// Erases it, if its name was typed.
pub(super) async fn erase(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, StackId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    match actions::erase(&app, &scope, id, Some(data.get("confirm"))).await {
        Ok(begun) => {
            let to = SeeOther::to(format!("/t/{}/deleted-stacks", scope.member.slug));
            Ok(to.info(format!("Erasing {}.", begun.stack.name)))
        }
        Err(error) => back(&scope, id, error),
    }
}

/// Back to the stack's page, which says why not.
fn back(scope: &TenantScope, id: StackId, error: Error) -> Result<SeeOther, Error> {
    SeeOther::to(href(scope, id)).refused_or_invalid(error)
}
