//! What one person may do in a share, and until when, to change it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::servers;

use super::super::actions::{self, Already};
use super::super::model::{Member, ShareAccess};
use super::{crumbs, href, last_day, wanted};

#[derive(Template)]
#[template(path = "shares/person.html")]
pub(super) struct Person {
    ctx: Ctx,
    share: String,
    login: String,
    href: String,
    form: FormState,
}

fn filled(member: &Member) -> FormState {
    let access = match member.access {
        ShareAccess::Read => "read",
        ShareAccess::Write => "write",
    };
    let last = last_day(member.until);
    FormState::default()
        .with("access", access)
        .with("until", last.clone())
        .with("was", last)
}

async fn page(
    scope: &TenantScope,
    ctx: Ctx,
    (id, share, login): (ServerId, ShareId, &str),
    again: Option<FormState>,
) -> Result<Page<Person>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    server.check_stays()?;
    let known = actions::find(&mut tx, id, share).await?;
    let member = known.members.iter().find(|member| member.login == login);
    let member = member.ok_or(Error::NotFound)?;
    let href = href(scope, id, share);
    Ok(Page(Person {
        ctx: crumbs(ctx, scope, &server, Some((known.name.clone(), href.clone()))),
        login: member.login.clone(),
        form: again.unwrap_or_else(|| filled(member)),
        share: known.name.clone(),
        href,
    }))
}

/// Shows the form.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, share, login)): Path<(String, ServerId, ShareId, String)>,
) -> Result<Page<Person>, Error> {
    page(&scope, ctx, (id, share, &login), None).await
}

/// Changes it.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, share, login)): Path<(String, ServerId, ShareId, String)>,
    data: FormData,
) -> Result<Response, Error> {
    let change = async {
        let wanted = wanted(&data, data.get("was"), Already::Yes)?;
        actions::put_person(&app, &scope, (id, share), &login, wanted).await
    };
    let (errors, status) = match data.submit(change).await {
        Ok(_) => {
            let to = SeeOther::to(href(&scope, id, share));
            return Ok(to.good(format!("What {login} may do was saved.")).into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&scope, ctx, (id, share, &login), again)
        .await?
        .status(status))
}
