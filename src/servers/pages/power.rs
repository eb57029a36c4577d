//! Commands of the server page's buttons, and its end.

use axum::extract::State;
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::actions;
use super::super::model::{Command, clock_time};
use super::href;

/// A button.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    Start,
    Stop,
    Restart,
    Kill,
}

impl Button {
    pub(super) fn command(self) -> (Command, &'static str) {
        match self {
            Self::Start => (Command::Start, "Starting."),
            Self::Stop => (Command::Stop, "Stopping."),
            Self::Restart => (Command::Restart, "Restarting."),
            Self::Kill => (Command::Kill, "Killing."),
        }
    }
}

/// Tells the server what to do.
pub async fn act(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id, button)): Path<(String, ServerId, Button)>,
) -> Result<SeeOther, Error> {
    let (command, words) = button.command();
    actions::command(&app, &scope, id, command).await?;
    Ok(SeeOther::to(href(&slug, id)).info(words))
}

/// Deletes the server, if its name was typed.
pub async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    match actions::delete(&app, &scope, id, Some(form.get("confirm"))).await {
        Ok(asked) => {
            let until = asked
                .server
                .kept_until()
                .map(|until| clock_time(until, app.now()));
            let until = until.map(|until| format!(" It is kept until {until} and can be restored."));
            let words = format!("Deleting {}.{}", asked.server.name, until.unwrap_or_default());
            Ok(SeeOther::to(format!("/t/{slug}/servers")).info(words))
        }
        Err(Error::Invalid(errors)) => {
            let words = errors
                .get("confirm")
                .unwrap_or("The name does not match.")
                .to_owned();
            Ok(SeeOther::to(format!("{}/settings", href(&slug, id))).bad(words))
        }
        Err(error) => Err(error),
    }
}
