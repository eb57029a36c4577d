//! A page for those whose it is: settings, components, what is written.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::ids::StatusPageId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, ago, mistakes};

use super::super::desk::{Desk, DeskTx};
use super::super::model::{Component, Post, StatusPage, Visibility};
use super::super::render::{self, Links};
use super::super::view::shown;
use super::super::{actions, export, store};
use super::{At, Choices, component_text, crumbs, page_text, post_states, post_text};

/// So many open incidents staff see at once.
const INSIDE: i64 = 50;

/// A form of the page that comes back, beside those that did not.
#[derive(Default)]
pub(super) struct Forms {
    settings: Option<FormState>,
    component: Option<FormState>,
    post: Option<FormState>,
}

struct ComponentRow {
    href: String,
    one: Component,
    tone: &'static str,
    word: &'static str,
    said: String,
}

struct PostRow {
    href: String,
    one: Post,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "status/manage.html")]
pub(super) struct Manage {
    ctx: Ctx,
    base: String,
    page: StatusPage,
    address: String,
    components: Vec<ComponentRow>,
    posts: Vec<PostRow>,
    /// The settings.
    form: FormState,
    component: FormState,
    post: FormState,
    targets: Choices,
    states: Choices,
    is_provider: bool,
    may_write: bool,
}

impl Manage {
    fn is_public(&self) -> bool {
        self.page.visibility == Visibility::Public
    }

    /// Whether a component is chosen in the form of a new post.
    fn is_about(&self, component: &str) -> bool {
        self.post.has("components", component)
    }
}

fn filled(page: &StatusPage) -> FormState {
    FormState::default()
        .with("title", &*page.title)
        .with("intro", &*page.intro)
        .with("slug", &*page.slug)
        .with("visibility", page.visibility.word())
}

/// What a component of the page may stand for.
async fn targets(tx: &mut DeskTx, desk: &Desk, chosen: &str) -> Result<Choices, Error> {
    let mut all = Vec::new();
    if let Some(tenant) = desk.tenant() {
        let servers = store::servers(tx, tenant).await?.into_iter();
        all.extend(servers.map(|(id, name)| (id.to_string(), name)));
    } else {
        all.push(("panel".to_owned(), "The panel".to_owned()));
        all.push(("mail".to_owned(), "The mail service".to_owned()));
        let locations = store::locations(tx).await?.into_iter();
        all.extend(locations.map(|(id, name)| (id.to_string(), name)));
    }
    let mark = |(word, label): (String, String)| {
        let is_chosen = word == chosen;
        (word, label, is_chosen)
    };
    Ok(all.into_iter().map(mark).collect())
}

/// Draws it.
pub(super) async fn page(
    app: &App,
    desk: &Desk,
    ctx: Ctx,
    at: At,
    forms: Forms,
) -> Result<Page<Manage>, Error> {
    let view = actions::view(app, desk, at.page).await?;
    let (now, mut tx) = (app.now(), desk.begin().await?);
    let page = actions::meant(desk, &mut tx, at.page).await?;
    let components = store::components(&mut tx, page.id, now).await?;
    let posts = store::posts(&mut tx, page.id, actions::POSTS).await?;
    let (component, post) = (
        forms.component.unwrap_or_default(),
        forms.post.unwrap_or_default(),
    );
    let targets = targets(&mut tx, desk, component.value("target")).await?;
    let base = desk.href(page.id);
    let component_row = |one: Component| {
        let seen = view.components.iter().find(|seen| seen.id == one.id);
        ComponentRow {
            href: format!("{base}/components/{}", one.id),
            tone: seen.map_or("idle", |seen| seen.state.tone()),
            word: seen.map_or("Not shown", |seen| seen.state.label()),
            said: one
                .said
                .as_ref()
                .map(|said| shown(said.until))
                .unwrap_or_default(),
            one,
        }
    };
    let post_row = |one: Post| PostRow {
        href: format!("{base}/posts/{}", one.id),
        iso: one.began_at.to_rfc3339(),
        ago: ago(one.began_at, now),
        one,
    };
    Ok(Page(Manage {
        ctx: if desk.is_provider() {
            ctx.with_crumbs([("Status pages", desk.home())])
        } else {
            ctx
        },
        address: app.config.link(&format!("/status/{}", page.slug)),
        components: components.into_iter().map(component_row).collect(),
        posts: posts.into_iter().map(post_row).collect(),
        form: forms.settings.unwrap_or_else(|| filled(&page)),
        states: post_states(post.value("state")),
        component,
        post,
        targets,
        is_provider: desk.is_provider(),
        may_write: desk.may_write() && page.tenant == desk.tenant(),
        base,
        page,
    }))
}

/// Shows one of all to staff.
pub(super) async fn show(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
) -> Result<Page<Manage>, Error> {
    page(&app, &desk, ctx, at, Forms::default()).await
}

/// The page as its readers see it, for those who are signed in; staff see more on theirs.
pub(super) async fn view(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<At>,
) -> Result<Html<String>, Error> {
    let view = actions::view(&app, &desk, at.page).await?;
    let mut tx = desk.begin().await?;
    let page = actions::meant(&desk, &mut tx, at.page).await?;
    let inside = match &mut tx {
        DeskTx::Staff(tx) if page.visibility == Visibility::Staff => {
            store::open_incidents(tx, INSIDE).await?
        }
        _ => Vec::new(),
    };
    render::html(&view, &Links::inside(), &inside).map(Html)
}

/// The page as files.
pub(super) async fn tar(State(app): State<App>, desk: Desk, Path(at): Path<At>) -> Result<Response, Error> {
    let view = actions::view(&app, &desk, at.page).await?;
    export::saved(&app, &view)
}

/// Goes back with a word, or shows the page again with the form that was refused.
async fn told<T: Send>(
    app: &App,
    desk: &Desk,
    ctx: Ctx,
    (at, done): (At, (Result<T, Error>, &str)),
    again: impl FnOnce(FormState) -> Forms + Send,
    form: FormData,
) -> Result<Response, Error> {
    let (errors, status) = match done {
        (Ok(_), words) => {
            let mut tx = desk.begin().await?;
            let page = actions::meant(desk, &mut tx, at.page).await?;
            return Ok(SeeOther::to(desk.href(page.id)).good(words).into_response());
        }
        (Err(error), _) => mistakes(error)?,
    };
    let forms = again(FormState::new(form, errors));
    Ok(page(app, desk, ctx, at, forms).await?.status(status))
}

/// Saves the settings.
pub(super) async fn save(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
    form: FormData,
) -> Result<Response, Error> {
    let new = page_text(&form);
    let saving = actions::change(&app, &desk, at.page, |_| new, form.same_version());
    let done = form.submit(saving).await;
    let again = |form| Forms {
        settings: Some(form),
        ..Forms::default()
    };
    told(&app, &desk, ctx, (at, (done, "Saved.")), again, form).await
}

/// Adds a component.
pub(super) async fn add_component(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
    form: FormData,
) -> Result<Response, Error> {
    let new = component_text(&form);
    let done = form
        .submit(actions::add_component(&app, &desk, at.page, &new))
        .await;
    let again = |form| Forms {
        component: Some(form),
        ..Forms::default()
    };
    told(
        &app,
        &desk,
        ctx,
        (at, (done, "The component is on the page.")),
        again,
        form,
    )
    .await
}

/// Writes about an incident.
pub(super) async fn add_post(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
    form: FormData,
) -> Result<Response, Error> {
    let new = post_text(&form);
    let done = form.submit(actions::post(&app, &desk, at.page, &new)).await;
    let again = |form| Forms {
        post: Some(form),
        ..Forms::default()
    };
    told(
        &app,
        &desk,
        ctx,
        (at, (done, "It stands on the page.")),
        again,
        form,
    )
    .await
}

/// Takes the page away.
pub(super) async fn delete(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<At>,
) -> Result<SeeOther, Error> {
    actions::remove(&app, &desk, at.page).await?;
    Ok(SeeOther::to(desk.home()).good("The page is gone."))
}

/// The way back from what stands on a page, and the page.
pub(super) async fn around(
    desk: &Desk,
    tx: &mut DeskTx,
    ctx: Ctx,
    page: Option<StatusPageId>,
) -> Result<(Ctx, StatusPage, bool), Error> {
    let page = actions::meant(desk, tx, page).await?;
    let may_write = desk.may_write() && page.tenant == desk.tenant();
    Ok((crumbs(ctx, desk, &page), page, may_write))
}
