//! Breakdowns and acts for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, IncidentId, OperationId, ServerId, TicketActId, TicketId};
use crate::platform::web::{Json, ListOut, Path};
use crate::runbooks;
use crate::servers::model::Command;

use super::actions::{self, Order};
use super::store::{self, Act};

const MOST: i64 = 200;

/// What is known of a ticket's breakdown.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakdownOut {
    /// The newest incident that it tells of.
    incident: IncidentId,
    /// What failed, in a sentence.
    summary: String,
    /// When that began.
    began_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
    /// When evidence was gathered; null until then.
    gathered_at: Option<DateTime<Utc>>,
    /// What the process returned.
    exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    out_of_memory: bool,
    /// The metrics of the quarter of an hour before, in words.
    metrics: Option<String>,
    /// The names of the runbooks that fit, the best first.
    runbooks: Vec<String>,
    /// All tickets of the same incident, of whatever tenant.
    tickets: Vec<TicketId>,
}

/// What was done from a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketActOut {
    /// Its id.
    id: TicketActId,
    /// What was done: `restart`, `resize`, …
    verb: String,
    /// With which server.
    server: ServerId,
    /// What that was called.
    server_name: String,
    /// The work, to watch.
    operation: OperationId,
    /// The runbook that said so.
    runbook: Option<String>,
    /// Who had it done.
    by: String,
    /// When.
    asked_at: DateTime<Utc>,
    /// How it ended: `succeeded`, `failed` or `superseded`; null until then.
    outcome: Option<String>,
    /// Why it failed.
    error: Option<String>,
}

impl From<Act> for TicketActOut {
    fn from(act: Act) -> Self {
        Self {
            id: act.id,
            verb: act.verb,
            server: act.server,
            server_name: act.server_name,
            operation: act.operation,
            runbook: act.runbook,
            by: act.by,
            asked_at: act.asked_at,
            outcome: act.outcome,
            error: act.error,
        }
    }
}

/// A command about power.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketPowerVerb {
    /// Run.
    Start,
    /// End in good order.
    Stop,
    /// End in good order and run again.
    Restart,
    /// End at once.
    Kill,
}

impl From<TicketPowerVerb> for Command {
    fn from(verb: TicketPowerVerb) -> Self {
        match verb {
            TicketPowerVerb::Start => Self::Start,
            TicketPowerVerb::Stop => Self::Stop,
            TicketPowerVerb::Restart => Self::Restart,
            TicketPowerVerb::Kill => Self::Kill,
        }
    }
}

macro_rules! inputs {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// One of the tenant's servers.
            server: ServerId,
            /// The runbook that says so.
            runbook: Option<String>,
            $($(#[$field_doc])* $field: $kind,)*
        }
    )*};
}

inputs! {
    /// A command about power.
    TicketPowerIn {
        /// Which.
        verb: TicketPowerVerb,
    }
    /// Why a server is suspended.
    TicketSuspendIn {
        /// Its customer reads it.
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
    }
    /// Which server goes on.
    TicketResumeIn {}
    /// Another size.
    TicketResizeIn {
        /// One of the sizes.
        #[schema(example = "small-box")]
        size: String,
    }
    /// What a server is to be.
    TicketRestoreIn {
        /// One of the tenant's backups.
        backup: BackupId,
    }
}

async fn done(
    (app, scope): (&App, &StaffScope),
    place: (TicketId, ServerId),
    order: Order,
    runbook: Option<&str>,
) -> Result<Response, Error> {
    let act = actions::act(app, scope, place, order, runbook).await?;
    Ok((StatusCode::ACCEPTED, Json(TicketActOut::from(act))).into_response())
}

/// Show a ticket's breakdown
///
/// Of a ticket that tells of an incident: what is known of it, and of its evidence.
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/breakdown", tag = "staff", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The breakdown", body = BreakdownOut)))]
pub async fn breakdown(scope: StaffScope, Path(id): Path<TicketId>) -> Result<Json<BreakdownOut>, Error> {
    let mut tx = scope.begin().await?;
    let incident = super::incident_of(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let evidence = store::evidence(&mut tx, id).await?;
    let fitting = runbooks::matching(incident.signature, &incident.detail);
    Ok(Json(BreakdownOut {
        tickets: store::tickets_of(&mut tx, incident.id).await?,
        incident: incident.id,
        began_at: incident.began_at,
        ended_at: incident.ended_at,
        summary: incident.summary,
        gathered_at: evidence.as_ref().map(|evidence| evidence.gathered_at),
        exit_code: evidence.as_ref().and_then(|evidence| evidence.exit_code),
        out_of_memory: evidence.as_ref().is_some_and(|evidence| evidence.out_of_memory),
        metrics: evidence.map(|evidence| evidence.picture_text),
        runbooks: fitting.iter().map(|runbook| runbook.slug.to_owned()).collect(),
    }))
}

/// List what was done from a ticket
///
/// The newest 200, with what became of each.
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/acts", tag = "staff", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "What was done", body = ListOut<TicketActOut>)))]
pub async fn acts(scope: StaffScope, Path(id): Path<TicketId>) -> Result<Json<ListOut<TicketActOut>>, Error> {
    let mut tx = scope.begin().await?;
    crate::tickets::find(&mut tx, id).await?;
    let acts = store::acts(&mut tx, id, MOST).await?.into_iter();
    Ok(Json(ListOut {
        items: acts.map(TicketActOut::from).collect(),
        next: None,
    }))
}

/// Start, stop, restart or kill a server from a ticket
///
/// One of the ticket's tenant. The ticket tells of it, and how it ended.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/acts/power", tag = "staff", params(("ticket" = TicketId, Path)),
    request_body = TicketPowerIn, responses((status = 202, description = "The act, whose work is yet to be done", body = TicketActOut)))]
pub async fn power(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(input): Json<TicketPowerIn>,
) -> Result<Response, Error> {
    let order = Order::Power(input.verb.into());
    done(
        (&app, &scope),
        (id, input.server),
        order,
        input.runbook.as_deref(),
    )
    .await
}

/// Suspend a server from a ticket
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/acts/suspend", tag = "staff", params(("ticket" = TicketId, Path)),
    request_body = TicketSuspendIn, responses((status = 202, description = "The act, whose work is yet to be done", body = TicketActOut)))]
pub async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(input): Json<TicketSuspendIn>,
) -> Result<Response, Error> {
    let order = Order::Suspend(input.reason);
    done(
        (&app, &scope),
        (id, input.server),
        order,
        input.runbook.as_deref(),
    )
    .await
}

/// Let a suspended server go on from a ticket
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/acts/resume", tag = "staff", params(("ticket" = TicketId, Path)),
    request_body = TicketResumeIn, responses((status = 202, description = "The act, whose work is yet to be done", body = TicketActOut)))]
pub async fn resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(input): Json<TicketResumeIn>,
) -> Result<Response, Error> {
    done(
        (&app, &scope),
        (id, input.server),
        Order::Resume,
        input.runbook.as_deref(),
    )
    .await
}

/// Give a server another size from a ticket
///
/// Within the tenant's plan and what its location has left.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/acts/resize", tag = "staff", params(("ticket" = TicketId, Path)),
    request_body = TicketResizeIn, responses((status = 202, description = "The act, whose work is yet to be done", body = TicketActOut)))]
pub async fn resize(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(input): Json<TicketResizeIn>,
) -> Result<Response, Error> {
    let order = Order::Resize(input.size);
    done(
        (&app, &scope),
        (id, input.server),
        order,
        input.runbook.as_deref(),
    )
    .await
}

/// Make a server what a backup holds from a ticket
///
/// What it has now is kept by a backup first.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/acts/restore", tag = "staff", params(("ticket" = TicketId, Path)),
    request_body = TicketRestoreIn, responses((status = 202, description = "The act, whose work is yet to be done", body = TicketActOut)))]
pub async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Json(input): Json<TicketRestoreIn>,
) -> Result<Response, Error> {
    let order = Order::Restore(input.backup, None);
    done(
        (&app, &scope),
        (id, input.server),
        order,
        input.runbook.as_deref(),
    )
    .await
}
