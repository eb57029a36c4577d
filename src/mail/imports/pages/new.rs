//! Uploading a list. It is read at once and shown before anything is made.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, SeeOther};

use super::super::actions;
use super::super::model::{HEADER, Import};
use super::super::upload::of_form;
use super::{base, crumbs, href};

#[derive(Template)]
#[template(path = "mail/imports/new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    form: FormState,
}

impl New {
    fn head(&self) -> String {
        HEADER.join(",")
    }
}

fn page(scope: &TenantScope, ctx: Ctx, errors: FieldErrors) -> Page<New> {
    Page(New {
        ctx: crumbs(ctx, scope),
        base: base(scope),
        form: FormState::new(FormData::default(), errors),
    })
}

/// Asks for the file.
pub(super) async fn form(scope: TenantScope, ctx: Ctx) -> Page<New> {
    page(&scope, ctx, FieldErrors::default())
}

/// Reads it.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let (errors, status) = match read(&app, &scope, &headers, body).await {
        Ok(import) => return Ok(SeeOther::to(href(&scope, import.id)).into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    Ok(page(&scope, ctx, errors).status(status))
}

async fn read(app: &App, scope: &TenantScope, headers: &HeaderMap, body: Body) -> Result<Import, Error> {
    let upload = of_form(headers, body).await?;
    actions::create(app, scope, upload).await
}
