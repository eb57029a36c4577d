//! The form by which staff announce a window, and change one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::MaintenanceId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::api::LEAD_HOURS;
use super::super::model::{Maintenance, Place, Repeat, WindowText};
use super::super::{actions, store};
use super::HOME;

#[derive(Template)]
#[template(path = "maintenance/form.html")]
pub(super) struct FormPage {
    ctx: Ctx,
    title: &'static str,
    action: String,
    back: String,
    version: i64,
    form: FormState,
    /// Where it can be but for single servers: locations, sites and racks, as they are chosen and called.
    places: Vec<(String, String)>,
    /// Servers that what was typed fits: id and name.
    servers: Vec<(String, String)>,
}

impl FormPage {
    fn repeats(&self) -> Vec<(&'static str, &'static str, bool)> {
        let chosen = self.form.value("repeat");
        let choice = |one: Repeat| (one.word(), one.label(), one.word() == chosen);
        Repeat::ALL.into_iter().map(choice).collect()
    }

    /// The one server that is meant.
    fn server(&self) -> &str {
        match self.servers.as_slice() {
            [(_, name)] => name,
            _ => "",
        }
    }

    fn is_at(&self, place: &str) -> bool {
        self.form.value("location") == place
    }

    /// What is wrong with the place, which is one field here and several for programs.
    fn place_error(&self) -> &str {
        let mut errors = ["location", "site", "rack"]
            .map(|field| self.form.error(field))
            .into_iter();
        errors.find(|error| !error.is_empty()).unwrap_or_default()
    }
}

/// What a choice of a place is sent as: a location's id, or a site, or a site, room and rack, in JSON, because they are any text.
fn choice(place: &Place) -> String {
    match place {
        Place::Everything | Place::Server(_) => String::new(),
        Place::Location(id) => id.to_string(),
        Place::Site(site) => json!([site]).to_string(),
        Place::Rack { site, room, rack } => json!([site, room, rack]).to_string(),
    }
}

/// The site or rack that was chosen.
fn spot(chosen: &str) -> Option<Place> {
    let parts: Vec<String> = serde_json::from_str(chosen).ok()?;
    match parts.as_slice() {
        [site] if !site.is_empty() => Some(Place::Site(site.clone())),
        [site, room, rack] if !rack.is_empty() => Some(Place::Rack {
            site: site.clone(),
            room: room.clone(),
            rack: rack.clone(),
        }),
        _ => None,
    }
}

/// All places that can be chosen, and the one that was: a rack of a window that is there may be empty by now.
async fn places(tx: &mut StaffTx, chosen: &str) -> Result<Vec<(String, String)>, Error> {
    let locations = store::locations(tx).await?;
    let mut spots = store::spots(tx).await?;
    if let Some(gone) = spot(chosen).filter(|spot| !spots.contains(spot)) {
        spots.push(gone);
    }
    let locations = locations.into_iter().map(|(id, name)| (id.to_string(), name));
    let spots = spots.iter().filter_map(|spot| Some((choice(spot), spot.spot()?)));
    Ok(locations.chain(spots).collect())
}

/// The form of a new window, or of one that is there.
async fn form_page(
    scope: &StaffScope,
    ctx: Ctx,
    of: Option<&Maintenance>,
    form: FormState,
) -> Result<Page<FormPage>, Error> {
    let mut tx = scope.begin().await?;
    let places = places(&mut tx, form.value("location")).await?;
    let servers = store::servers_like(&mut tx, form.value("server")).await?;
    let back = of.map_or_else(|| HOME.to_owned(), |one| format!("{HOME}/{}", one.id));
    Ok(Page(FormPage {
        ctx: ctx.with_crumbs([("Maintenance", HOME)]),
        title: if of.is_some() {
            "Change maintenance"
        } else {
            "Announce maintenance"
        },
        action: back.clone(),
        back,
        version: of.map_or(0, |one| one.version),
        form,
        places,
        servers: servers
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect(),
    }))
}

fn read(form: &FormData) -> WindowText {
    let get = |name: &str| form.get(name).to_owned();
    let spot = spot(form.get("location"));
    let part = |of: fn(&Place) -> Option<&str>| spot.as_ref().and_then(of).unwrap_or_default().to_owned();
    WindowText {
        title: get("title"),
        body: get("body"),
        location: if spot.is_some() {
            String::new()
        } else {
            get("location")
        },
        site: part(Place::site),
        room: part(Place::room),
        rack: part(Place::rack),
        server: get("server"),
        starts_at: get("starts_at"),
        minutes: get("minutes"),
        repeat: get("repeat"),
        zone: get("zone"),
        until: get("until"),
        lead_hours: get("lead_hours"),
    }
}

/// What was typed. A part of a name that fits one server alone means that server.
async fn typed(scope: &StaffScope, form: &FormData) -> Result<WindowText, Error> {
    let mut text = read(form);
    let servers = store::servers_like(&mut scope.begin().await?, &text.server).await?;
    if let [(id, _)] = servers.as_slice() {
        text.server = id.to_string();
    }
    Ok(text)
}

/// Asks for a new one.
pub(super) async fn new(scope: StaffScope, ctx: Ctx) -> Result<Page<FormPage>, Error> {
    let form = FormState::default()
        .with("minutes", "60")
        .with("repeat", "once")
        .with("zone", "UTC")
        .with("lead_hours", LEAD_HOURS.to_string());
    form_page(&scope, ctx, None, form).await
}

/// Announces it.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let made = match typed(&scope, &form).await?.parse() {
        Ok(new) => form.submit(actions::create(&app, &scope, &new)).await,
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match made {
        Ok(one) => {
            let to = SeeOther::to(format!("{HOME}/{}", one.id));
            return Ok(to.good("Announced. Customers are told in time.").into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let form = FormState::new(form, errors);
    Ok(form_page(&scope, ctx, None, form).await?.status(status))
}

fn filled(one: &Maintenance) -> FormState {
    let timing = &one.timing;
    let id = |id: Option<String>| id.unwrap_or_default();
    FormState::default()
        .with("title", &*one.title)
        .with("body", &*one.body)
        .with("location", choice(&one.place))
        .with("server", id(one.place.server().map(|id| id.to_string())))
        .with("starts_at", timing.first.format("%Y-%m-%dT%H:%M").to_string())
        .with("minutes", timing.minutes.to_string())
        .with("repeat", timing.repeat.word())
        .with("zone", timing.zone.name())
        .with("until", id(timing.until.map(|day| day.to_string())))
        .with("lead_hours", one.lead_hours.to_string())
}

/// Asks what is to be changed.
pub(super) async fn edit(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<MaintenanceId>,
) -> Result<Page<FormPage>, Error> {
    let one = store::find(&mut scope.begin().await?, id).await?;
    form_page(&scope, ctx, Some(&one), filled(&one)).await
}

/// Changes it.
pub(super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<MaintenanceId>,
    form: FormData,
) -> Result<Response, Error> {
    let expected = form.same_version();
    let saved = match typed(&scope, &form).await?.parse() {
        Ok(new) => {
            form.submit(actions::change(&app, &scope, id, &new, &expected))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(_) => {
            return Ok(SeeOther::to(format!("{HOME}/{id}"))
                .good("Saved.")
                .into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let one = store::find(&mut scope.begin().await?, id).await?;
    let form = FormState::new(form, errors);
    Ok(form_page(&scope, ctx, Some(&one), form).await?.status(status))
}
