//! Making an alias, a group or a catch-all.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::mail::domains;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::MailDomainId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Query, SeeOther, mistakes};

use super::super::actions::{self, Wish};
use super::super::model::AliasKind;
use super::{base, crumbs, href};

/// What the form begins with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Begin {
    domain: Option<String>,
    kind: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/aliases/new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    /// Id and name.
    domains: Vec<(String, String)>,
    form: FormState,
}

impl New {
    /// Word, name, and what it is for.
    fn kinds(&self) -> [(&'static str, &'static str, &'static str); 3] {
        [
            (
                AliasKind::Alias.word(),
                "Alias",
                "Another name for somebody, or for a few people: up to 100 addresses.",
            ),
            (
                AliasKind::Group.word(),
                "Group",
                "Many people under one address: up to 1,000 addresses.",
            ),
            (
                AliasKind::CatchAll.word(),
                "Catch-all",
                "Gets what nobody in the domain has. It also gets the spam that is sent to guessed names.",
            ),
        ]
    }
}

/// So many domains are offered; whoever has more begins at the domain.
const OFFERED: i64 = 200;

async fn page(scope: &TenantScope, ctx: Ctx, form: FormState) -> Result<Page<New>, Error> {
    let mut tx = scope.begin().await?;
    let mut offered = domains::places_offered(&mut tx, scope.tenant(), OFFERED).await?;
    let chosen: Option<MailDomainId> = form.value("domain").parse().ok();
    if let Some(chosen) = chosen.filter(|chosen| offered.iter().all(|place| place.id != *chosen)) {
        // One of very many; one that takes no addresses is told of when the form is sent.
        match domains::place(&mut tx, chosen).await {
            Ok(place) => offered.insert(0, place),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let offered = offered.into_iter();
    Ok(Page(New {
        ctx: crumbs(ctx, scope, None),
        base: base(scope),
        domains: offered
            .map(|place| (place.id.to_string(), place.name.shown()))
            .collect(),
        form,
    }))
}

/// Asks for what it takes.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Query(begin): Query<Begin>,
) -> Result<Page<New>, Error> {
    let kind = begin.kind.as_deref().and_then(AliasKind::read);
    let form = FormState::default()
        .with("domain", begin.domain.unwrap_or_default())
        .with("kind", kind.unwrap_or(AliasKind::Alias).word())
        .with("is_enabled", "true");
    page(&scope, ctx, form).await
}

/// Makes it.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let work = async {
        let made = actions::create(&app, &scope, &wish(&data)?).await?;
        Ok::<_, Error>(made)
    };
    let (errors, status) = match data.submit(work).await {
        Ok((alias, hindrance)) => {
            let to = SeeOther::to(href(&scope, alias.id));
            let to = if hindrance.is_empty() {
                to.good(format!("{} leads there now.", alias.shown()))
            } else {
                to.warn(format!("The alias is made. {hindrance}"))
            };
            return Ok(to.into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let again = FormState::new(data, errors);
    Ok(page(&scope, ctx, again).await?.status(status))
}

fn wish(data: &FormData) -> Result<Wish, Error> {
    let mut errors = FieldErrors::default();
    let domain = data.get("domain").parse::<MailDomainId>();
    let domain = errors.check("domain", domain.map_err(|_| "Choose the domain that it is in."));
    let kind = AliasKind::read(data.get("kind"));
    let kind = errors.check("kind", kind.ok_or("Choose one of the three."));
    match (domain, kind) {
        (Some(domain), Some(kind)) => Ok(Wish {
            domain,
            kind,
            local: data.get("local_part").to_owned(),
            targets: data.get("targets").to_owned(),
            description: data.get("description").to_owned(),
            is_enabled: data.checked("is_enabled"),
        }),
        _ => Err(errors.into()),
    }
}
