//! Runbooks for programs of staff.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{Json, ListOut, Path};

use super::actions::{self, Mark};
use super::model::{Runbook, all, find};
use super::store::{self, Figures};

/// A runbook.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunbookOut {
    /// Its name in addresses.
    #[schema(example = "out-of-memory")]
    name: &'static str,
    /// What it is about.
    title: &'static str,
    /// When it fits, in words.
    summary: &'static str,
    /// The signatures that it is for.
    signatures: Vec<String>,
    /// What can be done from it.
    actions: Vec<String>,
    /// Its steps.
    steps: Vec<String>,
    /// How often it helped.
    figures: Figures,
}

impl RunbookOut {
    fn new(runbook: &'static Runbook, figures: Option<&Figures>) -> Self {
        Self {
            name: runbook.slug,
            title: &runbook.title,
            summary: &runbook.summary,
            signatures: runbook.signatures.clone(),
            actions: runbook.actions.clone(),
            steps: runbook.steps().map(super::Step::text).collect(),
            figures: figures.copied().unwrap_or_default(),
        }
    }
}

/// What was done by a runbook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunbookUseIn {
    /// The steps that are done, from 0.
    #[serde(default)]
    ticked: Vec<i32>,
    /// Whether it helped; absent while nobody knows.
    helped: Option<bool>,
}

/// What was done by a runbook.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunbookUseOut {
    /// Which.
    runbook: String,
    /// The steps that are done, from 0.
    ticked: Vec<i32>,
    /// Whether it helped.
    helped: Option<bool>,
    /// Who said so last.
    by: String,
}

/// List runbooks
///
/// All of them, with how often each one helped.
#[utoipa::path(get, path = "/api/v1/staff/runbooks", tag = "staff",
    responses((status = 200, description = "All runbooks", body = ListOut<RunbookOut>)))]
pub async fn list(scope: StaffScope) -> Result<Json<ListOut<RunbookOut>>, Error> {
    let figures = store::figures(&mut scope.begin().await?).await?;
    let items = all()
        .iter()
        .map(|runbook| RunbookOut::new(runbook, figures.get(runbook.slug)));
    Ok(Json(ListOut {
        items: items.collect(),
        next: None,
    }))
}

/// Show a runbook
#[utoipa::path(get, path = "/api/v1/staff/runbooks/{runbook}", tag = "staff", params(("runbook" = String, Path)),
    responses((status = 200, description = "The runbook", body = RunbookOut)))]
pub async fn show(scope: StaffScope, Path(slug): Path<String>) -> Result<Json<RunbookOut>, Error> {
    let runbook = find(&slug).ok_or(Error::NotFound)?;
    let figures = store::figures(&mut scope.begin().await?).await?;
    Ok(Json(RunbookOut::new(runbook, figures.get(runbook.slug))))
}

/// Say what was done by a runbook
///
/// Which of its steps are done about a ticket, and whether it helped. What is sent takes the place of what was said before.
#[utoipa::path(patch, path = "/api/v1/staff/tickets/{ticket}/runbooks/{runbook}", tag = "staff",
    params(("ticket" = TicketId, Path), ("runbook" = String, Path)), request_body = RunbookUseIn,
    responses((status = 200, description = "What is known now", body = RunbookUseOut)))]
pub async fn mark(
    State(app): State<App>,
    scope: StaffScope,
    Path((ticket, slug)): Path<(TicketId, String)>,
    Json(input): Json<RunbookUseIn>,
) -> Result<Json<RunbookUseOut>, Error> {
    let mark = Mark {
        ticked: input.ticked,
        helped: input.helped,
    };
    let used = actions::mark(&app, &scope, (ticket, &slug), mark).await?;
    Ok(Json(RunbookUseOut {
        runbook: used.runbook,
        ticked: used.ticked,
        helped: used.helped,
        by: used.by,
    }))
}
