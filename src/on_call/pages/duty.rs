//! Who is on duty now, and what nobody has acknowledged.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::RotaId;
use crate::platform::web::{Ctx, Page, Path, SeeOther, ago};

use super::super::actions;
use super::super::model::{Call, Rota, moment, schedule};
use super::super::store::{self, Handover};
use super::{Area, HOME, Names};

/// So far it is looked who comes next.
const AHEAD: TimeDelta = TimeDelta::days(15);
const SHOWN: i64 = 20;

/// A rota at this moment.
struct Now {
    id: RotaId,
    name: String,
    /// Who is on duty; empty if nobody is.
    who: String,
    is_override: bool,
    is_mine: bool,
    until: String,
    next: String,
}

/// A page that nobody has acknowledged.
struct Open {
    call: Call,
    iso: String,
    ago: String,
}

/// A note that nobody has read.
struct Unread {
    note: Handover,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "on_call/duty.html")]
pub(super) struct Duty {
    ctx: Ctx,
    area: Area,
    rotas: Vec<Now>,
    is_nobody: bool,
    has_mailer: bool,
    calls: Vec<Open>,
    notes: Vec<Unread>,
}

fn at_this_moment(rota: &Rota, names: &Names, scope: &StaffScope, now: DateTime<Utc>) -> Now {
    let shifts = schedule(rota, now, now + AHEAD);
    let (first, second) = (shifts.first(), shifts.get(1));
    let who = first.and_then(|shift| shift.who);
    Now {
        id: rota.id,
        name: rota.name.clone(),
        who: who.map(|user| names.of(user)).unwrap_or_default(),
        is_override: first.is_some_and(|shift| shift.is_override),
        is_mine: who == Some(scope.actor.user),
        until: second
            .map(|shift| moment(rota.zone, shift.from))
            .unwrap_or_default(),
        next: second.map_or_else(String::new, |shift| {
            shift
                .who
                .map_or_else(|| "nobody".to_owned(), |user| names.of(user))
        }),
    }
}

/// Shows it.
pub(super) async fn show(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Page<Duty>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let names = Names::load(&mut tx).await?;
    let rotas = store::rotas(&mut tx, now).await?;
    let calls = store::page_of_calls(&mut tx, true, None, SHOWN).await?;
    let notes = store::handovers(&mut tx, (None, true), None, SHOWN).await?;
    let rotas: Vec<Now> = rotas
        .iter()
        .map(|rota| at_this_moment(rota, &names, &scope, now))
        .collect();
    Ok(Page(Duty {
        ctx,
        area: Area::new(&scope, "duty"),
        is_nobody: rotas.iter().all(|rota| rota.who.is_empty()),
        rotas,
        has_mailer: app.mailer.is_some(),
        calls: calls
            .into_iter()
            .map(|call| Open {
                iso: call.paged_at.to_rfc3339(),
                ago: ago(call.paged_at, now),
                call,
            })
            .collect(),
        notes: notes
            .into_iter()
            .map(|note| Unread {
                iso: note.created_at.to_rfc3339(),
                ago: ago(note.created_at, now),
                note,
            })
            .collect(),
    }))
}

/// Puts whoever asks on duty.
pub(super) async fn take_over(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(HOME);
    match actions::take_over(&app, &scope, id).await {
        Ok(_) => Ok(to.good("You are on call until the next hand-over.")),
        Err(error) => to.refused(error),
    }
}
