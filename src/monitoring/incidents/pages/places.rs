//! Where locations stand, for staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::LocationId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::super::store::{self, Inventory};

struct One {
    id: LocationId,
    name: String,
    state: FormState,
    version: i64,
}

#[derive(Template)]
#[template(path = "incidents/inventory.html")]
pub(super) struct AllPlaces {
    ctx: Ctx,
    places: Vec<One>,
    may_manage: bool,
}

async fn page(
    scope: &StaffScope,
    ctx: Ctx,
    mut typed: Option<(LocationId, FormState)>,
) -> Result<Page<AllPlaces>, Error> {
    let all = store::places(&mut scope.begin().await?).await?;
    let places = all.into_iter().map(|one| {
        let own = typed.take_if(|(id, _)| *id == one.location);
        One {
            id: one.location,
            version: one.version,
            state: own.map_or_else(|| filled(&one), |(_, state)| state),
            name: one.name,
        }
    });
    Ok(Page(AllPlaces {
        ctx: ctx.with_crumbs([("Incidents", "/staff/incidents")]),
        places: places.collect(),
        may_manage: scope.may(Permission::StaffCheckManage),
    }))
}

fn filled(one: &Inventory) -> FormState {
    FormState::default()
        .with("site", &*one.site)
        .with("room", &*one.room)
        .with("rack", &*one.rack)
        .with("unit", &*one.unit)
        .with("asset", &*one.asset)
}

/// Shows them.
pub(super) async fn list(scope: StaffScope, ctx: Ctx) -> Result<Page<AllPlaces>, Error> {
    page(&scope, ctx, None).await
}

/// Writes down where one stands.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<LocationId>,
    form: FormData,
) -> Result<Response, Error> {
    let typed = |name: &str| form.get(name).trim().to_owned();
    let choose = |before: Inventory| Inventory {
        site: typed("site"),
        room: typed("room"),
        rack: typed("rack"),
        unit: typed("unit"),
        asset: typed("asset"),
        ..before
    };
    let expected = form.same_version();
    let saving = actions::set_place(&app, &scope, id, choose, &expected);
    let (errors, status) = match form.submit(saving).await {
        Ok(_) => {
            return Ok(SeeOther::to("/staff/incidents/inventory")
                .good("Saved.")
                .into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let typed = Some((id, FormState::new(form, errors)));
    Ok(page(&scope, ctx, typed).await?.status(status))
}
