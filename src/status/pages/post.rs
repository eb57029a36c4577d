//! Something written about an incident, and what is said about it next.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::super::desk::Desk;
use super::super::model::Post;
use super::super::view::{Update, View};
use super::{AtPost, Choices, manage, post_states, post_text};

#[derive(Template)]
#[template(path = "status/post.html")]
pub(super) struct Show {
    ctx: Ctx,
    href: String,
    one: Post,
    updates: Vec<Update>,
    form: FormState,
    states: Choices,
    may_write: bool,
}

async fn page(
    app: &App,
    desk: &Desk,
    ctx: Ctx,
    at: AtPost,
    form: Option<FormState>,
) -> Result<Page<Show>, Error> {
    let view: View = actions::view(app, desk, at.page).await?;
    let mut tx = desk.begin().await?;
    let (ctx, page, may_write) = manage::around(desk, &mut tx, ctx, at.page).await?;
    let one = actions::find_post(&mut tx, &page, at.post).await?;
    let told = view.posts.into_iter().find(|post| post.id == at.post);
    let form = form.unwrap_or_else(|| FormState::default().with("state", one.state.word()));
    Ok(Page(Show {
        ctx,
        href: format!("{}/posts/{}", desk.href(page.id), one.id),
        updates: told.map(|post| post.updates).unwrap_or_default(),
        states: post_states(form.value("state")),
        form,
        may_write,
        one,
    }))
}

/// Shows it.
pub(super) async fn show(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<AtPost>,
) -> Result<Page<Show>, Error> {
    page(&app, &desk, ctx, at, None).await
}

async fn href(app: &App, desk: &Desk, at: AtPost) -> Result<String, Error> {
    let (page, _) = actions::find(app, desk, at.page).await?;
    Ok(desk.href(page.id))
}

/// Says more.
pub(super) async fn update(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<AtPost>,
    form: FormData,
) -> Result<Response, Error> {
    let new = post_text(&form);
    match form
        .submit(actions::update(&app, &desk, (at.page, at.post), &new))
        .await
    {
        Ok(_) => {
            let to = format!("{}/posts/{}", href(&app, &desk, at).await?, at.post);
            Ok(SeeOther::to(to).good("It stands on the page.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = FormState::new(form, errors);
            Ok(page(&app, &desk, ctx, at, Some(again)).await?.status(status))
        }
    }
}

/// Takes it away.
pub(super) async fn delete(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<AtPost>,
) -> Result<SeeOther, Error> {
    actions::remove_post(&app, &desk, (at.page, at.post)).await?;
    let to = href(&app, &desk, at).await?;
    Ok(SeeOther::to(to).good("It is gone from the page."))
}
