//! Status pages for those whose they are: of a tenant, and of the provider, by the same code.

mod component;
mod list;
mod manage;
mod post;

use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::ids::{StatusComponentId, StatusPageId, StatusPostId};
use crate::platform::web::{Ctx, FormData, Routes};

use super::desk::Desk;
use super::model::{ComponentText, OverrideText, PageText, PostState, PostText, State, StatusPage};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::StatusRead), Rule::Tenant(P::StatusWrite));
    let (see, manage) = (Rule::Staff(P::StaffStatusRead), Rule::Staff(P::StaffStatusManage));
    Routes::new()
        .get("/t/{tenant}/status-page", read, list::own)
        .form("/t/{tenant}/status-page", write, list::create)
        .merge(of("/t/{tenant}/status-page", read, write))
        .get("/staff/status-pages", see, list::list)
        .form("/staff/status-pages", manage, list::create)
        .get("/staff/status-pages/new", manage, list::new)
        .get("/staff/status-pages/{page}", see, manage::show)
        .merge(of("/staff/status-pages/{page}", see, manage))
}

fn of(base: &str, read: Rule, write: Rule) -> Routes<App> {
    let at = |end: &str| format!("{base}{end}");
    Routes::new()
        .get(&at("/view"), read, manage::view)
        .get(&at("/export.tar"), read, manage::tar)
        .form(&at("/settings"), write, manage::save)
        .post(&at("/delete"), write, manage::delete)
        .form(&at("/components"), write, manage::add_component)
        .get(&at("/components/{component}"), read, component::show)
        .form(&at("/components/{component}"), write, component::save)
        .post(&at("/components/{component}/delete"), write, component::delete)
        .form(&at("/components/{component}/override"), write, component::say)
        .post(
            &at("/components/{component}/override/delete"),
            write,
            component::unsay,
        )
        .form(&at("/posts"), write, manage::add_post)
        .get(&at("/posts/{post}"), read, post::show)
        .form(&at("/posts/{post}/updates"), write, post::update)
        .post(&at("/posts/{post}/delete"), write, post::delete)
}

/// Which page an address is about: a tenant's names none.
#[derive(Debug, Clone, Copy, Deserialize)]
struct At {
    #[serde(default)]
    page: Option<StatusPageId>,
}

/// Which component of it.
#[derive(Debug, Clone, Copy, Deserialize)]
struct AtComponent {
    #[serde(default)]
    page: Option<StatusPageId>,
    component: StatusComponentId,
}

/// Which post of it.
#[derive(Debug, Clone, Copy, Deserialize)]
struct AtPost {
    #[serde(default)]
    page: Option<StatusPageId>,
    post: StatusPostId,
}

/// The way back to a page from what stands on it.
fn crumbs(ctx: Ctx, desk: &Desk, page: &StatusPage) -> Ctx {
    let own = (page.title.clone(), desk.href(page.id));
    let all = desk
        .is_provider()
        .then(|| ("Status pages".to_owned(), desk.home()));
    ctx.with_crumbs(all.into_iter().chain([own]))
}

fn page_text(form: &FormData) -> PageText {
    let get = |name: &str| form.get(name).to_owned();
    PageText {
        title: get("title"),
        intro: get("intro"),
        slug: get("slug"),
        visibility: get("visibility"),
    }
}

fn component_text(form: &FormData) -> ComponentText {
    let get = |name: &str| form.get(name).to_owned();
    ComponentText {
        name: get("name"),
        note: get("note"),
        target: get("target"),
        position: get("position"),
    }
}

fn override_text(form: &FormData) -> OverrideText {
    let get = |name: &str| form.get(name).to_owned();
    OverrideText {
        state: get("state"),
        minutes: get("minutes"),
        reason: get("reason"),
    }
}

fn post_text(form: &FormData) -> PostText {
    let get = |name: &str| form.get(name).to_owned();
    PostText {
        title: get("title"),
        state: get("state"),
        body: get("body"),
        components: form.all("components").map(str::to_owned).collect(),
    }
}

/// Words of a select, their labels, and which is chosen.
type Choices = Vec<(String, String, bool)>;

fn states(chosen: &str) -> Choices {
    let choice = |one: State| {
        (
            one.word().to_owned(),
            one.label().to_owned(),
            one.word() == chosen,
        )
    };
    State::ALL.into_iter().map(choice).collect()
}

fn post_states(chosen: &str) -> Choices {
    let choice = |one: PostState| {
        (
            one.word().to_owned(),
            one.label().to_owned(),
            one.word() == chosen,
        )
    };
    PostState::ALL.into_iter().map(choice).collect()
}
