//! Changing where an alias leads.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::MailAliasId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};

use super::super::actions::{self, ChangeWish};
use super::super::model::{Alias, AliasKind, shown};
use super::super::store;
use super::{crumbs, href};

#[derive(Template)]
#[template(path = "mail/aliases/edit.html")]
pub(super) struct Edit {
    ctx: Ctx,
    href: String,
    name: String,
    is_catch_all: bool,
    version: String,
    form: FormState,
}

fn all_shown(addresses: &[String]) -> Vec<String> {
    addresses.iter().map(|address| shown(address)).collect()
}

fn filled(alias: &Alias) -> FormState {
    let form = FormState::default()
        .with("kind", alias.kind.word())
        .with("targets", all_shown(&alias.targets).join("\n"))
        .with("description", alias.description.clone());
    if alias.is_enabled {
        form.with("is_enabled", "true")
    } else {
        form
    }
}

async fn page(
    scope: &TenantScope,
    ctx: Ctx,
    id: MailAliasId,
    again: Option<FormState>,
) -> Result<Page<Edit>, Error> {
    let alias = store::find(&mut scope.begin().await?, id).await?;
    let form = again.unwrap_or_else(|| filled(&alias));
    Ok(Page(Edit {
        ctx: crumbs(ctx, scope, Some(&alias)),
        href: href(scope, id),
        name: alias.shown(),
        is_catch_all: alias.kind == AliasKind::CatchAll,
        version: form.version(alias.version),
        form,
    }))
}

/// Shows what it is.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailAliasId)>,
) -> Result<Page<Edit>, Error> {
    page(&scope, ctx, id, None).await
}

/// Saves what it is to be.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailAliasId)>,
    data: FormData,
) -> Result<Response, Error> {
    let wish = ChangeWish {
        kind: AliasKind::read(data.get("kind")),
        targets: Some(data.get("targets").to_owned()),
        description: Some(data.get("description").to_owned()),
        is_enabled: Some(data.checked("is_enabled")),
    };
    let changed = actions::change(&app, &scope, id, wish, data.has_seen());
    let (errors, status) = match data.submit(changed).await {
        Ok((alias, nowhere)) => {
            let (to, saved) = (
                SeeOther::to(href(&scope, id)),
                format!("{} is saved.", alias.shown()),
            );
            let to = if nowhere.is_empty() {
                to.good(saved)
            } else {
                to.warn(format!("{saved} {nowhere}"))
            };
            return Ok(to.into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&scope, ctx, id, again).await?.status(status))
}
