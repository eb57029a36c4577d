//! The shifts of the weeks to come.

use askama::Template;
use axum::extract::State;
use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page};

use super::super::model::{moment, schedule};
use super::super::store;
use super::{Area, Names, crumbs};

const AHEAD: TimeDelta = TimeDelta::weeks(4);

struct Row {
    iso: String,
    from: String,
    to: String,
    who: String,
    is_override: bool,
}

struct Weeks {
    href: String,
    name: String,
    shifts: Vec<Row>,
}

#[derive(Template)]
#[template(path = "on_call/calendar.html")]
pub(super) struct Calendar {
    ctx: Ctx,
    area: Area,
    rotas: Vec<Weeks>,
}

/// Shows them.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<Calendar>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let names = Names::load(&mut tx).await?;
    let rotas = store::rotas(&mut tx, now).await?;
    let weeks = rotas.iter().map(|rota| Weeks {
        href: super::rotas::href(rota.id),
        name: rota.name.clone(),
        shifts: schedule(rota, now, now + AHEAD)
            .into_iter()
            .map(|shift| Row {
                iso: shift.from.to_rfc3339(),
                from: moment(rota.zone, shift.from),
                to: moment(rota.zone, shift.to),
                who: shift.who.map(|user| names.of(user)).unwrap_or_default(),
                is_override: shift.is_override,
            })
            .collect(),
    });
    Ok(Page(Calendar {
        ctx: crumbs(ctx),
        area: Area::new(&scope, "calendar"),
        rotas: weeks.collect(),
    }))
}
