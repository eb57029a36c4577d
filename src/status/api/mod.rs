//! Status pages for programs: the same actions as the pages, for tenants and for staff.

mod outs;
mod staff;
mod tenant;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::ids::{StatusComponentId, StatusPageId, StatusPostId};
use crate::platform::web::{IfMatch, Json, Routes, Tagged};

use super::desk::Desk;
use super::model::{ComponentText, OverrideText, PageText, PostText, StatusPage, Visibility};
use super::view::View;
use super::{actions, export};
use outs::{
    ComponentChange, ComponentIn, ComponentOut, DetailOut, OverrideIn, PageIn, PageOut, PostIn, PostOut,
    UpdateIn,
};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    tenant::routes().merge(staff::routes())
}

type Page = Option<StatusPageId>;
type OfPage<T> = (Page, T);

fn tagged(app: &App, page: StatusPage) -> Tagged<Json<PageOut>> {
    Tagged(page.version, Json(PageOut::new(app, page)))
}

async fn show(app: &App, desk: &Desk, id: Page) -> Result<Tagged<Json<DetailOut>>, Error> {
    let (page, components) = actions::find(app, desk, id).await?;
    let out = DetailOut {
        components: components.into_iter().map(ComponentOut::from).collect(),
        page: PageOut::new(app, page.clone()),
    };
    Ok(Tagged(page.version, Json(out)))
}

async fn create(app: &App, desk: &Desk, new: PageIn) -> Result<Response, Error> {
    let empty = PageText {
        visibility: Visibility::Public.word().to_owned(),
        ..PageText::default()
    };
    let made = actions::create(app, desk, &new.over(empty)).await?;
    Ok((StatusCode::CREATED, tagged(app, made)).into_response())
}

async fn change(
    app: &App,
    desk: &Desk,
    id: Page,
    (if_match, said): (&IfMatch, PageIn),
) -> Result<Tagged<Json<PageOut>>, Error> {
    let is_seen = |version| if_match.check(version);
    let page = actions::change(app, desk, id, |text| said.over(text), is_seen).await?;
    Ok(tagged(app, page))
}

async fn remove(app: &App, desk: &Desk, id: Page) -> Result<StatusCode, Error> {
    actions::remove(app, desk, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn now(app: &App, desk: &Desk, id: Page) -> Result<Json<View>, Error> {
    Ok(Json(actions::view(app, desk, id).await?))
}

async fn tar(app: &App, desk: &Desk, id: Page) -> Result<Response, Error> {
    export::saved(app, &actions::view(app, desk, id).await?)
}

async fn add_component(app: &App, desk: &Desk, id: Page, new: ComponentIn) -> Result<Response, Error> {
    let text = ComponentText {
        name: new.name,
        note: new.note.unwrap_or_default(),
        target: new.target,
        position: new.position.map(|place| place.to_string()).unwrap_or_default(),
    };
    let one = actions::add_component(app, desk, id, &text).await?;
    Ok((StatusCode::CREATED, Json(ComponentOut::from(one))).into_response())
}

async fn change_component(
    app: &App,
    desk: &Desk,
    at: OfPage<StatusComponentId>,
    said: ComponentChange,
) -> Result<Json<ComponentOut>, Error> {
    let change = |text: ComponentText| ComponentText {
        name: said.name.unwrap_or(text.name),
        note: said.note.unwrap_or(text.note),
        position: said.position.map_or(text.position, |place| place.to_string()),
        target: text.target,
    };
    let one = actions::change_component(app, desk, at, change).await?;
    Ok(Json(one.into()))
}

async fn remove_component(
    app: &App,
    desk: &Desk,
    at: OfPage<StatusComponentId>,
) -> Result<StatusCode, Error> {
    actions::remove_component(app, desk, at).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn say(
    app: &App,
    desk: &Desk,
    at: OfPage<StatusComponentId>,
    said: OverrideIn,
) -> Result<Json<ComponentOut>, Error> {
    let text = OverrideText {
        state: said.state.word().to_owned(),
        minutes: said.minutes.to_string(),
        reason: said.reason,
    };
    Ok(Json(actions::say(app, desk, at, &text).await?.into()))
}

async fn unsay(app: &App, desk: &Desk, at: OfPage<StatusComponentId>) -> Result<StatusCode, Error> {
    actions::unsay(app, desk, at).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn write_post(app: &App, desk: &Desk, id: Page, new: PostIn) -> Result<Response, Error> {
    let text = PostText {
        title: new.title,
        state: new.state.word().to_owned(),
        body: new.body,
        components: new.components.iter().map(StatusComponentId::to_string).collect(),
    };
    let one = actions::post(app, desk, id, &text).await?;
    Ok((StatusCode::CREATED, Json(PostOut::from(one))).into_response())
}

async fn write_update(
    app: &App,
    desk: &Desk,
    at: OfPage<StatusPostId>,
    said: UpdateIn,
) -> Result<Json<PostOut>, Error> {
    let text = PostText {
        state: said.state.word().to_owned(),
        body: said.body,
        ..PostText::default()
    };
    Ok(Json(actions::update(app, desk, at, &text).await?.into()))
}

async fn remove_post(app: &App, desk: &Desk, at: OfPage<StatusPostId>) -> Result<StatusCode, Error> {
    actions::remove_post(app, desk, at).await?;
    Ok(StatusCode::NO_CONTENT)
}
