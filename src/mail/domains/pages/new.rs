//! Adding a domain.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::nav;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::MailDomainId;
use crate::platform::web::{Ctx, FormData, FormState, Page, SeeOther};

use super::super::actions;
use super::super::store;

/// A domain to choose: its id and its name.
pub(super) type Target = (String, String);

/// So many domains are offered.
const OFFERED: i64 = 500;

#[derive(Template)]
#[template(path = "mail/domain_new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    form: FormState,
    targets: Vec<Target>,
}

/// The domains that another one may be an alias of.
pub(super) async fn targets(scope: &TenantScope) -> Result<Vec<Target>, Error> {
    let mut tx = scope.begin().await?;
    let all = store::places_offered(&mut tx, scope.tenant(), OFFERED).await?;
    Ok(all
        .into_iter()
        .map(|place| (place.id.to_string(), place.name.shown()))
        .collect())
}

/// Which of them was chosen, if any.
pub(super) fn chosen(data: &FormData) -> Result<Option<MailDomainId>, Error> {
    match data.get("alias_of") {
        "" => Ok(None),
        id => id
            .parse()
            .map(Some)
            .map_err(|_| Error::invalid("alias_of", "Choose one of the list.")),
    }
}

async fn page(ctx: Ctx, scope: &TenantScope, form: FormState) -> Result<Page<New>, Error> {
    Ok(Page(New {
        ctx: nav::crumbs(ctx, scope),
        base: nav::area(scope),
        targets: targets(scope).await?,
        form,
    }))
}

/// Asks for its name.
pub(super) async fn form(scope: TenantScope, ctx: Ctx) -> Result<Page<New>, Error> {
    page(ctx, &scope, FormState::default()).await
}

/// Adds it.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let add = async { actions::create(&app, &scope, data.get("name"), chosen(&data)?).await };
    let (errors, status) = match data.submit(add).await {
        Ok(domain) => {
            let to = SeeOther::to(nav::domain(&scope, domain.id));
            return Ok(to
                .good("It is added. Publish its first record to show that it is yours.")
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::LimitReached { .. }) => {
            let message = format!(
                "{} Delete one that you don't need, or ask for another plan.",
                error.sentence()
            );
            (FieldErrors::one("name", message), 409)
        }
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    Ok(page(ctx, &scope, FormState::new(data, errors))
        .await?
        .status(status))
}
