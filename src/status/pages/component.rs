//! A component: what readers see of it, and what somebody says against what was seen.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::super::desk::Desk;
use super::super::model::Component;
use super::super::view::shown;
use super::{AtComponent, Choices, component_text, manage, override_text, states};

#[derive(Template)]
#[template(path = "status/component.html")]
pub(super) struct Show {
    ctx: Ctx,
    href: String,
    one: Component,
    /// What it stands for.
    about: String,
    /// What was said: how it is, until when, why and by whom.
    said: Vec<(String, String)>,
    form: FormState,
    saying: FormState,
    states: Choices,
    may_write: bool,
}

fn filled(one: &Component) -> FormState {
    FormState::default()
        .with("name", &*one.name)
        .with("note", &*one.note)
        .with("position", one.position.to_string())
}

async fn page(
    app: &App,
    desk: &Desk,
    ctx: Ctx,
    at: AtComponent,
    (form, saying): (Option<FormState>, Option<FormState>),
) -> Result<Page<Show>, Error> {
    let mut tx = desk.begin().await?;
    let (ctx, page, may_write) = manage::around(desk, &mut tx, ctx, at.page).await?;
    let one = actions::component(app, &mut tx, &page, at.component).await?;
    let saying = saying.unwrap_or_else(|| FormState::default().with("minutes", "60"));
    let said = one.said.iter().flat_map(|said| {
        [
            ("It is said to be".to_owned(), said.state.label().to_owned()),
            ("Until".to_owned(), shown(said.until)),
            ("Why".to_owned(), said.reason.clone()),
            ("By".to_owned(), said.by.clone()),
        ]
    });
    let target = one
        .target_name
        .as_deref()
        .unwrap_or("nothing that is there, so it is not shown");
    Ok(Page(Show {
        ctx,
        href: format!("{}/components/{}", desk.href(page.id), one.id),
        about: format!("Stands for: {target}"),
        said: said.collect(),
        form: form.unwrap_or_else(|| filled(&one)),
        states: states(saying.value("state")),
        saying,
        may_write,
        one,
    }))
}

/// Shows it.
pub(super) async fn show(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<AtComponent>,
) -> Result<Page<Show>, Error> {
    page(&app, &desk, ctx, at, (None, None)).await
}

async fn back(app: &App, desk: &Desk, at: AtComponent, words: &str) -> Result<SeeOther, Error> {
    let (page, _) = actions::find(app, desk, at.page).await?;
    Ok(SeeOther::to(desk.href(page.id)).good(words))
}

/// Saves what readers see.
pub(super) async fn save(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<AtComponent>,
    form: FormData,
) -> Result<Response, Error> {
    let new = component_text(&form);
    let saving = actions::change_component(&app, &desk, (at.page, at.component), |_| new);
    match form.submit(saving).await {
        Ok(_) => Ok(back(&app, &desk, at, "Saved.").await?.into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = (Some(FormState::new(form, errors)), None);
            Ok(page(&app, &desk, ctx, at, again).await?.status(status))
        }
    }
}

/// Says how it is.
pub(super) async fn say(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<AtComponent>,
    form: FormData,
) -> Result<Response, Error> {
    let new = override_text(&form);
    match form
        .submit(actions::say(&app, &desk, (at.page, at.component), &new))
        .await
    {
        Ok(_) => Ok(back(&app, &desk, at, "The page says so until then.")
            .await?
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = (None, Some(FormState::new(form, errors)));
            Ok(page(&app, &desk, ctx, at, again).await?.status(status))
        }
    }
}

/// Takes back what was said.
pub(super) async fn unsay(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<AtComponent>,
) -> Result<SeeOther, Error> {
    actions::unsay(&app, &desk, (at.page, at.component)).await?;
    back(&app, &desk, at, "What is seen counts again.").await
}

/// Takes it away.
pub(super) async fn delete(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<AtComponent>,
) -> Result<SeeOther, Error> {
    actions::remove_component(&app, &desk, (at.page, at.component)).await?;
    back(&app, &desk, at, "The component is gone.").await
}
