//! Who is away when.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::UserId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::super::store::{self, Holiday};
use super::{Area, Choice, crumbs, people};

const BASE: &str = "/staff/on-call/holidays";

#[derive(Template)]
#[template(path = "on_call/holidays.html")]
pub(super) struct Holidays {
    ctx: Ctx,
    area: Area,
    rows: Vec<Holiday>,
    people: Vec<Choice>,
    form: FormState,
}

async fn page(app: &App, scope: &StaffScope, ctx: Ctx, form: FormState) -> Result<Page<Holidays>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Page(Holidays {
        ctx: crumbs(ctx),
        area: Area::new(scope, "holidays"),
        rows: store::holidays(&mut tx, app.now()).await?,
        people: people(&mut tx).await?,
        form,
    }))
}

/// Lists them, with the form.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<Holidays>, Error> {
    page(&app, &scope, ctx, FormState::default()).await
}

async fn added(app: &App, scope: &StaffScope, data: &FormData) -> Result<Holiday, Error> {
    let mut errors = FieldErrors::default();
    let person: Result<UserId, _> = data.get("person").parse();
    let person = errors.check("person", person.map_err(|_| "Choose somebody."));
    let mut day = |field: &str| {
        let day: Result<NaiveDate, _> = data.get(field).trim().parse();
        errors.check(field, day.map_err(|_| "Use a day such as 2026-12-24."))
    };
    let days = day("first_on").zip(day("last_on"));
    errors.into_result()?;
    let (person, days) = person.zip(days).ok_or(Error::NotFound)?;
    actions::add_holiday(app, scope, person, days).await
}

/// Writes some down.
pub(super) async fn add(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(added(&app, &scope, &data)).await {
        Ok(one) => {
            let words = format!("Written. Rotas that skip holidays pass over {}.", one.name);
            Ok(SeeOther::to(BASE).good(words).into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, form).await?.status(status))
        }
    }
}

/// Takes some away.
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<Uuid>,
) -> Result<SeeOther, Error> {
    actions::remove_holiday(&app, &scope, id).await?;
    Ok(SeeOther::to(BASE).good("Taken away."))
}
