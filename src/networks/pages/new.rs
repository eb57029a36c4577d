//! Making a network.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, SeeOther};

use super::super::actions;
use super::super::model::NetworkRef;
use super::{base, crumbs, href};

#[derive(Template)]
#[template(path = "networks/new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    form: FormState,
}

fn page(ctx: Ctx, scope: &TenantScope, form: FormState) -> Page<New> {
    Page(New {
        ctx: crumbs(ctx, scope),
        base: base(scope),
        form,
    })
}

/// Asks for its name.
pub(super) async fn form(scope: TenantScope, ctx: Ctx) -> Page<New> {
    page(ctx, &scope, FormState::default())
}

/// Makes it.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(actions::create(&app, &scope, data.get("name"))).await {
        Ok(network) => {
            let to = SeeOther::to(href(&scope, NetworkRef::Private(network.id)));
            Ok(to.good("Created. Now put servers into it.").into_response())
        }
        Err(Error::Invalid(errors)) => Ok(page(ctx, &scope, FormState::new(data, errors)).status(422)),
        Err(error @ Error::LimitReached { .. }) => {
            let message = format!(
                "{} Delete one that you don't need, or ask for another plan.",
                error.sentence()
            );
            let errors = FieldErrors::one("name", message);
            Ok(page(ctx, &scope, FormState::new(data, errors)).status(409))
        }
        Err(error) => Err(error),
    }
}
