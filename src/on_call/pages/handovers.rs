//! Notes of one shift to the next. Whoever writes one finds the grave tickets that are open in it already.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{HandoverId, RotaId};
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, PageQuery, Path, Query, SeeOther, ago,
    mistakes,
};
use crate::tickets::model::State as TicketState;

use super::super::actions;
use super::super::store::{self, Grave, Handover};
use super::{Area, Choice, crumbs};

const BASE: &str = "/staff/on-call/handovers";
const GRAVE: i64 = 50;

struct Row {
    note: Handover,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "on_call/handovers.html")]
pub(super) struct Notes {
    ctx: Ctx,
    area: Area,
    rows: Vec<Row>,
    next: String,
    rotas: Vec<Choice>,
    form: FormState,
}

/// The page of them that is asked for.
pub(in super::super) async fn notes_page(
    scope: &StaffScope,
    query: &ListQuery,
) -> Result<Listing<Handover>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let mut tx = scope.begin().await?;
    let found = store::handovers(&mut tx, (None, false), before, query.fetch()?).await?;
    Listing::new(found, query, |note| (note.created_at, note.id.0))
}

/// What a note begins with.
fn open_tickets(grave: &[Grave]) -> String {
    if grave.is_empty() {
        return "No P1 or P2 is open.\n".to_owned();
    }
    let mut text = "Open:\n".to_owned();
    for ticket in grave {
        let (severity, state) = (ticket.severity.to_uppercase(), TicketState::read(&ticket.state));
        let _ = writeln!(
            text,
            "- {severity} #{} {} ({})",
            ticket.number,
            ticket.subject,
            state.label()
        );
    }
    text.push('\n');
    text
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    query: ListQuery,
    again: Option<FormState>,
) -> Result<Page<Notes>, Error> {
    let now = app.now();
    let listing = notes_page(scope, &query).await?;
    let mut tx = scope.begin().await?;
    let rotas = store::rotas(&mut tx, now).await?;
    let form = match again {
        Some(form) => form,
        None => FormState::default().with("body", open_tickets(&store::grave(&mut tx, GRAVE).await?)),
    };
    Ok(Page(Notes {
        ctx: crumbs(ctx),
        area: Area::new(scope, "handovers"),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing
            .items
            .into_iter()
            .map(|note| Row {
                iso: note.created_at.to_rfc3339(),
                ago: ago(note.created_at, now),
                note,
            })
            .collect(),
        rotas: rotas
            .into_iter()
            .map(|rota| Choice {
                value: rota.id.to_string(),
                label: rota.name,
            })
            .collect(),
        form,
    }))
}

/// Lists them, with the form.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<Notes>, Error> {
    page(&app, &scope, ctx, query.into(), None).await
}

async fn written(app: &App, scope: &StaffScope, data: &FormData) -> Result<Handover, Error> {
    let rota: Result<RotaId, _> = data.get("rota").parse();
    let rota = rota.map_err(|_| Error::invalid("rota", "Choose one of the rotas."))?;
    actions::hand_over(app, scope, rota, data.get("body")).await
}

/// Writes one.
pub(super) async fn write(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(written(&app, &scope, &data)).await {
        Ok(_) => Ok(SeeOther::to(BASE)
            .good("Written. Whoever comes next finds it on the page of who is on call.")
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some(FormState::new(data, errors));
            let page = page(&app, &scope, ctx, ListQuery::default(), again).await?;
            Ok(page.status(status))
        }
    }
}

/// Says that whoever asks has read one.
pub(super) async fn see(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<HandoverId>,
) -> Result<SeeOther, Error> {
    actions::see_handover(&app, &scope, id).await?;
    Ok(SeeOther::to(super::HOME).good("Marked as read."))
}
