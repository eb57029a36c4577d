//! Copying a server: what the copy is called, and what becomes of the data.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::eggs;
use crate::networks;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::tenants;

use super::super::actions::{self, CloneData, CloneInput};
use super::super::store;
use super::head::Head;
use super::href;
use super::new::{Room, rooms};

/// The word of the form, what it is called, and what it means.
const DATA: [(&str, CloneData, &str, &str); 3] = [
    (
        "stopped",
        CloneData::Stopped,
        "Stop it for the copy",
        "It ends in good order, is copied, and starts again by itself. No file is caught half written: right for databases.",
    ),
    (
        "live",
        CloneData::Live,
        "Copy while it runs",
        "It goes on answering. What it writes meanwhile may be in the copy in part, and a database may not start from that.",
    ),
    (
        "none",
        CloneData::None,
        "Without data",
        "The same settings and an empty disk, as a new server has.",
    ),
];

#[derive(Template)]
#[template(path = "servers/clone.html")]
pub struct Clone {
    ctx: Ctx,
    head: Head,
    form: FormState,
    /// Word, title, text, whether it is chosen.
    data: Vec<(&'static str, &'static str, &'static str, bool)>,
    /// It is in other networks than the common one.
    has_networks: bool,
    rooms: Vec<Room>,
    /// The secrets that a copy with its data gets anew.
    anew: String,
}

/// The form.
pub async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Clone>, Error> {
    page(&app, &scope, ctx, id, None).await
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: ServerId,
    again: Option<(FormData, FieldErrors)>,
) -> Result<Page<Clone>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    server.check_stays()?;
    let offer = eggs::warm(app, &mut tx, &server.template).await?;
    let limits = tenants::find_tenant(&mut tx, scope.tenant()).await?.limits;
    let used = tenants::usage(&mut tx, scope.tenant(), app.now()).await?;
    let has_networks = !networks::places(&mut tx, id).await?.is_plain();
    let name = actions::clone_name(&mut tx, &server).await?;
    let fresh = || {
        FormState::default()
            .with("name", name)
            .with("data", "stopped")
            .with("same_networks", "true")
            .with("start", "true")
    };
    let form = again.map_or_else(fresh, |(data, errors)| FormState::new(data, errors));
    let ctx = super::with_engine_banner(&mut tx, super::crumbs(ctx, scope)).await?;
    let anew = offer.map(|offer| actions::made_up_labels(&offer, CloneData::Stopped));
    Ok(Page(Clone {
        ctx: ctx.with_crumbs([
            ("Servers".to_owned(), format!("/t/{}/servers", scope.member.slug)),
            (server.name.clone(), href(&scope.member.slug, id)),
        ]),
        head: Head::new(app, scope, &server, ""),
        data: DATA
            .iter()
            .filter(|(_, data, ..)| *data != CloneData::Stopped || scope.may(Permission::ServerPower))
            .map(|(word, _, title, text)| (*word, *title, *text, form.has("data", word)))
            .collect(),
        has_networks,
        rooms: rooms(&used, &limits, &server.resources.one_more(), "copy"),
        anew: anew.unwrap_or_default().join(", "),
        form,
    }))
}

/// Copies the server, or shows the form again with what is wrong.
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(clone(&app, &scope, id, &data)).await {
        Ok(asked) => {
            let to = href(&scope.member.slug, asked.server.id);
            let words = format!("Making {}.", asked.server.name);
            Ok(SeeOther::to(to).good(words).into_response())
        }
        Err(Error::Invalid(errors)) => {
            let page = page(&app, &scope, ctx, id, Some((data, errors))).await?;
            Ok(page.status(422))
        }
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            let (status, errors) = (error.status(), FieldErrors::one("", error.sentence()));
            let page = page(&app, &scope, ctx, id, Some((data, errors))).await?;
            Ok(page.status(status))
        }
        Err(error) => Err(error),
    }
}

async fn clone(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    data: &FormData,
) -> Result<actions::Asked, Error> {
    let chosen = DATA.iter().find(|(word, ..)| *word == data.get("data"));
    let (_, how, ..) = chosen.ok_or_else(|| Error::invalid("data", "Choose what becomes of the data."))?;
    let input = CloneInput {
        name: Some(data.get("name").to_owned()),
        data: *how,
        snapshot: None,
        backup: None,
        same_networks: data.checked("same_networks"),
        start: data.checked("start"),
    };
    actions::clone(app, scope, id, input).await
}

/// Begins a copy again that failed.
pub async fn again(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    match actions::copy_again(&app, &scope, id).await {
        Ok(_) => Ok(SeeOther::to(href(&slug, id)).info("Copying its data again, from the beginning.")),
        Err(error @ Error::Conflict { .. }) => Ok(SeeOther::to(href(&slug, id)).bad(error.sentence())),
        Err(error) => Err(error),
    }
}
