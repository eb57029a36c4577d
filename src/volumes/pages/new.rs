//! Making a volume.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, SeeOther};

use super::super::actions;
use super::{base, crumbs, href};

#[derive(Template)]
#[template(path = "volumes/new.html")]
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

/// A size as it is typed.
pub fn typed_size(text: &str) -> Result<i64, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_| "Type a whole number of MiB, such as 1024 for 1 GiB.".to_owned())
}

/// What a form shows that asked for what can't be.
pub(super) fn refused(error: &Error) -> FieldErrors {
    match error {
        Error::LimitReached { .. } => FieldErrors::one(
            "size_mib",
            format!(
                "{} Choose a smaller size, delete what you don't need, or ask for another plan.",
                error.sentence()
            ),
        ),
        Error::Conflict {
            code: "no-capacity", ..
        } => FieldErrors::one("size_mib", error.sentence()),
        other => FieldErrors::one("", other.sentence()),
    }
}

/// Asks for its name and size.
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
    let input = (data.get("name"), typed_size(data.get("size_mib")));
    let (errors, status) = match data.submit(actions::create(&app, &scope, input, None)).await {
        Ok(asked) => {
            let to = SeeOther::to(href(&scope, asked.volume.id));
            return Ok(to
                .info("It is being made, and can be attached already.")
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => (refused(&error), 409),
        Err(error) => return Err(error),
    };
    Ok(page(ctx, &scope, FormState::new(data, errors)).status(status))
}
