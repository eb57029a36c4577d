//! One network: its servers, its name, its end.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::stacks;

use super::super::actions;
use super::super::model::{COMMON, Member, Network, NetworkRef};
use super::super::store;
use super::server::tab;
use super::{base, crumbs, href};

/// The servers of a network; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "networks/members.html")]
pub(super) struct Members {
    slug: String,
    href: String,
    network: Option<Network>,
    within: Vec<Member>,
    /// Those that could join.
    others: Vec<Member>,
    may_write: bool,
    is_gone: bool,
    /// The stack whose network it is: its address and name.
    stack: Option<(String, String)>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Members {}

impl Members {
    pub(super) async fn load(
        tx: &mut impl Scoped,
        scope: &TenantScope,
        id: NetworkRef,
    ) -> Result<Self, Error> {
        let all = store::common_members(tx, scope.tenant()).await?;
        let (network, members, others) = match id.id() {
            None => {
                let (within, without) = all
                    .into_iter()
                    .partition(|one: &Member| one.is_wanted || one.is_in);
                (None, within, without)
            }
            Some(id) => {
                let (network, members) = (store::find(tx, id).await?, store::members(tx, id).await?);
                let is_other = |one: &Member| members.iter().all(|member| member.server != one.server);
                let others = all.into_iter().filter(is_other).collect();
                (Some(network), members, others)
            }
        };
        let stack = match id.id() {
            Some(id) => stacks::of_network(tx, id).await?,
            None => None,
        };
        Ok(Self {
            stack: stack.map(|(id, name)| (format!("/t/{}/stacks/{id}", scope.member.slug), name)),
            slug: scope.member.slug.clone(),
            href: href(scope, id),
            may_write: scope.may(Permission::NetworkWrite),
            is_gone: false,
            network,
            within: members,
            others,
        })
    }

    /// What is left to show when it is gone.
    pub(super) fn gone(scope: &TenantScope, id: NetworkRef) -> Self {
        Self {
            slug: scope.member.slug.clone(),
            href: href(scope, id),
            network: None,
            within: Vec::new(),
            others: Vec::new(),
            may_write: false,
            stack: None,
            is_gone: true,
        }
    }

    fn is_common(&self) -> bool {
        self.network.is_none()
    }

    fn is_leaving(&self) -> bool {
        self.network
            .as_ref()
            .is_some_and(|network| network.deleting_at.is_some())
    }

    fn error(&self) -> &str {
        let error = self.network.as_ref().and_then(|network| network.error.as_deref());
        error.unwrap_or_default()
    }

    fn may_change(&self) -> bool {
        self.may_write && !self.is_leaving() && self.stack.is_none()
    }
}

#[derive(Template)]
#[template(path = "networks/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    name: String,
    href: String,
    subnet: String,
    version: i64,
    members: Members,
    form: FormState,
    live: String,
}

impl Show {
    /// How many servers would leave, in words.
    fn leaving(&self) -> String {
        match self.members.within.len() {
            0 => "No server is in it.".to_owned(),
            1 => "One server leaves it and no longer reaches the others through it.".to_owned(),
            many => format!("{many} servers leave it and no longer reach each other through it."),
        }
    }
}

async fn page(
    scope: &TenantScope,
    ctx: Ctx,
    id: NetworkRef,
    again: Option<FormState>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let members = Members::load(&mut tx, scope, id).await?;
    let network = members.network.as_ref();
    let name = network.map_or(COMMON, |network| network.name.as_str()).to_owned();
    Ok(Page(Show {
        ctx: crumbs(ctx, scope),
        href: members.href.clone(),
        subnet: network
            .and_then(|network| network.subnet.clone())
            .unwrap_or_default(),
        version: network.map_or(0, |network| network.version),
        live: format!("{}/live?after={newest}", members.href),
        form: again.unwrap_or_else(|| FormState::default().with("name", name.clone())),
        members,
        name,
    }))
}

/// Shows one.
pub(super) async fn show(
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, NetworkRef)>,
) -> Result<Page<Show>, Error> {
    page(&scope, ctx, id, None).await
}

/// Renames it.
pub(super) async fn rename(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, NetworkRef)>,
    data: FormData,
) -> Result<Response, Error> {
    let done = data
        .submit(actions::rename(
            &app,
            &scope,
            id,
            data.get("name"),
            data.has_seen(),
        ))
        .await;
    let (errors, status) = match done {
        Ok(_) => return Ok(SeeOther::to(href(&scope, id)).good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&scope, ctx, id, again).await?.status(status))
}

/// Deletes it. Who typed its name means that its servers leave.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, NetworkRef)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let mut tx = scope.begin().await?;
    let known = match id.id() {
        Some(id) => store::find(&mut tx, id).await?.name,
        None => String::new(),
    };
    drop(tx);
    let meant = !known.is_empty() && data.get("confirm").trim() == known;
    match actions::remove(&app, &scope, id, meant).await {
        Ok(network) => Ok(SeeOther::to(base(&scope)).info(format!("{} is being removed.", network.name))),
        Err(error @ Error::Conflict { .. }) => Ok(SeeOther::to(href(&scope, id)).bad(error.sentence())),
        Err(error) => Err(error),
    }
}

/// Puts a server into it.
pub(super) async fn join(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, NetworkRef)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let Ok(server) = data.get("server").parse::<ServerId>() else {
        return Ok(SeeOther::to(href(&scope, id)).bad("Choose a server."));
    };
    answer(
        back(&scope, id, server, &data),
        actions::join(&app, &scope, id, server).await,
        "It joins the network.",
    )
}

/// Takes a server out of it.
pub(super) async fn leave(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, server)): Path<(String, NetworkRef, ServerId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    answer(
        back(&scope, id, server, &data),
        actions::leave(&app, &scope, id, server).await,
        "It leaves the network.",
    )
}

/// To where whoever asked came from: the network's page, or the server's.
fn back(scope: &TenantScope, id: NetworkRef, server: ServerId, data: &FormData) -> SeeOther {
    if data.get("from") == "server" {
        SeeOther::to(tab(scope, server))
    } else {
        SeeOther::to(href(scope, id))
    }
}

fn answer(to: SeeOther, done: Result<(), Error>, words: &str) -> Result<SeeOther, Error> {
    match done {
        Ok(()) => Ok(to.info(words)),
        Err(error) => to.refused(error),
    }
}
