//! Rotas: the list, the form of one, and who is on duty in somebody's place.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDateTime, Utc};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{RotaId, RotaOverrideId, UserId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::super::model::{DAYS, MAX_PEOPLE, Override, Rota, RotaText, Turn, instant, moment};
use super::super::store;
use super::{Area, Choice, Names, crumbs, people};

const BASE: &str = "/staff/on-call/rotas";

/// Where one is.
pub(super) fn href(id: RotaId) -> String {
    format!("{BASE}/{id}")
}

struct Row {
    href: String,
    name: String,
    turns: String,
    people: String,
}

#[derive(Template)]
#[template(path = "on_call/rotas.html")]
pub(super) struct List {
    ctx: Ctx,
    area: Area,
    rows: Vec<Row>,
}

/// When turns end, in words.
fn turns(rota: &Rota) -> String {
    let time = rota.handover.format("%H:%M");
    let day = DAYS
        .iter()
        .find(|(day, ..)| *day == rota.weekday)
        .map_or("", |(.., label)| *label);
    let zone = rota.zone.name();
    match rota.turn {
        Turn::Daily => format!("Every day at {time} ({zone})"),
        Turn::Weekly => format!("Every {day} at {time} ({zone})"),
    }
}

/// Lists them.
pub(super) async fn list(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Page<List>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let names = Names::load(&mut tx).await?;
    let rows = store::rotas(&mut tx, now).await?;
    let rows = rows.iter().map(|rota| Row {
        href: href(rota.id),
        name: rota.name.clone(),
        turns: turns(rota),
        people: rota
            .in_turn(now)
            .into_iter()
            .map(|user| names.of(user))
            .collect::<Vec<_>>()
            .join(", "),
    });
    Ok(Page(List {
        ctx: crumbs(ctx),
        area: Area::new(&scope, "rotas"),
        rows: rows.collect(),
    }))
}

/// Somebody in somebody's place.
struct Instead {
    id: RotaOverrideId,
    name: String,
    from_iso: String,
    from: String,
    to_iso: String,
    to: String,
}

#[derive(Template)]
#[template(path = "on_call/rota.html")]
pub(super) struct Show {
    ctx: Ctx,
    area: Area,
    /// What it is called now; nothing where it is new.
    name: String,
    action: String,
    version: i64,
    zone: &'static str,
    people: Vec<Choice>,
    instead: Vec<Instead>,
    form: FormState,
    /// The form of an override.
    other: FormState,
}

impl Show {
    fn zones(&self) -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    fn days(&self) -> Vec<(&'static str, &'static str)> {
        DAYS.iter().map(|(_, word, label)| (*word, *label)).collect()
    }

    /// The selects of people: those that are filled, and one more.
    fn places(&self) -> Vec<String> {
        let filled =
            (0..MAX_PEOPLE).take_while(|place| !self.form.value(&format!("people.{place}")).is_empty());
        let count = (filled.count() + 3).min(MAX_PEOPLE);
        (0..count).map(|place| format!("people.{place}")).collect()
    }

    fn is_in(&self, place: &str, value: &str) -> bool {
        self.form.value(place) == value
    }
}

fn filled(text: &RotaText) -> FormState {
    let mut form = FormState::default()
        .with("name", text.name.as_str())
        .with("zone", text.zone.as_str())
        .with("turn", text.turn.word())
        .with("handover", text.handover.as_str())
        .with("weekday", text.weekday.as_str())
        .with("hours_from", text.hours_from.as_str())
        .with("hours_to", text.hours_to.as_str());
    if text.skips_holidays {
        form = form.with("skips_holidays", "true");
    }
    for (place, user) in text.people.iter().enumerate() {
        form = form.with(&format!("people.{place}"), user.to_string());
    }
    form
}

/// A rota as it was typed.
fn typed(data: &FormData) -> Result<RotaText, Error> {
    let text = |name: &str| data.get(name).to_owned();
    let places = (0..MAX_PEOPLE).map(|place| format!("people.{place}"));
    let people: Result<Vec<UserId>, _> = places
        .filter(|place| !data.get(place).is_empty())
        .map(|place| data.get(&place).parse())
        .collect();
    Ok(RotaText {
        name: text("name"),
        zone: text("zone"),
        turn: Turn::read(data.get("turn")),
        handover: text("handover"),
        weekday: text("weekday"),
        hours_from: text("hours_from"),
        hours_to: text("hours_to"),
        skips_holidays: data.checked("skips_holidays"),
        people: people.map_err(|_| Error::invalid("people", "Choose people of the list."))?,
    })
}

async fn new_page(scope: &StaffScope, ctx: Ctx, form: FormState) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Page(Show {
        ctx: crumbs(ctx),
        area: Area::new(scope, "rotas"),
        name: String::new(),
        action: BASE.to_owned(),
        version: 1,
        zone: "UTC",
        people: people(&mut tx).await?,
        instead: Vec::new(),
        form,
        other: FormState::default(),
    }))
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: RotaId,
    (form, other): (Option<FormState>, Option<FormState>),
) -> Result<Page<Show>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let rota = store::rota(&mut tx, id, now).await?;
    let names = Names::load(&mut tx).await?;
    let instead = rota.overrides.iter().map(|one| Instead {
        id: one.id,
        name: names.of(one.user),
        from_iso: one.from.to_rfc3339(),
        from: moment(rota.zone, one.from),
        to_iso: one.to.to_rfc3339(),
        to: moment(rota.zone, one.to),
    });
    Ok(Page(Show {
        ctx: crumbs(ctx),
        area: Area::new(scope, "rotas"),
        name: rota.name.clone(),
        action: href(id),
        version: rota.version,
        zone: rota.zone.name(),
        people: people(&mut tx).await?,
        instead: instead.collect(),
        form: form.unwrap_or_else(|| filled(&RotaText::of(&rota, now))),
        other: other.unwrap_or_default(),
    }))
}

/// An empty form.
pub(super) async fn new(scope: StaffScope, ctx: Ctx) -> Result<Page<Show>, Error> {
    new_page(&scope, ctx, filled(&RotaText::default())).await
}

async fn created(app: &App, scope: &StaffScope, data: &FormData) -> Result<Rota, Error> {
    actions::create_rota(app, scope, &typed(data)?).await
}

/// Makes one.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(created(&app, &scope, &data)).await {
        Ok(rota) => Ok(SeeOther::to(href(rota.id)).good("Created.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let page = new_page(&scope, ctx, FormState::new(data, errors)).await?;
            Ok(page.status(status))
        }
    }
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<RotaId>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, id, (None, None)).await
}

async fn saved(app: &App, scope: &StaffScope, id: RotaId, data: &FormData) -> Result<Rota, Error> {
    let text = typed(data)?;
    actions::change_rota(app, scope, id, |_| text, data.has_seen()).await
}

/// Saves one.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<RotaId>,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(saved(&app, &scope, id, &data)).await {
        Ok(_) => Ok(SeeOther::to(href(id)).good("Saved.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = (Some(FormState::new(data, errors)), None);
            Ok(page(&app, &scope, ctx, id, again).await?.status(status))
        }
    }
}

/// Takes one away.
pub(super) async fn delete(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
) -> Result<SeeOther, Error> {
    match actions::delete_rota(&app, &scope, id).await {
        Ok(()) => Ok(SeeOther::to(BASE).good("The rota was deleted.")),
        Err(error) => SeeOther::to(href(id)).refused(error),
    }
}

async fn replaced(app: &App, scope: &StaffScope, id: RotaId, data: &FormData) -> Result<Override, Error> {
    let rota = store::rota(&mut scope.begin().await?, id, app.now()).await?;
    let mut errors = FieldErrors::default();
    let person: Result<UserId, _> = data.get("person").parse();
    let person = errors.check("person", person.map_err(|_| "Choose somebody."));
    let mut at = |field: &str| -> Option<DateTime<Utc>> {
        let local = NaiveDateTime::parse_from_str(data.get(field).trim(), "%Y-%m-%dT%H:%M");
        let local = errors.check(field, local.map_err(|_| "Use a day and a time."));
        local.map(|local| instant(rota.zone, local))
    };
    let time = at("from").zip(at("to"));
    errors.into_result()?;
    let (person, time) = person.zip(time).ok_or(Error::NotFound)?;
    actions::add_override(app, scope, (id, person), time).await
}

/// Lets somebody else be on duty for a time.
pub(super) async fn add_override(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<RotaId>,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(replaced(&app, &scope, id, &data)).await {
        Ok(_) => Ok(SeeOther::to(href(id)).good("Written.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = (None, Some(FormState::new(data, errors)));
            Ok(page(&app, &scope, ctx, id, again).await?.status(status))
        }
    }
}

/// Takes that back.
pub(super) async fn remove_override(
    State(app): State<App>,
    scope: StaffScope,
    Path(ids): Path<(RotaId, RotaOverrideId)>,
) -> Result<SeeOther, Error> {
    actions::remove_override(&app, &scope, ids).await?;
    Ok(SeeOther::to(href(ids.0)).good("Taken back."))
}
