//! On call for staff: who is on duty, the weeks to come, rotas, chains, pages, and notes between shifts.

mod calendar;
mod calls;
mod chains;
mod duty;
mod handovers;
mod holidays;
mod rotas;

use std::collections::HashMap;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::UserId;
use crate::platform::web::{Ctx, Routes};

use super::store::{self, Person};

pub(super) use calls::calls_page;
pub(super) use handovers::notes_page;

const HOME: &str = "/staff/on-call";

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, take, manage) = (
        Rule::Staff(P::StaffOnCallRead),
        Rule::Staff(P::StaffOnCallTake),
        Rule::Staff(P::StaffOnCallManage),
    );
    Routes::new()
        .get("/staff/on-call", read, duty::show)
        .get("/staff/on-call/calendar", read, calendar::show)
        .get("/staff/on-call/calls", read, calls::list)
        .post(
            "/staff/on-call/calls/{call}/acknowledge",
            take,
            calls::acknowledge,
        )
        .get("/staff/on-call/handovers", read, handovers::list)
        .form("/staff/on-call/handovers", take, handovers::write)
        .post("/staff/on-call/handovers/{handover}/seen", take, handovers::see)
        .get("/staff/on-call/holidays", read, holidays::list)
        .form("/staff/on-call/holidays", manage, holidays::add)
        .post(
            "/staff/on-call/holidays/{holiday}/delete",
            manage,
            holidays::remove,
        )
        .merge(of_rotas(read, take, manage))
        .merge(of_chains(read, manage))
}

fn of_rotas(read: Rule, take: Rule, manage: Rule) -> Routes<App> {
    Routes::new()
        .get("/staff/on-call/rotas", read, rotas::list)
        .get("/staff/on-call/rotas/new", manage, rotas::new)
        .form("/staff/on-call/rotas", manage, rotas::create)
        .get("/staff/on-call/rotas/{rota}", read, rotas::show)
        .form("/staff/on-call/rotas/{rota}", manage, rotas::save)
        .post("/staff/on-call/rotas/{rota}/delete", manage, rotas::delete)
        .post("/staff/on-call/rotas/{rota}/take-over", take, duty::take_over)
        .form(
            "/staff/on-call/rotas/{rota}/overrides",
            manage,
            rotas::add_override,
        )
        .post(
            "/staff/on-call/rotas/{rota}/overrides/{override}/delete",
            manage,
            rotas::remove_override,
        )
}

fn of_chains(read: Rule, manage: Rule) -> Routes<App> {
    Routes::new()
        .get("/staff/on-call/chains", read, chains::list)
        .get("/staff/on-call/chains/new", manage, chains::new)
        .form("/staff/on-call/chains", manage, chains::create)
        .get("/staff/on-call/chains/{chain}", read, chains::show)
        .form("/staff/on-call/chains/{chain}", manage, chains::save)
        .post("/staff/on-call/chains/{chain}/delete", manage, chains::delete)
        .post(
            "/staff/on-call/chains/{chain}/default",
            manage,
            chains::make_default,
        )
}

/// What all pages of the area have at their head, and what their reader may do.
struct Area {
    tab: &'static str,
    may_take: bool,
    may_manage: bool,
}

impl Area {
    fn new(scope: &StaffScope, tab: &'static str) -> Self {
        Self {
            tab,
            may_take: scope.may(P::StaffOnCallTake),
            may_manage: scope.may(P::StaffOnCallManage),
        }
    }
}

fn crumbs(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("On call", HOME)])
}

/// What the staff are called.
struct Names(HashMap<UserId, String>);

impl Names {
    async fn load(tx: &mut impl Scoped) -> Result<Self, Error> {
        let people = store::people(tx).await?.into_iter();
        Ok(Self(people.map(|Person { id, name }| (id, name)).collect()))
    }

    fn of(&self, user: UserId) -> String {
        self.0
            .get(&user)
            .cloned()
            .unwrap_or_else(|| "Somebody who left".to_owned())
    }
}

/// An entry of a select.
struct Choice {
    value: String,
    label: String,
}

async fn people(tx: &mut impl Scoped) -> Result<Vec<Choice>, Error> {
    let people = store::people(tx).await?.into_iter();
    Ok(people
        .map(|person| Choice {
            value: person.id.to_string(),
            label: person.name,
        })
        .collect())
}
