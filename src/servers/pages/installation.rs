//! Servers of imported templates: how their folder was filled, and the buttons for it.

use axum::extract::State;

use crate::app::App;
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Path, SeeOther};

use super::super::actions;
use super::super::model::Server;
use super::super::store::{self, EggState};
use super::href;

/// What of the script's output a page shows.
const LINES: usize = 100;

/// The installation on a server's page.
#[derive(Debug)]
pub struct Installation {
    pub(super) state: EggState,
    /// The last lines of the script's output.
    pub(super) log: String,
    /// The version that the server has.
    pub(super) version: i32,
    /// The newest version that is offered, if that is another.
    pub(super) newest: Option<i32>,
}

impl Installation {
    pub(super) async fn load(tx: &mut TenantTx, server: &Server) -> Result<Option<Self>, Error> {
        let Some((name, version)) = eggs::split_key(&server.template) else {
            return Ok(None);
        };
        let Some(state) = store::egg_state(tx, server.id).await? else {
            return Ok(None);
        };
        let newest = eggs::newest_key(tx, name).await?;
        let newest = newest.and_then(|key| eggs::split_key(&key).map(|(_, number)| number));
        let lines: Vec<&str> = state.log.lines().collect();
        Ok(Some(Self {
            log: lines[lines.len().saturating_sub(LINES)..].join("\n"),
            newest: newest.filter(|newest| *newest != version),
            version,
            state,
        }))
    }

    /// Tone and word.
    pub(super) fn look(&self) -> (&'static str, &'static str) {
        match self.state.install.as_str() {
            "done" => ("good", "Installed"),
            "running" => ("busy", "Installing"),
            "failed" => ("bad", "Failed"),
            _ => ("idle", "Before the next start"),
        }
    }
}

/// Fills its folder anew.
pub async fn reinstall(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::reinstall(&app, &scope, id).await?;
    Ok(SeeOther::to(href(&slug, id)).info("It is installed anew before its next start."))
}

/// Takes a failed installation as it is.
pub async fn accept(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::accept_installation(&app, &scope, id).await?;
    Ok(SeeOther::to(href(&slug, id)).info("The installation is taken as it is."))
}

/// Takes the newest version of its template.
pub async fn update(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::update_template(&app, &scope, id).await?;
    Ok(SeeOther::to(href(&slug, id)).info("The server is being updated."))
}
