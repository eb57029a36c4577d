//! Calendars, for the provider.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::SlaCalendarId;
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, Path, Query, SeeOther, mistakes,
};

use super::super::model::{Calendar, DAYS, Hours, HoursText};
use super::super::{actions, store};

const BASE: &str = "/staff/sla/calendars";

/// The page that is asked for.
pub(in super::super) async fn listing(
    tx: &mut StaffTx,
    query: &ListQuery,
) -> Result<Listing<Calendar>, Error> {
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let pattern = query.pattern()?;
    let rows = store::calendars(tx, pattern.as_deref(), after.as_deref(), query.fetch()?).await?;
    Listing::new(rows, query, |calendar| calendar.name.clone())
}

/// `All the time`, or the days that have hours.
pub(super) fn in_words(hours: &Hours) -> String {
    let text = HoursText::of("", hours);
    if text.is_always {
        return "All the time".to_owned();
    }
    let days = DAYS
        .into_iter()
        .zip(&text.days)
        .filter(|(_, hours)| !hours.is_empty());
    let days: Vec<_> = days
        .map(|(day, hours)| format!("{} {hours}", short(day)))
        .collect();
    let holidays = match text.holidays.lines().count() {
        0 => String::new(),
        1 => ", one holiday aside".to_owned(),
        count => format!(", {count} holidays aside"),
    };
    format!("{} ({}{holidays})", days.join("; "), text.zone)
}

/// `Mon`.
fn short(day: &str) -> String {
    let (first, rest) = day.split_at(1);
    format!("{}{}", first.to_uppercase(), rest.get(..2).unwrap_or_default())
}

#[derive(Template)]
#[template(path = "sla/calendars.html")]
pub(in super::super) struct List {
    ctx: Ctx,
    query: ListQuery,
    rows: Vec<(Calendar, String)>,
    next: String,
    may_manage: bool,
}

/// All of them, by name.
pub(in super::super) async fn list(
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<List>, Error> {
    let listing = listing(&mut scope.begin().await?, &query).await?;
    let words = |calendar: Calendar| {
        let words = in_words(&calendar.hours);
        (calendar, words)
    };
    Ok(Page(List {
        ctx,
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.items.into_iter().map(words).collect(),
        query,
        may_manage: scope.may(Permission::StaffSlaManage),
    }))
}

#[derive(Template)]
#[template(path = "sla/calendar.html")]
pub(in super::super) struct Show {
    ctx: Ctx,
    /// Nothing for one that is yet to be made.
    calendar: Option<Calendar>,
    action: String,
    words: String,
    state: FormState,
    zones: Vec<&'static str>,
    may_manage: bool,
}

impl Show {
    fn title(&self) -> &str {
        self.calendar
            .as_ref()
            .map_or("New calendar", |calendar| &calendar.name)
    }

    fn version(&self) -> String {
        self.state
            .version(self.calendar.as_ref().map_or(0, |calendar| calendar.version))
    }

    fn is_archived(&self) -> bool {
        self.calendar
            .as_ref()
            .is_some_and(|calendar| calendar.archived_at.is_some())
    }

    fn is_made(&self) -> bool {
        self.calendar.is_some()
    }

    fn days(&self) -> Vec<(&'static str, String)> {
        let label = |day: &'static str| format!("{}{}", day[..1].to_uppercase(), &day[1..]);
        DAYS.into_iter().map(|day| (day, label(day))).collect()
    }

    fn is_zone(&self, zone: &str) -> bool {
        self.state.value("zone") == zone
    }
}

fn filled(name: &str, hours: &Hours) -> FormState {
    let text = HoursText::of(name, hours);
    let mut state = FormState::default()
        .with("name", text.name)
        .with("zone", text.zone)
        .with("holidays", text.holidays);
    if text.is_always {
        state = state.with("always", "true");
    }
    let days = DAYS.into_iter().zip(text.days);
    days.fold(state, |state, (day, hours)| state.with(day, hours))
}

fn page(scope: &StaffScope, ctx: Ctx, calendar: Option<Calendar>, state: Option<FormState>) -> Page<Show> {
    let fresh = || match &calendar {
        Some(calendar) => filled(&calendar.name, &calendar.hours),
        None => FormState::default().with("zone", "UTC"),
    };
    Page(Show {
        ctx: ctx.with_crumbs([("SLA", "/staff/sla"), ("Calendars", BASE)]),
        action: calendar
            .as_ref()
            .map_or_else(|| BASE.to_owned(), |calendar| address(calendar.id)),
        words: calendar
            .as_ref()
            .map(|calendar| in_words(&calendar.hours))
            .unwrap_or_default(),
        state: state.unwrap_or_else(fresh),
        calendar,
        zones: chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect(),
        may_manage: scope.may(Permission::StaffSlaManage),
    })
}

fn address(id: SlaCalendarId) -> String {
    format!("{BASE}/{id}")
}

fn text(form: &FormData) -> HoursText {
    HoursText {
        name: form.get("name").to_owned(),
        is_always: form.checked("always"),
        zone: form.get("zone").to_owned(),
        days: DAYS.map(|day| form.get(day).to_owned()),
        holidays: form.get("holidays").to_owned(),
    }
}

/// Asks for a new one.
pub(in super::super) async fn form(scope: StaffScope, ctx: Ctx) -> Page<Show> {
    page(&scope, ctx, None, None)
}

/// Makes it.
pub(in super::super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let made = match text(&form).parse() {
        Ok(new) => form.submit(actions::create_calendar(&app, &scope, new)).await,
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match made {
        Ok(made) => return Ok(SeeOther::to(address(made.id)).good("Created.").into_response()),
        Err(error) => mistakes(error)?,
    };
    Ok(page(&scope, ctx, None, Some(FormState::new(form, errors))).status(status))
}

/// Shows one.
pub(in super::super) async fn show(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<SlaCalendarId>,
) -> Result<Page<Show>, Error> {
    let calendar = store::find_calendar(&mut scope.begin().await?, id).await?;
    Ok(page(&scope, ctx, Some(calendar), None))
}

/// Changes one.
pub(in super::super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<SlaCalendarId>,
    form: FormData,
) -> Result<Response, Error> {
    let check = form.same_version();
    let saved = match text(&form).parse() {
        Ok(new) => {
            form.submit(actions::update_calendar(&app, &scope, id, new, &check))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(_) => return Ok(SeeOther::to(address(id)).good("Saved.").into_response()),
        Err(error) => mistakes(error)?,
    };
    let calendar = store::find_calendar(&mut scope.begin().await?, id).await?;
    let state = Some(FormState::new(form, errors));
    Ok(page(&scope, ctx, Some(calendar), state).status(status))
}

async fn set_archived(app: &App, scope: &StaffScope, id: SlaCalendarId, is: bool) -> Result<SeeOther, Error> {
    let calendar = actions::archive_calendar(app, scope, id, is).await?;
    let what = if is {
        "is not offered any more"
    } else {
        "is offered again"
    };
    Ok(SeeOther::to(address(id)).good(format!("{} {what}.", calendar.name)))
}

/// Offers one no more.
pub(in super::super) async fn archive(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaCalendarId>,
) -> Result<SeeOther, Error> {
    set_archived(&app, &scope, id, true).await
}

/// Offers one again.
pub(in super::super) async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaCalendarId>,
) -> Result<SeeOther, Error> {
    set_archived(&app, &scope, id, false).await
}
