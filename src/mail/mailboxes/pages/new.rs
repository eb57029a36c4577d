//! Making a mailbox.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::mail::domains::{self, Place};
use crate::mail::nav::{self, Tab};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;
use crate::platform::secret::Secret;
use crate::platform::web::{Ctx, FormData, FormState, Page, Query, SeeOther, mistakes};

use super::super::actions::{self, Created};
use super::super::model::{NewMailbox, typed_count, typed_size};
use super::show::{self, Extra};

/// So many domains are offered; whoever has more begins at the domain.
const OFFERED: i64 = 200;

#[derive(Template)]
#[template(path = "mail/mailbox_new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    area: String,
    /// What DNS calls them, and what people do.
    domains: Vec<(String, String)>,
    sends_mail: bool,
    form: FormState,
}

/// Where it is to be made.
#[derive(Debug, Default, Deserialize)]
pub(super) struct At {
    domain: Option<MailDomainId>,
}

fn offer(domain: &Place) -> (String, String) {
    (domain.name.as_str().to_owned(), domain.name.shown())
}

async fn page(app: &App, scope: &TenantScope, ctx: Ctx, form: FormState) -> Result<Page<New>, Error> {
    let mut tx = scope.begin().await?;
    let mut domains = domains::places_offered(&mut tx, scope.tenant(), OFFERED).await?;
    let chosen = form.value("domain");
    if !domains.iter().any(|known| known.name.as_str() == chosen)
        && let Some(more) = domains::place_named(&mut tx, scope.tenant(), chosen).await?
    {
        domains.insert(0, more);
    }
    Ok(Page(New {
        ctx: nav::crumbs_below(ctx, scope, Tab::Mailboxes),
        base: Tab::Mailboxes.href(scope),
        area: nav::area(scope),
        domains: domains.iter().map(offer).collect(),
        sends_mail: app.mailer.is_some(),
        form,
    }))
}

/// Asks who is to have it, and how they get in.
pub(super) async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(at): Query<At>,
) -> Result<Page<New>, Error> {
    let mut form = FormState::default().with("entry", "link");
    if let Some(id) = at.domain {
        let domain = domains::place(&mut scope.begin().await?, id).await?;
        form = form.with("domain", domain.name.as_str());
    }
    page(&app, &scope, ctx, form).await
}

fn read(data: &FormData) -> NewMailbox {
    let typed = data.get("password");
    let is_link = data.get("entry") == "link";
    NewMailbox {
        address: format!("{}@{}", data.get("address").trim(), data.get("domain")),
        name: data.get("name").to_owned(),
        quota_mib: typed_size(data.get("quota_mib")),
        hourly_limit: typed_count(data.get("hourly_limit")),
        max_own_aliases: typed_count(data.get("max_own_aliases")),
        password: (!is_link).then(|| Secret::new(typed.to_owned())),
        password_hash: None,
        set_up_link: is_link,
        send_link_to: Some(data.get("send_link_to").to_owned()),
    }
}

/// Makes it. A link is shown on its page at once, because it is nowhere to be read afterwards.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(actions::create(&app, &scope, read(&data))).await {
        Ok(created) => done(&app, &scope, ctx, created).await,
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, form).await?.status(status))
        }
    }
}

async fn done(app: &App, scope: &TenantScope, ctx: Ctx, created: Created) -> Result<Response, Error> {
    let id = created.mailbox.id;
    if let Some(link) = created.link {
        let extra = Extra {
            issued: Some(link),
            done: "The mailbox is made.".to_owned(),
            ..Extra::default()
        };
        return Ok(show::page(app, scope, ctx, (id, extra)).await?.into_response());
    }
    let to = SeeOther::to(nav::mailbox(scope, id));
    let to = if created.hindrance.is_empty() {
        to.good("The mailbox is made. Its person can sign in.")
    } else {
        to.warn(format!("The mailbox is made. {}", created.hindrance))
    };
    Ok(to.into_response())
}
