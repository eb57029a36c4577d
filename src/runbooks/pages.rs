//! Runbooks for staff: all of them, and one, which can be ticked off where it is looked at from a ticket.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::TicketId;
use crate::platform::web::{Ctx, FormData, Page, Path, Query, SeeOther, mistakes};
use crate::tickets;

use super::actions::{self, Mark};
use super::model::{Block, Runbook, Span, all, find};
use super::store::{self, Use};

const HOME: &str = "/staff/runbooks";

struct Row {
    runbook: &'static Runbook,
    figures: String,
}

impl Row {
    fn fits(&self) -> String {
        self.runbook.signatures.join(", ").replace('_', " ")
    }
}

#[derive(Template)]
#[template(path = "runbooks/list.html")]
pub(super) struct List {
    ctx: Ctx,
    rows: Vec<Row>,
}

/// Lists them.
pub(super) async fn list(scope: StaffScope, ctx: Ctx) -> Result<Page<List>, Error> {
    let figures = store::figures(&mut scope.begin().await?).await?;
    let row = |runbook: &'static Runbook| Row {
        figures: figures.get(runbook.slug).copied().unwrap_or_default().words(),
        runbook,
    };
    Ok(Page(List {
        ctx,
        rows: all().iter().map(row).collect(),
    }))
}

/// For which ticket it is looked at.
#[derive(Debug, Default, Deserialize)]
pub struct For {
    ticket: Option<TicketId>,
}

/// The ticket that a runbook is used for.
struct Job {
    action: String,
    href: String,
    label: String,
    used: Option<Use>,
    /// What stands in the form: what was noted, or what was sent and is not noted yet.
    chosen: Mark,
    errors: FieldErrors,
}

impl Job {
    fn says(&self, helped: bool) -> bool {
        self.chosen.helped == Some(helped)
    }

    fn is_undecided(&self) -> bool {
        self.chosen.helped.is_none()
    }

    fn error(&self) -> &str {
        self.errors.0.first().map_or("", |error| error.message.as_str())
    }

    fn by(&self) -> &str {
        self.used.as_ref().map_or("", |used| used.by.as_str())
    }
}

/// A part of a runbook's text, as a page draws it.
struct Line {
    kind: &'static str,
    spans: Vec<Span>,
    /// A step's place, from 0, and its number, from 1.
    place: usize,
    number: usize,
    is_ticked: bool,
}

impl Line {
    fn new(block: &Block, ticked: &[i32]) -> Self {
        let (kind, spans, place) = match block {
            Block::Heading(text) => {
                let span = Span {
                    text: text.clone(),
                    is_code: false,
                };
                ("heading", vec![span], 0)
            }
            Block::Paragraph(spans) => ("paragraph", spans.clone(), 0),
            Block::Point(spans) => ("point", spans.clone(), 0),
            Block::Step(step) => ("step", step.spans.clone(), step.place),
        };
        let is_it = |step: &i32| usize::try_from(*step) == Ok(place);
        Self {
            kind,
            spans,
            place,
            number: place + 1,
            is_ticked: kind == "step" && ticked.iter().any(is_it),
        }
    }
}

#[derive(Template)]
#[template(path = "runbooks/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    runbook: &'static Runbook,
    figures: String,
    lines: Vec<Line>,
    job: Option<Job>,
}

async fn page(
    scope: &StaffScope,
    ctx: Ctx,
    (slug, ticket): (&str, Option<TicketId>),
    refused: Option<(Mark, FieldErrors)>,
) -> Result<Page<Show>, Error> {
    let runbook = find(slug).ok_or(Error::NotFound)?;
    let mut tx = scope.begin().await?;
    let figures = store::figures(&mut tx).await?;
    let job = match ticket.filter(|_| scope.may(Permission::StaffTicketWrite)) {
        Some(id) => {
            let ticket = tickets::find(&mut tx, id).await?;
            let mut known = store::uses_of(&mut tx, id).await?;
            known.retain(|used| used.runbook == slug);
            let used = known.pop();
            let noted = used.as_ref().map(|used| Mark {
                ticked: used.ticked.clone(),
                helped: used.helped,
            });
            let (sent, errors) = refused.unzip();
            Some(Job {
                action: format!("/staff/tickets/{id}/runbooks/{slug}"),
                href: format!("/staff/tickets/{id}"),
                label: format!("#{} {}", ticket.number, ticket.subject),
                used,
                chosen: sent.or(noted).unwrap_or_default(),
                errors: errors.unwrap_or_default(),
            })
        }
        None => None,
    };
    let done = job.as_ref().map(|job| job.chosen.ticked.clone());
    let done = done.unwrap_or_default();
    let lines = runbook.blocks.iter().map(|block| Line::new(block, &done));
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Runbooks", HOME)]),
        lines: lines.collect(),
        figures: figures.get(runbook.slug).copied().unwrap_or_default().words(),
        runbook,
        job,
    }))
}

/// Shows one.
pub(super) async fn show(
    scope: StaffScope,
    ctx: Ctx,
    Path(slug): Path<String>,
    Query(asked): Query<For>,
) -> Result<Page<Show>, Error> {
    page(&scope, ctx, (&slug, asked.ticket), None).await
}

fn sent(data: &FormData) -> Mark {
    Mark {
        ticked: data.all("step").map(|step| step.parse().unwrap_or(-1)).collect(),
        helped: match data.get("helped") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
    }
}

/// Writes what was done by it.
pub(super) async fn mark(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path((ticket, slug)): Path<(TicketId, String)>,
    data: FormData,
) -> Result<Response, Error> {
    match data
        .submit(actions::mark(&app, &scope, (ticket, &slug), sent(&data)))
        .await
    {
        Ok(_) => {
            let to = SeeOther::to(format!("{HOME}/{slug}?ticket={ticket}"));
            Ok(to.good("Noted.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let refused = Some((sent(&data), errors));
            Ok(page(&scope, ctx, (&slug, Some(ticket)), refused)
                .await?
                .status(status))
        }
    }
}
